"""From checked shards to training, validation and test files, one shard in memory at a time.

How much of the primary energy the sensors see on average, as a polynomial.

The published code scales its expected deposit with np.polyval([.0018, -.023, .11, -.28, 2.21],
Ep / 100 GeV), fitted to CERN's showers. Here the polynomial is fitted to the training showers, and
its degree is the one that they support.
"""

import contextlib
import dataclasses
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from heitler.base.progress import progress_bar
from heitler.config import PrepareConfig
from heitler.data.checks import DataError, check_shower_file
from heitler.data.hdf5 import Showers, read_attributes, read_showers, shower_writer
from heitler.data.observables import Observables, join, measure
from heitler.data.summary import FIT_UNIT_GEV, SETS, assign_sets
from heitler.showers import apply_threshold

Float = NDArray[np.float64]

MAX_DEGREE = 4
"""That of the published fit."""


@dataclass(frozen=True)
class PreparedShowers:
    """What was kept of the shards, by set, and what was left out."""

    observables: dict[str, Observables]
    simulation: dict[str, Any]
    """The attributes that all shards share."""
    digest: str
    """SHA-256 over every kept shower and its set."""
    empty: list[str]
    """Showers left out because the threshold emptied them: file and row."""


def prepare_showers(
    shards: Sequence[Path], folder: Path, image_shape: tuple[int, int, int], prepare: PrepareConfig
) -> PreparedShowers:
    """Check, threshold and split the shards into `folder`/{train,validation,test}.h5.

    Raises:
        DataError: for a damaged shard, a shower that occurs twice, or a set without showers.
    """
    for shard in shards:  # all before any work
        check_shower_file(shard, image_shape)
    simulation = common_attributes(shards)
    measured: dict[str, list[Observables]] = {name: [] for name in SETS}
    empty: list[str] = []
    seen: dict[int | bytes, str] = {}
    digest = hashlib.sha256()
    with (
        _set_writers(folder, image_shape, simulation, prepare) as append,
        progress_bar("preparing shards", len(shards)) as advance,
    ):
        for shard in shards:
            showers = read_showers(shard)
            _refuse_duplicates(showers, shard, seen)
            showers, emptied = _apply_threshold(showers, prepare.cell_threshold_GeV)
            empty += [f"{shard}, row {row}" for row in emptied]
            for name, part in _split(showers, prepare):
                append[name](part)
                measured[name].append(measure(part))
                digest.update(name.encode() + b"".join(_contents(part)))
            advance()
        observables = {name: join(parts) for name, parts in measured.items()}
        _refuse_empty_sets(observables, prepare)
    return PreparedShowers(observables, simulation, digest.hexdigest(), empty)


def summarise(prepared: PreparedShowers, image_shape: tuple[int, int, int]) -> dict[str, Any]:
    """The content of `summary.json`; ranges and fit are those of the training set."""
    train = prepared.observables["train"]
    fit = fit_sampling_fraction(train.primary_energy_GeV, train.sampling_fraction)
    return {
        "image_shape": list(image_shape),
        "showers": {name: len(sample) for name, sample in prepared.observables.items()},
        "energy_min_GeV": float(train.primary_energy_GeV.min()),
        "energy_max_GeV": float(train.primary_energy_GeV.max()),
        "theta_min_rad": float(train.theta_rad.min()),
        "theta_max_rad": float(train.theta_rad.max()),
        "sampling_fraction_fit": fit,
        "simulation": prepared.simulation,
        "digest": prepared.digest,
    }


def common_attributes(shards: Sequence[Path]) -> dict[str, Any]:
    """The file attributes that are equal in all shards: how the showers were made."""
    first, *others = [read_attributes(shard) for shard in shards]
    return {
        key: value
        for key, value in first.items()
        if all(key in other and other[key] == value for other in others)
    }


