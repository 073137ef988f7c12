"""Where a result comes from can be told later."""

import subprocess
from pathlib import Path

from heitler.tracking import provenance


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def test_uncommitted_code_is_noticed_but_not_what_a_run_keeps_or_writes_itself(
    tmp_path: Path,
) -> None:
    git(tmp_path, "init")
    (tmp_path / "reports").mkdir()
    kept = ("dvc.lock", "params.yaml", "reports/metrics.json")
    for name in ("code.py", *kept):
        (tmp_path / name).write_text("old")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    for name in kept:
        (tmp_path / name).write_text("new")
    assert provenance.git_state(tmp_path)["uncommitted_changes"] is False
    (tmp_path / "code.py").write_text("new")
    assert provenance.git_state(tmp_path)["uncommitted_changes"] is True


def test_outside_a_repository_there_is_no_commit(tmp_path: Path) -> None:
    assert provenance.git_state(tmp_path) == {"no_commit": "no git repository"}


def test_data_hashes_are_those_of_dvc_lock(tmp_path: Path) -> None:
    lock = "stages: {prepare: {outs: [{path: data/prepared, md5: abc.dir}, {path: x, md5: y}]}}"
    (tmp_path / "dvc.lock").write_text(lock)
    assert provenance.data_hashes(tmp_path) == {"data/prepared": "abc.dir"}


def test_machine_and_software_are_described() -> None:
    assert provenance.machine()["cores"] >= 1
    assert provenance.software()["horovod"] == "0.28.1"
