"""What is said of a file whose particles are mixed."""

import numpy as np
import pytest

from heitler.data.particles import option_for


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--particle", "--particle gamma"),
        ("--particle generated=", "--particle generated=gamma"),
        ("simulate.import_particle", "simulate.import_particle=gamma"),
    ],
)
def test_the_option_that_is_named_can_be_copied(option: str, said: str) -> None:
    assert option_for(option, np.array([22.0, 22.0, 11.0])) == said
