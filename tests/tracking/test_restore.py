"""`heitler checkout` brings back parameters, data and code: real git, DVC and MLflow."""

import subprocess
import sys
from pathlib import Path

import pytest

from heitler.tracking.comparison import ComparisonError, compare_runs
from heitler.tracking.provenance import git_state
from heitler.tracking.restore import RestoreError, restore
from heitler.tracking.runs import open_run
from heitler.tracking.training import log_state

BIN = Path(sys.executable).parent
PIPELINE = """
stages:
  make:
    cmd: '"{python}" make.py'
    deps: [make.py]
    params: [size]
    outs: [data.txt]
"""
MAKE = """
import yaml
from pathlib import Path
Path("data.txt").write_text("x" * yaml.safe_load(open("params.yaml"))["size"])
"""
IDENTITY = ("-c", "user.name=Test", "-c", "user.email=test@example.org")


def call(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True)


def run_pipeline(name: str, size: int) -> None:
    """As a stage does: results first, then the run that says where they are from."""
    Path("params.yaml").write_text(f"size: {size}\n")
    call(BIN / "dvc", "repro")
    with open_run(name, tags={"code": git_state()}) as run:
        log_state(run)


@pytest.fixture
def pipeline(store: Path) -> Path:
    """Two runs from one commit, then an experiment, then other code; all committed."""
    call("git", "init", "--quiet")
    call(BIN / "dvc", "init", "--quiet")
    Path("dvc.yaml").write_text(PIPELINE.format(python=sys.executable))
    Path("make.py").write_text(MAKE)
    Path("params.yaml").write_text("size: 1\n")
    Path(".gitignore").write_text("/data.txt\n/mlruns\n")
    call("git", "add", "--all")
    call("git", *IDENTITY, "commit", "--quiet", "--message", "Code")
    run_pipeline("first", size=3)
    run_pipeline("second", size=5)
    call("git", "add", "--all")
    call("git", *IDENTITY, "commit", "--quiet", "--message", "Results of the second")
    Path("make.py").write_text(MAKE + "# other code\n")
    call("git", *IDENTITY, "commit", "--quiet", "--all", "--message", "Other code")
    return store


def test_a_run_whose_parameters_were_never_committed_comes_back(pipeline):
    code = (pipeline / "make.py").read_text()
    (pipeline / "make.py").write_text("# mine\n")
    with pytest.raises(RestoreError, match=r"make\.py.*git stash"):
        restore("first")
    assert (pipeline / "make.py").read_text() == "# mine\n"
    (pipeline / "make.py").write_text(code)

    found = restore("first")
    assert found.files == ("params.yaml", "dvc.lock")
    assert found.notes == ()
    assert (pipeline / "params.yaml").read_text() == "size: 3\n"
    assert (pipeline / "data.txt").read_text() == "xxx"
    assert "other code" not in (pipeline / "make.py").read_text()
    done = subprocess.run([BIN / "dvc", "status"], check=True, capture_output=True, text=True)
    assert "up to date" in done.stdout


def test_data_of_an_unfinished_stage_is_not_lost_and_the_code_stays(pipeline):
    Path("data.txt").unlink()  # a link to DVC's cache
    Path("data.txt").write_text("of a stage that was interrupted")
    with pytest.raises(RestoreError, match=r"(?s)data\.txt.*All is as before.*dvc repro"):
        restore("first")
    assert Path("data.txt").read_text() == "of a stage that was interrupted"
    assert Path("params.yaml").read_text() == "size: 5\n"
    head = subprocess.run(["git", "status"], check=True, capture_output=True, text=True).stdout
    assert "On branch" in head
    assert "nothing to commit" in head


def test_an_experiment_comes_back_by_its_name_and_each_side_names_the_other(pipeline):
    call(BIN / "dvc", "exp", "run", "--set-param", "size=7", "--name", "seven")
    with open_run("train", tags={"code": git_state(), "dvc": {"experiment": "seven"}}) as run:
        pass
    call("git", "stash")
    [row] = compare_runs([run.run_id])
    found = restore("seven")
    assert (pipeline / "data.txt").read_text() == "x" * 7
    assert "other code" in (pipeline / "make.py").read_text()
    assert row["experiment"] == f"seven ({found.revision[:7]})"
    assert (found.run_id, found.files) == (run.run_id, ())


def test_an_unknown_run_names_similar_ones(store):
    with open_run("first"):
        pass
    with pytest.raises(ComparisonError, match="Did you mean first"):
        restore("frist")
