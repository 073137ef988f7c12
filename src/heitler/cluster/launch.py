"""Start a stage's script on several Horovod workers."""

import ctypes
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator

PR_SET_PDEATHSIG = 1  # of linux/prctl.h
# Set by horovodrun (Gloo), Intel MPI and MPICH, Open MPI: this process is already a worker.
RANK_VARIABLES = ("HOROVOD_RANK", "PMI_RANK", "OMPI_COMM_WORLD_RANK")
WORKER_LINE = re.compile(r"^\[(\d+)\]<(?:stdout|stderr)>:(.*)$", re.DOTALL)
# Lines of TensorFlow's C++, printed before its log level is in force or harmless.
NOISE = re.compile(
    r"absl::InitializeLog|port\.cc:\d+\]|cpu_feature_guard|^To enable the following"
    r"|oneDNN supports DT_INT32"
)
# From here on horovodrun only tells of itself that a worker failed; the worker has said why.
LAUNCHER_EPILOGUE = re.compile(r"^Process \d+ exit with status code|^Terminating remaining workers")


def launched_rank() -> int | None:
    """This process's rank if a launcher started it, else None."""
    ranks = [os.environ[name] for name in RANK_VARIABLES if name in os.environ]
    return int(ranks[0]) if ranks else None


def run_workers(workers: int, script: str) -> int:
    """Run a Python script on `workers` local Horovod processes; return the exit code.

    Rank 0's lines are shown as they are, the others' with the worker's number. Whatever ends this
    process (Ctrl-C, SIGTERM, on Linux also SIGKILL) ends the workers too.
    """
    horovodrun = [sys.executable, "-m", "horovod.runner.launch", "--gloo", "-np", str(workers)]
    process = subprocess.Popen(
        [*horovodrun, sys.executable, "-u", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        preexec_fn=_end_with_parent,
    )
    try:
        for line in readable(process.stdout or ()):
            print(line, end="", flush=True)
        code = process.wait()
    finally:
        if process.poll() is None:
            process.terminate()  # horovodrun then ends its workers
            process.wait()
    if code:
        print(f"{script}: a worker failed (above); all {workers} were stopped.", file=sys.stderr)
    return code


def _end_with_parent() -> None:
    """Ask Linux to send SIGTERM to this process when its parent is gone, however it ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def readable(lines: Iterable[str]) -> Iterator[str]:
    """The workers' own words from horovodrun's output, without prefixes and noise."""
    for line in lines:
        match = WORKER_LINE.match(line)
        if match is None and LAUNCHER_EPILOGUE.match(line):
            break
        rank, text = (match[1], match[2]) if match else ("0", line)
        if not NOISE.search(text):
            yield text if rank == "0" else f"worker {rank}: {text}"
    for line in lines:  # the workers' last words may come after the launcher's first
        match = WORKER_LINE.match(line)
        if match and not NOISE.search(match[2]):
            yield f"worker {match[1]}: {match[2]}"
