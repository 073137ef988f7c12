"""Questions to git. Where it does not answer, the true reason is told: not every failure is "no".

git refuses whole repositories: those of another user (safe.directory), those that it may not read,
or whose `.git` leads elsewhere, as in a container that sees only a part. And it may not be there.
"""

import functools
import os
import re
import shutil
import subprocess
from pathlib import Path

from heitler.base.errors import HeitlerError


class GitError(HeitlerError):
    """git cannot be asked about this folder."""


def git(root: Path, *arguments: str) -> str | None:
    """What git prints; None where its answer is no, and where it gives none, which is told once."""
    answer, _ = _ask(root, *arguments)
    if answer is None and (reason := refusal(root)):
        _warn(reason)
    return answer


def refusal(root: Path = Path()) -> str:
    """Why git does not answer about a folder, and the remedy; nothing if it does.

    A folder that is in no repository, such as an unpacked archive, is none of its business.
    """
    answer, words = _ask(root, "rev-parse", "--git-dir")
    if answer is not None:
        return ""
    if shutil.which("git") is None:
        return "git is not installed, or not in PATH. Install it: sudo apt-get install git"
    if "dubious ownership" in words:
        return _of_another_user(root, words)
    if "not a git repository" in words:
        return _broken_link(root)
    return f"git does not answer here: {words}. Its own words: git -C {root.absolute()} status"


def require_git(root: Path = Path()) -> None:
    """Raise GitError where git does not answer, or where there is no repository."""
    if reason := refusal(root):
        raise GitError(reason)
    if _ask(root, "rev-parse", "--git-dir")[0] is None:
        raise GitError(
            f"{root.absolute()}: in no git repository, where DVC keeps experiments. Clone the "
            "project with git, or begin one: git init"
        )


def why_no_commit(root: Path = Path()) -> str:
    """Why there is no commit to be told, where git answers none."""
    if reason := refusal(root):
        return reason
    if _ask(root, "rev-parse", "--git-dir")[0] is None:
        return "no git repository"
    return "the repository has no commit yet"


def _of_another_user(root: Path, words: str) -> str:
    named = re.search(r"repository at '([^']+)'", words)
    place = named[1] if named else str(root.absolute())
    return (
        f"git does not trust {place}, which belongs to another user. If you do: "
        f"git config --global --add safe.directory {place}"
    )


def _broken_link(root: Path) -> str:
    """What is wrong with a `.git` in which git sees no repository; nothing if there is none."""
    here = root.absolute()
    found = next((f / ".git" for f in (here, *here.parents) if os.path.lexists(f / ".git")), None)
    if found is None:
        return ""
    if not os.access(found, os.R_OK):
        return f"git may not read {found}. See who may: ls -ld {found}"
    return (
        f"git sees no repository in {found}: it is incomplete, or leads to a place that is not "
        f"there (cat {found}), such as a worktree's in a container. Clone the project into it, or "
        "let the container see that place too."
    )


def _ask(root: Path, *arguments: str) -> tuple[str | None, str]:
    """What git prints, and what it says of an error, in English."""
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=root,
            capture_output=True,
            text=True,
            env=os.environ | {"LC_ALL": "C"},
        )
    except OSError as error:
        return None, str(error)
    words = " ".join(done.stderr.split()).removeprefix("fatal: ")
    return (None if done.returncode else done.stdout.strip()), words


@functools.cache
def _warn(reason: str) -> None:
    print(f"Warning: {reason}", flush=True)
