"""Stage `evolve`: a genetic algorithm and others against RMSprop (the paper's Fig. 3, Table 1)."""

from heitler.base.stage import launched_rank, run_stage  # first: Ctrl-C then ends it quietly

# isort: split
import sys
from pathlib import Path
from typing import Any

from heitler.base.files import write_csv, write_json
from heitler.base.progress import progress_bar
from heitler.cluster.launch import run_workers
from heitler.config import Config, load_config
from heitler.data.summary import load_summary
from heitler.kept.claim import claimed
from heitler.kept.unfinished import finish

PREPARED = Path("data/prepared")
JOURNALS, UNFINISHED = Path("data/evolution"), Path("data/unfinished/evolution")
"""Of all runs, and the same until the last one has ended."""
REPORT = Path("reports/evolve")


def main() -> None:
    config = load_config()
    if launched_rank() is not None:
        evolve_as_worker(config)
        return
    with claimed(JOURNALS, "evolution"):
        runs = (1 + len(config.evolve.strategies)) * len(config.evolve.seeds)
        print(f"evolve: {runs} runs, evolve.workers {config.evolve.workers}", flush=True)
        sys.exit(run_workers(config.cluster, config.evolve.workers, __file__))


def evolve_as_worker(config: Config) -> None:
    # TensorFlow and Horovod are imported in the workers only: the launcher stays light.
    from heitler.cluster.world import gather_arrays, join_world, wait_for_all
    from heitler.evolution.events import Units, load_projections
    from heitler.evolution.journal import run_fingerprint, take_up_journals
    from heitler.evolution.loop import Run, Workers
    from heitler.evolution.network import NetworkShape, Regressor

    evolve = config.evolve
    world = join_world(
        evolve.workers, config.cluster.threads_per_worker, pin_cores=config.cluster.pin_cores
    )
    workers = Workers()
    if world.size > 1:
        workers = Workers(world.rank, world.size, lambda own: gather_arrays(own, "losses"))
    train = load_projections(PREPARED / "train.h5", evolve.showers)
    test = load_projections(PREPARED / "test.h5")
    sides = train.images_GeV.shape[1], train.images_GeV.shape[2]
    shape = NetworkShape(
        sides, evolve.filters, evolve.kernel, evolve.stride, evolve.leaky_relu_slope
    )
    units = Units.of(train)
    training, testing = Regressor(shape, train, units), Regressor(shape, test, units)
    plan = [(name, seed) for seed in evolve.seeds for name in ("rmsprop", *evolve.strategies)]
    histories, ratios = {}, {}
    data_digest = load_summary(PREPARED / "summary.json").digest
    prints = {run: run_fingerprint(evolve, data_digest, *run) for run in plan}
    if world.writes:
        named = {f"{name}-{seed}": print_ for (name, seed), print_ in prints.items()}
        take_up_journals(UNFINISHED, JOURNALS, named)
    wait_for_all()
    with progress_bar("evolution", len(plan), show=world.writes) as advance:
        for name, seed in plan:
            run = Run(name, seed, evolve, training, testing, workers)
            journal = UNFINISHED / f"{name}-{seed}.npz"
            outcome = run.finish(journal, prints[name, seed])
            histories[name, seed] = outcome.history
            ratios[name, seed] = testing.estimates(outcome.genome[None])[0]
            advance(note=f"{name}, seed {seed}")
    wait_for_all()  # until nobody reads a journal
    if world.writes:
        showers = len(train.images_GeV)
        write_results(config, histories, ratios, showers, test.primary_energy_GeV)
        finish(UNFINISHED, JOURNALS)


def write_results(
    config: Config, histories: Any, ratios: Any, train_showers: int, energy_GeV: Any
) -> None:
    from heitler.evolution.summary import curve_rows, energy_rows, sentences, summarise
    from heitler.report.evolution_figures import draw_estimates, draw_losses_by_cost
    from heitler.tracking.studies import log_evolution

    curves = curve_rows(histories)
    energies = energy_rows(ratios, energy_GeV, config.evolve.energy_bins)
    found = summarise(curves, energies, config.evolve, train_showers, len(energy_GeV))
    write_csv(REPORT / "curves.csv", curves)
    write_csv(REPORT / "energies.csv", energies)
    write_json(REPORT / "metrics.json", found.metrics)
    draw_losses_by_cost(REPORT / "fig3_left.svg", curves)
    draw_estimates(REPORT / "fig3_right.svg", energies)
    log_evolution(config, histories, found.metrics, REPORT)
    print("\n".join(sentences(found, config.evolve)))


if __name__ == "__main__":
    run_stage(main)
