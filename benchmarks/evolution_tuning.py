"""Settings of every strategy of stage `evolve`, and of RMSprop, tuned on validation showers.

    python benchmarks/evolution_tuning.py [--data data/prepared] [--trials 12] [--cost-epochs 300]

Each has as many trials (Optuna's TPE; at least, if a larger number was asked for before) and as
large a budget; a trial is the mean validation loss of two seeds that the stage does not use.
Finished trials are kept in data/unfinished/evolution_tuning.log: a killed run goes on. Writes
benchmarks/results/evolution_tuning.json and .md; what is best goes into params.yaml by hand
(evolve.by_strategy).
"""

import argparse
import dataclasses
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from heitler.base.files import write_json, write_text
from heitler.base.progress import Advance, progress_bar
from heitler.cluster.world import join_world
from heitler.config import EvolveConfig, load_config
from heitler.evolution.events import ProjectedEvents, Units, load_projections
from heitler.evolution.loop import Run, Workers
from heitler.evolution.network import NetworkShape, Regressor
from heitler.tracking.provenance import collect_provenance

RESULTS = Path(__file__).parent / "results" / "evolution_tuning.json"
KEPT = Path("data/unfinished/evolution_tuning.log")
SEEDS = (101, 102)
RATE, POWER = ("mutation_rate", 1e-3, 1.0), ("mutation_power", 3e-3, 0.3)
STEP, LEARNING = ("step_size", 1e-3, 0.1), ("learning_rate", 3e-5, 3e-2)
RANGES = {
    "rmsprop": (LEARNING,),
    "one-plus-lambda": (RATE, POWER),
    "one-fifth": (RATE, POWER),
    "self-adaptive": (RATE, POWER),
    "antithetic": (STEP, LEARNING),
    "cma": (STEP,),
    "nevergrad": (STEP,),
}
"""Name, smallest, largest; sampled in logarithms. Memetic has those of its two parts."""


def main() -> None:
    options = _parse()
    join_world(1, threads_per_worker=1)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    config = dataclasses.replace(load_config().evolve, cost_epochs=options.cost_epochs)
    training, validation = load_regressors(options.data, config)
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    found = {}
    strategies = options.strategies or list(RANGES)
    with progress_bar("trials", len(strategies) * options.trials) as advance:
        for name in strategies:
            study = tune(name, config, training, validation, options.trials, advance)
            found[name] = {
                "loss": study.best_value,
                "settings": study.best_params,
                "trials": [[trial.value, trial.params] for trial in study.trials if trial.value],
            }
    about = {
        "showers": training.count,
        "validation": validation.count,
        "cost_epochs": options.cost_epochs,
    }
    write_json(RESULTS, {**about, "found": found, "provenance": collect_provenance()})
    write_text(RESULTS.with_suffix(".md"), "\n".join(table(found, about)))
    print(RESULTS.with_suffix(".md").read_text())


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="data/prepared", help="folder of prepared showers")
    parser.add_argument("--trials", type=int, default=12, help="of each strategy")
    parser.add_argument("--cost-epochs", type=int, default=300, help="budget of a run")
    parser.add_argument("--strategies", nargs="+", choices=RANGES, help="some only")
    return parser.parse_args()


def load_events(
    data: str, config: EvolveConfig, judged: str
) -> tuple[ProjectedEvents, ProjectedEvents, Units]:
    """Training showers, those of another file, and the units of the first."""
    train = load_projections(Path(data) / "train.h5", config.showers)
    return train, load_projections(Path(data) / judged), Units.of(train)


def load_regressors(data: str, config: EvolveConfig) -> tuple[Regressor, Regressor]:
    """On training and on validation showers."""
    train, validation, units = load_events(data, config, "validation.h5")
    sides = train.images_GeV.shape[1], train.images_GeV.shape[2]
    shape = NetworkShape(
        sides, config.filters, config.kernel, config.stride, config.leaky_relu_slope
    )
    return Regressor(shape, train, units), Regressor(shape, validation, units)


def tune(
    name: str,
    config: EvolveConfig,
    training: Regressor,
    validation: Regressor,
    trials: int,
    advance: Advance,
) -> optuna.Study:
    """A study with so many finished trials."""

    def objective(trial: optuna.Trial) -> float:
        settings = {key: trial.suggest_float(key, low, high, log=True) for key, low, high in ranges}
        own = dataclasses.replace(config, by_strategy={name: settings})
        return float(np.mean([final_loss(name, seed, own) for seed in SEEDS]))

    def final_loss(name: str, seed: int, own: EvolveConfig) -> float:
        with tempfile.TemporaryDirectory() as folder:
            run = Run(name, seed, own, training, validation, Workers())
            genome = run.finish(Path(folder) / "journal.npz", "tuning").genome
        return float(validation.losses(genome[None], np.arange(validation.count))[0])

    ranges = RANGES[name]
    study = optuna.create_study(
        study_name=f"{name}-{config.cost_epochs}-{training.count}",
        storage=JournalStorage(JournalFileBackend(str(KEPT))),
        sampler=optuna.samplers.TPESampler(seed=1, n_startup_trials=trials // 2),
        load_if_exists=True,
    )
    done = sum(trial.state == TrialState.COMPLETE for trial in study.trials)
    known = {key: getattr(config.of_strategy(name), key) for key, _, _ in ranges}
    study.enqueue_trial(known, skip_if_exists=True)  # what is in params.yaml now
    advance(min(done, trials), note=name)
    study.optimize(
        objective,
        n_trials=max(trials - done, 0),
        callbacks=[lambda study, trial: advance(note=name)],
    )
    return study


def table(found: dict[str, Any], about: dict[str, Any]) -> list[str]:
    """The best of each."""
    rows = []
    for name, row in found.items():
        worst = max(value for value, _ in row["trials"])
        best = ", ".join(f"{key} {value:.2g}" for key, value in row["settings"].items())
        cells = (name, len(row["trials"]), f"{row['loss']:.4f}", f"{worst:.4f}", best)
        rows.append(f"| {' | '.join(map(str, cells))} |")
    return [
        f"{about['showers']} training and {about['validation']} validation showers, "
        f"{about['cost_epochs']} forward passes over the training showers a run, mean of two "
        "seeds.",
        "",
        "| strategy | trials | best validation loss | worst trial | best settings |",
        "|---|---|---|---|---|",
        *rows,
        "",
    ]


if __name__ == "__main__":
    main()
