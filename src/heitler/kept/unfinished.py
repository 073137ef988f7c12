"""Where a training or a study works until it has come to its end: outside of DVC's outputs.

`dvc exp run` puts each output into the state that `dvc.lock` knows, or removes it, before any stage
could stop it: whatever an interrupted one had left there would be lost.
"""

import shutil
from pathlib import Path

from heitler.kept.folder import Kept, begin_anew, has_content, keep, read_kept
from heitler.kept.origin import Origin


def take_up(unfinished: Path, finished: Path, origin: Origin, stage: str) -> Kept:
    """Make `unfinished` ready for results of this origin, with what there is of them.

    What was interrupted goes on, with what is finished of the same origin and not in it. Otherwise
    what was finished is taken to go on from, as with more epochs. What does not fit is moved aside
    as `keep` says. One process alone may call this.
    """
    done, begun = (_is_of(origin, folder, stage) for folder in (finished, unfinished))
    if done and not begun:
        begin_anew(unfinished, Kept(origin, stage), "what was finished in the meantime fits")
    if has_content(finished) and not has_content(unfinished):
        shutil.rmtree(unfinished, ignore_errors=True)  # an origin alone
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(finished, unfinished)
    elif done and begun:
        for path in finished.iterdir():
            if not (unfinished / path.name).exists():
                shutil.move(path, unfinished)
    return keep(unfinished, origin, stage)


def finish(unfinished: Path, finished: Path) -> None:
    """Put all that is in a folder, and complete now, into its place.

    What has the same name there is older, or was put there by DVC, which has it still.
    """
    finished.mkdir(parents=True, exist_ok=True)
    for path in sorted(unfinished.iterdir()):
        place = finished / path.name
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)
        shutil.move(path, place)
    unfinished.rmdir()


def _is_of(origin: Origin, folder: Path, stage: str) -> bool:
    kept = read_kept(folder, stage)
    fits = kept is not None and kept.origin.fingerprint == origin.fingerprint
    return fits and has_content(folder)
