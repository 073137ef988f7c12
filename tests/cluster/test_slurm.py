"""The batch script: what it asks of Slurm, that bash can read it, what sbatch thinks of it."""

import dataclasses
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from heitler.base.errors import LaunchError
from heitler.cluster.slurm import job_script, submit, sweep_script
from heitler.config import ClusterConfig, load_config


def cluster(ranks_per_node: int = 2, **slurm: Any) -> ClusterConfig:
    own = load_config().cluster
    return dataclasses.replace(
        own,
        launcher="slurm",
        ranks_per_node=ranks_per_node,
        slurm=dataclasses.replace(own.slurm, **slurm),
    )


def options(script: str) -> set[str]:
    lines = script.splitlines()
    return {x.removeprefix("#SBATCH ") for x in lines if x.startswith("#SBATCH ")}


TRAIN = "pipelines/train.py"


def test_a_job_asks_for_nodes_ranks_cores_and_time() -> None:
    chosen = cluster(2, cores_per_rank=24, account="hep", partition="cpu", walltime="00:30:00")
    asked = options(job_script(chosen, "train", 256, TRAIN))
    sizes = {"--nodes=128", "--ntasks=256", "--ntasks-per-node=2", "--cpus-per-task=24"}
    assert sizes | {"--time=00:30:00", "--account=hep", "--partition=cpu"} <= asked
    assert not any(option.startswith("--array") for option in asked)


def test_the_step_has_the_same_size_and_binds_to_cores() -> None:
    script = job_script(cluster(2, cores_per_rank=24), "train", 4, TRAIN)
    step = script[script.index("srun") :]
    for word in ("--nodes=2", "--ntasks=4", "--cpus-per-task=24", "--cpu-bind=cores", TRAIN):
        assert word in step


def test_set_up_lines_run_before_the_step_and_options_reach_sbatch() -> None:
    chosen = cluster(setup=("module load gcc/12",), options=("--exclusive",))
    script = job_script(chosen, "train", 2, TRAIN)
    assert script.index("module load gcc/12") < script.index("srun")
    assert "--exclusive" in options(script)


def test_a_sweep_is_an_array_with_one_element_per_world_size() -> None:
    script = sweep_script(cluster(2), "scale", [1, 2, 8], "pipelines/scale.py")
    asked = options(script)
    assert {"--array=0-2%1", "--nodes=4", "--ntasks=8"} <= asked
    body = script[script.index("workers=") :].splitlines()
    for element, workers in enumerate((1, 2, 8)):
        picked = subprocess.run(
            ["bash", "-c", f'{body[0]}; echo "${{workers[{element}]}}"'],
            capture_output=True,
            text=True,
            check=True,
        )
        assert picked.stdout.strip() == str(workers)
    assert '--workers "${workers[$SLURM_ARRAY_TASK_ID]}"' in body[1]


@pytest.mark.parametrize("array", [False, True])
def test_bash_and_sbatch_accept_the_script(tmp_path: Path, array: bool) -> None:
    chosen = cluster(setup=("echo 'a quote'",))
    script = (
        sweep_script(chosen, "scale", [1, 2], "pipelines/scale.py")
        if array
        else job_script(chosen, "train", 2, TRAIN)
    )
    path = tmp_path / "job.sh"
    path.write_text(script)
    subprocess.run(["bash", "-n", path], check=True)
    if shutil.which("sbatch") and subprocess.run(["sinfo"], capture_output=True).returncode == 0:
        subprocess.run(["sbatch", "--test-only", path], check=True, timeout=30)


def test_without_sbatch_the_remedy_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/none")
    with pytest.raises(LaunchError, match="Submit from the cluster's login node"):
        submit("#!/bin/sh\n")


def test_sbatchs_refusal_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sbatch").write_text("#!/bin/sh\ncat >/dev/null\necho 'bad account' >&2; exit 1\n")
    (tmp_path / "sbatch").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(LaunchError, match=r"bad account\. Correct cluster\.slurm"):
        submit("#!/bin/sh\n")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"walltime": "90"}, "HH:MM:SS"),
        ({"options": ("module load x",)}, "no option of sbatch"),
    ],
)
def test_impossible_settings_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cluster(**change)
