"""A copy of the project with parameters so small that the whole pipeline runs in a minute."""

import dataclasses
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
LEFT_OUT = ("tests/", "reports/", "dvc.lock")
TINY: dict[str, dict[str, Any]] = {
    "detector": {
        "sections": [
            {"layers": 6, "absorber_thickness_mm": 4.8},
            {"layers": 3, "absorber_thickness_mm": 9.6},
        ],
        "cells_simulated": 15,
        "cells_kept": 9,
    },
    "simulate": {
        "showers": 60,
        "showers_per_shard": 20,
        "energy_min_GeV": 1.0,
        "energy_max_GeV": 4.0,
    },
    "train": {"epochs": 1, "global_batch_size": 8, "response_bins": 2},
    "scale": {
        "per_worker_batch_size": 4,
        "repeats": 1,
        "warmup_cycles": 1,
        "cycles": 1,
        "independent": False,
        "software": False,
    },
    "compact": {
        "channels": 4,
        "block_cells": 3,
        "showers": 64,
        "judged_showers": 64,
        "calibration_showers": 64,
        "energy_bins": 2,
    },
    "evolve": {
        "strategies": ["one-plus-lambda", "memetic"],
        "batch_size": 16,
        "cost_epochs": 100,
        "seeds": [1],
        "energy_bins": 2,
    },
    "validate": {"energy_bins": 2},
}


@dataclasses.dataclass(frozen=True)
class Project:
    """The copy."""

    folder: Path

    def run(self, *command: str, fails: bool = False) -> str:
        """Run a command in it; its output. Fails if the command does (or does not)."""
        environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        environment |= {"PYTHONPATH": str(self.folder / "src"), "CI": "true"}
        environment.pop("MLFLOW_TRACKING_URI", None)
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=400
        )
        output = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, output
        return output

    def set(self, section: str, **changes: Any) -> None:
        """Change parameters."""
        path = self.folder / "params.yaml"
        params = yaml.safe_load(path.read_text())
        params[section] |= changes
        path.write_text(yaml.safe_dump(params, sort_keys=False))

    def commit(self, message: str) -> None:
        """Commit everything that git does not ignore."""
        self.run("git", "add", "--all")
        identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
        self.run("git", *identity, "commit", "--quiet", "--message", message)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project as it stands, in a git repository of its own, with tiny parameters."""
    folder = tmp_path_factory.mktemp("project")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file() and not name.startswith(LEFT_OUT):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    copy = Project(folder)
    for section, changes in TINY.items():
        copy.set(section, **changes)
    copy.run("git", "init", "--quiet", "--initial-branch=main")
    copy.commit("Tiny parameters")
    return copy
