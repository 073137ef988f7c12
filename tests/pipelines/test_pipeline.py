"""The pipeline as a user runs it: real Geant4, real Horovod workers, real MLflow, real DVC.

The tests build on each other, in order: each is the next thing that a user would do.
"""

import json
import os
import re
import sqlite3

import pytest

from heitler.config import RECIPES
from tests.pipelines.conftest import ROOT, Project

TRAININGS = (
    "run_uuid in (select run_uuid from params where key = 'train.epochs') "
    "and run_uuid not in (select run_uuid from params where key = 'degradation.arm')"
)
STAGES = [
    "tables",
    "simulate",
    "prepare",
    "evolve",
    "degradation",
    "scale",
    "train@paper",
    "train@heitler",
    "project",
    "compact",
    "generate@paper",
    "generate@heitler",
    "validate@paper",
    "validate@heitler",
    "report",
]
TUTORIAL = re.findall(r"```sh\n(.*?)\n```", (ROOT / "docs/tutorial.md").read_text(), re.DOTALL)
"""The tutorial's commands, block by block."""
FIRST, AGAIN, ONE_WORKER = (
    next(block for block in TUTORIAL if block.startswith(begin))
    for begin in ("dvc exp run --name first", "dvc repro", "dvc exp run --name one-worker")
)


def stages_run(output: str) -> list[str]:
    return [stage for stage in STAGES if f"Running stage '{stage}'" in output]


def mlflow_runs(project: Project, query: str) -> list[tuple[str, ...]]:
    with sqlite3.connect(project.folder / "mlruns/mlflow.db") as database:
        return database.execute(query).fetchall()


def test_all_stages_run_from_nothing_and_leave_a_page(project: Project) -> None:
    output = project.run("bash", "-c", FIRST)
    assert stages_run(output) == STAGES
    page = (project.folder / "reports/index.html").read_text()
    assert "<svg" in page
    summary = json.loads((project.folder / "data/prepared/summary.json").read_text())
    for recipe in RECIPES:
        text = (project.folder / "reports/train" / recipe / "metrics.json").read_text()
        metrics = json.loads(text)
        assert metrics["workers"] == 2
        assert metrics["events_seen"] == summary["showers"]["train"] > 30


def test_each_recipes_training_is_one_complete_mlflow_run(project: Project) -> None:
    query = f"select name, status, run_uuid from runs where {TRAININGS} order by name"
    runs = mlflow_runs(project, query)
    assert [run[:2] for run in runs] == [
        (f"first-{recipe}", "FINISHED") for recipe in sorted(RECIPES)
    ]
    keys = {key for (key,) in mlflow_runs(project, "select distinct key from metrics")}
    expected = {"epoch_time_s", "showers_per_second", "cycle_time_s", "input_wait_s"}
    expected |= {"compute_time_s", "communication_time_s", "straggler_wait_s"}
    assert expected | {"unique_events_seen", "generator_1_ecal_sum"} <= keys
    assert any(key.startswith("response_ratio") for key in keys)
    assert any(key.startswith("system/") for key in keys)
    params = dict(mlflow_runs(project, f"select key, value from params where {TRAININGS}"))
    assert params["train.workers"] == "2"
    tags = dict(mlflow_runs(project, "select key, value from tags"))
    assert len(tags["heitler.code.git_commit"]) == 40
    assert mlflow_runs(project, "select count(*) from datasets") == [(2,)]
    recipes = "select value from tags where key = 'heitler.recipe' order by value"
    assert mlflow_runs(project, recipes) == [(recipe,) for recipe in sorted(RECIPES)]
    for *_, run_id in runs:
        assert list((project.folder / "mlruns/artifacts" / run_id).rglob("*.svg"))


def test_the_sweep_over_workers_is_one_parent_run_with_a_child_per_point(project: Project) -> None:
    children = mlflow_runs(project, "select value from tags where key = 'heitler.scale.kind'")
    assert sorted(children) == [("strong",), ("strong",), ("weak",), ("weak",)]
    parent_of_points = (
        "select count(distinct value) from tags where key = 'mlflow.parentRunId' and run_uuid in "
        "(select run_uuid from tags where key = 'heitler.scale.kind')"
    )
    assert mlflow_runs(project, parent_of_points) == [(1,)]
    metrics = json.loads((project.folder / "reports/scale/metrics.json").read_text())
    assert metrics["weak_2_workers_efficiency"] > 0


def test_each_logged_generator_loads_back_and_makes_showers(project: Project) -> None:
    code = (
        "import mlflow, pandas as pd; from heitler.tracking.store import connect; connect(); "
        "models = mlflow.search_logged_models(output_format='list'); "
        "found = [model for model in models if model.name == 'generator']; "
        "loaded = [mlflow.pyfunc.load_model(model.model_uri) for model in found]; "
        "frame = pd.DataFrame({'primary_energy_GeV': [1, 3]}); "
        "print('shapes', [model.predict(frame).shape for model in loaded])"
    )
    assert "shapes [(2, 9, 9, 9), (2, 9, 9, 9)]" in project.run("python", "-c", code)


