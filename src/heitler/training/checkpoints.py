"""Checkpoints: one HDF5 file per epoch, and within an epoch, written whole or not at all.

A checkpoint holds every variable of the networks and optimisers, the epoch and cycle reached, the
metrics so far, and the fingerprint of everything that decides the result. Random numbers and data
order are functions of the cycle (see `randomness`), so nothing else is needed to go on exactly.
"""

import contextlib
import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from heitler.base.causes import AGAIN, system_cause
from heitler.base.errors import HeitlerError
from heitler.base.files import atomic_path, remove_unfinished
from heitler.base.hdf5_opening import SEAL_B, UnreadableError, open_for_reading, seal, seal_holds
from heitler.kept.folder import ORIGIN_FILE, Kept, begin_anew
from heitler.model.gan import Gan

NAME = re.compile(r"^epoch-(\d+)(?:-cycle-(\d+))?\.h5$")
Metrics = dict[str, float]


class CheckpointError(HeitlerError):
    """A checkpoint cannot be written or read, or there is none to go on from."""


class TornError(CheckpointError):
    """A checkpoint is not what was written."""


@dataclass(frozen=True)
class EpochSoFar:
    """What the cycles done of an unfinished epoch have found; equal on all workers."""

    losses: list[Metrics]
    """One entry per cycle."""
    noise: dict[str, list[tuple[float, float]]]
    """As in `GradientNoise`."""
    event_ids: list[int]
    """Events that the workers saw."""
    times: Metrics
    """As of `EpochTimer`."""


@dataclass(frozen=True)
class Checkpoint:
    """State after `epoch` whole epochs and what is done of the next one."""

    epoch: int
    history: list[Metrics]
    """One entry per epoch."""
    variables: dict[str, NDArray[Any]]
    fingerprint: str
    so_far: EpochSoFar | None

    def restore(self, gan: Gan) -> None:
        """Set the networks and optimisers to this state.

        Raises:
            CheckpointError: if it is of other networks, as one may be that is gone on from although
                parameters or code have changed.
        """
        own = gan.variables()
        shapes = {name: tuple(variable.shape) for name, variable in own.items()}
        if shapes != {name: values.shape for name, values in self.variables.items()}:
            raise CheckpointError(
                "The checkpoint is of other networks or optimisers than params.yaml's: one cannot "
                "go on from it. Put the section model back, or begin anew without --keep-going."
            )
        for name, variable in own.items():
            variable.assign(self.variables[name])


def save_checkpoint(
    folder: Path,
    gan: Gan,
    history: list[Metrics],
    fingerprint: str,
    keep: int,
    select_by: str,
    so_far: EpochSoFar | None = None,
) -> Path:
    """Write the checkpoint of epoch `len(history)`, or the one within the next epoch.

    Of whole epochs the newest `keep` stay, and the best, whose metric `select_by` is lowest; of
    those within an epoch the newest, until its end.

    Raises:
        CheckpointError: if it cannot be written, as on a full disk; those before stay.
    """
    path = _path(folder, len(history), len(so_far.losses) if so_far else 0)
    with _written_whole(path) as temporary:
        with h5py.File(temporary, "w", userblock_size=SEAL_B, locking=False) as file:
            for name, variable in gan.variables().items():
                file[name] = variable.numpy()
            file.attrs["epoch"] = len(history)
            file.attrs["history"] = json.dumps(history)
            file.attrs["fingerprint"] = fingerprint
            file.attrs["so_far"] = json.dumps(asdict(so_far) if so_far else None)
        seal(temporary)
    best = _path(folder, best_epoch(history, select_by)) if history else None
    whole = [old for old in _newest_first(folder) if not _place(old)[1]]
    within = [old for old in _newest_first(folder) if _place(old)[1] and old != path]
    for old in {*whole[keep:], *within} - {best}:
        old.unlink()
    return path


@contextlib.contextmanager
def _written_whole(path: Path) -> Iterator[Path]:
    try:
        with atomic_path(path) as temporary:
            yield temporary
    except OSError as error:
        cause = system_cause(error, path)
        raise CheckpointError(
            f"{path} cannot be written: {cause.what}. {cause.remedy}\n{AGAIN}"
        ) from error


