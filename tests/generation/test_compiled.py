"""The compiled kernel draws the showers of TensorFlow, and where it is not there all goes on."""

import dataclasses
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from heitler.base import cache
from heitler.base.cache import cache_folder
from heitler.generation import backends, compiled_backend, kernel_build
from heitler.generation.errors import GenerationError
from heitler.generation.kernel_build import KernelError, build_library
from heitler.generation.layered_weights import layered_weights, read_layered_weights
from heitler.generation.sampler import Sampler, load_sampler, write_generator
from heitler.model.gan import build_gan
from heitler.model.layered.measured import measure_showers
from heitler.model.layered.network import layered_shower

SHAPES = {"3dgan-25": (9, 8, 5), "3dgan-51-angle": (8, 7, 6)}
ABOUT = {"energy_min_GeV": 10.0, "energy_max_GeV": 100.0, "particle": "e-"}
ENERGY = np.linspace(10, 100, 60, dtype=np.float32)
THETA = np.linspace(1.2, 1.9, 60, dtype=np.float32)
SLOW = "int main() { constexpr long n = 1; }"


def write_blobs(path: Path, shape: tuple[int, int, int]) -> None:
    """Showers of some twenty hits around the middle."""
    random = np.random.default_rng(4)
    x, y, _ = (np.abs(np.arange(n) - (n - 1) / 2) for n in shape)
    mean = np.exp(-(x[:, None] + y))[None, :, :, None] * np.ones(shape[2])
    cells = mean * random.gamma(0.5, 0.1, (300, *shape))
    cells[cells < 2e-3] = 0
    with h5py.File(path, "w") as file:
        file["ECAL"] = cells.astype(np.float32)
        file["energy"] = random.uniform(10, 100, 300).astype(np.float32)
        file["theta"] = random.uniform(1.2, 1.9, 300).astype(np.float32)


