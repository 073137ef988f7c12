"""The shell scripts around the pipeline."""

import os
import shutil
import subprocess
from pathlib import Path

SCRIPTS = Path(__file__).parents[2] / "scripts"


def test_stages_run_the_code_of_their_own_copy_in_the_environment_above_it(tmp_path):
    """DVC copies the project for queued experiments; the code may change before they start."""
    python = tmp_path / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "environment above, $PYTHONPATH, $@"\n')
    python.chmod(0o755)
    copy = tmp_path / ".dvc/tmp/exps/copy"
    copy.mkdir(parents=True)
    done = subprocess.run(
        [SCRIPTS / "python", "pipelines/train.py"],
        cwd=copy,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"environment above, {copy}/src, -u pipelines/train.py\n"


def test_set_up_names_all_missing_tools_before_it_starts(tmp_path):
    (tmp_path / "scripts").mkdir()
    shutil.copy2(SCRIPTS / "setup.sh", tmp_path / "scripts")
    bare = tmp_path / "bin"
    bare.mkdir()
    for tool in ("bash", "dirname", "uname", "awk", "sort"):
        (bare / tool).symlink_to(str(shutil.which(tool)))
    done = subprocess.run(
        [tmp_path / "scripts/setup.sh"], env={"PATH": str(bare)}, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "sudo apt-get install git make g++ python3-venv" in done.stderr
    assert not (tmp_path / ".venv").exists()
