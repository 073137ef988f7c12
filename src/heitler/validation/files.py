"""The score card of two shower files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ks_2samp

from heitler.base.progress import progress_bar
from heitler.config import ValidateConfig
from heitler.data.any_format import ShowerFile, measure_file
from heitler.data.observables import Observables
from heitler.validation.card import card_steps, score_card
from heitler.validation.classifier_curve import Point, card_lines
from heitler.validation.classifier_curve import notes as classifier_notes
from heitler.validation.compare import ComparisonError
from heitler.validation.response import energy_bin_edges
from heitler.validation.score import Score

FEWEST_SHOWERS = 20
LOG_SPACED_FROM = 30.0
"""Energy ranges of this ratio or more get bins of equal ratio."""
SAME_ENERGIES = 1e-4
"""Kolmogorov-Smirnov probability below which two energy spectra are called different."""


@dataclass(frozen=True)
class FileComparison:
    """What came out of two files."""

    generated_file: ShowerFile
    truth_file: ShowerFile
    samples: tuple[Observables, Observables, Observables]
    """Generated, true, reference."""
    edges_GeV: NDArray[np.float64]
    scores: list[Score]
    notes: list[str]
    """What a reader should know of the comparison."""
    config: ValidateConfig
    points: list[Point]
    """What neural classifiers found."""


def compare_files(
    files: list[ShowerFile],
    *,
    threshold_GeV: float,
    config: ValidateConfig,
    points: Sequence[Point] = (),
) -> FileComparison:
    """Measure the files, piece by piece, and make the card.

    Args:
        files: generated, true, and perhaps other true showers as a reference.
        threshold_GeV: cells below count as 0.
        config: section validate.
        points: what neural classifiers found in the files, if any were asked (heitler.judge).

    Raises:
        DataError: for a file that cannot be read.
        ComparisonError: for other image shapes or too few showers.
    """
    read = [measure_file(file, threshold_GeV) for file in files]
    _check_comparable([file.path for file in files], read)
    generated, truth = read[:2]
    notes = [note for file in files for note in file.notes]
    notes += [*_particle_notes(files), *_empty_notes(files, read), *_notes(generated, truth)]
    if len(files) == 2:
        halves = np.random.default_rng(config.seed).permutation(len(truth))
        middle = len(truth) // 2
        truth, reference = truth[np.sort(halves[:middle])], truth[np.sort(halves[middle:])]
        notes.append(
            f"No --reference: half of the {2 * middle} true showers are kept for the floor, and "
            "whether the generator repeats its training showers is not measured."
        )
    else:
        reference = read[2]
    notes += classifier_notes(points, config)
    edges = _edges(truth, config)
    with progress_bar("score card", card_steps(config)) as advance:
        scores = score_card(
            generated, truth, reference, edges, config,
            trained_on_reference=len(files) > 2,
            networks=card_lines(points), advance=advance,
        )  # fmt: skip
    samples = (generated, truth, reference)
    return FileComparison(files[0], files[1], samples, edges, scores, notes, config, list(points))


def _check_comparable(files: list[Path], samples: list[Observables]) -> None:
    for path, sample in zip(files, samples, strict=True):
        if sample.image_GeV.shape != samples[0].image_GeV.shape:
            raise ComparisonError(
                f"{path}: images of {sample.image_GeV.shape} cells, but {files[0]} has "
                f"{samples[0].image_GeV.shape}. Compare showers of one detector."
            )
        if len(sample) < FEWEST_SHOWERS:
            raise ComparisonError(
                f"{path}: {len(sample)} showers; at least {FEWEST_SHOWERS} are needed for a "
                "comparison. Make more."
            )


def _particle_notes(files: list[ShowerFile]) -> list[str]:
    kinds = [file.particle for file in files]
    if len(set(kinds)) == 1:
        return []
    told = ", ".join(f"{file.path.name}: {file.particle}" for file in files)
    return [f"The files are of different particles ({told}): the card compares these."]


def _empty_notes(files: list[ShowerFile], samples: list[Observables]) -> list[str]:
    return [
        f"{file.path}: {empty} of {len(sample)} showers are empty above the threshold; they count."
        for file, sample in zip(files, samples, strict=True)
        if (empty := int((sample.ecal_sum_GeV == 0).sum()))
    ]


def _notes(generated: Observables, truth: Observables) -> list[str]:
    probability = ks_2samp(generated.primary_energy_GeV, truth.primary_energy_GeV).pvalue
    if probability > SAME_ENERGIES:
        return []
    return [
        "The two files have different spectra of primary energy: what depends on it (deposited "
        "energy, profiles, classifiers) tells them apart by that alone."
    ]


def _edges(truth: Observables, config: ValidateConfig) -> NDArray[np.float64]:
    low, high = truth.primary_energy_GeV.min(), truth.primary_energy_GeV.max()
    wide = high > LOG_SPACED_FROM * low
    spectrum: Literal["uniform", "log-uniform"] = "log-uniform" if wide else "uniform"
    return energy_bin_edges(float(low), float(high), config.energy_bins, spectrum)
