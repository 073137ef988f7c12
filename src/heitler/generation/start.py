"""TensorFlow, imported without the lines that its C++ prints before any log level is in force."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator

from heitler.cluster.output import NOISE


def import_tensorflow() -> None:
    """Import TensorFlow, so that whoever imports it next finds it started."""
    with without_noise():
        import heitler.base.lean_keras  # noqa: F401  with which TensorFlow comes


@contextlib.contextmanager
def without_noise() -> Iterator[None]:
    """Hide lines of `NOISE` that are written to standard error in the block.

    They come from C++, past `sys.stderr`, so the file descriptor itself leads elsewhere for a
    while. All other lines appear when the block ends.
    """
    with tempfile.TemporaryFile("w+", errors="replace") as kept:
        sys.stderr.flush()
        original = os.dup(2)
        os.dup2(kept.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(original, 2)
            os.close(original)
            kept.seek(0)
            sys.stderr.writelines(line for line in kept if not NOISE.search(line))
