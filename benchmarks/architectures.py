"""Architecture and weights evolved together, against a fixed architecture and other searches.

    python benchmarks/architectures.py [--data data/prepared] [--cost-epochs 300] [--seeds 1 ...]

All have the same budget in forward passes of the fixed network; a network with more multiply-adds
pays more. Finished slices are kept in data/unfinished/architectures, so that a killed run goes on.
Writes benchmarks/results/architectures.json and .md with one-sided Wilcoxon signed-rank tests
(seeds are pairs): whether `evolved` ends lower than the others.
"""

import argparse
import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
from architecture_search.judge import Judge
from architecture_search.search import Search
from architecture_search.space import Architecture, Layer
from architecture_search.trainers import Training
from evolution_tuning import load_events
from scipy.stats import mannwhitneyu, wilcoxon

from heitler.base.files import digest, write_json, write_text
from heitler.base.progress import progress_bar
from heitler.base.source import code_of
from heitler.cluster.world import join_world
from heitler.config import EvolveConfig, as_dict, load_config
from heitler.tracking.provenance import collect_provenance

RESULTS = Path(__file__).parent / "results" / "architectures.json"
KEPT = Path("data/unfinished/architectures")
SEARCH = sorted((Path(__file__).parent / "architecture_search").glob("*.py"))
SEARCHES = {
    "fixed-paper": "fixed network, the paper's evolution",
    "evolved-paper": "architecture evolved, the paper's evolution",
    "fixed-evolution": "fixed network, 1/5 rule",
    "random-evolution": "random architectures, 1/5 rule",
    "evolved-evolution": "architecture evolved, 1/5 rule",
    "fixed-rmsprop": "fixed network, RMSprop",
    "optuna-rmsprop": "Optuna's architectures, RMSprop",
    "evolved-rmsprop": "architecture evolved, RMSprop",
}
JUDGED = {
    "evolved-evolution": ("fixed-evolution", "fixed-paper", "random-evolution", "optuna-rmsprop")
}
JUDGED["evolved-paper"] = ("fixed-paper",)
JUDGED["evolved-rmsprop"] = ("fixed-rmsprop", "optuna-rmsprop")
FEWEST_COST_EPOCHS = 20
STRATEGY = {"paper": "one-plus-lambda", "evolution": "one-fifth", "rmsprop": "rmsprop"}
"""Whose settings a trainer has."""


def main() -> None:
    options = _parse()
    join_world(1, threads_per_worker=1)
    config = dataclasses.replace(load_config().evolve, cost_epochs=options.cost_epochs)
    train, test, units = load_events(options.data, config, "test.h5")
    judges = Judge(train, units), Judge(test, units)
    plan = [(name, seed) for seed in options.seeds for name in SEARCHES]
    rows = []
    with progress_bar("searches", len(plan)) as advance:
        for name, seed in plan:
            found = search(name, seed, config, *judges)
            rows += [{"search": name, "seed": seed, **row} for row in found]
            advance(note=f"{name}, seed {seed}")
    results = {
        "showers": len(train),
        "test_showers": len(test),
        "cost_epochs": config.cost_epochs,
        "seeds": options.seeds,
        "searches": {name: summarise(name, rows, options.seeds) for name in SEARCHES},
        "tests": compare(rows, options.seeds),
        "provenance": collect_provenance(),
    }
    write_json(RESULTS, results)
    write_text(RESULTS.with_suffix(".md"), "\n".join(table(results)))
    print(RESULTS.with_suffix(".md").read_text())


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="data/prepared", help="folder of prepared showers")
    parser.add_argument("--cost-epochs", type=int, default=300, help="budget of a run")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(1, 11)))
    options = parser.parse_args()
    if options.cost_epochs < FEWEST_COST_EPOCHS:
        parser.error(
            f"--cost-epochs: at least {FEWEST_COST_EPOCHS}; with less, slices train nothing"
        )
    return options


def search(
    name: str, seed: int, config: EvolveConfig, judge: Judge, test: Judge
) -> list[dict[str, Any]]:
    """One run, or what is left of it."""
    policy, trainer = name.split("-")
    own = config.of_strategy(STRATEGY[trainer])
    layer = Layer(own.filters, own.kernel, own.stride, "leaky_relu")
    fixed = Architecture(judge.image, (layer,))
    training = Training(own, judge, seed, fixed.multiply_adds(), fixed.genes)
    decisive = as_dict(own)
    for free in ("workers", "strategies", "seeds", "energy_bins"):
        del decisive[free]
    code = {name: meaning for file in SEARCH for name, meaning in code_of(file).items()}
    fingerprint = digest([decisive, name, seed, judge.count, code])
    return Search(policy, trainer, training, fixed).finish(
        KEPT / f"{name}-{seed}", fingerprint, test
    )


def summarise(name: str, rows: list[dict[str, Any]], seeds: list[int]) -> dict[str, Any]:
    """Final test losses, wall time and the architectures that were found."""
    last = {row["seed"]: row for row in rows if row["search"] == name}
    low, median, high = np.percentile([last[seed]["test_loss"] for seed in seeds], [25, 50, 75])
    return {
        "loss": float(median),
        "loss_low": float(low),
        "loss_high": float(high),
        "losses": [last[seed]["test_loss"] for seed in seeds],
        "seconds": float(np.median([last[seed]["seconds"] for seed in seeds])),
        "genes": float(np.median([last[seed]["genes"] for seed in seeds])),
        "architectures": [last[seed]["best_architecture"] for seed in seeds],
    }


def compare(rows: list[dict[str, Any]], seeds: list[int]) -> list[dict[str, Any]]:
    """One-sided p values that the first ends lower than the second."""
    found = []
    for name, others in JUDGED.items():
        for other in others:
            ours, theirs = (summarise(each, rows, seeds)["losses"] for each in (name, other))
            paired = wilcoxon(ours, theirs, alternative="less").pvalue
            unpaired = mannwhitneyu(ours, theirs, alternative="less").pvalue
            wins = int(np.sum(np.array(ours) < np.array(theirs)))
            p_values = {"p_wilcoxon": float(paired), "p_mann_whitney": float(unpaired)}
            found.append({"better": name, "than": other, "wins": wins, **p_values})
    return found


def table(results: dict[str, Any]) -> list[str]:
    """For people."""
    runs, seeds = results["searches"], len(results["seeds"])
    return [
        f"{results['showers']} training showers, {results['test_showers']} test showers, budget "
        f"{results['cost_epochs']} forward passes of the fixed network over the training showers, "
        f"{seeds} seeds, one core. Test loss: mean relative error, median and quartiles.",
        "",
        "| search | test loss | quartiles | weights | wall time |",
        "|---|---|---|---|---|",
        *(
            f"| {SEARCHES[name]} | {run['loss']:.4f} | {run['loss_low']:.4f}-"
            f"{run['loss_high']:.4f} | {run['genes']:.0f} | {run['seconds']:.0f} s |"
            for name, run in runs.items()
        ),
        "",
        "| better? | than | in seeds | p (Wilcoxon, one-sided) | p (Mann-Whitney) |",
        "|---|---|---|---|---|",
        *(
            f"| {SEARCHES[test['better']]} | {SEARCHES[test['than']]} | {test['wins']} of {seeds} "
            f"| {test['p_wilcoxon']:.2g} | {test['p_mann_whitney']:.2g} |"
            for test in results["tests"]
        ),
        "",
        "Where the joint evolution (1/5 rule) ended, with the first three seeds: "
        + "; ".join(runs["evolved-evolution"]["architectures"][:3])
        + ".",
        "",
    ]


if __name__ == "__main__":
    main()
