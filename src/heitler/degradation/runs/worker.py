"""Train and judge what nobody else has: several such processes share a study through its folder.

Where the study has a coarser read-out, cells of its showers are merged first, energies conserved.
"""

import dataclasses
import json
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from heitler.base.files import write_json
from heitler.base.progress import progress_bar
from heitler.cluster.world import World
from heitler.config import DegradationConfig
from heitler.data.hdf5 import Showers, iterate_showers, read_attributes, read_showers, shower_writer
from heitler.data.observables import measure_cells
from heitler.data.summary import SETS, DataSummary, load_summary
from heitler.degradation.plan import Training
from heitler.degradation.runs.judge import followed, judged_cells
from heitler.degradation.runs.record import Record, claim, read_record, write_record
from heitler.kept.folder import Kept
from heitler.kept.origin import Origin
from heitler.model.gan import Gan
from heitler.showers import merge_cells
from heitler.training.checkpoints import Metrics, find_checkpoint
from heitler.training.epoch import TrainingError, TrainingInput
from heitler.training.loop import train
from heitler.validation.epoch import epoch_check

SUMMARY = "summary.json"


def coarse_showers(prepared: Path, folder: Path, merge: tuple[int, int]) -> Path:
    """The folder of the merged showers; that of the prepared ones where nothing is merged.

    Args:
        prepared: folder of `prepare`: train.h5, validation.h5, test.h5, summary.json.
        folder: for the merged ones, made if they are not there yet.
        merge: cells across and layers along the depth, as in `degradation.merge_cells`.
    """
    if merge == (1, 1):
        return prepared
    summary = json.loads((prepared / SUMMARY).read_text())
    place = folder / f"showers-{merge[0]}x{merge[0]}x{merge[1]}-{summary['digest'][:16]}"
    if not (place / SUMMARY).is_file():
        shapes = {name: _merge_set(prepared, place, name, merge) for name in SETS}
        summary["image_shape"] = shapes["test"]
        write_json(place / SUMMARY, summary)  # last: it says that the others are whole
    return place


def _merge_set(prepared: Path, place: Path, name: str, merge: tuple[int, int]) -> list[int]:
    """Write one set; its image shape. Each process writes its own file, the last one stays."""
    source, own = prepared / f"{name}.h5", place / f"{name}-{os.getpid()}.h5"
    pieces = (
        dataclasses.replace(part, cells_GeV=merge_cells(part.cells_GeV, *merge))
        for part in iterate_showers(source)
    )
    first = next(pieces)
    shape = first.cells_GeV.shape[1:]
    place.mkdir(parents=True, exist_ok=True)
    with shower_writer(own, shape, read_attributes(source) | {"merged": list(merge)}) as append:
        append(first)
        for part in pieces:
            append(part)
    own.replace(place / f"{name}.h5")
    return list(shape)


CHECKPOINTS, BEFORE = "checkpoints", "before"
"""Folders of a training, and of the one that it begins with."""


def train_missing(
    trainings: Sequence[Training], prepared: Path, folder: Path, world: World, *, show: bool
) -> None:
    """Train, one after another, those that have no record and that no other process has claimed."""
    study = trainings[0].config.degradation
    bench = _Bench(coarse_showers(prepared, folder, study.merge_cells), study)
    places = {folder / training.fingerprint[:16]: training for training in trainings}
    total = sum(training.showers for training in trainings)
    done = _done(places)
    with progress_bar("degradation", total, done=done, show=show) as advance:
        for place, training in places.items():
            with claim(place) as mine:
                if mine and not read_record(place):
                    write_record(place, bench.train(training, place, world))
                    for checkpoints in (CHECKPOINTS, BEFORE):
                        shutil.rmtree(place / checkpoints, ignore_errors=True)
            now = _done(places)
            advance(now - done, note=f"showers seen; {training.arm}, seed {training.seed}")
            done = now


def _done(places: dict[Path, Training]) -> int:
    return sum(t.showers for place, t in places.items() if read_record(place))


def _kept(training: Training) -> Kept:
    return Kept(Origin({}, training.fingerprint, {}), "degradation")


class _Bench:
    """The showers, read once for all trainings of a process."""

    def __init__(self, prepared: Path, study: DegradationConfig) -> None:
        self.summary: DataSummary = load_summary(prepared / "summary.json")
        self.train_file = prepared / "train.h5"
        validation = read_showers(prepared / "validation.h5")
        few = validation[np.arange(min(study.followed_showers, len(validation)))]
        self.test: Showers = read_showers(prepared / "test.h5")
        energies = self.summary.energy_min_GeV, self.summary.energy_max_GeV
        if study.judged_epochs:
            self.seen, self.check = followed(few, self.test, energies, study.energy_bins)
        else:
            self.seen = few
            self.check = epoch_check(few, energies, study.energy_bins, "uniform")

    def train(self, training: Training, place: Path, world: World) -> Record:
        """One training from its last checkpoint to its end, and what its generator makes."""
        config = training.config
        began, cpu = time.monotonic(), time.process_time()
        try:
            first = training.begins_with
            before = self._train(first, place / BEFORE, world)[1] if first else []
            gan, history = self._train(training, place / CHECKPOINTS, world, place / BEFORE)
        except TrainingError as error:
            print(f"{training.arm}, seed {training.seed}: {error}", flush=True)
            return Record({}, {}, [], {"cycles": training.cycles, "stopped": str(error)})
        facts = {
            "cycles": sum(epoch["cycles"] for epoch in before + history),
            "updates": sum(epoch["updates"] for epoch in before + history),
            "showers_seen": sum(epoch["events_seen"] for epoch in before + history),
            "unique_events": max(epoch["unique_events_seen"] for epoch in history),
            "seconds": time.monotonic() - began,
            "cpu_seconds": time.process_time() - cpu,
        }
        ecal_sums, longitudinal = {}, {}
        for name, cells in judged_cells(gan, config, self.summary, self.test):
            seen = measure_cells(cells, self.test.primary_energy_GeV)
            ecal_sums[name] = np.asarray(seen.ecal_sum_GeV, np.float32)
            longitudinal[name] = np.asarray(seen.longitudinal.mean(axis=0), np.float32)
        return Record(ecal_sums, longitudinal, history, facts)

    def _train(
        self, training: Training, folder: Path, world: World, before: Path | None = None
    ) -> tuple[Gan, list[Metrics]]:
        """One phase, from its last checkpoint or with the networks of the phase before."""
        keras.backend.clear_session()
        first = training.begins_with

        def initial() -> Mapping[str, NDArray[Any]]:
            if not (before and first):
                return {}
            checkpoint = find_checkpoint(before, _kept(first), first.config.train.epochs)
            return checkpoint.variables if checkpoint else {}

        return train(
            training.config.model.design,
            training.config.train,
            TrainingInput(self.train_file, self.seen, self.summary),
            world,
            folder=folder,
            kept=_kept(training),
            check_physics=self.check,
            log_epoch=lambda metrics, epoch: None,
            label=f"{training.arm}, seed {training.seed}",
            initial=initial if first else None,
            training_mode=not training.config.degradation.judged_epochs,
        )
