"""Run a pipeline stage as a program: our errors become a message and an exit code."""

import contextlib
import ctypes
import fcntl
import getpass
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

from heitler.base.causes import NO_LOCKS
from heitler.base.errors import HeitlerError, Interrupted
from heitler.base.place import refuse_foreign_packages, require_project

PIPELINE = Path("dvc.yaml")
PROGRAMS = "pipelines"
"""The folder of the stages."""
SWEEP_LOCK = Path(".dvc/tmp/heitler-sweep.lock")
PR_SET_PDEATHSIG = 1  # of linux/prctl.h
# Set by horovodrun (Gloo), Intel MPI and Slurm's PMI, Open MPI: this process is already a worker.
RANK_VARIABLES = ("HOROVOD_RANK", "PMI_RANK", "OMPI_COMM_WORLD_RANK")
OF_A_WORKER = re.compile(
    r"(PMI|PMIX|OMPI_COMM_WORLD)_|HOROVOD_((LOCAL_|CROSS_)?(RANK|SIZE)|GLOO_|CONTROLLER$|HOSTNAME$)"
)
"""Beginnings of what launchers tell a worker, which a shell started by one keeps."""


def run_stage(main: Callable[[], None]) -> None:
    """Run `main`; an error of ours, Ctrl-C or SIGTERM ends the program without a traceback.

    SIGTERM, which batch systems send, becomes an exception, so that `finally` blocks stop child
    processes and remove temporary files. Programs import this module first: from then on Ctrl-C
    ends them without a traceback, also while they import what they need.
    """
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        if sys.argv[1:2] != ["doctor"]:  # who tells it with the rest
            refuse_foreign_packages()
        if launched_rank() is None:
            forget_other_launchers()
            if _is_dvc(os.getppid()):
                end_with_parent()
            announce(Path(sys.argv[0]))
            refuse_without_login()
        main()
    except HeitlerError as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt as stopped:
        if not isinstance(stopped, Interrupted):
            print("Interrupted.", file=sys.stderr)
        sys.exit(128 + signal.SIGINT)


def _end_quietly_when_interrupted(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """What is done with an error that nobody caught."""
    if issubclass(kind, KeyboardInterrupt):
        print("Interrupted.", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


if sys.excepthook is sys.__excepthook__:
    sys.excepthook = _end_quietly_when_interrupted


def end_with_parent() -> None:
    """Let Linux send this process SIGTERM when the one that started it is gone, killed or not."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _is_dvc(pid: int) -> bool:
    """Such as `.venv/bin/python .venv/bin/dvc repro`, `python -m dvc exp run`."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:3]
    except OSError:
        return False
    return any(Path(os.fsdecode(word)).name == "dvc" for word in words)


def announce(program: Path) -> None:
    """Say "Stage 7 of 16: train@paper"; nothing where the program is no stage of the pipeline.

    DVC runs the stages in the order of dvc.yaml, which a test checks.

    Raises:
        PlaceError: for a stage outside the project's top folder.
    """
    stage = program.stem
    if program.parent.name == PROGRAMS:
        require_project("params.yaml")
    if PIPELINE.is_file():
        names = stage_names()
        of_recipe = "@".join([stage, *sys.argv[1:2]])
        named = stage if stage in names else of_recipe
        if named in names:
            refuse_during_sweep()
            print(f"Stage {names.index(named) + 1} of {len(names)}: {named}", flush=True)


def stage_names() -> list[str]:
    """DVC's names of all stages: "simulate", "train@paper", "train@heitler"."""
    import yaml  # here, because Ctrl-C meanwhile would still show a traceback

    stages = yaml.safe_load(PIPELINE.read_text())["stages"]
    return [
        f"{name}@{recipe}" if recipe else name
        for name, stage in stages.items()
        for recipe in stage.get("matrix", {}).get("recipe", [""])
    ]


@contextlib.contextmanager
def sweeping() -> Iterator[None]:
    """While the block runs, no stage begins in this folder; other sweeps may.

    DVC writes a trial's parameters into this folder's `params.yaml` before it copies it, and puts
    the old ones back: a stage that reads them meanwhile would take them for its own.
    """
    SWEEP_LOCK.parent.mkdir(parents=True, exist_ok=True)
    with SWEEP_LOCK.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


def refuse_during_sweep() -> None:
    """Raise `HeitlerError` while a sweep runs in this folder."""
    if SWEEP_LOCK.exists():
        with SWEEP_LOCK.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise HeitlerError(
                    "A sweep is running in this folder, whose trials would change params.yaml "
                    "meanwhile. Wait until it ends, or work in a copy: git clone . ../copy"
                ) from None
            except OSError as error:
                if error.errno not in NO_LOCKS:  # without locks no sweep begins: heitler.base.locks
                    raise


def refuse_without_login() -> None:
    """Raise `HeitlerError` in an experiment that DVC could not commit when it ends."""
    try:
        if "DVC_EXP_NAME" in os.environ:
            getpass.getuser()  # asks as DVC's git does, whatever git is configured to
    except (KeyError, OSError):
        raise HeitlerError(
            f"User {os.getuid()} has no name on this machine, and DVC cannot commit an experiment "
            "of nobody's. Give a name, export USER=me (to a container: --env USER=me), or start it "
            "by `heitler train --set ...`, which lends one."
        ) from None


def launched_rank() -> int | None:
    """This process's rank if a launcher started it, else None.

    Shells keep the variables of a launcher that started them (`srun --pty bash`, `mpirun bash`);
    what DVC runs there is no worker.
    """
    ranks = [os.environ[name] for name in RANK_VARIABLES if name in os.environ]
    return int(ranks[0]) if ranks and not _is_dvc(os.getppid()) else None


def other_launchers() -> list[str]:
    """Variables of this process that say it is a worker."""
    return sorted(filter(OF_A_WORKER.match, os.environ))


def forget_other_launchers() -> None:
    """Take them away from a process that is no worker: Horovod and MPI would believe them."""
    for name in other_launchers():
        del os.environ[name]
