"""The layered generator as a kernel compiled for this machine: each shower on one thread.

It draws the showers of TensorFlow from the same latent vectors. Both round differently, and where
two cells compete for a layer's last hit with nearly equal scores, rounding decides: such a shower
(a few in a hundred) differs in these cells and, as it is drawn layer after layer, in all that
follows. All others agree to rounding in every cell.
"""

import ctypes
import os
import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heitler.generation.kernel_build import KernelError, build_library
from heitler.generation.layered_weights import LayeredWeights, read_layered_weights
from heitler.model.layered import (
    cell_level,
    hits,
    layer_level,
    mixtures,
    sizes,
    spectrum,
    state,
    turns,
)
from heitler.model.layered.sizes import LayeredSizes

Array = NDArray[np.float32]
SOURCE = Path(__file__).with_name("layered_kernel.cpp")
CONSTANTS = {
    cell_level: ("SLOPE",),
    hits: ("DRAWS", "SURE", "FIRST", "EDGE", "LEAST_SPREAD", "LARGEST_STEP"),
    turns: ("KEPT", "MOST"),
    mixtures: ("NARROWEST", "WIDEST", "SMALLEST"),
    spectrum: ("FARTHEST",),
    state: (
        "SMALLEST_SHARE",
        "SMALLEST_ENERGY",
        "SMALLEST_HIT",
        "HITS_ROOT",
        "LEAST_VARIANCE",
        "LARGEST_LOGARITHM",
    ),
    sizes: (
        *("PAST", "MIXTURE", "TOTALS", "COUNTED", "SUMMED", "SUMS_FROM", "DRAWN", "POINTS"),
        "LEFT",
    ),
    layer_level: ("NUMBERS",),
}
"""That the kernel needs, by the module that has them."""
FLOATS, INTEGER = ctypes.POINTER(ctypes.c_float), ctypes.c_int64


def compiled_backend(path: Path, threads: int = 0) -> Callable[[Array], Array]:
    """A function from latent vectors (N, L) to cells (N, X, Y, Z) in cell units.

    Args:
        path: what `write_layered_weights` wrote.
        threads: that share the showers of a call, each drawn on one; 0 is one per core that this
            process may use.

    Raises:
        GenerationError: if the weights are missing, or nothing can be compiled here.
    """
    weights = read_layered_weights(path)
    kernel = _Kernel(weights)
    workers = threads or len(os.sched_getaffinity(0))
    if workers == 1:
        return kernel.draw
    pool = ThreadPoolExecutor(workers, "showers")

    def draw(latent: Array) -> Array:
        parts = np.array_split(latent, min(workers, max(len(latent), 1)))
        if len(parts) == 1:
            return kernel.draw(latent)
        return np.concatenate(list(pool.map(kernel.draw, parts)))

    return draw


class _Kernel:
    """One generator's weights in the library."""

    def __init__(self, weights: LayeredWeights) -> None:
        self._shape, self._conditions = weights.sizes.image_shape, 1 + weights.sizes.has_theta
        self._library = _load(build_library(SOURCE, macros(weights.sizes)))
        numbers = weights.flat()
        self._network = self._library.heitler_open(_floats(numbers), numbers.size)
        if not self._network:
            raise KernelError(f"{SOURCE.name} expects other weights than the generator has")
        weakref.finalize(self, self._library.heitler_close, self._network)

    def draw(self, latent: Array) -> Array:
        """Latent vectors (N, L) -> cells (N, X, Y, Z)."""
        latent = np.ascontiguousarray(latent, np.float32)
        if latent.ndim != 2 or latent.shape[1] <= self._conditions:
            raise KernelError(f"latent vectors of shape {latent.shape} lack the noise")
        cells = np.zeros((len(latent), *self._shape), np.float32)
        if self._library.heitler_draw(
            self._network, _floats(latent), *latent.shape, _floats(cells)
        ):
            raise MemoryError("a shower's buffers")
        return cells


def macros(layered: LayeredSizes) -> dict[str, str]:
    """Sizes and constants as the kernel names them."""
    x, y, z = layered.image_shape
    numbers: dict[str, Any] = {
        **{"X": x, "Y": y, "Z": z, "HAS_THETA": int(layered.has_theta)},
        **{"CHANNELS": layered.channels, "HIDDEN": layered.hidden},
        **{"LAYER_HIDDEN": layered.layer_hidden, "COMPONENTS": layered.components},
    }
    for module, names in CONSTANTS.items():
        numbers |= {name: getattr(module, name) for name in names}
    shapes: dict[str, Mapping[str, tuple[int, ...]]] = {
        **{"LAYER": layered.layer_dense, "CELL": layered.cell_dense},
        **{"CELL_CONV": layered.cell_convolutions},
    }
    lists = {
        **{f"{part}_{name.upper()}": row for part, t in shapes.items() for name, row in t.items()},
        **{"RADII": sizes.RADII, "RINGS": sizes.RINGS, "FEW": sizes.FEW},
        "STEPS": hits.draw_steps()[:, 0].tolist(),
    }
    texts = {name: ",".join(map(_literal, row)) for name, row in lists.items()}
    turns = ",".join(f"{{{first},{second}}}" for first, second in layered.turns)
    return {name: _literal(number) for name, number in numbers.items()} | texts | {"TURNS": turns}


def _literal(number: float) -> str:
    return f"{number}f" if isinstance(number, float) else str(number)


def _floats(array: Array) -> Any:
    return array.ctypes.data_as(FLOATS)


def _load(path: Path) -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        path.unlink(missing_ok=True)  # the next start compiles it anew
        raise KernelError(f"{path}: cannot be loaded and was removed ({error})") from None
    library.heitler_open.restype = ctypes.c_void_p
    library.heitler_open.argtypes = [FLOATS, INTEGER]
    library.heitler_close.argtypes = [ctypes.c_void_p]
    library.heitler_draw.argtypes = [ctypes.c_void_p, FLOATS, INTEGER, INTEGER, FLOATS]
    return library
