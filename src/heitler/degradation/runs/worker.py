"""Train and judge what nobody else has: several such processes share a study through its folder."""

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from heitler.cluster.world import World
from heitler.data.hdf5 import Showers, read_showers
from heitler.data.observables import measure_cells
from heitler.data.summary import DataSummary, load_summary
from heitler.degradation.plan import Training
from heitler.degradation.runs.judge import judged_cells
from heitler.degradation.runs.record import Record, claim, read_record, write_record
from heitler.kept.folder import Kept
from heitler.kept.origin import Origin
from heitler.progress import progress_bar
from heitler.training.checks import TrainingError
from heitler.training.loop import TrainingInput, train
from heitler.validation.epoch import epoch_check

CHECKPOINTS = "checkpoints"


def train_missing(
    trainings: Sequence[Training], prepared: Path, folder: Path, world: World, *, show: bool
) -> None:
    """Train, one after another, those that have no record and that no other process has claimed."""
    bench = _Bench(prepared, trainings[0].config.degradation.followed_showers)
    places = {folder / training.fingerprint[:16]: training for training in trainings}
    total = sum(training.showers for training in trainings)
    done = _done(places)
    with progress_bar("degradation", total, done=done, show=show) as advance:
        for place, training in places.items():
            with claim(place) as mine:
                if mine and not read_record(place):
                    write_record(place, bench.train(training, place, world))
                    shutil.rmtree(place / CHECKPOINTS, ignore_errors=True)
            now = _done(places)
            advance(now - done, note=f"showers seen; {training.arm}, seed {training.seed}")
            done = now


def _done(places: dict[Path, Training]) -> int:
    return sum(t.showers for place, t in places.items() if read_record(place))


class _Bench:
    """The showers, read once for all trainings of a process."""

    def __init__(self, prepared: Path, followed: int) -> None:
        self.summary: DataSummary = load_summary(prepared / "summary.json")
        self.train_file = prepared / "train.h5"
        validation = read_showers(prepared / "validation.h5")
        self.validation: Showers = validation[np.arange(min(followed, len(validation)))]
        self.test: Showers = read_showers(prepared / "test.h5")

    def train(self, training: Training, place: Path, world: World) -> Record:
        """One training from its last checkpoint to its end, and what its generator makes."""
        keras.backend.clear_session()
        config, summary = training.config, self.summary
        energies = summary.energy_min_GeV, summary.energy_max_GeV
        began, cpu = time.monotonic(), time.process_time()
        try:
            gan, history = train(
                config,
                TrainingInput(self.train_file, self.validation, summary),
                world,
                folder=place / CHECKPOINTS,
                kept=Kept(Origin({}, training.fingerprint, {}), "degradation"),
                check_physics=epoch_check(
                    self.validation, energies, config.degradation.energy_bins, "uniform"
                ),
                log_epoch=lambda metrics, epoch: None,
                label=f"{training.arm}, seed {training.seed}",
            )
        except TrainingError as error:
            print(f"{training.arm}, seed {training.seed}: {error}", flush=True)
            return Record({}, {}, [], {"cycles": training.cycles, "stopped": str(error)})
        facts = {
            "cycles": sum(epoch["cycles"] for epoch in history),
            "updates": sum(epoch["updates"] for epoch in history),
            "showers_seen": sum(epoch["events_seen"] for epoch in history),
            "unique_events": max(epoch["unique_events_seen"] for epoch in history),
            "seconds": time.monotonic() - began,
            "cpu_seconds": time.process_time() - cpu,
        }
        ecal_sums, longitudinal = {}, {}
        for name, cells in judged_cells(gan, config, summary, self.test):
            seen = measure_cells(cells, self.test.primary_energy_GeV)
            ecal_sums[name] = np.asarray(seen.ecal_sum_GeV, np.float32)
            longitudinal[name] = np.asarray(seen.longitudinal.mean(axis=0), np.float32)
        return Record(ecal_sums, longitudinal, history, facts)
