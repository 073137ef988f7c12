"""`make fresh`: the project on machines as bare as a newcomer's, in folders of this one.

Roots of Debian 12 and 13 with what README.md names and nothing else; the committed checkout is
cloned into them, and a newcomer's commands run there. `user` is Debian 12 once more, for a user
without any right outside the clone. `docker` and `apptainer` follow Dockerfile and
containers/heitler.def. Needs root and debootstrap. A step that passed is run again when something
that it uses has changed.
"""

import argparse
import os
import shutil
import signal
import sys
import time
from pathlib import Path

from containers import Apptainer, Docker
from newcomer import STEPS, Newcomer
from record import Record
from roots import FreshError, Workshop

from heitler.base.files import HEADLINES

PROJECT = Path(__file__).parents[2]
FIRST = ("packages", "env", "build")
"""Steps that others need."""
ROOTS = {
    "bookworm": lambda workshop: Newcomer(workshop, "bookworm"),
    "trixie": lambda workshop: Newcomer(workshop, "trixie"),
    "user": lambda workshop: Newcomer(workshop, "bookworm", ordinary=True),
    "docker": Docker,
    "apptainer": Apptainer,
}


def main() -> None:
    asked = parse(sys.argv[1:])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Ended."))  # and with it what runs in a root
    # In the background of a script it would be ignored here, and so by the tests of Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        require_rights()
        workshop = Workshop(PROJECT, asked.folder, asked.mirror)
        record = Record(asked.folder / "results.json", PROJECT, workshop.commit)
        print(f"Commit {workshop.commit[:7]}, as it is in git, in {asked.folder}", flush=True)
        for name in asked.roots:
            run(name, ROOTS[name](workshop), asked, record)
    except FreshError as error:
        sys.exit(f"Error: {error}")
    print(record.table())
    record.write_headlines(PROJECT / HEADLINES)
    sys.exit(0 if record.all_passed(asked.roots) else 1)


def parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fresh", description=__doc__)
    parser.add_argument("--roots", type=str.split, default="", help=" ".join(ROOTS))
    parser.add_argument("--steps", type=str.split, default="", help=" ".join(STEPS))
    parser.add_argument("--folder", type=lambda text: Path(text or ".tools/fresh").resolve())
    parser.add_argument("--mirror", help="of Debian; by default where this machine's apt gets it")
    parser.add_argument("--again", default="", help="anything: run also what passed before")
    asked = parser.parse_args(words)
    asked.roots, asked.steps = asked.roots or list(ROOTS), asked.steps or list(STEPS)
    for given, known in ((asked.roots, ROOTS), (asked.steps, STEPS)):
        if unknown := set(given) - set(known):
            parser.error(f"{' '.join(unknown)}: unknown. There are: {' '.join(known)}.")
    return asked


def require_rights() -> None:
    if os.geteuid():
        raise FreshError("Bare roots need root: sudo make fresh")
    for tool, package in (("debootstrap", "debootstrap"), ("unshare", "util-linux")):
        if not shutil.which(tool):
            raise FreshError(f"{tool} is missing: apt-get install {package}")


def run(name: str, root: Newcomer | Docker | Apptainer, asked: argparse.Namespace, record: Record):
    """The steps of one root; after one of FIRST has failed, none."""
    steps = [step for step in root.steps if step in (*asked.steps, *FIRST, "run")]
    todo = [step for step in steps if asked.again or not record.passed(name, step)]
    for step in steps:
        if step not in todo:
            print(f"{name}: {step} passed before", flush=True)
            continue
        log = asked.folder / "logs" / f"{name}-{step}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        print(f"{name}: {step} ... (tail --follow {log})", flush=True)
        with log.open("w") as file:
            passed = root.run(step, file)
        record.add(name, step, passed, (time.monotonic() - began) / 60)
        if not passed:
            print("".join(log.open(errors="replace").readlines()[-20:]), flush=True)
            if step in FIRST:
                break


if __name__ == "__main__":
    main()
