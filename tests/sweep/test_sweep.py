"""Sweeps: real DVC experiments of a small pipeline, Optuna on a function of known best."""

import csv
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import optuna
import pytest
import yaml
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from heitler.config import PARAMS_FILE, ConfigError
from heitler.sweep.experiments import Experiment, SweepError, differing
from heitler.sweep.figure import draw_parallel_coordinates
from heitler.sweep.guided import Sweep, follow, run_sweep
from heitler.sweep.space import Choice, Range, parse_space

HEITLER = Path(sys.executable).with_name("heitler")
RATE = "train.learning_rate"
PAPER = ("--stage", "train@paper", "--metric", "train@paper.selection_score")
STAGE = """
import json, yaml
train = yaml.safe_load(open("params.yaml"))["train"]
if train["seed"] == 2: raise SystemExit("seed 2 fails")
score = abs(train["learning_rate"] - 0.003) + train["epochs"]
json.dump({"selection_score": score}, open("reports/train/paper/metrics.json", "w"))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A git and DVC repository whose stage `train` computes a number from its parameters."""
    shutil.copy(PARAMS_FILE, tmp_path)
    (tmp_path / "stage.py").write_text(STAGE)
    metrics = "reports/train/paper/metrics.json"
    train = {"cmd": f"{sys.executable} stage.py", "params": ["train"], "deps": ["stage.py"]}
    train["matrix"] = {"recipe": ["paper"]}
    train["metrics"] = [{metrics: {"cache": False}}]
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"train": train}}))
    (tmp_path / "reports/train/paper").mkdir(parents=True)
    (tmp_path / "reports/train/paper/.gitkeep").touch()
    (tmp_path / ".gitignore").write_text("/mlruns\n/reports/sweeps\n")
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    for command in (
        ("git", "init", "--quiet"),
        (sys.executable, "-m", "dvc", "init", "--quiet"),
        (sys.executable, "-m", "dvc", "config", "core.analytics", "false"),
        ("git", "add", "--all"),
        ("git", *identity, "commit", "--quiet", "--message", "Start"),
    ):
        subprocess.run(command, cwd=tmp_path, check=True)
    return tmp_path


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([HEITLER, *arguments], cwd=project, capture_output=True, text=True)


def test_a_sweep_is_a_table_and_a_picture_of_dvc_experiments_and_goes_on(project: Path) -> None:
    words = ("sweep", f"{RATE}=log:0.001:0.01", "train.seed=1,2", "-S", "train.epochs=1", *PAPER)
    first = run(project, *words, "--trials", "2")
    assert first.returncode == 0, first.stdout + first.stderr
    done = run(project, *words, "--trials", "3")
    assert "Trial 3 of 3" in done.stdout
    assert "Trial 2 of 3" not in done.stdout
    with (project / "reports/sweeps/sweep.csv").open() as file:
        rows = list(csv.DictReader(file))
    scores = [float(row["train@paper.selection_score"]) for row in rows]
    assert scores == sorted(scores)
    assert scores[0] == pytest.approx(abs(float(rows[0][RATE]) - 0.003) + 1)
    assert len(rows) + done.stdout.count("fails") + first.stderr.count("failed to reproduce") >= 2
    assert "<svg" in (project / "reports/sweeps/sweep.svg").read_text()
    assert yaml.safe_load((project / "params.yaml").read_text())["train"]["epochs"] != 1
    shown = run(project, "experiments", "--metric", "train.no_such")
    assert shown.returncode == 1
    assert "There are: train@paper.selection_score" in shown.stderr


def kept(path: Path) -> JournalStorage:
    return JournalStorage(JournalFileBackend(str(path)))


def test_optuna_comes_near_the_best_and_goes_on_as_if_unbroken(tmp_path: Path) -> None:
    calls: list[str] = []

    def evaluate(trial, name, parameters):
        calls.append(name)
        return None if trial.number == 2 else (parameters["a.x"] - 2.0) ** 2 + parameters["a.y"]

    space = {"a.x": Range("lin", -10.0, 10.0), "a.y": Choice((0, 5))}
    for trials in (10, 40):
        sweep = Sweep("s", space, trials, maximise=False, seed=1)
        study = run_sweep(sweep, evaluate, kept(tmp_path / "broken"))
    assert len(calls) == len(set(calls)) == 40
    assert study.best_value < 1
    assert study.trials[2].state is optuna.trial.TrialState.FAIL
    whole = run_sweep(sweep, evaluate, kept(tmp_path / "whole"))
    assert [t.params for t in whole.trials] == [t.params for t in study.trials]


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_a_sweep_that_is_stopped_ends_its_trial_and_runs_it_again(tmp_path, signal_number) -> None:
    """A process of its own, with a trial that lasts; then the same sweep here."""
    program = f"""
import pathlib, signal, subprocess, sys
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from heitler.base.stage import run_stage
from heitler.sweep.guided import Sweep, run_sweep
from heitler.sweep.guided import follow
from heitler.sweep.space import Range
signal.signal(signal.SIGINT, signal.default_int_handler)
def evaluate(trial, name, parameters):
    if trial.number == 0:
        return 1.0
    process = subprocess.Popen(["sleep", "60"], process_group=0)
    pathlib.Path({str(tmp_path / "pid")!r}).write_text(f"{{process.pid}} {{parameters['a.x']}}")
    follow(process, trial, dict, look_every_s=0.2)
storage = JournalStorage(JournalFileBackend({str(tmp_path / "log")!r}))
sweep = Sweep("s", {{"a.x": Range("lin", 0.0, 1.0)}}, 3, maximise=False, seed=1)
run_stage(lambda: run_sweep(sweep, evaluate, storage))
"""
    with subprocess.Popen([sys.executable, "-c", program]) as process:
        while not (note := tmp_path / "pid").exists() or not note.read_text():
            time.sleep(0.1)
        process.send_signal(signal_number)
    pid, stopped_at = note.read_text().split()
    assert not Path(f"/proc/{pid}").exists()
    tried: list[float] = []

    def evaluate(trial, name, parameters):
        tried.append(parameters["a.x"])
        return parameters["a.x"]

    sweep = Sweep("s", {"a.x": Range("lin", 0.0, 1.0)}, 3, maximise=False, seed=1)
    run_sweep(sweep, evaluate, kept(tmp_path / "log"))
    assert len(tried) == 2
    assert tried[0] == float(stopped_at)


