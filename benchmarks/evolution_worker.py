"""One way to evolve a population, timed on request: `evolution_worker.py VARIANT FOLDER`.

Reads numbers of offspring from standard input, one per line, and answers each with a line of
JSON: wall and CPU seconds per individual that was judged, over whole generations (children are
made, judged on a new batch, the best is kept). Imports only what the variant needs, so that JAX
and DEAP can live in an environment of their own.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

Evolve = Callable[[int], Callable[[], int]]
"""From a number of offspring, what runs some generations and returns individuals judged."""
THREADS = len(os.sched_getaffinity(0))
FAST, SLOW = 100, 2
"""Generations per answer."""


class Problem:
    """The files that all variants share."""

    def __init__(self, folder: Path) -> None:
        arrays = np.load(folder / "events.npz")
        self.images, self.energy = arrays["images"], arrays["energy"]  # (N, Y, Z), (N,)
        self.genome = arrays["genome"]  # (D,) kernels (F, K*K), dense (F, A)
        self.about: dict[str, Any] = json.loads((folder / "about.json").read_text())

    def __getattr__(self, name: str) -> Any:
        return self.about[name]

    def batches(self) -> Iterator[np.ndarray]:
        """(B,) rows, without end."""
        random = np.random.default_rng(1)
        while True:
            order = random.permutation(len(self.images))
            yield from np.split(
                order[: len(order) // self.batch * self.batch], len(order) // self.batch
            )

    def patches(self) -> np.ndarray:
        """(N, K*K, A) what the kernel sees at each place."""
        k, s = self.kernel, self.stride
        windows = np.lib.stride_tricks.sliding_window_view(self.images, (k, k), axis=(1, 2))
        seen = windows[:, ::s, ::s].reshape(len(self.images), -1, k * k)
        return np.ascontiguousarray(seen.transpose(0, 2, 1))

    def mutate(self, genome: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Point mutation, as in Table 1."""
        chosen = random.random(genome.size, np.float32) < self.rate
        change = random.uniform(-1, 1, genome.size).astype(np.float32) * self.power
        return np.where(chosen, genome + change, genome).astype(np.float32)


def keras_loop(problem: Problem) -> tuple[Evolve, float]:
    """As one writes it first: weights set, then `evaluate`, one individual after another."""
    model, places = keras_model(problem)
    model.compile(loss="mean_absolute_percentage_error")

    def judge(genome: np.ndarray, rows: np.ndarray) -> float:
        model.set_weights(keras_weights(problem, genome, places))
        images, energy = problem.images[rows, :, :, None], problem.energy[rows]
        return model.evaluate(images, energy, batch_size=len(rows), verbose=0) / 100

    return one_by_one(problem, judge, SLOW), judge(problem.genome, np.arange(problem.batch))


def keras_compiled(problem: Problem) -> tuple[Evolve, float]:
    """The same loop with the model's call compiled once."""
    import tensorflow as tf

    model, places = keras_model(problem)

    @tf.function(reduce_retracing=True)
    def loss(images: Any, energy: Any) -> Any:
        return tf.reduce_mean(tf.abs(model(images)[:, 0] / energy - 1))

    def judge(genome: np.ndarray, rows: np.ndarray) -> float:
        for variable, value in zip(
            model.weights, keras_weights(problem, genome, places), strict=True
        ):
            variable.assign(value)
        return float(loss(problem.images[rows, :, :, None], problem.energy[rows]))

    return one_by_one(problem, judge, 10), judge(problem.genome, np.arange(problem.batch))


def keras_model(problem: Problem) -> tuple[Any, tuple[int, int]]:
    import keras
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    convolution = keras.layers.Conv2D(
        problem.filters, problem.kernel, strides=problem.stride, use_bias=False
    )
    model = keras.Sequential(
        [
            keras.layers.Input((*problem.images.shape[1:], 1)),
            convolution,
            keras.layers.LeakyReLU(negative_slope=problem.slope),
            keras.layers.Flatten(),
            keras.layers.Dense(1, use_bias=False),
        ]
    )
    return model, convolution.output.shape[1:3]


