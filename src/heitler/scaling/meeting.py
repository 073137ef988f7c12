"""Processes of one machine that begin and end together, and the energy that they used.

They meet through files in a folder. Intel's and AMD's processors count energy (RAPL), and Linux
shows it under /sys/class/powercap, to root only; where it cannot be read it is not estimated.
"""

import time
from pathlib import Path

from heitler.base.errors import HeitlerError

POLL_S = 0.01
LONGEST_WAIT_S = 600.0


class MeetingError(HeitlerError):
    """Another process did not come."""


class Meeting:
    """Of `size` processes, each with a place; a meeting is held once."""

    def __init__(self, folder: Path, place: int, size: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.place, self.size = folder, place, size

    def say(self, word: str) -> None:
        """Tell the others that this process has come to `word`."""
        (self.folder / f"{word}-{self.place}").touch()

    def all_said(self, word: str) -> bool:
        """Whether every process has."""
        return all((self.folder / f"{word}-{place}").exists() for place in range(self.size))

    def wait(self, word: str) -> None:
        """Say a word and return when all have said it.

        Raises:
            MeetingError: if one does not within ten minutes.
        """
        self.say(word)
        deadline = time.monotonic() + LONGEST_WAIT_S
        while not self.all_said(word):
            if time.monotonic() > deadline:
                raise MeetingError(
                    f"{self.folder}: not all {self.size} independent processes came to {word!r} "
                    f"within {LONGEST_WAIT_S:.0f} s. Look above for why one ended, then try again."
                )
            time.sleep(POLL_S)


POWERCAP = Path("/sys/class/powercap")
JOULES = 1e-6  # the counters are in microjoules


class EnergyMeter:
    """Reads the counters when made, and again when asked."""

    def __init__(self, powercap: Path = POWERCAP) -> None:
        packages = sorted(powercap.glob("intel-rapl:*"))
        self._zones = [zone for zone in packages if zone.name.count(":") == 1]  # no parts of others
        self._before = _read(self._zones, "energy_uj")
        self._range = _read(self._zones, "max_energy_range_uj")

    def used_J(self) -> float | None:
        """Joules since the meter was made, over all processors; None where it cannot be known.

        A counter that starts again from zero is noticed; twice between readings it is not: that
        takes minutes at full power.
        """
        after = _read(self._zones, "energy_uj")
        if not self._before or not after or not self._range:
            return None
        pairs = zip(self._before, after, self._range, strict=True)
        return JOULES * sum((end - start) % (size + 1) for start, end, size in pairs)


def _read(zones: list[Path], name: str) -> list[int] | None:
    try:
        return [int((zone / name).read_text()) for zone in zones]
    except OSError:
        return None
