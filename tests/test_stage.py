import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from dvc.repo import Repo
from dvc.repo.reproduce import get_active_graph, plan_repro

from heitler.base.stage import stage_names, sweeping
from heitler.kept.claim import claimed

STAGE = Path("pipelines/simulate.py").resolve()


def run_in(folder):
    return subprocess.run([sys.executable, STAGE], cwd=folder, capture_output=True, text=True)


def test_an_error_of_ours_is_one_message_and_exit_code_1(tmp_path):
    done = run_in(tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: params.yaml: not found")
    assert "Traceback" not in done.stderr


def test_ctrl_c_before_the_stage_begins_is_one_message():
    code = "import heitler.base.stage; raise KeyboardInterrupt"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == -signal.SIGINT  # of which shells make 130
    assert done.stderr == "Interrupted.\n"


def test_missing_tables_say_how_to_make_them(tmp_path):
    (tmp_path / "params.yaml").write_text(Path("params.yaml").read_text())
    done = run_in(tmp_path)
    assert done.returncode == 1
    assert "data/tables: no Geant4 tables" in done.stderr
    assert "dvc repro --force tables" in done.stderr


def test_a_stage_says_how_far_the_pipeline_is(tmp_path):
    for name in ("params.yaml", "dvc.yaml"):
        (tmp_path / name).write_text(Path(name).read_text())
    done = run_in(tmp_path)
    assert done.stdout.startswith(f"Stage 3 of {len(stage_names())}: simulate\n")
    assert done.stdout.count("Stage ") == 1


def test_a_stage_of_several_recipes_says_which_and_asks_for_one(tmp_path):
    for name in ("params.yaml", "dvc.yaml"):
        (tmp_path / name).write_text(Path(name).read_text())
    program = [sys.executable, STAGE.with_name("generate.py")]
    ours = subprocess.run([*program, "heitler"], cwd=tmp_path, capture_output=True, text=True)
    place = stage_names().index("generate@heitler") + 1
    assert ours.stdout.startswith(f"Stage {place} of {len(stage_names())}: generate@heitler\n")
    nobodys = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True)
    assert nobodys.returncode == 1
    assert "of which recipe? Add paper or heitler: generate.py heitler" in nobodys.stderr


def test_no_stage_begins_while_a_sweep_runs_in_its_folder(tmp_path, monkeypatch):
    for name in ("params.yaml", "dvc.yaml"):
        (tmp_path / name).write_text(Path(name).read_text())
    monkeypatch.chdir(tmp_path)
    with sweeping():
        done = run_in(tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: A sweep is running in this folder")
    assert "no Geant4 tables" in run_in(tmp_path).stderr  # later it begins


@pytest.mark.parametrize(
    ("stage", "place"),
    [
        ("simulate", "showers"),
        ("train paper", "training/paper"),
        ("scale", "scale"),
        ("evolve", "evolution"),
        ("degradation", "degradation"),
    ],
)
def test_a_second_start_of_a_stage_in_one_folder_is_refused(stage, place, tmp_path):
    (tmp_path / "params.yaml").write_text(Path("params.yaml").read_text())
    name, *recipe = stage.split()
    script = Path(f"pipelines/{name}.py").resolve()
    with claimed(tmp_path / "data" / place, "run"):
        done = subprocess.run(
            [sys.executable, script, *recipe], cwd=tmp_path, capture_output=True, text=True
        )
    assert done.returncode == 1
    assert f"is at work here (process {os.getpid()} on" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_dvc_that_is_killed_takes_its_stage_with_it(tmp_path):
    """Real DVC; the stage only waits. With sh, DVC's default, which is often dash."""
    assert all(one["cmd"].startswith("exec ") for one in stages().values())
    (tmp_path / "wait.py").write_text(
        "import time\nfrom heitler.base.stage import run_stage\n"
        "def main():\n    print('begun', flush=True)\n    time.sleep(60)\n"
        "try:\n    run_stage(main)\nfinally:\n    open('cleaned-up', 'w').close()\n"
    )
    stage = {"cmd": f"exec {sys.executable} wait.py", "deps": ["wait.py"]}
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"wait": stage}}))
    for command in (["git", "init", "--quiet"], [sys.executable, "-m", "dvc", "init", "--quiet"]):
        subprocess.run(command, cwd=tmp_path, check=True)
    dvc = [sys.executable, "-m", "dvc", "repro"]
    environment = {name: value for name, value in os.environ.items() if name != "SHELL"}
    process = subprocess.Popen(
        dvc, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert any("begun" in line for line in process.stdout)
    process.kill()
    killed = time.monotonic()
    process.stdout.read()  # to its end, when nobody holds it open any more
    assert time.monotonic() - killed < 30
    assert (tmp_path / "cleaned-up").exists()


def test_dvc_runs_the_stages_in_the_order_in_which_they_are_counted():
    graph = get_active_graph(Repo(".").index.graph)
    assert [stage.addressing for stage in plan_repro(graph)] == stage_names()


def stages():
    return yaml.safe_load(Path("dvc.yaml").read_text())["stages"]
