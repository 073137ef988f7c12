"""Image definitions and workflow, as far as they can be checked without building them."""

import importlib
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
DEFINITION = (ROOT / "containers/heitler.def").read_text()
WORKFLOW = ROOT / ".github/workflows/test.yml"


def copied_by_docker() -> set[str]:
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    return {name for line in lines for name in line.split()}


def copied_by_apptainer() -> set[str]:
    files = DEFINITION.split("%files")[1].split("%post")[0]
    return {line.split()[0] for line in files.splitlines() if line.strip()}


@pytest.mark.parametrize("copied", [copied_by_docker(), copied_by_apptainer()])
def test_images_copy_what_the_set_up_reads(copied: set[str], tmp_path: Path) -> None:
    """uv, which the set-up calls, accepts the copied files as a locked project."""
    uv = shutil.which("uv") or ROOT / ".tools/uv/bin/uv"
    for name in copied:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    assert (tmp_path / "scripts/setup.sh").stat().st_mode & 0o100
    command = [uv, "export", "--frozen", "--no-hashes", "--offline", "--quiet", "--no-cache"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "horovod==0.28.1" in done.stdout


def test_shell_of_the_apptainer_definition_is_shell() -> None:
    for section in ("%post", "%environment", "%test"):
        script = re.split(r"^%\w+$", DEFINITION.split(f"\n{section}\n")[1], flags=re.MULTILINE)[0]
        subprocess.run(["sh", "-n"], input=script, text=True, check=True)


def test_the_workflow_runs_the_commands_that_a_person_types() -> None:
    jobs = yaml.safe_load(WORKFLOW.read_text())["jobs"]
    commands = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert commands == ["make test", "make docs", "make repro"]
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {command.removeprefix("make ") for command in commands} <= targets


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Any:
    """scripts/fresh/containers.py, which `make fresh` follows both definitions with."""
    monkeypatch.syspath_prepend(ROOT / "scripts/fresh")
    return importlib.import_module("containers")


def test_make_fresh_reads_the_commands_from_the_dockerfile(fresh: Any) -> None:
    steps = list(fresh.instructions(DOCKERFILE))
    assert steps[0] == ("FROM", "python:3.11-slim-bookworm AS environment")
    commands = [words for name, words in steps if name == "RUN"]
    assert any("scripts/setup.sh && touch .venv/.ready" in command for command in commands)
    assert all("\\" not in command for command in commands)


def test_make_fresh_refuses_an_instruction_that_it_does_not_follow(fresh: Any) -> None:
    with pytest.raises(fresh.FreshError, match="Dockerfile: VOLUME is not followed"):
        fresh.configure(None, "VOLUME", "/data")


def test_make_fresh_reads_the_commands_from_the_apptainer_definition(fresh: Any) -> None:
    sections = fresh.sections(DEFINITION)
    assert "scripts/setup.sh" in sections["post"]
    assert "scripts /opt/heitler/scripts" in sections["files"]
    assert {"environment", "test", "runscript"} <= set(sections)


def test_the_readme_names_what_the_bare_roots_have(fresh: Any) -> None:
    newcomer = importlib.import_module("newcomer")
    [line] = newcomer.INSTALL.findall((ROOT / "README.md").read_text())
    assert line.split()[1:] == ["python3-venv", "git", "make", "g++", "ca-certificates"]
