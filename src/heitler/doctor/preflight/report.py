"""All problems in one message."""

from collections.abc import Sequence

from heitler.base.errors import HeitlerError


class PreflightError(HeitlerError):
    """A stage cannot succeed; nothing was started."""


def refuse(problems: Sequence[str], stage: str) -> None:
    """Raise PreflightError naming all problems, if there are any."""
    if problems:
        number = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise PreflightError("\n- ".join([f"{stage} is not started, for {number}:", *problems]))
