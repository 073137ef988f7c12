"""A copy of the project with the preset `smoke`, so small that all stages run in a minute."""

import dataclasses
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from heitler.cli.preset import load_preset
from heitler.config import merged

ROOT = Path(__file__).parents[2]
LEFT_OUT = ("tests/", "reports/", "dvc.lock")
NEEDED = ("reports/reference/",)


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
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=1700
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
        wanted = name.startswith(NEEDED) or not name.startswith(LEFT_OUT)
        if (ROOT / name).is_file() and wanted:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    copy = Project(folder)
    small = merged(yaml.safe_load((folder / "params.yaml").read_text()), load_preset("smoke"))
    (folder / "params.yaml").write_text(yaml.safe_dump(small, sort_keys=False))
    copy.run("git", "init", "--quiet", "--initial-branch=main")
    copy.commit("Tiny parameters")
    return copy
