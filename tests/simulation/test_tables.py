import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from heitler.simulation.environment import SimulationError, geant4_environment
from heitler.simulation.g4emlow import POLYNOMIAL_FROM_MEV
from heitler.simulation.penelope import read_material_file
from heitler.simulation.tables import load_origin, write_tables

PROGRAM = Path(__file__).with_name("attenuation_program.py")

# Total mass attenuation with coherent scattering, cm2/g: J. H. Hubbell, S. M. Seltzer, NISTIR
# 5632, table 3 (https://physics.nist.gov/xaamdi).
ENERGIES_MEV = (0.02, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0)
NIST = {
    "G4_W": (65.73, 5.949, 4.438, 0.1378, 0.06618, 0.04103, 0.04747),
    "G4_Si": (4.464, 0.4385, 0.1835, 0.08748, 0.06361, 0.02967, 0.02462),
}


@pytest.fixture
def cross_sections(tables, tmp_path):
    """Ask Geant4: (energies in MeV) -> {material: {process: [cm2/g, ...]}}."""

    def ask(*energies_MeV):
        answer = tmp_path / "cross_sections.json"
        subprocess.run(
            [sys.executable, PROGRAM, answer, *map(str, energies_MeV)],
            env=geant4_environment(tables),
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return json.loads(answer.read_text())

    return ask


def test_photon_attenuation_in_geant4_agrees_with_nist(cross_sections):
    for material, processes in cross_sections(*ENERGIES_MEV).items():
        total = np.sum(list(processes.values()), axis=0)
        np.testing.assert_allclose(total, NIST[material], rtol=0.03)


def test_photoelectric_polynomials_continue_the_tables(cross_sections):
    below, above = 0.9999 * POLYNOMIAL_FROM_MEV, 1.0001 * POLYNOMIAL_FROM_MEV
    for processes in cross_sections(below, above).values():
        assert processes["phot"][0] == pytest.approx(processes["phot"][1], rel=5e-3)


def test_tables_are_the_same_every_time(tables, tmp_path, make_config, monkeypatch):
    monkeypatch.delenv("G4LEDATA", raising=False)
    again = write_tables(tmp_path / "tables", make_config().detector)
    assert again == load_origin(tables)
    assert again.name == "PENELOPE-derived tables"
    assert again.elements == [1, 14, 74]


def test_genuine_data_take_precedence_and_are_named(tables, tmp_path, make_config, monkeypatch):
    genuine = tmp_path / "G4EMLOW8.8"
    genuine.symlink_to(tables)
    monkeypatch.setenv("G4LEDATA", str(genuine))
    folder = tmp_path / "tables"
    origin = write_tables(folder, make_config().detector)
    assert origin.name == tables.name  # the folder's own name, not the link's
    assert origin.digest == load_origin(tables).digest
    assert str(tmp_path) not in (folder / "origin.json").read_text()


def test_incomplete_genuine_data_are_refused_and_leave_the_old_tables(
    tables, tmp_path, make_config, monkeypatch
):
    genuine, folder = tmp_path / "G4EMLOW8.8", tmp_path / "data" / "tables"
    (genuine / "brem_SB").mkdir(parents=True)
    monkeypatch.setenv("G4LEDATA", str(tables))
    before = write_tables(folder, make_config().detector)
    monkeypatch.setenv("G4LEDATA", str(genuine))
    with pytest.raises(SimulationError, match=r"G4LEDATA is set to .*brem_SB/br1 is missing"):
        write_tables(folder, make_config().detector)
    assert load_origin(folder) == before
    assert list(folder.parent.iterdir()) == [folder]


def test_unknown_material_is_named_with_its_parameter(tmp_path, make_config):
    detector = make_config(detector={"absorber_material": "G4_Unobtainium"}).detector
    with pytest.raises(SimulationError, match=r"detector.absorber_material is G4_Unobtainium"):
        write_tables(tmp_path / "tables", detector)
    assert not (tmp_path / "tables").exists()


def test_changed_or_missing_tables_are_refused(tables, tmp_path, make_config, monkeypatch):
    monkeypatch.setenv("G4LEDATA", str(tables))
    folder = tmp_path / "tables"
    with pytest.raises(SimulationError, match="no Geant4 tables"):
        load_origin(folder)
    write_tables(folder, make_config().detector)
    with (folder / "brem_SB/br74").open("a") as file:
        file.write("1\n")
    with pytest.raises(SimulationError, match=r"files differ.*dvc repro --force tables"):
        load_origin(folder)


def test_an_unexpected_material_file_says_what_is_missing(tmp_path):
    path = tmp_path / "74.mat"
    path.write_text(" PENELOPE (v. 2030)  Material data file\n")
    with pytest.raises(SimulationError, match=r"74\.mat: no section 'Electron scaled bremss'"):
        read_material_file(path, 74)
