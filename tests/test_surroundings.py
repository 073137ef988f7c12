"""What a shell, a home folder or a file system brings along changes no result, or is named."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from heitler.base.locks import missing_locks, require_locks
from heitler.doctor.project import check_locks
from tests.refusals import FLOCK, in_child, refuse

PYTHON = [sys.executable, "-c"]
LEFT = {"PMI_RANK": "0", "PMI_SIZE": "1", "OMPI_COMM_WORLD_RANK": "1", "HOROVOD_RANK": "2"}


def run(program: str, **variables: str) -> str:
    environment = os.environ | variables
    done = subprocess.run([*PYTHON, program], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_keras_json_and_variables_of_keras_and_onednn_change_nothing(tmp_path):
    (tmp_path / ".keras").mkdir()
    theirs = {
        "image_data_format": "channels_first",
        "backend": "jax",
        "floatx": "float16",
        "epsilon": 0.1,
    }
    (tmp_path / ".keras/keras.json").write_text(json.dumps(theirs))
    program = (
        "import heitler.base.lean_keras, keras, os, tensorflow as tf; c = keras.config; "
        "print(c.backend(), c.image_data_format(), c.floatx(), c.epsilon(), "
        "os.environ['ONEDNN_DEFAULT_FPMATH_MODE'], tf.keras.Model is keras.Model)"
    )
    said = run(
        program,
        HOME=str(tmp_path),
        KERAS_BACKEND="torch",
        TF_USE_LEGACY_KERAS="1",
        ONEDNN_DEFAULT_FPMATH_MODE="BF16",
    )
    expected = "tensorflow channels_last float32 1e-07 STRICT True"
    assert said.split() == expected.split()
    assert json.loads((tmp_path / ".keras/keras.json").read_text()) == theirs


def test_doctor_tells_what_is_overruled_and_which_launcher_left_variables():
    program = (
        "from heitler.doctor.project import check_shell\n"
        "for f in check_shell(): print(f.state, f.found, f.remedy, sep='|')"
    )
    said = run(program, KERAS_BACKEND="jax", **LEFT).splitlines()
    assert said[0].startswith("note|KERAS_BACKEND=jax: ")
    assert said[0].endswith("|unset KERAS_BACKEND")
    assert said[1].endswith("|unset HOROVOD_RANK OMPI_COMM_WORLD_RANK PMI_RANK PMI_SIZE")


def test_what_dvc_runs_in_a_shell_of_another_launcher_is_no_worker(tmp_path):
    """A program called dvc starts the stage, as DVC does."""
    stage = tmp_path / "stage.py"
    stage.write_text(
        "import os\nfrom heitler.base.stage import launched_rank, run_stage\n"
        "run_stage(lambda: print(launched_rank(), [n for n in os.environ if 'RANK' in n]))\n"
    )
    (tmp_path / "dvc").write_text(
        f"import subprocess, sys\nsubprocess.run([sys.executable, {str(stage)!r}], check=True)\n"
    )
    environment = os.environ | LEFT
    for starter, answer in (
        (tmp_path / "dvc", "None []"),
        (stage, "2 ['PMI_RANK', 'OMPI_COMM_WORLD_RANK', 'HOROVOD_RANK']"),
    ):
        done = subprocess.run(
            [sys.executable, starter], env=environment, capture_output=True, text=True, check=True
        )
        assert sorted(done.stdout.split()) == sorted(answer.split())


def test_a_package_from_pythonpath_is_refused_with_its_place(tmp_path):
    (tmp_path / "numpy").mkdir()
    (tmp_path / "numpy/__init__.py").write_text("raise RuntimeError('another NumPy')")
    heitler = Path(sys.executable).with_name("heitler")
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run([heitler, "claims"], env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: numpy comes from {tmp_path} (PYTHONPATH), not from")
    assert done.stderr.endswith("unset PYTHONPATH\n")


def test_stages_do_not_see_the_shells_pythonpath(tmp_path):
    program = "import os; print(os.environ['PYTHONPATH'])"
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    command = ["scripts/python", "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == f"{Path.cwd()}/src\n"


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_named_by_doctor_and_before_dvc_starts(
    number, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert missing_locks() == ""
    assert check_locks()[0].state == "ok"
    refused = in_child(lambda: refuse(FLOCK, number), require_locks)
    assert f"LocksError: {tmp_path}: its file system has no locks" in refused
    assert "core.hardlink_lock" in refused
    [found] = in_child(lambda: refuse(FLOCK, number), check_locks)
    assert found.state == "broken"
