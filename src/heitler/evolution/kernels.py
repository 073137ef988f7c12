"""A population whose individuals share kernels, so that no kernel is applied twice.

A point mutation leaves most kernels of a child as its parent's. What they make of the images is the
same for all, and the dense layers of all read it in one product. Pure NumPy.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]
COLUMNS = 8
"""Populations and changed kernels are filled up with zeros to multiples of it: whole vectors, and
few different shapes."""


class SharedKernels(NamedTuple):
    """Of P individuals with F filters each, C kernels are not those of the first individual."""

    kernels: Float
    """(F + C, K*K) of the first individual, then all that differ."""
    common: Float
    """(F, A, P) dense weights that read what the first individual's kernels see."""
    own: Float
    """(C, A, COLUMNS) dense weights that read the others; the first column is in use."""
    place: NDArray[np.int32]
    """(P, F) row of each part of an estimate in (common's P*F, then own's C) rows."""


def share_kernels(kernels: Float, dense: Float) -> SharedKernels:
    """(P, F, K*K), (P, F, A) -> the same networks."""
    size, filters, cells = kernels.shape
    individual, changed = np.nonzero((kernels != kernels[0]).any(axis=2))
    count, columns = len(changed), _filled(size)
    different = np.zeros((filters + _filled(count), cells), np.float32)
    different[:filters] = kernels[0]
    different[filters : filters + count] = kernels[individual, changed]
    common = np.zeros((filters, dense.shape[2], columns), np.float32)
    common[:, :, :size] = dense.transpose(1, 2, 0)
    own = np.zeros((_filled(count), dense.shape[2], COLUMNS), np.float32)
    own[:count, :, 0] = dense[individual, changed]
    place = np.arange(size * filters, dtype=np.int32).reshape(size, filters)
    place[individual, changed] = columns * filters + np.arange(count)
    return SharedKernels(different, common, own, place)


def _filled(count: int) -> int:
    return -(-count // COLUMNS) * COLUMNS
