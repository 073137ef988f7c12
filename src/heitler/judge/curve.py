"""The classifiers at several numbers of showers."""

from collections.abc import Callable
from typing import Any

import numpy as np

from heitler.base.progress import progress_bar
from heitler.config import ClassifierConfig
from heitler.judge.classifiers import CLASSIFIERS, most_epochs, train_classifier
from heitler.judge.fitting import Fitted
from heitler.judge.samples import Pool, Sample, build_pool, sizes
from heitler.validation.classifier import calibrated_divergence, guessing
from heitler.validation.classifier_curve import Point

FEWEST_SHOWERS = 20
"""Showers of each kind; below, a classifier has nothing to learn from."""


def curve_sizes(generated: int, truth: int, config: ClassifierConfig) -> list[int]:
    """Showers of each kind at which the classifiers are trained; none where there are too few."""
    most = min(generated, truth, config.showers)
    wanted = {n for n in config.curve if n < most} | {most}
    return sorted(n for n in wanted if n >= FEWEST_SHOWERS)


def measure_curve(
    generated: Sample, truth: Sample, config: ClassifierConfig, seed: int
) -> list[Point]:
    """Every classifier at every N, the largest last, with a progress bar."""
    pool = build_pool(generated, truth)
    chosen = curve_sizes(len(generated), len(truth), config)
    epochs = sum(most_epochs(name, config) for name in CLASSIFIERS)
    total = config.seeds * sum(chosen) * epochs  # an epoch costs as its showers
    points = []
    with progress_bar("classifiers", total, show=bool(chosen)) as advance:
        for of_each in chosen:
            for name in CLASSIFIERS:
                fits = [
                    _train(name, pool, of_each, config, seed + i, advance)
                    for i in range(config.seeds)
                ]
                points.append(_point(name, of_each, fits, seed))
                advance(0, f"{name} AUC {points[-1].auc:.3f} at N = {of_each:,}")
    return points


def _train(
    name: str,
    pool: Pool,
    of_each: int,
    config: ClassifierConfig,
    seed: int,
    advance: Callable[..., Any],
) -> Fitted:
    fitted = train_classifier(name, pool, of_each, config, seed, lambda: advance(of_each))
    advance(of_each * (most_epochs(name, config) - fitted.epochs))
    return fitted


def _point(name: str, of_each: int, fits: list[Fitted], seed: int) -> Point:
    aucs = np.array([fit.asked.auc for fit in fits])
    jsds = np.array([calibrated_divergence(fit.choice, fit.asked) for fit in fits])
    floor = guessing(*sizes(of_each)[1:], seed)
    auc_error, floor_jsd_error = (float(floor[what].std()) for what in ("auc", "jsd"))
    several = len(fits) > 1
    return Point(
        classifier=name,
        of_each=of_each,
        auc=float(aucs.mean()),
        auc_error=float(aucs.std(ddof=1)) if several else auc_error,
        jsd=float(jsds.mean()),
        jsd_error=float(jsds.std(ddof=1)) if several else floor_jsd_error,
        floor_auc_error=auc_error,
        floor_jsd=float(floor["jsd"].mean()),
        floor_jsd_error=floor_jsd_error,
        best_epoch=float(np.mean([fit.best_epoch for fit in fits])),
        epochs=float(np.mean([fit.epochs for fit in fits])),
        seeds=len(fits),
    )
