"""Deviation against updates, by batch."""

from typing import Any

import pytest

from heitler.degradation.law import BATCH, longest_of_each_batch, mean_course


def rows(arm: str, batch: int, seed: int, epochs: int, deviation: float) -> list[dict[str, Any]]:
    return [
        {"arm": arm, BATCH: batch, "seed": seed, "cycles": 4 * n, "deviation_low": deviation / n}
        for n in range(1, epochs + 1)
    ]


ALL = [
    *rows("short", 8, 1, 2, 0.4),
    *rows("long", 8, 1, 5, 0.4),
    *rows("short", 8, 2, 3, 0.2),
    *rows("many", 512, 1, 2, 0.8),
    *rows("other", 512, 1, 9, 0.8),
]


def test_every_batch_and_seed_is_drawn_with_its_longest_training_alone() -> None:
    found = longest_of_each_batch(ALL, {"short", "long", "many"})
    assert {(r["arm"], r["seed"]) for r in found} == {("long", 1), ("short", 2), ("many", 1)}
    assert len(found) == 5 + 3 + 2


def test_the_mean_goes_as_far_as_all_seeds_have_come_and_says_how_far_they_differ() -> None:
    own = [r for r in longest_of_each_batch(ALL, {"short", "long"}) if r[BATCH] == 8]
    course = mean_course(own, "cycles", "deviation_low")
    assert [place for place, _ in course] == [4, 8, 12]
    first = course[0][1]
    assert first.value == pytest.approx(0.3)
    assert first.low < 0 < 0.3 < first.high  # two seeds
