"""A population whose individuals share kernels, so that no kernel is applied twice.

A point mutation leaves most kernels of a child as its parent's. What they make of the images is the
same for all, and the dense layers of all read it in one product. Pure NumPy.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]
COLUMNS = 16
"""Populations and kernels are filled up with zeros to multiples of it: whole vectors, and sums in
an order that does not depend on their number, with AVX2 and AVX-512."""
OTHER_ORDER = 32
"""So many rows oneDNN multiplies by another kernel on processors without AVX-512."""


class SharedKernels(NamedTuple):
    """Of P individuals with F filters each, C kernels are not those of the first individual."""

    kernels: Float
    """(R, K*K), R >= F + C, of the first individual, then all that differ, then zeros."""
    common: Float
    """(F', A, P) dense weights that read what the first individual's kernels see."""
    own: Float
    """(R, A, COLUMNS) dense weights that read the others; the first column is in use."""
    place: NDArray[np.int32]
    """(P, F) row of each part of an estimate in (common's P*F', then own's R) rows."""


def share_kernels(kernels: Float, dense: Float, threads: int = 1) -> SharedKernels:
    """(P, F, K*K), (P, F, A) -> the same networks.

    F' is F filled up to a multiple of `threads`: each then makes whole products, so that the order
    of sums does not depend on how many there are.
    """
    size, filters, cells = kernels.shape
    individual, changed = np.nonzero((kernels != kernels[0]).any(axis=2))
    count, columns, shared = len(changed), _filled(size), _filled(filters, threads)
    rows = _filled(max(filters + count, shared))
    rows += COLUMNS * (rows == OTHER_ORDER)
    different = np.zeros((rows, cells), np.float32)
    different[:filters] = kernels[0]
    different[filters : filters + count] = kernels[individual, changed]
    common = np.zeros((shared, dense.shape[2], columns), np.float32)
    common[:filters, :, :size] = dense.transpose(1, 2, 0)
    own = np.zeros((rows, dense.shape[2], COLUMNS), np.float32)
    own[filters : filters + count, :, 0] = dense[individual, changed]
    place = np.arange(size * shared, dtype=np.int32).reshape(size, shared)[:, :filters].copy()
    place[individual, changed] = columns * shared + filters + np.arange(count)
    return SharedKernels(different, common, own, place)


def _filled(count: int, step: int = COLUMNS) -> int:
    return -(-count // step) * step
