"""The command, as a user types it."""

import subprocess
import sys
from pathlib import Path

import pytest

from heitler.data.hdf5 import read_showers
from tests.generation.conftest import SHAPE, generator_folder

__all__ = ["generator_folder"]
HEITLER = Path(sys.executable).with_name("heitler")


def heitler(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [str(word) for word in (HEITLER, *arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_showers_at_energies_from_a_file(tmp_path, generator_folder):
    (tmp_path / "energies.csv").write_text("energy_GeV\n20\n40\n80\n")
    done = heitler(
        tmp_path,
        *("generate", "--energies", "energies.csv", "--generator", generator_folder),
        *("--backend", "onnxruntime"),
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # no start-up lines of TensorFlow
    assert "generating [####################] 3/3 ETA 0:00" in done.stdout
    showers = read_showers(tmp_path / "showers.h5")
    assert showers.primary_energy_GeV.tolist() == [20, 40, 80]
    assert showers.cells_GeV.shape == (3, *SHAPE)
    assert (showers.cells_GeV > 0).any(axis=(1, 2, 3)).all()


def test_sampled_showers_stay_in_the_training_range_unless_told(tmp_path, generator_folder):
    common = ("generate", "--count", 40, "--generator", generator_folder, "--seed", 5)
    assert heitler(tmp_path, *common).returncode == 0
    trained = read_showers(tmp_path / "showers.h5").primary_energy_GeV
    assert 10 <= trained.min() < 25 < 85 < trained.max() <= 100
    beyond = heitler(
        tmp_path,
        *common,
        *("--energy-min", 90, "--energy-max", 200, "--output", "high.h5"),
        *("--spectrum", "log-uniform", "--batch-size", 7),
    )
    assert "outside the 10 to 100 GeV" in beyond.stderr
    energies = read_showers(tmp_path / "high.h5").primary_energy_GeV
    assert energies.min() >= 90
    assert 100 < energies.max() <= 200


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "Give either --count N or --energies FILE"),
        (("--count", 0), 2, "Invalid value for '--count'"),
        (("--count", 1, "--energies", "x"), 2, "Give either --count N or --energies FILE"),
        (("--energies", "nowhere.csv"), 1, "Error: nowhere.csv: not found"),
        (("--count", 1, "--generator", "nowhere"), 1, "Error: nowhere/generator.json: not found"),
        (("--count", 1, "--output", "old.h5"), 1, "Error: old.h5: exists. Add --overwrite"),
        (("--count", 1, "--theta", 70), 1, "3dgan-25 knows one angle only"),
        (("--count", 1, "--energy-min", 300), 1, "energy range is 300 to 100 GeV"),
        (("--count", 1, "--energy-min", -3), 2, "--energy-min is -3. Give an energy above 0 GeV"),
        (("--count", 1, "--theta", 200), 2, "--theta is 200. Give an angle between 0 and 180"),
        (("--count", 1, "--output", "old.h5/x.h5"), 1, "cannot be written"),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, tuple) else "",
)
def test_errors_name_the_remedy_without_a_traceback(
    arguments, code, message, tmp_path, generator_folder
):
    (tmp_path / "old.h5").write_text("precious")
    if "--generator" not in arguments:
        arguments = (*arguments, "--generator", generator_folder)
    done = heitler(tmp_path, "generate", *arguments)
    assert done.returncode == code
    assert message in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr
    assert (tmp_path / "old.h5").read_text() == "precious"
    assert [path.name for path in tmp_path.iterdir()] == ["old.h5"]


def test_before_any_training_the_reference_model_makes_showers(tmp_path):
    (tmp_path / "reports").symlink_to(Path("reports").resolve())
    done = heitler(tmp_path, "generate", "--count", 200)
    assert done.returncode == 0, done.stderr
    assert "using the reference model in reports/reference/generator" in done.stdout
    showers = read_showers(tmp_path / "showers.h5")
    fraction = showers.cells_GeV.sum(axis=(1, 2, 3)) / showers.primary_energy_GeV
    assert fraction.mean() == pytest.approx(0.024, rel=0.05)  # Geant4's, of this detector
    assert 0.03 < fraction.std() / fraction.mean() < 0.12


def test_help_shows_examples_without_loading_tensorflow(tmp_path):
    done = heitler(tmp_path, "generate", "--help")
    assert done.returncode == 0
    assert "heitler generate --energies energies.csv --seed 7" in done.stdout
