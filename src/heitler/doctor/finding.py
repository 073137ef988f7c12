"""What a check found."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from heitler.base.causes import system_cause
from heitler.base.errors import HeitlerError

REBUILD = "Build the environment again: make env (if that does nothing: rm -rf .venv; make env)"


@dataclass(frozen=True)
class Finding:
    """One line of the table."""

    name: str
    state: Literal["ok", "note", "broken"]
    """A note works, but not as well as it could, or not yet."""
    found: str
    remedy: str = ""


def ok(name: str, found: str) -> Finding:
    """It works."""
    return Finding(name, "ok", found)


def note(name: str, found: str, remedy: str) -> Finding:
    """It works, but slowly, or will only work later."""
    return Finding(name, "note", found, remedy)


def broken(name: str, found: str, remedy: str = "") -> Finding:
    """It does not work; our own errors name the remedy in what was found."""
    return Finding(name, "broken", found, remedy)


def check(name: str) -> Callable[[Callable[[], list[Finding]]], Callable[[], list[Finding]]]:
    """A check that cannot end the others: what it raises becomes a finding called `name`."""

    def wrap(function: Callable[[], list[Finding]]) -> Callable[[], list[Finding]]:
        @functools.wraps(function)
        def safe() -> list[Finding]:
            try:
                return function()
            except HeitlerError as error:
                return [broken(name, str(error))]
            except ImportError as error:
                return [broken(name, f"{type(error).__name__}: {error}", REBUILD)]
            except OSError as error:
                path = Path(str(error.filename or "."))
                cause = system_cause(error, path)
                return [broken(name, f"{path}: {cause.what}", cause.remedy)]
            except Exception as error:
                told = f"could not be checked ({type(error).__name__}: {error})"
                return [broken(name, told, "Mend what else is broken first, then look again.")]

        return safe

    return wrap
