"""The network of the paper's section 5: one convolution, one dense layer, no biases.

A genome is all weights in one row: kernels (F, K*K), then the dense layer (F, A), where A are the
places of the convolution. A whole population is judged at once: the first layer reads the same
images for all, so it is one matrix product. Its rows are the different kernels only
(`SharedKernels`): a point mutation leaves most kernels of a child as its parent's. What they make
of the images is the same for all, and the dense layers of all read it in one product.
"""

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from heitler.base.errors import HeitlerError
from heitler.evolution.events import ProjectedEvents, Units

Float = NDArray[np.float32]
Tensor: TypeAlias = tf.Tensor
COLUMNS = 16
"""Populations and kernels are filled up with zeros to multiples of it: whole vectors, and sums in
an order that does not depend on their number, with AVX2 and AVX-512."""
OTHER_ORDER = 32
"""So many rows oneDNN multiplies by another kernel on processors without AVX-512."""


@dataclass(frozen=True)
class NetworkShape:
    """What decides how many genes there are."""

    image: tuple[int, int]
    filters: int
    kernel: int
    stride: int
    slope: float

    def __post_init__(self) -> None:
        if self.kernel > min(self.image):
            raise HeitlerError(
                f"evolve.kernel is {self.kernel}, larger than the images of {self.image} cells. "
                f"Use at most {min(self.image)}."
            )

    @property
    def places(self) -> int:
        """Places of the convolution, without padding."""
        return math.prod((side - self.kernel) // self.stride + 1 for side in self.image)

    @property
    def kernel_genes(self) -> int:
        """Genes of the convolution."""
        return self.filters * self.kernel**2

    @property
    def genes(self) -> int:
        """Length D of a genome."""
        return self.kernel_genes + self.filters * self.places

    def initial_limits(self) -> NDArray[np.float64]:
        """(D,) sqrt(6 / (fan in + fan out)) of each gene's layer [Glorot and Bengio 2010]."""
        first = math.sqrt(6 / (self.kernel**2 * (1 + self.filters)))
        second = math.sqrt(6 / (self.filters * self.places + 1))
        counts = (self.kernel_genes, self.filters * self.places)
        return np.repeat([first, second], counts)


class Regressor:
    """Judges genomes on showers that stay in memory as patches."""

    def __init__(self, shape: NetworkShape, events: ProjectedEvents, units: Units) -> None:
        self.shape, self.count = shape, len(events)
        threads = tf.config.threading.get_intra_op_parallelism_threads()
        self._threads = threads or len(os.sched_getaffinity(0))
        self._patches = tf.constant(_cut(events.images_GeV / np.float32(units.cell_GeV), shape))
        self._energy = tf.constant(events.primary_energy_GeV / np.float32(units.energy_GeV))
        genomes, rows = tf.TensorSpec((None, shape.genes)), tf.TensorSpec((None,), tf.int64)
        self._estimate = _compiled(self._estimate_rows, genomes, rows)
        f, k, a = shape.filters, shape.kernel**2, shape.places
        self._losses = _compiled(
            self._shared_error,
            tf.TensorSpec((None, k)),
            tf.TensorSpec((None, a, None)),
            tf.TensorSpec((None, a, COLUMNS)),
            tf.TensorSpec((None, f), tf.int32),
            rows,
        )

    def losses(self, genomes: Float, rows: NDArray[np.int64]) -> Float:
        """Mean relative error of every individual: (P, D), (B,) -> (P,)."""
        s = self.shape
        kernels = genomes[:, : s.kernel_genes].reshape(-1, s.filters, s.kernel**2)
        dense = genomes[:, s.kernel_genes :].reshape(-1, s.filters, s.places)
        shared = share_kernels(kernels, dense, self._threads)
        return np.asarray(self._losses(*map(tf.constant, (*shared, rows))))

    def estimates(self, genomes: Float, at_once: int = 512) -> Float:
        """Estimated over true energy of all showers: (P, D) -> (P, N)."""
        parts = [
            self._estimate(tf.constant(genomes), tf.constant(rows)) / tf.gather(self._energy, rows)
            for rows in np.array_split(np.arange(self.count), max(self.count // at_once, 1))
        ]
        return np.concatenate([np.asarray(part) for part in parts], axis=1)

    def gradient(self, genome: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Loss and its gradient for one genome (1, D)."""
        with tf.GradientTape() as tape:
            tape.watch(genome)
            loss = self._relative_error(genome, rows)
        return loss, tape.gradient(loss, genome)

    def _relative_error(self, genomes: Tensor, rows: Tensor) -> Tensor:
        return self._error(self._estimate_rows(genomes, rows), rows)

    def _estimate_rows(self, genomes: Tensor, rows: Tensor) -> Tensor:
        s = self.shape
        kernels = tf.reshape(genomes[:, : s.kernel_genes], [-1, s.kernel**2])  # (P*F, K*K)
        hidden = self._hidden(kernels, rows)  # (P*F, B, A)
        dense = tf.reshape(genomes[:, s.kernel_genes :], [-1, s.places, 1])  # (P*F, A, 1)
        parts = tf.reshape(tf.matmul(hidden, dense), [-1, s.filters, tf.shape(rows)[0]])
        return tf.reduce_sum(parts, axis=1)  # (P, B)

    def _shared_error(
        self, kernels: Tensor, common: Tensor, own: Tensor, place: Tensor, rows: Tensor
    ) -> Tensor:
        """As `_relative_error`; the arguments are a `SharedKernels`."""
        hidden = self._hidden(kernels, rows)  # (R, B, A)
        of_all = tf.matmul(hidden[: tf.shape(common)[0]], common)  # (F', B, P)
        of_all = tf.transpose(of_all, [2, 0, 1])
        of_one = tf.matmul(hidden, own)[..., 0]  # (R, B)
        parts = tf.concat([tf.reshape(of_all, [-1, tf.shape(rows)[0]]), of_one], axis=0)
        return self._error(tf.reduce_sum(tf.gather(parts, place), axis=1), rows)

    def _hidden(self, kernels: Tensor, rows: Tensor) -> Tensor:
        """(C, K*K), (B,) -> (C, B, A) after the activation."""
        s = self.shape
        patches = tf.gather(self._patches, rows, axis=1)  # (K*K, B, A): whole rows are copied
        hidden = tf.matmul(kernels, tf.reshape(patches, [s.kernel**2, -1]))  # (C, B*A)
        return tf.reshape(tf.nn.leaky_relu(hidden, s.slope), [-1, tf.shape(rows)[0], s.places])

    def _error(self, estimates: Tensor, rows: Tensor) -> Tensor:
        truth = tf.gather(self._energy, rows)  # (B,)
        return tf.reduce_mean(tf.abs(estimates / truth - 1), axis=1)


def _compiled(function: Callable[..., Tensor], *signature: tf.TensorSpec) -> Any:
    compiled = tf.function(function, input_signature=signature, autograph=False)
    return compiled.get_concrete_function()


def _cut(images: Float, shape: NetworkShape) -> Float:
    """(N, Y, Z) -> (K*K, N, A): what the kernel sees at each of its places."""
    windows: Any = np.lib.stride_tricks.sliding_window_view(
        images, (shape.kernel, shape.kernel), axis=(1, 2)
    )
    seen = windows[:, :: shape.stride, :: shape.stride]  # (N, Y', Z', K, K)
    flat = seen.reshape(len(images), shape.places, shape.kernel**2)
    return np.ascontiguousarray(flat.transpose(2, 0, 1), np.float32)


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
