"""The workers of this job and what they say to each other: Horovod collectives, no more.

One process is an ordinary world of size 1.
"""

import os
from dataclasses import dataclass
from typing import Any, TypeAlias

import horovod.tensorflow as hvd
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from heitler.config import ConfigError

Tensor: TypeAlias = tf.Tensor


@dataclass(frozen=True)
class World:
    """This process among the workers."""

    rank: int
    size: int
    threads: int
    """Threads that TensorFlow uses in this worker."""

    @property
    def writes(self) -> bool:
        """Rank 0 alone writes files and tracks."""
        return self.rank == 0


def join_world(workers: int, threads_per_worker: int) -> World:
    """Start Horovod and divide this machine's cores among its workers.

    Raises:
        ConfigError: if the launcher started another number of workers than `train.workers`.
    """
    hvd.init()
    if hvd.size() != workers:
        raise ConfigError(
            f"train.workers is {workers}, but the launcher started {hvd.size()}. "
            "Start as many, or change train.workers."
        )
    threads = threads_per_worker or max(1, len(os.sched_getaffinity(0)) // hvd.local_size())
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(2)
    # Fusing of bias and LeakyReLU fails on the cycle's graph, loudly, and gained nothing.
    tf.config.optimizer.set_experimental_options({"remapping": False})
    return World(hvd.rank(), hvd.size(), threads)


def sum_over_workers(tensors: list[Tensor], name: str) -> list[Tensor]:
    """Sum each tensor over all workers, all in one operation; works in compiled functions."""
    return list(hvd.grouped_allreduce(tensors, op=hvd.Sum, name=name))


def wait_for_all() -> None:
    """Return when every worker has come here."""
    hvd.allreduce(tf.zeros(()), op=hvd.Sum, name="wait_for_all")


def broadcast_from_first(variables: list[tf.Variable]) -> None:
    """Give every worker rank 0's values."""
    hvd.broadcast_variables(variables, root_rank=0)


def share_object(value: Any) -> Any:
    """Rank 0's value, on every worker."""
    return hvd.broadcast_object(value, root_rank=0)


def gather_arrays(array: NDArray[Any], name: str) -> NDArray[Any]:
    """The workers' arrays one after another, on every worker; first axes may differ."""
    return np.asarray(hvd.allgather(tf.constant(array), name=name))
