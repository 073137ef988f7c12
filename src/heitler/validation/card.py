"""The whole score card of a generated against a true (Geant4) sample."""

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from heitler.config import ValidateConfig
from heitler.data.observables import Observables
from heitler.validation.classifier import guessing_auc_error
from heitler.validation.frechet import frechet_physics_distance, kernel_physics_distance
from heitler.validation.lines import Settings, build_settings
from heitler.validation.metrics import all_metrics, measure_quick, require_known
from heitler.validation.neighbours import memorisation, prdc, prdc_errors
from heitler.validation.resampling import FloorPair, bootstrap, floor_pairs
from heitler.validation.score import Measured, Score, judge
from heitler.validation.trees import GROUPS, high_level_features, tree_features, trees_auc

Float = NDArray[np.float64]
Numbers = dict[str, tuple[float, float]]
"""Value and error by metric name."""

FEWEST_SHOWERS = 20
"""Below, the slow metrics mean nothing and are left out."""


def score_card(
    generated: Observables,
    truth: Observables,
    reference: Observables,
    edges_GeV: Float,
    config: ValidateConfig,
    *,
    trained_on_reference: bool = True,
    networks: Mapping[str, Measured] | None = None,
    advance: Callable[[], Any] = lambda: None,
) -> list[Score]:
    """Every metric between the samples, with error, floor and verdict.

    Args:
        generated: showers to judge.
        truth: Geant4 showers that the generator has not seen.
        reference: other Geant4 showers, for the floor.
        edges_GeV: bins of primary energy.
        config: section validate.
        trained_on_reference: whether the generator was trained on the reference, so that it can
            be seen whether it repeats it.
        networks: what neural classifiers found, by line, if any were asked (heitler.judge).
        advance: called after each of `card_steps(config)` steps.
    """
    require_known(config.limits)
    with threadpool_limits(1):  # small matrices: more threads only wait for each other
        found, size = _measure(generated, truth, reference, edges_GeV, config, advance)
    if not trained_on_reference:
        found.pop("nearest_neighbour_ratio", None)
        found.pop("copied_showers", None)
    found |= networks or {}
    return [
        judge(metric, found[metric.name], config, len(generated), size)
        for metric in all_metrics()
        if metric.name in found
    ]


def _measure(
    generated: Observables,
    truth: Observables,
    reference: Observables,
    edges_GeV: Float,
    config: ValidateConfig,
    advance: Callable[[], Any],
) -> tuple[dict[str, Measured], int]:
    """What was found for every metric, and the number of showers in a sample of the floor."""
    settings = build_settings(config, edges_GeV)
    pairs = floor_pairs(truth, reference, len(generated), config.floor_splits, config.seed)
    few = list(itertools.islice(pairs, config.slow_floor_splits))
    found = _quick(generated, truth, settings, itertools.chain(few, pairs), config)
    advance()
    if min(len(generated), len(truth), len(few[0].generated)) >= FEWEST_SHOWERS:
        found |= _slow(generated, truth, reference, settings, few, config, advance)
    return found, len(few[0].generated)


def card_steps(config: ValidateConfig) -> int:
    """How many steps `score_card` takes, for a progress bar."""
    return 2 + min(config.slow_floor_splits, config.floor_splits)


def flat_metrics(scores: list[Score]) -> dict[str, float]:
    """Values, errors and floors by name, for tables of numbers; what is not finite is absent."""
    flat = {}
    for score in scores:
        flat[score.name] = score.value
        flat[f"{score.name}_error"] = score.error
        flat[f"{score.name}_floor"] = score.floor
        flat[f"{score.name}_floor_error"] = score.floor_error
    return {name: float(f"{value:.6g}") for name, value in flat.items() if np.isfinite(value)}


def _quick(
    generated: Observables,
    truth: Observables,
    settings: Settings,
    pairs: Iterable[FloorPair],
    config: ValidateConfig,
) -> dict[str, Measured]:
    values = measure_quick(generated, truth, settings)
    of_truth = measure_quick(truth, truth, settings)
    errors = bootstrap(
        lambda made, mc: measure_quick(made, mc, settings),
        generated, truth, config.bootstrap_replicas, config.seed,
    )  # fmt: skip
    floors = [measure_quick(pair.generated, pair.truth, settings) for pair in pairs]
    return {
        name: Measured(
            value,
            errors[name],
            np.array([floor[name] for floor in floors]),
            applicable=bool(np.isfinite(of_truth[name])),
        )
        for name, value in values.items()
    }


def _slow(
    generated: Observables,
    truth: Observables,
    reference: Observables,
    settings: Settings,
    pairs: list[FloorPair],
    config: ValidateConfig,
    advance: Callable[[], Any],
) -> dict[str, Measured]:
    values = _measure_slow(generated, truth, reference, settings, config)
    found = _trees(generated, truth, config)
    advance()
    floors = []
    for pair in pairs:
        floors.append(_measure_slow(pair.generated, pair.truth, pair.rest, settings, config))
        advance()
    return found | {
        name: Measured(
            value,
            error,
            np.array([floor[name][0] for floor in floors]),
            max(floor[name][1] for floor in floors),
            applicable=any(np.isfinite(floor[name][0]) for floor in floors),
        )
        for name, (value, error) in values.items()
    }


def _trees(
    generated: Observables, truth: Observables, config: ValidateConfig
) -> dict[str, Measured]:
    """The floor of an AUC needs no training: every shower is asked about once."""
    floor_error = guessing_auc_error(min(len(generated), len(truth)))
    found = {}
    for group in GROUPS:
        made, mc = (tree_features(sample, group) for sample in (generated, truth))
        auc, error = trees_auc(made, mc, config.seed)
        found[f"classifier_auc_{group}"] = Measured(auc, error, np.array([0.5]), floor_error)
    return found


def _measure_slow(
    generated: Observables,
    truth: Observables,
    reference: Observables,
    settings: Settings,
    config: ValidateConfig,
) -> Numbers:
    high = [high_level_features(s, settings.hit_threshold_GeV) for s in (generated, truth)]
    found: Numbers = {}
    found["fpd"] = frechet_physics_distance(high[1], high[0], seed=config.seed)
    found["kpd"] = kernel_physics_distance(high[1], high[0], seed=config.seed)
    places = prdc(high[0], high[1])
    errors = prdc_errors(places, len(generated), len(truth))
    found |= {name: (places[name], errors[name]) for name in places}
    repeats = memorisation(generated, reference, truth, config.seed)
    found["nearest_neighbour_ratio"] = (repeats.ratio, repeats.ratio_error)
    found["copied_showers"] = (repeats.copied, repeats.copied_error)
    return found