def test_running_again_does_nothing(project: Project) -> None:
    assert stages_run(project.run(*AGAIN.split())) == []


def test_words_and_unused_code_run_nothing_again_and_used_code_what_uses_it(
    project: Project,
) -> None:
    source = project.folder / "src/heitler"
    unused, used = "cluster/slurm.py", "base/hdf5_opening.py"
    before = {name: (source / name).read_text() for name in (unused, used)}
    (source / unused).write_text(before[unused] + "\nUNUSED = 1\n")
    (source / used).write_text(f"# A comment.\n{before[used]}")
    assert stages_run(project.run("dvc", "repro")) == []
    page = source / "report/wording.py"
    before["report/wording.py"] = page.read_text()
    page.write_text(before["report/wording.py"] + "\nUNUSED = 1\n")
    assert stages_run(project.run("dvc", "repro")) == ["report"]
    for name, content in before.items():
        (source / name).write_text(content)
    project.run("dvc", "repro")


def test_more_showers_simulate_only_the_new_shards(project: Project) -> None:
    project.commit("First results")
    shards = sorted((project.folder / "data/showers").glob("shard-*.h5"))
    before = {shard: shard.stat().st_mtime_ns for shard in shards}
    project.set("simulate", showers=80)
    output = project.run("dvc", "repro", "prepare")
    assert stages_run(output) == ["simulate", "prepare"]
    assert {shard: shard.stat().st_mtime_ns for shard in before} == before
    assert len(list((project.folder / "data/showers").glob("shard-*.h5"))) == 4
    project.set("simulate", showers=60)
    project.run("dvc", "repro")


def test_one_worker_as_an_experiment_reruns_from_train_only(project: Project) -> None:
    assert stages_run(project.run(*ONE_WORKER.split())) == ["train@paper", "train@heitler"]
    counts = mlflow_runs(
        project,
        "select value, count(*) from params where key = 'train.workers' "
        f"and {TRAININGS} group by value",
    )
    assert counts == [("1", 2), ("2", 2)]
    table = project.run("dvc", "exp", "show", "--csv")
    assert "one-worker" in table
    query = (
        "select run_uuid from tags where key = 'heitler.dvc.experiment' and value = 'one-worker'"
    )
    found = mlflow_runs(project, query)
    assert len(found) == 2
    assert all(run_id in table for (run_id,) in found)
    assert "train.workers" in project.run("dvc", "params", "diff")
    assert "epoch_time_s" in project.run("dvc", "metrics", "diff")
    left = "the results of compact, generate@heitler, generate@paper, project, report, validate@"
    assert left in " ".join(project.run("heitler", "claims").split())
    assert stages_run(project.run("dvc", "repro")) == STAGES[STAGES.index("train@heitler") + 1 :]
    assert "Not of what" not in project.run("heitler", "claims")


def test_queued_experiments_write_to_the_same_store_and_train_the_changed_recipe_alone(
    project: Project,
) -> None:
    change = "recipes.heitler.train.epochs=3"
    project.run("dvc", "exp", "run", "train", "--queue", "-S", change, "--name", "queued")
    project.run("dvc", "exp", "run", "--run-all")
    names = "select name from runs where run_uuid in (select run_uuid from tags where value = "
    assert mlflow_runs(project, f"{names}'queued')") == [("queued-heitler",)]


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ("train.global_batch_size=9", "not divisible by 2 workers. Use 8 or 10"),
        ("+train.epoch=3", "train.epoch is not a known parameter. Did you mean epochs?"),
    ],
)
def test_wrong_parameters_stop_before_anything_starts(
    project: Project, parameter: str, message: str
) -> None:
    project.set("train", workers=2)
    original = (project.folder / "params.yaml").read_text()
    output = project.run("dvc", "exp", "run", "-S", parameter, fails=True)
    assert message in output
    assert "Traceback" not in output
    (project.folder / "params.yaml").write_text(original)


def test_a_truncated_shower_file_is_named(project: Project) -> None:
    shard = project.folder / "data/showers/shard-00001.h5"
    whole = shard.read_bytes()
    os.chmod(shard, 0o644)
    shard.write_bytes(whole[: len(whole) // 2])
    output = project.run("python", "pipelines/prepare.py", fails=True)
    assert "shard-00001.h5" in output
    assert "Traceback" not in output
    shard.write_bytes(whole)


def test_all_other_commands_of_the_tutorial_work(project: Project) -> None:
    for block in TUTORIAL:
        if block not in (FIRST, AGAIN, ONE_WORKER):
            project.run("bash", "-ec", block)
    assert (project.folder / "mine.h5").is_file()