@pytest.fixture(scope="module", params=list(SHAPES))
def folder(request, make_config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generator with every weight away from its start, as training leaves them."""
    shape, path = SHAPES[request.param], tmp_path_factory.mktemp(request.param)
    config = make_config(model={"recipe": "heitler", "network": request.param, "latent_dim": 24})
    gan = build_gan(config.model.design, config.train, shape)
    network = layered_shower(gan.exported)
    write_blobs(path / "showers.h5", shape)
    network.measure(measure_showers(path / "showers.h5"))
    random = np.random.default_rng(6)
    for variable in gan.exported.trainable_variables:
        variable.assign(variable + random.normal(0, 0.05, variable.shape))
    write_generator(path, gan, ABOUT)
    return path


@pytest.fixture
def no_kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing is compiled yet, and messages were not said before."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    backends._say_once.cache_clear()
    return cache_folder(kernel_build.KERNELS)


def draw(sampler: Sampler, batch_size: int = 16) -> np.ndarray:
    return sampler.sample(ENERGY, THETA, seed=3, batch_size=batch_size)


def agreeing(one: np.ndarray, other: np.ndarray) -> float:
    """Part of the showers that are equal to rounding in every cell."""
    close = np.isclose(one, other, rtol=1e-3, atol=1e-6 * one.max())
    return float(close.all(axis=(1, 2, 3)).mean())


def test_all_backends_draw_the_same_showers(folder: Path) -> None:
    plain = draw(load_sampler(folder, "tensorflow"))
    assert (plain > 0).sum() > 60 * 20
    for name in ("compiled", "onnxruntime"):
        drawn = draw(load_sampler(folder, name))
        assert agreeing(plain, drawn) >= 0.95, name
        np.testing.assert_allclose(plain.sum(), drawn.sum(), rtol=0.02)


def test_showers_are_the_same_in_any_batch_and_on_any_number_of_threads(folder: Path) -> None:
    path = folder / backends.LAYERED_FILE
    latent = np.random.default_rng(1).standard_normal((30, 24)).astype(np.float32)
    latent[:, 0] = np.linspace(0.1, 1, 30)
    latent[:, 1] += 1.5
    whole = compiled_backend.compiled_backend(path, threads=1)(latent)
    shared = compiled_backend.compiled_backend(path, threads=3)(latent)
    np.testing.assert_array_equal(whole, shared)
    single = compiled_backend.compiled_backend(path)(latent[7:8])
    np.testing.assert_array_equal(whole[7:8], single)


def test_auto_is_the_kernel(folder: Path) -> None:
    np.testing.assert_array_equal(
        draw(load_sampler(folder)), draw(load_sampler(folder, "compiled"), batch_size=1)
    )


def test_weights_come_back_from_their_file(folder: Path) -> None:
    read = read_layered_weights(folder / backends.LAYERED_FILE)
    keras_model = backends._load_keras(folder, load_sampler(folder).design)
    kept = layered_weights(layered_shower(keras_model))
    assert read.sizes == kept.sizes
    np.testing.assert_array_equal(read.flat(), kept.flat())


def test_without_a_compiler_onnx_runtime_draws_and_one_sentence_says_so(
    folder, no_kernels, monkeypatch, capfd
) -> None:
    expected = draw(load_sampler(folder, "onnxruntime"))
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    capfd.readouterr()
    for _ in range(2):
        np.testing.assert_array_equal(draw(load_sampler(folder)), expected)
    said = [line for line in capfd.readouterr().err.splitlines() if "kernel" in line]
    assert said == [
        "ONNX Runtime draws the showers, not the faster compiled kernel: no C++ compiler is there "
        "(g++, c++, clang++)."
    ]
    with pytest.raises(GenerationError, match=r"no C\+\+ compiler is there"):
        load_sampler(folder, "compiled")


@pytest.mark.parametrize("content", [None, b"", b"no archive"])
def test_missing_or_wrong_weights_are_named(folder, no_kernels, tmp_path, content, capfd) -> None:
    copy = tmp_path / "generator"
    copy.mkdir()
    for name in ("generator.keras", "generator.json"):
        (copy / name).write_bytes((folder / name).read_bytes())
    if content is not None:
        (copy / backends.LAYERED_FILE).write_bytes(content)
    with pytest.raises(GenerationError, match=r"generator\.weights\.npz: "):
        load_sampler(copy, "compiled")
    load_sampler(copy)
    said = capfd.readouterr().err
    assert "TensorFlow draws the showers" in said
    assert "generator.weights.npz: " in said


def test_a_network_of_another_version_is_named_with_what_may_still_run(folder, tmp_path) -> None:
    copy = tmp_path / "generator"
    shutil.copytree(folder, copy)
    path = copy / "generator.keras"
    with zipfile.ZipFile(folder / path.name) as good, zipfile.ZipFile(path, "w") as other:
        for name in good.namelist():
            other.writestr(name, good.read(name).replace(b'"hidden": 96', b'"hidden": 64'))
    with pytest.raises(GenerationError, match=r"generator\.keras: .* --backend onnxruntime"):
        load_sampler(copy, "tensorflow")
    assert (
        len(load_sampler(copy, "onnxruntime").sample(ENERGY[:2], THETA[:2], seed=1, batch_size=2))
        == 2
    )


def test_a_library_that_is_damaged_is_compiled_anew(no_kernels, tmp_path) -> None:
    source = tmp_path / "kernel.cpp"
    source.write_text('extern "C" int answer() { return ANSWER; }')
    library = build_library(source, {"ANSWER": "42"})
    library.write_bytes(b"damaged")
    with pytest.raises(KernelError, match="cannot be loaded and was removed"):
        compiled_backend._load(library)
    assert build_library(source, {"ANSWER": "42"}).stat().st_size > 100
    assert build_library(source, {"ANSWER": "43"}) != library


def test_what_does_not_compile_is_named_in_one_line(no_kernels, tmp_path) -> None:
    source = tmp_path / "kernel.cpp"
    source.write_text("static_assert(false, SIZES);")
    with pytest.raises(KernelError, match=r"did not compile kernel\.cpp: .*twice two is five") as e:
        build_library(source, {"SIZES": '"twice two is five"'})
    assert len(str(e.value).splitlines()) == 1
    assert list(no_kernels.iterdir()) == []


def test_a_cache_that_cannot_be_written_is_named(tmp_path, monkeypatch) -> None:
    (tmp_path / "heitler").write_text("a file where the folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(cache, "CHECKOUT", tmp_path / "heitler")
    with pytest.raises(KernelError, match="heitler/kernels"):
        build_library(compiled_backend.SOURCE, {})


def test_who_is_killed_while_compiling_leaves_no_library(no_kernels, tmp_path, monkeypatch) -> None:
    compiler = tmp_path / "slow-compiler"
    compiler.write_text('#!/bin/sh\nfor last; do :; done\necho half > "$last"\nexec sleep 60\n')
    compiler.chmod(0o755)
    source = tmp_path / "kernel.cpp"
    source.write_text('extern "C" int answer() { return 42; }')
    program = (
        "from pathlib import Path\nfrom heitler.generation.kernel_build import build_library\n"
        f"build_library(Path({str(source)!r}), {{}})\n"
    )
    monkeypatch.setenv("CXX", str(compiler))
    process = subprocess.Popen([sys.executable, "-c", program])
    while not any(file.read_text() == "half\n" for file in no_kernels.glob(".*")):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not list(no_kernels.glob("*.so"))
    monkeypatch.delenv("CXX")
    assert build_library(source, {}).is_file()


def test_other_recipes_have_no_kernel(generator_folder) -> None:
    with pytest.raises(GenerationError, match="compiled draws showers of the layered generator"):
        load_sampler(generator_folder, "compiled")


def test_weights_of_other_sizes_are_refused(folder, monkeypatch) -> None:
    weights = read_layered_weights(folder / backends.LAYERED_FILE)
    arrays = dict(list(weights.arrays.items())[:-1])
    with pytest.raises(KernelError, match="expects other weights"):
        compiled_backend._Kernel(dataclasses.replace(weights, arrays=arrays))
