"""What a classifier's answers are worth: AUC, JSD, and what one shows that knows nothing.

AUC is the area under the ROC curve: 0.5 if it guesses, 1 if it always knows. With BCE its mean
cross-entropy in nats, JSD = (ln 2 - BCE) / ln 2 is a lower bound of the Jensen-Shannon divergence
in bits: 0 if it guesses (noise may take it below), 1 if it is sure and right. For the BCE an
isotonic curve through its outputs on a second set calibrates it [CaloChallenge, arXiv:2410.21611].

The floor needs no training: between two samples of the same kind no output depends on the label,
so random outputs are as good as a network's.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import log_loss, roc_auc_score

Float = NDArray[np.float64]
FLOOR_DRAWS = 200


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
