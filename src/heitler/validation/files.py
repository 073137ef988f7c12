"""The score card of two shower files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ks_2samp

from heitler.config import ValidateConfig
from heitler.data.any_format import layout_note, measure_file
from heitler.data.calochallenge import Shape
from heitler.data.observables import Observables
from heitler.progress import progress_bar
from heitler.validation.card import card_steps, score_card
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

    generated_file: Path
    truth_file: Path
    shape: Shape | None
    """As asked for CaloChallenge files."""
    samples: tuple[Observables, Observables, Observables]
    """Generated, true, reference."""
    edges_GeV: NDArray[np.float64]
    scores: list[Score]
    notes: list[str]
    """What a reader should know of the comparison."""
    config: ValidateConfig


def compare_files(
    generated_file: Path,
    truth_file: Path,
    reference_file: Path | None,
    *,
    shape: Shape | None,
    threshold_GeV: float,
    config: ValidateConfig,
) -> FileComparison:
    """Measure the files, piece by piece, and make the card.

    Raises:
        DataError: for a file that cannot be read.
        ComparisonError: for other image shapes or too few showers.
    """
    files = [path for path in (generated_file, truth_file, reference_file) if path is not None]
    read = [measure_file(path, shape, threshold_GeV) for path in files]
    _check_comparable(files, read)
    generated, truth = read[:2]
    notes = [note for path in files if (note := layout_note(path))] + _notes(generated, truth)
    if reference_file is None:
        halves = np.random.default_rng(config.seed).permutation(len(truth))
        middle = len(truth) // 2
        truth, reference = truth[np.sort(halves[:middle])], truth[np.sort(halves[middle:])]
        notes.append(
            f"No --reference: half of the {2 * middle} true showers are kept for the floor, and "
            "whether the generator repeats its training showers is not measured."
        )
    else:
        reference = read[2]
    edges = _edges(truth, config)
    with progress_bar("score card", card_steps(config)) as advance:
        scores = score_card(
            generated, truth, reference, edges, config,
            trained_on_reference=reference_file is not None, advance=advance,
        )  # fmt: skip
    samples = (generated, truth, reference)
    return FileComparison(generated_file, truth_file, shape, samples, edges, scores, notes, config)


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
