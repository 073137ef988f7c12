"""One way to run the training cycle, timed on request: `training_worker.py VARIANT FOLDER`.

A cycle is D on real showers, D on fakes, G, G, each with its step of the optimiser. Reads batch
sizes from standard input, one per line, and answers each with a line of JSON: wall and CPU
seconds of one cycle. Imports only what the variant needs, so that PyTorch can live in an
environment of its own.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

Events = dict[str, np.ndarray]
Run = Callable[[Events], object]
Answer = dict[str, float | bool]
THREADS = len(os.sched_getaffinity(0))
PEAK_SIZE = 3072
"""Rows and columns of the matrices whose product measures the peak."""


def keras(folder: Path) -> tuple[Run, Answer]:
    """As published, in the TensorFlow environment that the caller chose."""
    import tensorflow  # noqa: F401, I001 before heitler, which would turn oneDNN on

    from training_keras import published_cycle

    from heitler.base.onednn import onednn_in_force

    run, parameters = published_cycle(*load_about(folder, "plain"))
    return run, {"parameters": parameters, "onednn": onednn_in_force()}


def torch_published(folder: Path) -> tuple[Run, Answer]:
    """As the PyTorch version of 3DGAN is written."""
    from training_torch import Cycle

    cycle = Cycle(folder, THREADS, best=False)
    return cycle, {"parameters": cycle.parameters()}


def torch_best(folder: Path) -> tuple[Run, Answer]:
    """The fastest form in PyTorch on CPUs that we found."""
    from training_torch import Cycle

    cycle = Cycle(folder, THREADS, best=True)
    return cycle, {"parameters": cycle.parameters()}


def ours_plain(folder: Path) -> tuple[Run, Answer]:
    return our_cycle(folder, "plain")


def ours_fast(folder: Path) -> tuple[Run, Answer]:
    return our_cycle(folder, "fast")


def our_cycle(folder: Path, kernels: str) -> tuple[Run, Answer]:
    """As `pipelines/train.py` runs it on one worker."""
    from training_ours import compiled_cycle

    from heitler.base.onednn import onednn_in_force
    from heitler.cluster.world import join_world

    world = join_world(1, threads_per_worker=THREADS)
    run, parameters = compiled_cycle(*load_about(folder, kernels), world)
    return run, {"parameters": parameters, "onednn": onednn_in_force()}


def matrix_peak(folder: Path) -> tuple[Run, Answer]:
    """A large product of matrices in TensorFlow: the most that this machine does per second."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    matrix = tf.random.normal((PEAK_SIZE, PEAK_SIZE))
    return lambda events: tf.matmul(matrix, matrix)[0, 0].numpy(), {"flops": 2 * PEAK_SIZE**3}


VARIANTS = {
    function.__name__: function
    for function in (
        keras,
        torch_published,
        torch_best,
        ours_plain,
        ours_fast,
        matrix_peak,
    )
}


def load_about(folder: Path, kernels: str):
    from heitler.config import LossWeights, ModelConfig, TrainConfig

    about = json.loads((folder / "about.json").read_text())
    model = ModelConfig(**about["model"] | {"kernels": kernels})
    weights = LossWeights(**about["train"]["loss_weights"])
    train = TrainConfig(**about["train"] | {"loss_weights": weights})
    return model.design, train, tuple(about["image_shape"])


def main() -> None:
    variant, folder = sys.argv[1], Path(sys.argv[2])
    arrays = dict(np.load(folder / "events.npz"))
    run, about = VARIANTS[variant](folder)
    answer(about)
    warm = set()
    for line in sys.stdin:
        batch = int(line)
        events = {name: array[:batch] for name, array in arrays.items()}
        if batch not in warm:
            run(events)
            warm.add(batch)
        wall, cpu = time.perf_counter(), time.process_time()
        run(events)
        answer({"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu})


def answer(content: Answer) -> None:
    print("ANSWER " + json.dumps(content), flush=True)


if __name__ == "__main__":
    main()
