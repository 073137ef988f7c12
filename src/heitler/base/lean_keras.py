"""Keras without the packages that it would use if they are there, but for nothing that we use.

Import this before TensorFlow, which imports Keras. pandas, scikit-learn and Matplotlib, for Keras'
data adapters, wrappers and pictures, are a quarter of the CPU time of its import in every
worker (benchmarks/start.py). Whoever needs them later imports them as always.
"""

import contextlib
import sys
from collections.abc import Iterator

UNUSED = ("matplotlib", "pandas", "sklearn")


@contextlib.contextmanager
def _missing(names: tuple[str, ...]) -> Iterator[None]:
    """As if these packages were not installed, unless they are imported already."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


with _missing(UNUSED):
    import keras  # noqa: F401
