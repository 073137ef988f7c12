"""A number is judged by its limit or by statistics, and green only where it could have failed."""

import numpy as np
import pytest

from heitler.validation.score import Measured, Metric, judge
from tests.conftest import MakeConfig

AUC = Metric("classifier_auc_high", "AUC", "", "", "", (0.6, 0.87), largest=1.0)


@pytest.mark.parametrize(
    ("value", "floors", "verdict"),
    [
        (0.6, [0.5, 0.52], "pass"),
        (1.0, [0.5, 0.52], "fail"),
        (1.0, [0.3, 0.9], "warn"),  # so few showers that Geant4 itself might give anything
        (0.6, [0.3, 0.9], "pass"),  # within the limit all the same
    ],
)
def test_what_nothing_could_fail_is_yellow(
    value: float, floors: list[float], verdict: str, make_config: MakeConfig
) -> None:
    score = judge(AUC, Measured(value, 0.0, np.array(floors)), make_config().validate, 20, 20)
    assert score.verdict == verdict
    assert score.threshold <= 1