def keras_weights(problem: Problem, genome: np.ndarray, places: tuple[int, int]) -> list:
    """Of the convolution (K, K, 1, F) and of the dense layer (Y'*Z'*F, 1)."""
    f, k = problem.filters, problem.kernel
    kernels, dense = np.split(genome, [f * k * k])
    return [
        kernels.reshape(f, k, k).transpose(1, 2, 0)[:, :, None],
        dense.reshape(f, *places).transpose(1, 2, 0).reshape(-1, 1),
    ]


def one_by_one(problem: Problem, judge: Callable, generations: int) -> Evolve:
    """(1 + lambda) around a function that judges one individual."""

    def evolve(offspring: int) -> Callable[[], int]:
        random, batches = np.random.default_rng(1), problem.batches()
        state = {"parent": problem.genome}

        def run() -> int:
            for _ in range(generations):
                parent = state["parent"]
                children = [problem.mutate(parent, random) for _ in range(offspring)]
                everyone, rows = [parent, *children], next(batches)
                losses = [judge(genome, rows) for genome in everyone]
                state["parent"] = everyone[int(np.argmin(losses))]
            return generations * (1 + offspring)

        return run

    return evolve


def deap(problem: Problem) -> tuple[Evolve, float]:
    """DEAP's toolbox and variation; the fitness in NumPy, one matrix product per individual."""
    from deap import algorithms, base, creator, tools

    creator.create("Smallest", base.Fitness, weights=(-1.0,))
    creator.create("Individual", np.ndarray, fitness=creator.Smallest)
    patches, kernel_genes = problem.patches(), problem.filters * problem.kernel**2
    random, batch = np.random.default_rng(1), {}

    def use(rows: np.ndarray) -> None:
        seen = patches[rows].transpose(1, 2, 0)  # (K*K, A, B)
        batch["seen"] = np.ascontiguousarray(seen).reshape(len(seen), -1)
        batch["energy"] = problem.energy[rows]

    def judge(genome: np.ndarray) -> tuple[float]:
        genome = np.asarray(genome)
        hidden = genome[:kernel_genes].reshape(problem.filters, -1) @ batch["seen"]  # (F, A*B)
        hidden = np.maximum(hidden, problem.slope * hidden)
        estimates = genome[kernel_genes:] @ hidden.reshape(genome.size - kernel_genes, -1)
        return (float(np.abs(estimates / batch["energy"] - 1).mean()),)

    def mutate(individual: Any) -> tuple[Any]:
        individual[:] = problem.mutate(np.asarray(individual), random)
        return (individual,)

    toolbox = base.Toolbox()
    toolbox.register("mutate", mutate)
    toolbox.register("mate", tools.cxTwoPoint)
    toolbox.register("evaluate", judge)

    def evolve(offspring: int) -> Callable[[], int]:
        batches = problem.batches()
        state = {"parent": creator.Individual(problem.genome)}

        def run() -> int:
            for _ in range(FAST // 5):
                use(next(batches))
                children = algorithms.varOr([state["parent"]], toolbox, offspring, 0.0, 1.0)
                everyone = [state["parent"], *children]
                losses = toolbox.map(toolbox.evaluate, everyone)
                for individual, loss in zip(everyone, losses, strict=True):
                    individual.fitness.values = loss
                state["parent"] = tools.selBest(everyone, 1)[0]
            return FAST // 5 * (1 + offspring)

        return run

    use(np.arange(problem.batch))
    return evolve, judge(problem.genome)[0]


def evosax_patches(problem: Problem) -> tuple[Evolve, float]:
    """evosax's genetic algorithm, one compiled step per generation; our matrix products."""
    import jax.numpy as jnp

    patches, kernel_genes = jnp.asarray(problem.patches()), problem.filters * problem.kernel**2

    def estimate(genome: Any, rows: Any) -> Any:
        seen = jnp.transpose(patches[rows], (1, 2, 0)).reshape(problem.kernel**2, -1)
        hidden = genome[:kernel_genes].reshape(problem.filters, -1) @ seen
        hidden = jnp.maximum(hidden, problem.slope * hidden)
        return genome[kernel_genes:] @ hidden.reshape(problem.genome.size - kernel_genes, -1)

    return evosax(problem, estimate)


def evosax_convolution(problem: Problem) -> tuple[Evolve, float]:
    """The same with JAX's convolution."""
    import jax
    import jax.numpy as jnp

    images, k = jnp.asarray(problem.images)[:, None], problem.kernel
    kernel_genes = problem.filters * k * k

    def estimate(genome: Any, rows: Any) -> Any:
        kernels = genome[:kernel_genes].reshape(problem.filters, 1, k, k)
        strides = (problem.stride, problem.stride)
        hidden = jax.lax.conv(images[rows], kernels, strides, "VALID")  # (B, F, Y', Z')
        hidden = jnp.maximum(hidden, problem.slope * hidden)
        return hidden.reshape(len(rows), -1) @ genome[kernel_genes:]

    return evosax(problem, estimate)


def evosax(problem: Problem, estimate: Callable) -> tuple[Evolve, float]:
    """(8, 4) truncation selection of Such et al., which is evosax's; children by its mutation."""
    import jax
    import jax.numpy as jnp
    import optax
    from evosax.algorithms import SimpleGA

    energy = jnp.asarray(problem.energy)

    def loss(genome: Any, rows: Any) -> Any:
        return jnp.abs(estimate(genome, rows) / energy[rows] - 1).mean()

    def evolve(offspring: int) -> Callable[[], int]:
        size = 1 + offspring
        schedule = optax.constant_schedule(problem.power)
        algorithm = SimpleGA(size, jnp.asarray(problem.genome), std_schedule=schedule)
        parameters, batches = algorithm.default_params, problem.batches()

        @jax.jit
        def generation(key: Any, state: Any, rows: Any) -> Any:
            ask, tell = jax.random.split(key)
            population, state = algorithm.ask(ask, state, parameters)
            fitness = jax.vmap(loss, (0, None))(population, rows)
            return algorithm.tell(tell, population, fitness, state, parameters)[0]

        start = jnp.tile(jnp.asarray(problem.genome), (size, 1))
        key = jax.random.key(1)
        kept = {"state": algorithm.init(key, start, jnp.ones(size), parameters), "key": key}

        def run() -> int:
            for _ in range(FAST):
                kept["key"], use = jax.random.split(kept["key"])
                kept["state"] = generation(use, kept["state"], jnp.asarray(next(batches)))
            kept["state"].best_fitness.block_until_ready()
            return FAST * size

        return run

    return evolve, float(loss(jnp.asarray(problem.genome), jnp.arange(problem.batch)))


def ours(problem: Problem) -> tuple[Evolve, float]:
    """As stage `evolve` runs it on one worker."""
    import dataclasses

    import tensorflow as tf

    from heitler.config import load_config
    from heitler.evolution.events import ProjectedEvents, Units, batch_rows
    from heitler.evolution.network import NetworkShape, Regressor
    from heitler.evolution.strategy import build_strategy

    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    p = problem
    shape = NetworkShape(p.images.shape[1:], p.filters, p.kernel, p.stride, p.slope)
    regressor = Regressor(shape, ProjectedEvents(p.images, p.energy), Units(1.0, 1.0))
    config = load_config().evolve.of_strategy("one-plus-lambda")

    def evolve(offspring: int) -> Callable[[], int]:
        strategy = build_strategy(
            "one-plus-lambda", shape, dataclasses.replace(config, offspring=offspring), 1
        )
        steps = iter(range(10**9))

        def run() -> int:
            judged = 0
            for _ in range(FAST):
                rows = batch_rows(regressor.count, p.batch, seed=1, step=next(steps))
                losses = regressor.losses(strategy.ask(range(strategy.size)), rows)
                strategy.tell(losses)
                judged += len(losses)
            return judged

        return run

    first = regressor.losses(p.genome[None], np.arange(p.batch))
    return evolve, float(first[0])


VARIANTS = {
    function.__name__: function
    for function in (keras_loop, keras_compiled, deap, evosax_convolution, evosax_patches, ours)
}


def main() -> None:
    variant, folder = sys.argv[1], Path(sys.argv[2])
    evolve, loss = VARIANTS[variant](Problem(folder))
    answer({"loss": loss})
    populations: dict[int, Callable[[], int]] = {}
    for line in sys.stdin:
        offspring = int(line)
        if offspring not in populations:
            populations[offspring] = evolve(offspring)
            populations[offspring]()
        wall, cpu = time.perf_counter(), time.process_time()
        judged = populations[offspring]()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        answer({"wall_s": wall / judged, "cpu_s": cpu / judged})


def answer(content: dict[str, float]) -> None:
    print("ANSWER " + json.dumps(content), flush=True)


if __name__ == "__main__":
    main()