@contextlib.contextmanager
def _set_writers(
    folder: Path,
    image_shape: tuple[int, int, int],
    simulation: dict[str, Any],
    prepare: PrepareConfig,
) -> Iterator[dict[str, Callable[[Showers], None]]]:
    """One appending function per set; the files appear together, and only on success."""
    with contextlib.ExitStack() as stack:
        yield {
            name: stack.enter_context(
                shower_writer(
                    folder / f"{name}.h5",
                    image_shape,
                    simulation | {"set": name, "cell_threshold_GeV": prepare.cell_threshold_GeV},
                )
            )
            for name in SETS
        }


def _refuse_duplicates(showers: Showers, shard: Path, seen: dict[int | bytes, str]) -> None:
    """Remember event ids and contents; the same one twice would leak from training into test."""
    for row, (event_id, content) in enumerate(
        zip(showers.event_id.tolist(), _contents(showers), strict=True)
    ):
        here = f"{shard}, row {row}"
        for what, value in (("shower", content), ("event id", event_id)):
            if value in seen:
                raise DataError(
                    f"{here}: the same {what} as in {seen[value]}. A shower that occurs twice "
                    "could be trained on and tested on. Remove one of the two, or the file that "
                    "was imported twice."
                )
            seen[value] = here


def _contents(showers: Showers) -> list[bytes]:
    """A hash of each shower's cells, primary energy and angle: N of them."""
    labels = np.stack([showers.primary_energy_GeV, showers.theta_rad], axis=1)  # (N, 2)
    return [
        hashlib.sha256(image.tobytes() + label.tobytes()).digest()
        for image, label in zip(showers.cells_GeV, labels, strict=True)
    ]


def _apply_threshold(showers: Showers, threshold_GeV: float) -> tuple[Showers, list[int]]:
    """Showers with cells below the threshold set to 0, and the rows that this emptied, left out."""
    cells = apply_threshold(showers.cells_GeV, threshold_GeV)
    kept = cells.any(axis=(1, 2, 3))
    showers = dataclasses.replace(showers, cells_GeV=cells)
    return showers[kept], np.flatnonzero(~kept).tolist()


def _split(showers: Showers, prepare: PrepareConfig) -> Iterator[tuple[str, Showers]]:
    sets = assign_sets(showers.event_id, prepare)
    for name in SETS:
        yield name, showers[sets == name]


def _refuse_empty_sets(observables: dict[str, Observables], prepare: PrepareConfig) -> None:
    for name, sample in observables.items():
        if not len(sample):
            total = sum(map(len, observables.values()))
            raise DataError(
                f"prepare: of {total} showers none fell into the {name} set (validation_fraction "
                f"{prepare.validation_fraction}, test_fraction {prepare.test_fraction}). Raise "
                "simulate.showers or the fraction, or change prepare.seed."
            )


def fit_sampling_fraction(primary_energy_GeV: Float, sampling_fraction: Float) -> list[float]:
    """Coefficients in Ep / (100 GeV), highest power first: (N,) GeV, (N,) -> up to 5.

    Of the degrees 0 to 4 the one with the least Bayesian information criterion
    n ln(RSS / n) + k ln(n) [Schwarz 1978] is taken. All showers weigh the same: with layers of two
    thicknesses the relative spread hardly depends on Ep (7% at 10 GeV, 6% at 100 GeV).
    """
    x = primary_energy_GeV / FIT_UNIT_GEV
    # A degree needs more distinct energies than coefficients, or it is not determined.
    degrees = range(min(MAX_DEGREE, max(len(np.unique(x)) - 2, 0)) + 1)
    fits = [np.polyfit(x, sampling_fraction, degree) for degree in degrees]
    n = len(x)
    criteria = [
        n * np.log(max(np.mean((sampling_fraction - np.polyval(fit, x)) ** 2), 1e-300))
        + len(fit) * np.log(n)
        for fit in fits
    ]
    return [float(c) for c in fits[int(np.argmin(criteria))]]
