"""Which showers train, validate and test: by event, without leakage.

Every event draws its place from a hash of the seed and its event id alone. So a shower stays in
its set when others are added or removed: a model is never tested on what an earlier, smaller
data set trained it on. Sizes fluctuate like a binomial around the fractions asked for.
"""

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from heitler.config import PrepareConfig

SETS = ("train", "validation", "test")


def assign_sets(event_ids: Iterable[int], prepare: PrepareConfig) -> NDArray[np.str_]:
    """The set of every event, one of `SETS`: (N,) -> (N,)."""
    place = np.array([_place(int(event_id), prepare.seed) for event_id in event_ids])
    test_until = prepare.test_fraction
    validation_until = test_until + prepare.validation_fraction
    return np.where(
        place < test_until, "test", np.where(place < validation_until, "validation", "train")
    )


def _place(event_id: int, seed: int) -> float:
    """Uniform in [0, 1), a pure function of its arguments."""
    drawn = hashlib.sha256(f"{seed}:{event_id}".encode()).digest()
    return int.from_bytes(drawn[:8], "big") / 2**64
