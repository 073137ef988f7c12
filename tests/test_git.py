"""Where git does not answer, its true reason and the remedy are told, by every command."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from heitler.base.git import GitError, git, refusal, require_git, why_no_commit
from heitler.tracking.provenance import git_state
from tests.refusals import NOBODY, become_nobody, in_child

HEITLER = Path(sys.executable).with_name("heitler")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    subprocess.run(["git", "init", "-q", folder], check=True)
    commit = ["git", *identity, "commit", "-q", "--allow-empty", "-m", "first"]
    subprocess.run(commit, cwd=folder, check=True)
    return folder


@pytest.fixture
def of_another_user(repository: Path) -> Path:
    if os.geteuid() != 0:
        pytest.skip("only root gives files away")
    for path in (repository, *repository.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    return repository


def test_where_git_answers_nothing_is_said(repository, capsys):
    assert refusal(repository) == ""
    assert len(git_state(repository)["git_commit"]) == 40
    assert git(repository, "rev-parse", "no-such-branch") is None
    require_git(repository)
    assert capsys.readouterr().out == ""


def test_a_repository_of_another_user_is_named_once_with_gits_own_remedy(of_another_user, capsys):
    said = refusal(of_another_user)
    assert "belongs to another user" in said
    remedy = said.partition("If you do: ")[2]
    assert "no_commit" in git_state(of_another_user)
    git_state(of_another_user)
    assert capsys.readouterr().out.count("Warning: ") == 1
    home = os.environ | {"HOME": str(of_another_user.parent)}
    subprocess.run(remedy, shell=True, check=True, env=home)
    trusted = ["git", "rev-parse", "HEAD"]
    subprocess.run(trusted, cwd=of_another_user, check=True, capture_output=True, env=home)


def test_a_command_that_needs_experiments_says_so_before_it_starts(of_another_user):
    for name in ("params.yaml", "dvc.yaml"):
        (of_another_user / name).write_text(Path(name).read_text())
    done = subprocess.run(
        [HEITLER, "train", "--set", "train.epochs=7"],
        cwd=of_another_user, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert "safe.directory" in done.stderr


def test_a_git_that_is_not_there_is_told_from_no_repository(repository, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert refusal(repository).startswith("git is not installed")
    assert git_state(repository) == {"no_commit": refusal(repository)}


def test_what_may_not_be_read_is_told_from_no_repository(repository):
    for folder in repository.parents[:4]:
        folder.chmod(folder.stat().st_mode | 0o055)
    (repository / ".git").chmod(0o000)
    said = in_child(become_nobody, lambda: refusal(repository))
    assert f"git may not read {repository / '.git'}" in said


def test_a_worktree_whose_repository_is_not_there_is_told_from_no_repository(tmp_path):
    (tmp_path / ".git").write_text("gitdir: /nowhere/.git/worktrees/one\n")
    said = refusal(tmp_path)
    assert f"git sees no repository in {tmp_path / '.git'}" in said
    assert why_no_commit(tmp_path) == said


def test_an_archive_and_a_repository_without_commits_are_told(tmp_path, capsys):
    assert refusal(tmp_path) == ""
    assert git_state(tmp_path) == {"no_commit": "no git repository"}
    with pytest.raises(GitError, match="in no git repository"):
        require_git(tmp_path)
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    assert git_state(tmp_path) == {"no_commit": "the repository has no commit yet"}
    assert capsys.readouterr().out == ""
