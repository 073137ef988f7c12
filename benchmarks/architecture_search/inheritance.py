"""Weights of a child whose architecture differs from its parent's, near the same function.

Kernels and the dense map are aligned at their centres. Filters that the parent lacks start random,
but nothing listens to them yet (zero weights leave them); a new layer copies its input; where the
stride changed, the dense map is resampled.
"""

import math
from collections.abc import Sequence

import numpy as np
from architecture_search.space import Architecture, Shape
from numpy.typing import NDArray

Float = NDArray[np.float32]


def split_genome(architecture: Architecture, genome: Float) -> list[Float]:
    """(D,) -> every kernel (K, K, Cin, F), and the dense map (Y', Z', F)."""
    ends = np.cumsum([math.prod(shape) for shape in architecture.weight_shapes])
    parts = np.split(genome, ends[:-1])
    return [
        part.reshape(shape) for part, shape in zip(parts, architecture.weight_shapes, strict=True)
    ]


def inherit(
    parent: Architecture,
    genome: Float,
    child: Architecture,
    origin: Sequence[int | None],
    random: np.random.Generator,
) -> Float:
    """(D of the parent,) -> (D of the child,).

    Args:
        origin: for each of the child's layers the parent's that it comes from; None is new.
    """
    start = (random.uniform(-1, 1, child.genes) * child.initial_limits()).astype(np.float32)
    *kernels, dense = split_genome(parent, genome)
    *fresh, _ = split_genome(child, start)
    known = 1  # channels that reach the next layer from the parent
    parts = []
    for layer, kernel in zip(origin, fresh, strict=True):
        old = _copying(kernel.shape, known) if layer is None else kernels[layer]
        parts.append(_overlaid(kernel, old[:, :, :known]))
        known = min(old.shape[3], kernel.shape[3])
    parts.append(_resampled(dense, child.maps[-1], known))
    return np.concatenate([part.ravel() for part in parts]).astype(np.float32)


def _overlaid(kernel: Float, old: Float) -> Float:
    """The old kernel in the middle; zero around it and from channels that it does not know."""
    made = kernel.copy()
    filters = min(old.shape[3], kernel.shape[3])
    made[..., :filters] = 0
    ours, theirs = _centres(kernel.shape[0], old.shape[0])
    channels = min(old.shape[2], kernel.shape[2])
    made[ours, ours, :channels, :filters] = old[theirs, theirs, :channels, :filters]
    return made


def _copying(shape: Shape, channels: int) -> Float:
    """A kernel whose filter i is channel i in its middle."""
    kernel = np.zeros((shape[0], shape[1], shape[2], min(channels, shape[3])), np.float32)
    for i in range(kernel.shape[3]):
        kernel[shape[0] // 2, shape[1] // 2, i, i] = 1
    return kernel


def _resampled(dense: Float, shape: Shape, known: int) -> Float:
    made = np.zeros(shape, np.float32)
    channels = min(known, dense.shape[2], shape[2])
    nearly_equal = all(abs(a - b) <= 6 for a, b in zip(dense.shape[:2], shape[:2], strict=True))
    if nearly_equal:  # other kernels, same stride: the same places in the middle
        y, z = (_centres(a, b) for a, b in zip(shape[:2], dense.shape[:2], strict=True))
        made[y[0], z[0], :channels] = dense[y[1], z[1], :channels]
        return made
    rows, columns = (
        np.arange(new) * old // new for new, old in zip(shape[:2], dense.shape[:2], strict=True)
    )
    scale = math.prod(dense.shape[:2]) / math.prod(shape[:2])  # as many places add up
    made[..., :channels] = scale * dense[np.ix_(rows, columns)][..., :channels]
    return made


def _centres(new: int, old: int) -> tuple[slice, slice]:
    """The common middle of two lengths, as seen from each."""
    common = min(new, old)
    return (
        slice((new - common) // 2, (new - common) // 2 + common),
        slice((old - common) // 2, (old - common) // 2 + common),
    )
