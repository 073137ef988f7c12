"""Stage `train`: one recipe on `train.workers` Horovod workers, from the last checkpoint if any."""

from heitler.base.stage import launched_rank, run_stage  # first: Ctrl-C then ends it quietly

# isort: split
import contextlib
import csv
import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from heitler.base.files import atomic_path, remove_unfinished, write_json
from heitler.cluster.elastic import run_with_survivors
from heitler.cluster.ends import STOPPED
from heitler.config import Config, as_dict, load_config, stage_recipe
from heitler.data.hdf5 import read_attributes, read_energies_GeV, read_showers
from heitler.data.summary import load_summary
from heitler.doctor.preflight.stages import refuse, training_problems
from heitler.kept.claim import claimed
from heitler.kept.folder import Kept
from heitler.kept.origin import Origin, deciding_code
from heitler.kept.unfinished import finish, take_up

if TYPE_CHECKING:
    from heitler.model.gan import Gan

PREPARED = Path("data/prepared")
TRAININGS = Path("data/training")
UNFINISHED = Path("data/unfinished")
"""Checkpoints and `run.json` of a training, until its end."""
REPORTS = Path("reports/train")
LONGEST_END_S = 30.0
"""Rank 0 waits so long for a writer before it: workers of a launcher that was killed live on for
some seconds, and srun starts them without a launcher."""


def main() -> None:
    config = load_config().of_recipe(stage_recipe())
    match sys.argv[2:]:
        case _ if launched_rank() is None:
            start(config)
        case ["--workers", workers]:  # perhaps fewer than wanted, of a job that lost some
            train_as_worker(config, int(workers))
        case _:
            train_as_worker(config, config.train.workers)


def start(config: Config) -> None:
    """Run the training to its end, alone in its folder."""
    with claimed(TRAININGS / config.model.recipe, "training"):
        check(config)
        sys.exit(launch(config))


def check(config: Config) -> None:
    """Refuse what the training lacks, and say what begins."""
    recipe = config.model.recipe
    folder, report = TRAININGS / recipe, REPORTS / recipe
    written = (UNFINISHED / recipe, folder, report, Path("mlruns"))
    refuse(training_problems(config, PREPARED, written), f"train@{recipe}")
    train = config.train
    print(f"train: recipe {recipe}, epochs {train.epochs}, workers {train.workers}", flush=True)
    print("starting the workers and compiling the first cycle (a minute or so) ...", flush=True)
    for exported in (folder / "generator", report):  # what a killed export had begun
        remove_unfinished(exported, "*")


def launch(config: Config) -> int:
    """Run this script on all workers; a worker killed outright leaves its MLflow run to us.

    With `cluster.elastic` the workers that are left go on.
    """
    code = 1
    try:
        sizes = config.train.possible_workers
        code = run_with_survivors(
            lambda: load_config().cluster,
            sizes if config.cluster.elastic else sizes[:1],
            __file__,
            config.model.recipe,
            stop_file=TRAININGS.with_name(f".stop-training-{config.model.recipe}"),
        )
    finally:
        if code not in (0, STOPPED):  # who stops as asked closes it
            from heitler.tracking.runs import close_abandoned_runs

            with contextlib.suppress(Exception):  # a store that does not answer is no second error
                close_abandoned_runs()
    return code