def test_elements_of_a_job_array_run_one_trial_each_of_the_same_sweep(tmp_path: Path) -> None:
    sweep = Sweep("s", {"a.x": Range("lin", 0.0, 1.0)}, 3, maximise=True, seed=1)
    for _ in range(3):
        storage = kept(tmp_path / "log")
        study = run_sweep(sweep, lambda trial, name, values: values["a.x"], storage, one=True)
    assert [trial.number for trial in study.trials] == [0, 1, 2]
    assert len({trial.value for trial in study.trials}) == 3


def test_a_trial_worse_than_the_median_is_stopped_as_by_ctrl_c(tmp_path: Path) -> None:
    """Scores come while its process runs; the process may still save what it has.

    Like a training, the program takes Ctrl-C even where the shell that started the tests had
    it ignored, as shells do for commands in the background.
    """
    started, saved = tmp_path / "started", tmp_path / "saved"
    lasting = f"""
import pathlib, signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    pathlib.Path({str(started)!r}).touch()
    time.sleep(60)
except KeyboardInterrupt:
    pathlib.Path({str(saved)!r}).touch()
"""

    def evaluate(trial, name, parameters):
        bad = trial.number == 5
        program = lasting if bad else "import time; time.sleep(0.4)"
        process = subprocess.Popen([sys.executable, "-c", program], process_group=0)
        scores = dict.fromkeys((1, 2, 3), 1.0 + bad)
        come = (lambda: scores if started.exists() else {}) if bad else lambda: scores
        follow(process, trial, come, look_every_s=0.2)
        return scores[3]

    sweep = Sweep("s", {"a.x": Choice((1, 2))}, 6, maximise=False, seed=1)
    study = run_sweep(sweep, evaluate, kept(tmp_path / "log"))
    states = [trial.state.name for trial in study.trials]
    assert states == 5 * ["COMPLETE"] + ["PRUNED"]
    assert saved.exists()


def test_a_job_array_runs_the_same_sweep() -> None:
    rate, epochs = (f"recipes.heitler.train.{name}" for name in ("learning_rate", "epochs"))
    words = ["sweep", f"{rate}=log:0.001:0.01", "--trials", "32", "-S", f"{epochs}=1"]
    done = subprocess.run([HEITLER, *words, "--slurm", "4"], capture_output=True, text=True)
    assert "#SBATCH --array=1-32%4" in done.stdout
    assert f"{rate}=log:0.001:0.01" in done.stdout
    assert f"--set={epochs}=1 --name=sweep --seed=1 --one" in done.stdout


def test_a_sweep_of_failures_says_so(tmp_path: Path) -> None:
    sweep = Sweep("s", {"a.x": Choice((1, 2))}, 2, maximise=False, seed=1)
    with pytest.raises(SweepError, match="All trials of s failed"):
        run_sweep(sweep, lambda trial, name, values: None, kept(tmp_path / "log"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("train.learning_rate", "no parameter with values"),
        ("train.learning_rate=log:0:1", "above 0 for log"),
        ("train.learning_rate=lin:1:0.5", "low before high"),
        ("train.learning_rate=lin:1", "no two limits"),
    ],
)
def test_a_space_of_another_form_is_refused(text: str, message: str) -> None:
    with pytest.raises(SweepError, match=message):
        parse_space([text])


def test_an_unknown_parameter_is_refused_before_anything_runs() -> None:
    with pytest.raises(
        ConfigError, match=r"train\.lerning_rate is no parameter.*Did you mean learning_rate"
    ):
        parse_space(["train.lerning_rate=1,2"])


def test_choices_are_yaml_values() -> None:
    space = parse_space(["train.workers=1,2", "train.batch_norm=per_worker,synchronised"])
    assert space["train.workers"] == Choice((1, 2))
    assert space["train.batch_norm"] == Choice(("per_worker", "synchronised"))


def test_the_picture_takes_words_numbers_and_constants(tmp_path: Path) -> None:
    made = [
        Experiment(f"e{n}", {"a.x": 10.0**n, "a.kind": f"k{n % 2}", "a.c": 1}, {"t.m": n / 2})
        for n in range(4)
    ]
    assert differing(made) == ["a.x", "a.kind"]
    draw_parallel_coordinates(tmp_path / "p.svg", made, ["a.x", "a.kind", "a.c"], "t.m")
    assert (tmp_path / "p.svg").stat().st_size > 5000
