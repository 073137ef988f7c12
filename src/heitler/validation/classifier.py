"""A small classifier for studies: can it tell generated from Geant4 showers within a second?

A multilayer perceptron is trained on one half of both samples and asked about the other half. For
the JSD half of the other half calibrates it (a logistic curve through its outputs), because a
network trained to the end is too sure [CaloFlow, arXiv:2106.05285]. Its AUC compares trainings with
each other; those of the score card come from the field's classifiers (heitler.judge).
"""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import ConvergenceWarning
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from heitler.validation.asking import divergence

Float = NDArray[np.float64]

HIDDEN = (64, 64)
CALIBRATION_FOLDS = 5
"""Fewer where there are fewer showers of a kind."""
WEIGHT_DECAY = 1.0
EPOCHS = 60
"""No early stopping: it looks at right answers, not at the cross-entropy that JSD needs."""


@dataclass(frozen=True)
class ClassifierScore:
    """Means over the seeds, and their errors: standard deviation over seeds."""

    auc: float
    auc_error: float
    jsd: float
    jsd_error: float


def classify(generated: Float, truth: Float, seeds: int, seed: int = 0) -> ClassifierScore:
    """Train and ask `seeds` classifiers, each on a split of its own: (N, F), (M, F)."""
    features = np.concatenate([generated, truth])
    labels = np.repeat([1, 0], [len(generated), len(truth)])
    results = np.array([_train_and_ask(features, labels, seed + i) for i in range(seeds)])
    (auc, jsd), (auc_error, jsd_error) = results.mean(axis=0), results.std(axis=0)
    return ClassifierScore(float(auc), float(auc_error), float(jsd), float(jsd_error))


def _train_and_ask(features: Float, labels: NDArray[np.int64], seed: int) -> tuple[float, float]:
    seen, unseen, of_seen, of_unseen = train_test_split(
        features, labels, test_size=0.5, stratify=labels, random_state=seed
    )
    network = MLPClassifier(HIDDEN, alpha=WEIGHT_DECAY, max_iter=EPOCHS, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the number of epochs is on purpose
        model = make_pipeline(StandardScaler(), network).fit(seen, of_seen)
    auc = roc_auc_score(of_unseen, model.predict_proba(unseen)[:, 1])
    kept, asked, of_kept, of_asked = train_test_split(
        unseen, of_unseen, test_size=0.5, stratify=of_unseen, random_state=seed
    )
    folds = min(CALIBRATION_FOLDS, int(np.bincount(of_kept).min()))
    calibrated = CalibratedClassifierCV(FrozenEstimator(model), method="sigmoid", cv=folds)
    chance = calibrated.fit(kept, of_kept).predict_proba(asked)[:, 1]
    balance = np.where(of_asked == 1, 0.5 / of_asked.mean(), 0.5 / (1 - of_asked.mean()))
    bce = float(log_loss(of_asked, chance, sample_weight=balance))
    return float(auc), divergence(bce)
