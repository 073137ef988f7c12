"""A folder of kept results and the file in it that says what decides them."""

import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from heitler.base.errors import HeitlerError
from heitler.base.files import write_json
from heitler.kept.aside import set_aside, size_of
from heitler.kept.origin import Origin

ORIGIN_FILE = "origin.json"
VARIABLE = "HEITLER_KEEP_GOING"
"""In the environment, as it says how a stage goes on, not what it computes: "1" goes on from kept
results although their origin is another; a folder goes on from those that were set aside there."""

ANY, CODE, MORE = "any", "code", "more"
UNKNOWN = "nothing there says of which parameters, data and code it is"


@dataclass
class Kept:
    """Whose results in a folder count."""

    origin: Origin
    stage: str
    accepted: dict[str, str] = field(default_factory=dict)
    """Fingerprints of other origins that count too, and what was other: CODE alone, or MORE."""
    changes: list[str] = field(default_factory=list)
    """What was other when it was gone on all the same, oldest first."""
    taken_from: str = ""
    """The folder that was set aside once, and with which this one began."""

    def accepts(self, fingerprint: str) -> bool:
        """Whether what has this fingerprint is to be used."""
        return ANY in self.accepted or fingerprint in (self.origin.fingerprint, *self.accepted)

    def differs_in_code_only(self, fingerprint: str) -> bool:
        """Whether what has this fingerprint is of the same parameters and data."""
        own = {self.origin.fingerprint: CODE}
        return (own | self.accepted).get(fingerprint, MORE) == CODE

    def write(self, folder: Path) -> None:
        """Into the folder."""
        about = {"fingerprint": self.origin.fingerprint, **self.origin.as_json()}
        about |= {"accepted": self.accepted, "changes": self.changes}
        write_json(folder / ORIGIN_FILE, about | {"taken_from": self.taken_from})


def read_kept(folder: Path, stage: str) -> Kept | None:
    """What a folder says of a stage's results; None if it says nothing."""
    try:
        about: dict[str, Any] = json.loads((folder / ORIGIN_FILE).read_text())
        origin = Origin(about["parameters"], about["data"], about["code"])
        return Kept(origin, stage, about["accepted"], about["changes"], about["taken_from"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep(folder: Path, origin: Origin, stage: str) -> Kept:
    """Make a folder ready for results of this origin; what is in it stays if it has the same.

    Otherwise it is moved aside, with a sentence, unless the user has said to go on
    (`heitler STAGE --keep-going`). One process alone may call this.

    Raises:
        HeitlerError: if there is nothing in the folder from which one is to go on.
    """
    wanted = os.environ.get(VARIABLE, "")
    source = "" if wanted in ("", "0", "1") else wanted
    if source:
        _take_back(Path(source), folder, stage)
    before = read_kept(folder, stage)
    now = _judged(folder, before, origin, stage, go_on=wanted not in ("", "0"))
    now.taken_from = source or now.taken_from
    folder.mkdir(parents=True, exist_ok=True)
    now.write(folder)
    return now


def begin_anew(folder: Path, kept: Kept, why: str) -> None:
    """Move aside what is in a folder that cannot be used, if anything, and make it ready again."""
    if has_content(folder):
        _move(folder, why, kept.stage)
        Kept(kept.origin, kept.stage).write(folder)


def _judged(folder: Path, before: Kept | None, origin: Origin, stage: str, *, go_on: bool) -> Kept:
    if before and before.origin.fingerprint == origin.fingerprint:
        return before
    if not has_content(folder):
        return Kept(origin, stage)
    changes = origin.changes(before.origin) if before else UNKNOWN
    if not go_on:
        _move(folder, f"other now: {changes}" if before else UNKNOWN, stage)
        return Kept(origin, stage)
    print(f"{folder}: going on from what is there, although other now: {changes}", flush=True)
    if before is None:
        return Kept(origin, stage, {ANY: MORE}, [changes])
    accepted = before.accepted | {before.origin.fingerprint: CODE}
    if not origin.differs_in_code_only(before.origin):
        accepted = dict.fromkeys(accepted, MORE)
    return Kept(origin, stage, accepted, [*before.changes, changes], before.taken_from)


def _move(folder: Path, why: str, stage: str) -> None:
    place = set_aside(folder, f"{stage}-{folder.name}".replace(" ", "-"))
    print(
        f"{folder}: what was kept there is not used ({why}). It is now in {place} "
        f"({size_of(place)}): delete it when you do not need it, or go on from it: "
        f"heitler {stage} --keep-going --from {place}",
        flush=True,
    )


def _take_back(source: Path, folder: Path, stage: str) -> None:
    """Copy what was set aside into its place, once; what is there is moved aside."""
    before = read_kept(folder, stage)
    if source.resolve() == folder.resolve() or (before and before.taken_from == str(source)):
        return
    if not has_content(source):
        raise HeitlerError(
            f"{source}: nothing in there to go on from. Name a folder that a stage has set aside: "
            "ls data/set-aside"
        )
    if has_content(folder):
        _move(folder, f"{source} is taken instead", stage)
    shutil.copytree(source, folder, dirs_exist_ok=True)


def has_content(folder: Path) -> bool:
    """Whether there are results in it, beside the file that says of what they are."""
    return folder.is_dir() and any(
        path.name != ORIGIN_FILE and not path.name.startswith(".") for path in folder.iterdir()
    )
