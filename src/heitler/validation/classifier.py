"""A small classifier for studies: can it tell generated from Geant4 showers within a second?

A multilayer perceptron is trained on one half of both samples and asked about the other half. For
the JSD half of the other half calibrates it (a logistic curve through its outputs), because a
network trained to the end is too sure [CaloFlow, arXiv:2106.05285]. Its AUC compares trainings with
each other; those of the score card come from the field's classifiers (heitler.judge).

What a classifier's answers are worth: AUC, JSD, and what one shows that knows nothing.

AUC is the area under the ROC curve: 0.5 if it guesses, 1 if it always knows. With BCE its mean
cross-entropy in nats, JSD = (ln 2 - BCE) / ln 2 is a lower bound of the Jensen-Shannon divergence
in bits: 0 if it guesses (noise may take it below), 1 if it is sure and right. For the BCE an
isotonic curve through its outputs on a second set calibrates it [CaloChallenge, arXiv:2410.21611].

The floor needs no training: between two samples of the same kind no output depends on the label,
so random outputs are as good as a network's.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import ConvergenceWarning
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

Float = NDArray[np.float64]

HIDDEN = (64, 64)
CALIBRATION_FOLDS = 5
"""Fewer where there are fewer showers of a kind."""
WEIGHT_DECAY = 1.0
EPOCHS = 60
"""No early stopping: it looks at right answers, not at the cross-entropy that JSD needs."""
FLOOR_DRAWS = 200


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


@dataclass(frozen=True)
class Answers:
    """Outputs of a classifier, any scale, and the truth: 1 is generated."""

    output: Float
    """(N,)"""
    label: NDArray[np.int64]
    """(N,)"""

    @property
    def auc(self) -> float:
        return float(roc_auc_score(self.label, self.output))


def divergence(cross_entropy: float) -> float:
    """JSD in bits from the mean cross-entropy in nats."""
    return float((np.log(2) - cross_entropy) / np.log(2))


def calibrated_divergence(choice: Answers, asked: Answers) -> float:
    """JSD of the asked ones after an isotonic calibration on the choice set, in bits.

    A calibrated chance is never nearer to 0 or 1 than one in the choice set's size.
    """
    least = 1 / (len(choice.label) + 2)
    curve = IsotonicRegression(y_min=least, y_max=1 - least, out_of_bounds="clip")
    chance = curve.fit(choice.output, choice.label).predict(asked.output)
    return divergence(float(log_loss(asked.label, chance, labels=[0, 1])))


def guessing(choice: int, asked: int, seed: int) -> dict[str, Float]:
    """AUC and JSD of guesses, by name: (`FLOOR_DRAWS`,) each.

    Args:
        choice: showers of each kind in the choice set.
        asked: showers of each kind that are asked about.
        seed: of the guesses.
    """
    random = np.random.default_rng([seed, choice, asked])
    found: dict[str, list[float]] = {"auc": [], "jsd": []}
    for _ in range(FLOOR_DRAWS):
        sets = [Answers(random.normal(size=2 * n), np.repeat([0, 1], n)) for n in (choice, asked)]
        found["auc"].append(sets[1].auc)
        found["jsd"].append(calibrated_divergence(sets[0], sets[1]))
    return {name: np.array(values) for name, values in found.items()}


def guessing_auc_error(asked: int) -> float:
    """Standard deviation of the AUC of guesses about n showers of each kind.

    sqrt((2 n + 1) / (12 n^2)), that of the rank sum of two equal samples [H. B. Mann,
    D. R. Whitney, Ann. Math. Statist. 18 (1947) 50].
    """
    return float(np.sqrt((2 * asked + 1) / (12 * asked**2)))
