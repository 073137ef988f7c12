"""Geant4's bindings where no display library is."""

import subprocess
import sys
from pathlib import Path

import pytest

from heitler.simulation import display
from heitler.simulation.environment import SimulationError, geant4_environment

IMPORT = """
from heitler.simulation import display
display._loads = lambda name: {found}
from heitler.simulation.bindings import REPLACED, g4
print(*REPLACED)
print(open("/proc/self/maps").read())
"""


def test_the_bindings_load_with_stand_ins_alone(tmp_path: Path) -> None:
    """Told that none of the real ones is here, the process maps none of them."""
    shown = output_of(IMPORT.format(found=False), tmp_path)
    replaced, _, maps = shown.partition("\n")
    assert replaced.split() == list(display.DISPLAY_LIBRARIES)
    for name in display.DISPLAY_LIBRARIES:
        mapped = {
            line.split()[-1] for line in maps.splitlines() if f"/{name.split('.so')[0]}." in line
        }
        assert mapped == {str(Path(sys.prefix, display.FOLDER, name))}


@pytest.mark.parametrize(
    "real", [{"libX11.so.6"}, {"libICE.so.6", "libSM.so.6"}, {"libX11.so.6", "libGL.so.1"}]
)
def test_some_real_libraries_beside_stand_ins_are_no_trouble(
    real: set[str], tmp_path: Path
) -> None:
    """Each stand-in has every name that the bindings want, whichever of the others are real."""
    if real & set(display.missing_display_libraries()):
        pytest.skip(f"not here: {', '.join(real)}")
    shown = output_of(IMPORT.format(found=f"name in {real}"), tmp_path)
    assert set(shown.splitlines()[0].split()) == set(display.DISPLAY_LIBRARIES) - real


def test_without_stand_ins_the_packages_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(display, "_loads", lambda name: False)
    with pytest.raises(SimulationError, match=r"libgl1 .*libglvnd-glx"):
        display.load_stand_ins(tmp_path)


def output_of(program: str, tables: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=geant4_environment(tables),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
