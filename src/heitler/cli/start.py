"""Becoming DVC, at the end of a command that runs stages."""

import os
import shlex
import sys
from collections.abc import Mapping, Sequence

from heitler.base.identity import with_identity
from heitler.base.locks import require_locks

SAME = (
    "params.yaml has these values already: what was interrupted goes on, and becomes no DVC "
    "experiment of its own."
)
"""Why it is `dvc repro` then: a second `dvc exp run` would begin anew, because DVC puts the outputs
that `dvc.lock` knows in their place."""


def become(
    command: Sequence[str], *, dry_run: bool, variables: Mapping[str, str] | None = None
) -> None:
    """Become `dvc ...`, with a name for git lent where there is none; or print the command."""
    if dry_run:
        print(shlex.join(command))
        return
    require_locks()
    environment = with_identity() | dict(variables or {})
    os.execve(sys.executable, [sys.executable, "-m", *command], environment)
