"""Energy that this machine's processors used, where the kernel lets us read it; never estimated.

Intel's and AMD's processors count it (RAPL), and Linux shows it under /sys/class/powercap, to
root only by default. Virtual machines mostly have none. Memory and network are not included.
Packages that report energy fall back on tables of typical power, which is a guess.
"""

from pathlib import Path

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
