"""Where a home cannot be written, what is kept between runs goes into the checkout."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from heitler.base import cache
from heitler.base.cache import cache_folder

NO_FOLDER = os.devnull  # refuses root too


def test_the_users_cache_is_taken_if_it_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder("kernels") == tmp_path / ".cache/heitler/kernels"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
    assert cache_folder("kernels") == tmp_path / "other/heitler/kernels"


def test_without_a_home_that_can_be_written_the_checkouts_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "CHECKOUT", tmp_path)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", NO_FOLDER)
    assert cache_folder("kernels") == tmp_path / ".tools/cache/heitler/kernels"
    assert cache_folder("kernels").is_dir()


def test_the_users_is_named_where_neither_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "CHECKOUT", Path(NO_FOLDER))
    monkeypatch.setenv("XDG_CACHE_HOME", NO_FOLDER)
    assert cache_folder("kernels") == Path(NO_FOLDER) / "heitler/kernels"


def test_onnx_runtime_keeps_no_record_of_its_use(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    environment |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    program = "import heitler.generation.onnx_backend"
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
