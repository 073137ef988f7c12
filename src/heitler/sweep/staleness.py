"""Which stages of an experiment made its results, and which left those of an earlier run.

An experiment holds the metrics of all stages, also of those that it did not run: DVC keeps their
files. `dvc.lock` tells what each stage was run with.
"""

import functools
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, cast

from dvc.exceptions import NotDvcRepoError
from dvc.repo import Repo
from dvc.utils.serialize import parse_yaml
from dvc_data.hashfile.hash_info import HashInfo
from dvc_data.hashfile.tree import Tree

from heitler.base.git import git
from heitler.config import PARAMS_FILE

Stages = Mapping[str, Mapping[str, Any]]
Part = Callable[[str, tuple[str, ...]], str | None]
"""From a folder's hash and a place in it to the hash of what is there; None if it is not known."""


def stale_stages(revision: str | None = None) -> set[str]:
    """Stages whose results are not of the parameters or the data beside them.

    Args:
        revision: of git; None is the working copy.
    """
    lock = _content(revision, "dvc.lock").get("stages", {})
    return stale(lock, _content(revision, str(PARAMS_FILE)), part_in_cache)


def stale(lock: Stages, parameters: Mapping[str, Any], part: Part) -> set[str]:
    """The stages of `dvc.lock` that were run with other parameters, or on what has changed since.

    Args:
        lock: its stages.
        parameters: content of `params.yaml`.
        part: looks into a folder that a stage has made and another uses in part.
    """
    made = {
        PurePosixPath(out["path"]): (stage, out.get("md5"))
        for stage in lock
        for out in lock[stage].get("outs", ())
    }

    def source(path: PurePosixPath) -> tuple[set[str], str | None]:
        """The stages that made what is at a path, and its hash, if it is known."""
        for folder in (path, *path.parents):
            if folder in made:
                stage, hash_ = made[folder]
                place = path.relative_to(folder).parts
                return {stage}, part(hash_, place) if place and hash_ else hash_
        inside = {file: found for file, found in made.items() if path in file.parents}
        hashes = {file.relative_to(path).parts: hash_ for file, (_, hash_) in inside.items()}
        return {stage for stage, _ in inside.values()}, _hash_of_folder(hashes)

    def is_fresh(stage: str) -> bool:
        used = lock[stage].get("params", {}).get(PARAMS_FILE.name, {})
        if any(_entry(parameters, name) != value for name, value in used.items()):
            return False
        for dep in lock[stage].get("deps", ()):
            origins, hash_ = source(PurePosixPath(dep["path"]))
            if hash_ not in (None, dep.get("md5")) or not all(map(is_fresh, origins)):
                return False
        return True

    return {stage for stage in lock if not is_fresh(stage)}


def part_in_cache(folder: str, place: tuple[str, ...]) -> str | None:
    """As `Part`, from DVC's cache; nothing is known of what it has not, as in a fresh clone."""
    cache, where = _cache(), cast(tuple[str], place)  # DVC means any number, too
    if cache is None or not cache.exists(folder):
        return None
    found = Tree.load(cache, HashInfo("md5", folder)).get_obj(cache, where)
    return found.hash_info.value if found else None


@functools.cache
def _cache() -> Any:
    try:
        return Repo().cache.local
    except NotDvcRepoError:  # no repository, as in an unpacked archive
        return None


def _hash_of_folder(files: Mapping[tuple[str, ...], str | None]) -> str | None:
    if not files:
        return None
    tree = Tree.from_list([{"relpath": "/".join(p), "md5": md5} for p, md5 in files.items()])
    tree.digest()
    return str(tree.hash_info.value)


def _content(revision: str | None, path: str) -> dict[str, Any]:
    """Content of a YAML file, read as DVC does (1e-06 is a number); nothing without one."""
    if revision is None:
        text = Path(path).read_text() if Path(path).is_file() else ""
    else:
        text = git(Path(), "show", f"{revision}:{path}") or ""
    return parse_yaml(text, path) or {}


def _entry(nested: Any, name: str) -> Any:
    for key in name.split("."):
        nested = nested.get(key) if isinstance(nested, Mapping) else None
    return nested
