"""What was interrupted goes on, whatever DVC has meanwhile put into the stage's outputs."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from heitler.kept.folder import VARIABLE, has_content, keep
from heitler.kept.origin import Origin
from heitler.kept.unfinished import finish, take_up

BEFORE = Origin({"train": {"rate": 1}}, "showers", {})
OTHER = Origin({"train": {"rate": 2}}, "showers", {})
WORKING = Path("data/unfinished/paper/checkpoints")
FINISHED = Path("data/training/paper/checkpoints")
STAGE = """
import os
from pathlib import Path
import yaml
from heitler.kept.origin import Origin
from heitler.kept.unfinished import finish, take_up
working, finished = Path("data/unfinished/paper"), Path("data/training/paper")
origin = Origin(yaml.safe_load(open("params.yaml")), "showers", {})
take_up(working / "checkpoints", finished / "checkpoints", origin, "train")
begun = len(list(working.glob("checkpoints/epoch-*")))
with open(os.environ["STARTS"], "a") as file:
    print(begun, file=file)
for epoch in range(begun, 4):
    if epoch == int(os.environ["KILLED_IN"]):
        os.kill(os.getpid(), 9)
    (working / f"checkpoints/epoch-{epoch}").write_text(str(origin))
finish(working, finished)
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(VARIABLE, raising=False)
    return tmp_path


def filled(folder: Path, origin: Origin, text: str) -> None:
    keep(folder, origin, "train paper")
    (folder / "epoch-0001.h5").write_text(text)


def texts(folder: Path) -> list[str]:
    return [path.read_text() for path in folder.rglob("epoch-0001.h5")]


def test_a_second_dvc_exp_run_after_a_kill_goes_on(project: Path) -> None:
    """Real DVC, which puts back the outputs of the training before."""
    (project / "stage.py").write_text(STAGE)
    (project / "params.yaml").write_text("rate: 1\n")
    outs = [{"data/training/paper": {"persist": True}}]
    stage = {"cmd": f"{sys.executable} stage.py", "params": ["rate"], "outs": outs}
    (project / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"train": stage}}))
    (project / ".gitignore").write_text("/data\n")
    starts = project.with_name("starts.txt")

    def run(*words: str, killed_in: int = -1) -> int:
        environment = os.environ | {"STARTS": str(starts), "KILLED_IN": str(killed_in)}
        return subprocess.run(words, env=environment).returncode

    dvc = (sys.executable, "-m", "dvc")
    for words in (("git", "init", "-q"), (*dvc, "init", "-q"), (*dvc, "repro")):
        assert run(*words) == 0
    for words in (("git", "add", "."), ("git", "commit", "-qm", "rate 1")):
        assert run(*words) == 0
    again = (*dvc, "exp", "run", "--set-param", "rate=2")
    assert run(*again, killed_in=3) != 0
    assert run(*again) == 0
    assert starts.read_text().split() == ["0", "0", "3"]
    assert "'rate': 2" in (project / "data/training/paper/checkpoints/epoch-0").read_text()
    assert not (project / "data/unfinished/paper").exists()


def test_more_epochs_go_on_from_what_is_finished() -> None:
    filled(FINISHED, BEFORE, "weeks of work")
    assert take_up(WORKING, FINISHED, BEFORE, "train paper").changes == []
    assert texts(WORKING) == ["weeks of work"]


def test_what_was_interrupted_goes_on_beside_what_is_finished() -> None:
    filled(WORKING, OTHER, "interrupted")
    filled(FINISHED, BEFORE, "as dvc.lock knows it")
    take_up(WORKING, FINISHED, OTHER, "train paper")
    assert texts(WORKING) == ["interrupted"]
    assert not Path("data/set-aside").exists()


def test_what_is_finished_of_the_same_origin_is_taken_along() -> None:
    """As records of a study that were adopted after it was interrupted."""
    filled(WORKING, BEFORE, "interrupted")
    filled(FINISHED, BEFORE, "the same")
    (FINISHED / "epoch-0002.h5").write_text("adopted")
    take_up(WORKING, FINISHED, BEFORE, "degradation")
    assert texts(WORKING) == ["interrupted"]
    assert (WORKING / "epoch-0002.h5").read_text() == "adopted"


def test_of_two_the_one_that_fits_goes_on_and_the_other_is_moved_aside(capsys: Any) -> None:
    filled(WORKING, OTHER, "interrupted")
    filled(FINISHED, BEFORE, "finished")
    take_up(WORKING, FINISHED, BEFORE, "train paper")
    assert texts(WORKING) == ["finished"]
    assert texts(Path("data/set-aside")) == ["interrupted"]
    assert "heitler train paper --keep-going --from data/set-aside/" in capsys.readouterr().out


def test_what_is_finished_but_of_another_origin_is_moved_aside(capsys: Any) -> None:
    filled(FINISHED, BEFORE, "weeks of work")
    take_up(WORKING, FINISHED, OTHER, "train paper")
    assert not has_content(WORKING)
    assert texts(Path("data/set-aside")) == ["weeks of work"]
    assert "train.rate (1 before, now 2)" in capsys.readouterr().out


def test_keeping_going_takes_what_is_finished_of_another_origin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    filled(FINISHED, BEFORE, "weeks of work")
    monkeypatch.setenv(VARIABLE, "1")
    assert take_up(WORKING, FINISHED, OTHER, "train paper").accepts(BEFORE.fingerprint)
    assert texts(WORKING) == ["weeks of work"]


def test_the_end_puts_all_into_place_instead_of_what_was_there() -> None:
    filled(FINISHED, BEFORE, "old")
    (FINISHED / "epoch-0009.h5").touch()
    (FINISHED.parent / "generator").touch()
    filled(WORKING, OTHER, "new")
    (WORKING.parent / "run.json").write_text("{}")
    finish(WORKING.parent, FINISHED.parent)
    assert texts(FINISHED) == ["new"]
    assert not (FINISHED / "epoch-0009.h5").exists()
    assert {path.name for path in FINISHED.parent.iterdir()} == {
        "checkpoints",
        "generator",
        "run.json",
    }
    assert not WORKING.parent.exists()
