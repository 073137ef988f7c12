"""Energy is read where the kernel has counters, and never guessed."""

from pathlib import Path

import pytest

from heitler.scaling.meeting import EnergyMeter


def write_zone(powercap: Path, name: str, energy_uj: int) -> None:
    (powercap / name).mkdir(exist_ok=True)
    (powercap / name / "energy_uj").write_text(f"{energy_uj}\n")
    (powercap / name / "max_energy_range_uj").write_text("999999\n")


def test_processors_add_up_and_their_parts_do_not_count_twice(tmp_path: Path) -> None:
    for name in ("intel-rapl:0", "intel-rapl:1", "intel-rapl:0:0"):
        write_zone(tmp_path, name, 1000)
    meter = EnergyMeter(tmp_path)
    for name in ("intel-rapl:0", "intel-rapl:1", "intel-rapl:0:0"):
        write_zone(tmp_path, name, 501_000)
    assert meter.used_J() == pytest.approx(1.0)


def test_a_counter_that_starts_again_is_noticed(tmp_path: Path) -> None:
    write_zone(tmp_path, "intel-rapl:0", 900_000)
    meter = EnergyMeter(tmp_path)
    write_zone(tmp_path, "intel-rapl:0", 100_000)
    assert meter.used_J() == pytest.approx(0.2)


def test_a_machine_without_counters_has_no_energy(tmp_path: Path) -> None:
    assert EnergyMeter(tmp_path).used_J() is None
    (tmp_path / "intel-rapl:0").mkdir()  # there, but not readable
    assert EnergyMeter(tmp_path).used_J() is None
