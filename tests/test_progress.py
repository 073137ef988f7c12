"""The lines that long tasks print into a log file."""

import pytest

from heitler.base import progress
from heitler.base.progress import progress_bar


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that the test moves: `clock[0] += 5` is five seconds later."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def lines_of(captured: pytest.CaptureFixture[str]) -> list[str]:
    return captured.readouterr().out.splitlines()


def test_remaining_time_counts_neither_the_first_step_nor_steps_before_a_resume(clock, capsys):
    with progress_bar("training", 100, done=60) as advance:
        clock[0] += 50  # compiles
        advance()
        for _ in range(4):
            clock[0] += 3
            advance(note="epoch 7")
    assert lines_of(capsys) == [
        "training [############--------] 61/100 ETA -:--",
        "training [#############-------] 65/100 ETA 1:45 epoch 7",
    ]


def test_the_end_is_printed_even_if_it_comes_at_once(clock, capsys):
    with progress_bar("generating", 3) as advance:
        advance(3)
    assert lines_of(capsys) == ["generating [####################] 3/3 ETA 0:00"]


def test_a_hidden_bar_prints_nothing(clock, capsys):
    with progress_bar("training", 2, show=False) as advance:
        advance()
        advance(note="epoch 1")
    assert lines_of(capsys) == []
