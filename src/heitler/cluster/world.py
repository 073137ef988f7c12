"""The workers of this job and what they say to each other: Horovod collectives, no more.

One process is an ordinary world of size 1.
"""

import contextlib
import json
import os
import platform
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeAlias

import heitler.base.lean_keras  # noqa: F401  before TensorFlow

# isort: split
import horovod
import horovod.tensorflow as hvd
import numpy as np
import tensorflow as tf
from horovod.common.exceptions import HorovodInternalError
from numpy.typing import NDArray

from heitler.base.errors import Interrupted
from heitler.base.onednn import onednn_in_force
from heitler.base.stage import launched_rank, other_launchers
from heitler.cluster.ends import LOST_CONTACT
from heitler.cluster.heartbeat import come, end_with_launcher, start_heartbeat
from heitler.cluster.pinning import (
    bound_by_launcher,
    cpu_list,
    divide_cores,
    pin_process,
    read_cores,
)
from heitler.cluster.stopping import was_signalled
from heitler.config import ConfigError

Tensor: TypeAlias = tf.Tensor
INTER_OP_THREADS = 2
LET_IT_END_S = 6.0
"""For the worker that failed, so that the launcher notices its end before the others'.

Once it has, it ends the others by SIGTERM.
"""
LOST = re.compile(r"Horovod has been shut down|gloo|MPI_", re.IGNORECASE)
"""In Horovod's errors where a collective failed."""


@dataclass(frozen=True)
class World:
    """This process among the workers."""

    rank: int
    size: int
    threads: int
    """Threads that TensorFlow uses for one operation in this worker."""

    @property
    def writes(self) -> bool:
        """Rank 0 alone writes files and tracks."""
        return self.rank == 0


def join_world(
    workers: int,
    threads_per_worker: int = 0,
    *,
    pin_cores: bool = False,
    longest_wait_s: float = 600.0,
) -> World:
    """Start Horovod and divide this machine's cores among its workers.

    Args:
        workers: how many there must be.
        threads_per_worker: 0 is one for each core of this worker's share.
        pin_cores: keep this worker on its share; a share that its launcher bound it to is kept.
        longest_wait_s: for the others to join; MPI itself would wait for ever.

    Raises:
        ConfigError: if the launcher started another number of workers.
    """
    if launched_rank() is not None:
        end_with_launcher()
        start_heartbeat()
    with _patience(longest_wait_s):
        hvd.init()
    sys.excepthook = _end_quietly_without_contact
    if hvd.size() != workers:
        raise ConfigError(
            f"{workers} workers wanted, but the launcher started {hvd.size()}. "
            "Start as many, or change the number in params.yaml (`workers` of the stage)."
            f"{_left_by_another_launcher()}"
        )
    cores = read_cores()
    if not bound_by_launcher():
        cores = list(divide_cores(cores, hvd.local_size())[hvd.local_rank()])
        if pin_cores:
            pin_process([cpu for core in cores for cpu in core.cpus])
    threads = threads_per_worker or len(cores)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(INTER_OP_THREADS)
    # Fusing of bias and LeakyReLU fails on the cycle's graph, loudly, and gained nothing.
    tf.config.optimizer.set_experimental_options({"remapping": False})
    return World(hvd.rank(), hvd.size(), threads)


def _left_by_another_launcher() -> str:
    """What a person should know who started this by hand in a shell that a launcher started."""
    names = other_launchers()
    if not names:
        return ""
    return f" If no launcher started this: unset {' '.join(names)}"


@contextlib.contextmanager
def _patience(longest_wait_s: float) -> Iterator[None]:
    """End this process if the block takes longer."""

    def give_up() -> None:
        print(
            f"Error: the other workers did not join within {longest_wait_s:g} s. See what became "
            "of them, or raise cluster.collective_timeout_s."
            f"{_left_by_another_launcher()}",
            file=sys.stderr,
            flush=True,
        )
        os._exit(1)

    timer = threading.Timer(longest_wait_s, give_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextlib.contextmanager
def ending_together() -> Iterator[None]:
    """Wait for the others if the block is stopped as asked: all are ended with the first."""
    try:
        yield
    except Interrupted:
        wait_for_all()
        raise


def _end_quietly_without_contact(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """What is done with an error that nobody caught: of a failed collective nothing is printed.

    Another worker is gone, and the launcher says which. Horovod's failures come from compiled
    functions as TensorFlow's.
    """
    failed = isinstance(error, HorovodInternalError | tf.errors.OpError)
    if failed and LOST.search(str(error)):
        sys.stdout.flush()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if not was_signalled():
            time.sleep(LET_IT_END_S)
        os._exit(LOST_CONTACT)
    sys.__excepthook__(kind, error, trace)


def describe_worker() -> dict[str, str]:
    """Where this worker runs and with what, as read back from the system and TensorFlow."""
    cpus = os.sched_getaffinity(0)
    domains = {core.numa for core in read_cores()}
    return {
        "host": platform.node(),
        "local_rank": f"{hvd.local_rank()} of {hvd.local_size()}",
        "cores": cpu_list(cpus),
        "numa": cpu_list(domains),
        "intra_threads": str(tf.config.threading.get_intra_op_parallelism_threads()),
        "inter_threads": str(tf.config.threading.get_inter_op_parallelism_threads()),
        "oneDNN": "on" if onednn_in_force() else "off",
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "horovod": horovod.__version__,
    }


def gather_objects(value: Any, name: str) -> list[Any]:
    """Every worker's value (of JSON's types), by rank, on every worker."""
    text = np.frombuffer(json.dumps(value).encode(), np.uint8)
    lengths = gather_arrays(np.array([len(text)]), f"{name}_lengths")
    joined = gather_arrays(text, name)
    parts = np.split(joined, np.cumsum(lengths)[:-1])
    return [json.loads(part.tobytes()) for part in parts]


def sum_over_workers(tensors: list[Tensor], name: str) -> list[Tensor]:
    """Sum each tensor over all workers; works in compiled functions.

    The tensors, all of one type and of known shapes, travel as one long vector: Horovod then
    negotiates and copies one tensor instead of dozens. One worker keeps its own.
    """
    if hvd.size() == 1:
        return tensors
    if tf.executing_eagerly():  # who calls a compiled function says so itself
        come()
    sizes = [tensor.shape.num_elements() for tensor in tensors]
    vector = tf.concat([tf.reshape(tensor, [-1]) for tensor in tensors], axis=0)
    parts = tf.split(hvd.allreduce(vector, op=hvd.Sum, name=name), sizes)
    return [tf.reshape(part, tensor.shape) for part, tensor in zip(parts, tensors, strict=True)]


def wait_for_all() -> None:
    """Return when every worker has come here."""
    come()
    hvd.allreduce(tf.zeros(()), op=hvd.Sum, name="wait_for_all")


def broadcast_from_first(variables: list[tf.Variable]) -> None:
    """Give every worker rank 0's values."""
    come()
    hvd.broadcast_variables(variables, root_rank=0)


def share_object(value: Any) -> Any:
    """Rank 0's value, on every worker."""
    come()
    return hvd.broadcast_object(value, root_rank=0)


def gather_arrays(array: NDArray[Any], name: str) -> NDArray[Any]:
    """The workers' arrays one after another, on every worker; first axes may differ."""
    come()
    return np.asarray(hvd.allgather(tf.constant(array), name=name))
