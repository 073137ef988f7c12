"""Any number of showers: the same ones however they are batched, in bounded memory."""

import subprocess
import sys

import h5py
import numpy as np
import pytest

from heitler.data.hdf5 import read_showers
from heitler.generation.energies import read_requested_energies_GeV, sample_energies_GeV
from heitler.generation.errors import GenerationError
from heitler.generation.generate import write_generated
from heitler.generation.sampler import load_sampler
from tests.generation.conftest import SHAPE

ENERGIES = np.linspace(10, 100, 70, dtype=np.float32)
MANY = """
import re, sys
from pathlib import Path
import numpy as np
from heitler.generation.generate import write_generated
from heitler.generation.sampler import load_sampler

folder, path, count = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
sampler = load_sampler(folder, "onnxruntime")
peak = {}
for showers in (200, count):
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from here
    energies = np.full(showers, 50.0, np.float32)
    write_generated(path, sampler, energies, seed=1, batch_size=100, show_progress=False)
    peak[showers] = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
print(peak[count] - peak[200])  # kB
"""


@pytest.mark.parametrize("backend", ["tensorflow", "onnxruntime", "auto"])
def test_batch_size_does_not_change_the_showers(backend, generator_folder):
    sampler = load_sampler(generator_folder, backend)
    one, many = (sampler.sample(ENERGIES, seed=3, batch_size=size) for size in (70, 23))
    assert one.shape == (70, *SHAPE)
    np.testing.assert_allclose(one, many, rtol=0, atol=1e-5 * one.max())
    other_seed = sampler.sample(ENERGIES, seed=4, batch_size=70)
    assert np.abs(one - other_seed).max() > 0.1 * one.max()


def test_a_process_that_built_no_networks_loads_those_of_a_file(generator_folder):
    """Whose layers Keras finds by their names."""
    code = (
        "import sys; from pathlib import Path; "
        "from heitler.generation.sampler import load_sampler; "
        "load_sampler(Path(sys.argv[1]), 'tensorflow')"
    )
    done = subprocess.run([sys.executable, "-c", code, generator_folder], capture_output=True)
    assert done.returncode == 0, done.stderr.decode()


def test_backends_agree_on_showers_in_GeV(generator_folder):
    first, second = (
        load_sampler(generator_folder, backend).sample(ENERGIES, seed=3, batch_size=70)
        for backend in ("tensorflow", "onnxruntime")
    )
    np.testing.assert_allclose(first, second, rtol=0, atol=1e-5 * first.max())
    assert (first > 0).mean() > 0.1


def test_file_holds_the_showers_asked_for(generator_folder, tmp_path):
    sampler = load_sampler(generator_folder)
    theta, events = np.full_like(ENERGIES, 1.2), np.arange(70)[::-1]
    seconds = write_generated(
        tmp_path / "x.h5",
        sampler,
        ENERGIES,
        theta,
        seed=3,
        batch_size=32,
        event_id=events,
    )
    written = read_showers(tmp_path / "x.h5")
    cells = sampler.sample(ENERGIES, theta, seed=3, batch_size=70)
    np.testing.assert_allclose(written.cells_GeV, cells, rtol=0, atol=1e-5 * cells.max())
    np.testing.assert_array_equal(written.primary_energy_GeV, ENERGIES)
    np.testing.assert_array_equal(written.event_id, events)
    np.testing.assert_array_equal(written.theta_rad, theta)
    np.testing.assert_array_equal(written.cpu_seconds, seconds)
    assert written.particle == "gamma"
    assert (seconds > 0).all()


def test_memory_does_not_grow_with_the_number_of_showers(generator_folder, tmp_path):
    """5,000 showers of this size are 11 MB."""
    command = [sys.executable, "-c", MANY, generator_folder, tmp_path / "x.h5", "5000"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout.split()[-1]) < 5_000


def test_a_folder_without_the_onnx_file_says_how_to_get_it(generator_folder, tmp_path):
    for name in ("generator.json", "generator.keras"):
        (tmp_path / name).write_bytes((generator_folder / name).read_bytes())
    with pytest.raises(GenerationError, match=r"generator.onnx: not found. Train a generator"):
        load_sampler(tmp_path, "onnxruntime")


def test_sampled_energies_fill_their_range_and_do_not_depend_on_the_count():
    energies = sample_energies_GeV(4000, 10, 1000, spectrum="log-uniform", seed=2)
    assert energies.min() >= 10
    assert energies.max() <= 1000
    assert np.median(energies) == pytest.approx(100, rel=0.1)
    assert np.median(sample_energies_GeV(4000, 10, 1000, seed=2)) == pytest.approx(505, rel=0.05)
    np.testing.assert_array_equal(
        energies[:7], sample_energies_GeV(7, 10, 1000, spectrum="log-uniform", seed=2)
    )


@pytest.mark.parametrize("name", ["energies.txt", "energies.csv", "energies.h5"])
def test_energies_are_read_from_text_csv_and_hdf5(name, tmp_path):
    path = tmp_path / name
    if path.suffix == ".h5":
        with h5py.File(path, "w") as file:
            file["energy"] = [12.5, 30.0]
    else:
        path.write_text("energy_GeV,theta\n12.5,1\n\n30,1\n" if "csv" in name else "12.5\n30\n")
    energies, how = read_requested_energies_GeV(path)
    assert energies.tolist() == [12.5, 30.0]
    assert "2 energies" in how


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "holds no energies"),
        ("energy\n10\nten\n", "line 3, column 1 is 'ten', no number"),
        ("10\n-3\n", "line 2, column 1: energy -3"),
        ("10\nnan\n", "line 2, column 1 is 'nan', no number"),
    ],
)
def test_a_wrong_energy_file_says_where(content, message, tmp_path):
    (tmp_path / "energies.txt").write_text(content)
    with pytest.raises(GenerationError, match=message):
        read_requested_energies_GeV(tmp_path / "energies.txt")


def test_an_impossible_energy_range_is_refused():
    with pytest.raises(GenerationError, match="range is 50 to 20 GeV"):
        sample_energies_GeV(3, 50, 20, seed=1)