def best_epoch(history: Sequence[Metrics], select_by: str) -> int:
    """The epoch, counted from 1, of the lowest metric; the last one if no epoch has it."""
    found = {number: epoch.get(select_by, math.inf) for number, epoch in enumerate(history, 1)}
    best = min(found, key=lambda number: found[number])
    return best if math.isfinite(found[best]) else len(history)


def load_best(folder: Path, history: Sequence[Metrics], select_by: str) -> Checkpoint:
    """The checkpoint of the best epoch whose file was kept and is whole.

    Raises:
        CheckpointError: if none is.
    """
    kept = [_place(path) for path in _newest_first(folder)]
    epochs = sorted(epoch for epoch, cycles in kept if not cycles and epoch <= len(history))
    while epochs:
        best = epochs[best_epoch([history[epoch - 1] for epoch in epochs], select_by) - 1]
        checkpoint = _read_if_whole(_path(folder, best))
        if checkpoint:
            return checkpoint
        epochs.remove(best)
    raise CheckpointError(f"{folder}: no whole checkpoint. Train again: dvc repro train")


def find_checkpoint(folder: Path, kept: Kept, last_epoch: int) -> Checkpoint | None:
    """The newest checkpoint of this training that is not torn, up to epoch `last_epoch`.

    Torn or changed ones are skipped with a warning. Where none is left, those that cannot be used
    are moved aside; only what a killed process had begun to write is removed.
    """
    remove_unfinished(folder, "epoch-*.h5")
    why = []
    for path in _newest_first(folder):
        checkpoint = _read_if_whole(path)
        if checkpoint is None:
            continue
        if not kept.accepts(checkpoint.fingerprint):
            why.append(f"{path.name} is of another training than {folder / ORIGIN_FILE} says")
        elif checkpoint.so_far and not kept.differs_in_code_only(checkpoint.fingerprint):
            why.append("an unfinished epoch of other parameters or data cannot be completed")
        elif checkpoint.epoch + bool(checkpoint.so_far) <= last_epoch:
            return checkpoint
        else:
            why.append(f"{path.name} is beyond train.epochs, which is {last_epoch}")
    begin_anew(folder, kept, why[0] if why else "no checkpoint is whole")
    return None


def _read_if_whole(path: Path) -> Checkpoint | None:
    """The checkpoint in a file, or a warning and None where its bytes are not what was written.

    Raises:
        CheckpointError: if it cannot be read for another reason; going on from the one before
            would lose what may be good.
    """
    try:
        return _read(path)
    except TornError as error:
        print(f"Warning: {path} is not used: {error}. Trying the one before it.", flush=True)
        return None
    except UnreadableError as error:
        raise CheckpointError(f"{error}\n{AGAIN}") from None
    except OSError as error:
        raise CheckpointError(f"{system_cause(error, path).sentence(path, '')}\n{AGAIN}") from None


def _read(path: Path) -> Checkpoint:
    if not seal_holds(path):
        raise TornError("its content does not have the checksum that it was written with")
    with open_for_reading(path) as file:
        attributes = dict(file.attrs)
        variables = {name: np.asarray(file[name]) for name in _datasets(file)}
    history = json.loads(attributes["history"])
    so_far = json.loads(attributes["so_far"])
    return Checkpoint(
        int(attributes["epoch"]),
        history,
        variables,
        attributes["fingerprint"],
        EpochSoFar(**so_far) if so_far else None,
    )


def _path(folder: Path, epoch: int, cycles: int = 0) -> Path:
    return folder / (f"epoch-{epoch:04d}-cycle-{cycles}.h5" if cycles else f"epoch-{epoch:04d}.h5")


def _place(path: Path) -> tuple[int, int]:
    """Whole epochs and cycles after them, from a checkpoint's name."""
    found = NAME.match(path.name)
    return (int(found[1]), int(found[2] or 0)) if found else (0, 0)


def _newest_first(folder: Path) -> list[Path]:
    named = [path for path in folder.glob("epoch-*.h5") if NAME.match(path.name)]
    return sorted(named, key=_place, reverse=True)


def _datasets(file: h5py.File) -> list[str]:
    return [f"{part}/{name}" for part in file for name in file[part]]
