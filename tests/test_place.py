"""Outside the project's folder every command says where to run it; none leaves anything there."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from heitler.base.errors import HeitlerError
from heitler.base.place import PlaceError, require_project
from heitler.cli.main import app

TRAIN = Path("pipelines/train.py").resolve()
COMMANDS = (
    "train",
    "train --set train.epochs=3",
    "sweep train.learning_rate=0.1,0.2",
    "experiments",
    "compare",
    "claims",
    "sync",
    "plan",
    "preset smoke",
    "launch train",
    "check-cluster",
    "checkout a-run",
)


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_elsewhere_names_the_place(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = CliRunner().invoke(app, words.split()).exception
    assert isinstance(found, HeitlerError), found
    assert "Run from the project's top folder" in str(found)
    assert not list(tmp_path.iterdir())


def test_a_stage_elsewhere_names_the_place(tmp_path):
    done = subprocess.run([sys.executable, TRAIN], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: params.yaml: not found")
    assert "Run from the project's top folder" in done.stderr


def test_below_the_project_the_way_to_it_is_told(tmp_path, monkeypatch):
    for name in ("params.yaml", "dvc.yaml"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    require_project()
    below = tmp_path / "reports" / "train"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    with pytest.raises(PlaceError, match=f"top folder: cd {tmp_path}"):
        require_project()
