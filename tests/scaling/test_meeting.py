"""Independent processes begin together."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from heitler.scaling import meeting as module
from heitler.scaling.meeting import Meeting, MeetingError


def test_all_go_on_when_the_last_has_come(tmp_path: Path) -> None:
    went_on = []

    def come(place: int) -> None:
        time.sleep(0.2 * place)
        Meeting(tmp_path, place, 3).wait("warm")
        went_on.append(time.monotonic())

    started = time.monotonic()
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(come, range(3)))
    assert min(went_on) - started >= 0.4


def test_one_process_waits_for_nobody(tmp_path: Path) -> None:
    Meeting(tmp_path, 0, 1).wait("warm")


def test_whoever_does_not_come_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST_WAIT_S", 0.1)
    with pytest.raises(MeetingError, match="not all 2 independent processes came to 'warm'"):
        Meeting(tmp_path, 0, 2).wait("warm")