def train_as_worker(wanted: Config, workers: int) -> None:
    config = dataclasses.replace(wanted, train=wanted.train.with_workers(workers))
    # TensorFlow and Horovod are imported in the workers only: the launcher stays light.
    from heitler.cluster.world import (
        describe_worker,
        ending_together,
        gather_objects,
        join_world,
    )
    from heitler.generation.sampler import write_generator
    from heitler.generation.serving import served_generator
    from heitler.tracking.runs import Dataset
    from heitler.tracking.training import track_training
    from heitler.training.epoch import TrainingInput
    from heitler.training.loop import train
    from heitler.validation.epoch import epoch_check

    cluster, recipe = config.cluster, config.model.recipe
    folder, working = TRAININGS / recipe, UNFINISHED / recipe
    world = join_world(
        workers,
        cluster.threads_per_worker,
        pin_cores=cluster.pin_cores,
        longest_wait_s=cluster.collective_timeout_s,
    )
    summary = load_summary(PREPARED / "summary.json")
    validation = read_showers(PREPARED / "validation.h5")
    spectrum = read_attributes(PREPARED / "validation.h5").get("energy_spectrum", "uniform")
    energy_range = (summary.energy_min_GeV, summary.energy_max_GeV)
    origin = training_origin(config, summary.digest)
    data = {"training": PREPARED / "train.h5", "validation": PREPARED / "validation.h5"}
    datasets = [
        Dataset(use, path, read_energies_GeV(path), summary.digest) for use, path in data.items()
    ]
    places = gather_objects(describe_worker(), "places")
    tracked = track_training(wanted, working, origin.fingerprint, datasets, active=world.writes)
    writer = TRAININGS.with_name(f"training-writer-{recipe}")
    alone = claimed(writer, "training", wait_s=LONGEST_END_S)
    with ending_together(), alone if world.writes else contextlib.nullcontext(), tracked as run:
        kept = Kept(origin, f"train {recipe}")
        if world.writes:
            kept = take_up(working / "checkpoints", folder / "checkpoints", origin, kept.stage)
        run.log_tags({"worker": {f"{rank:03d}": place for rank, place in enumerate(places)}})
        if kept.changes:
            run.log_tags({"went_on": {"although_changed": " | ".join(kept.changes)}})
        gan, history = train(
            config.model.design,
            config.train,
            TrainingInput(PREPARED / "train.h5", validation, summary),
            world,
            folder=working / "checkpoints",
            kept=kept,
            check_physics=epoch_check(
                validation, energy_range, config.train.response_bins, spectrum
            ),
            log_epoch=run.log_epoch,
        )
        if world.writes:
            selected = select_epoch(working, gan, history, config.train.select_by)
            about = {
                "energy_min_GeV": energy_range[0],
                "energy_max_GeV": energy_range[1],
                "particle": validation.particle,
                "epochs": len(history),
                "selected_epoch": selected,
            }
            run.log_metrics({"selected_epoch": selected})
            write_generator(folder / "generator", gan, about)
            write_history(REPORTS / recipe, history, selected, run.run_id)
            run.log_generator(folder / "generator", served_generator(summary.image_shape))
            finish(working, folder)


def select_epoch(folder: Path, gan: "Gan", history: list[dict[str, float]], select_by: str) -> int:
    """Go back to the best epoch's networks, and say which it is."""
    from heitler.training.checkpoints import load_best

    best = load_best(folder / "checkpoints", history, select_by)
    best.restore(gan)
    print(f"train: epoch {best.epoch} of {len(history)} is exported (by {select_by})", flush=True)
    return best.epoch


def training_origin(config: Config, data_digest: str) -> Origin:
    """Everything that decides an epoch's weights; more epochs continue the same training.

    The number of workers does not, only into how many groups they divide a cycle's events.
    """
    train = as_dict(config.train.with_workers(1))
    for free in ("epochs", "keep_checkpoints", "checkpoint_every_min", "select_by"):
        del train[free]
    parameters = {"model": as_dict(config.model), "train": train}
    return Origin(parameters, data_digest, deciding_code("training/loop.py", "training"))


def write_history(
    report: Path, history: list[dict[str, float]], selected: int, run_id: str
) -> None:
    """Every epoch, and the last one as DVC's metrics, whose rows so name their MLflow run."""
    report.mkdir(parents=True, exist_ok=True)
    with atomic_path(report / "history.csv") as path, path.open("w", newline="") as file:
        names = dict.fromkeys(name for epoch in history for name in epoch)
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(history)
    about = {"selected_epoch": selected, "mlflow_run": run_id}
    write_json(report / "metrics.json", history[-1] | about)


if __name__ == "__main__":
    run_stage(main)
