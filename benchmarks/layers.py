"""Where a training cycle's time goes: every layer by itself, in both forms and all directions.

    python benchmarks/layers.py [--quick] [--batch 8] [--rounds 7]

Each layer's forward pass, gradient with respect to its input and gradient with respect to its
weights is a compiled function of its own; all take turns (A B C ... A B C ...) with a large matrix
product that measures this machine's peak. A direction timed alone does its own transforms, which
the cycle shares. Writes benchmarks/results/layers.json and layers.md.
"""

import argparse
import dataclasses
import os
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import keras
import tensorflow as tf
from layers_table import layers_table
from training_flops import layer_costs

from heitler.base.files import write_json, write_text
from heitler.base.progress import progress_bar
from heitler.cluster.world import join_world
from heitler.config import load_config
from heitler.detector import image_shape
from heitler.model.gan import Gan, build_gan
from heitler.tracking.provenance import collect_provenance

RESULTS = Path(__file__).parent / "results"
FORMS = ("plain", "fast")
PEAK_SIZE = 3072
LEADING = (
    keras.layers.Reshape,
    keras.layers.Flatten,
    keras.layers.UpSampling3D,
    keras.layers.ZeroPadding3D,
)
"""Layers that are timed together with the one that follows them."""
UNNAMED = (keras.layers.LeakyReLU, keras.layers.ReLU, keras.layers.AveragePooling3D)
"""Their names are numbered by Keras."""
Run = Callable[[], object]
Key = tuple[str, str, str, str]  # network, layer, direction, form


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="2 rounds")
    options = parser.parse_args()
    rounds = 2 if options.quick else options.rounds
    join_world(1)
    config = load_config()
    runs: dict[Key, Run] = {}
    for form in FORMS:
        design = dataclasses.replace(config.model, kernels=form).design
        gan = build_gan(design, config.train, image_shape(config.detector))
        runs |= {(*key, form): run for key, run in _runs(gan, options.batch)}
    pieces = [key[:-1] for key in runs if key[-1] == FORMS[0]]
    runs = {(*piece, form): runs[(*piece, form)] for piece in pieces for form in FORMS}
    seconds, peak_s = _take_turns(runs, rounds)
    costs = {form: layer_costs(config, fast=form == "fast") for form in FORMS}
    results = {
        "network": config.model.network,
        "batch": options.batch,
        "rounds": rounds,
        "threads": len(os.sched_getaffinity(0)),
        "peak_gflop_per_s": 2e-9 * PEAK_SIZE**3 / peak_s,
        "layers": [
            {
                "network": network,
                "layer": layer,
                "direction": direction,
                "form": form,
                "ms_per_shower": 1e3 * taken / options.batch,
                "gflop_per_shower": costs[form].get((network, layer)),
            }
            for (network, layer, direction, form), taken in seconds.items()
        ],
        "provenance": collect_provenance(),
    }
    write_json(RESULTS / "layers.json", results)
    write_text(RESULTS / "layers.md", layers_table(results))
    print((RESULTS / "layers.md").read_text())


def _runs(gan: Gan, batch: int) -> Iterator[tuple[tuple[str, str, str], Run]]:
    for name, model in (("generator", gan.generator), ("discriminator", gan.discriminator)):
        for layer, chain in _layers(model):
            for direction, run in _directions(chain, batch):
                yield (name, layer, direction), run


def _layers(model: keras.Model) -> Iterator[tuple[str, list[keras.Layer]]]:
    """Names and what belongs to them; some are named after the layer before."""
    chain: list[keras.Layer] = []
    before = ""
    for layer in model.layers[1:]:  # the first is the input
        chain.append(layer)
        if isinstance(layer, LEADING):
            continue
        name = f"{before} {type(layer).__name__}" if isinstance(layer, UNNAMED) else layer.name
        yield name, chain
        chain, before = [], name


def _directions(chain: list[keras.Layer], batch: int) -> Iterator[tuple[str, Run]]:
    cells = tf.random.normal((batch, *chain[0].input.shape[1:]))
    upstream = tf.random.normal((batch, *chain[-1].output.shape[1:]))
    weights = [weight.value for layer in chain for weight in layer.trainable_variables]

    def forward(cells: tf.Tensor) -> tf.Tensor:
        for layer in chain:
            cells = layer(cells, training=True) if _has_modes(layer) else layer(cells)
        return cells

    def gradient(cells: tf.Tensor, of_input: bool) -> list[tf.Tensor]:
        sources = [cells] if of_input else weights
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(sources)
            made = forward(cells)
        return tape.gradient(made, sources, upstream)

    yield "forward", partial(tf.function(forward), cells)
    yield "to input", partial(tf.function(gradient), cells, of_input=True)
    if weights:
        yield "to weights", partial(tf.function(gradient), cells, of_input=False)


def _has_modes(layer: keras.Layer) -> bool:
    return "dropout" in layer.name or "batch_norm" in layer.name


def _take_turns(runs: dict[Key, Run], rounds: int) -> tuple[dict[Key, float], float]:
    """Median seconds of each run and of the matrix product."""
    matrix = tf.random.normal((PEAK_SIZE, PEAK_SIZE))
    peak = tf.function(lambda: tf.matmul(matrix, matrix)[0, 0])
    seconds: dict[Key, list[float]] = {key: [] for key in runs}
    peaks = []
    with progress_bar("layers", (rounds + 1) * len(runs)) as advance:
        for done in range(rounds + 1):  # the first compiles
            peaks.append(_time(peak))
            for key, run in runs.items():
                taken = _time(run)
                if done:
                    seconds[key].append(taken)
                advance()
    medians = {key: statistics.median(times) for key, times in seconds.items()}
    return medians, statistics.median(peaks[1:])


def _time(run: Run) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
