"""Experiments of a newcomer, whose git knows no name and no address."""

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from heitler.base.errors import HeitlerError
from heitler.base.identity import LOGIN_VARIABLES, lent_identity, tell_what_dvc_wants, with_identity
from heitler.base.stage import refuse_without_login
from heitler.doctor.project import check_dvc

STAGE = """stages:
  copy:
    cmd: cp params.yaml copied
    params: [size]
    outs: [copied]
"""
DVC = (sys.executable, "-m", "dvc")
LENT = (sys.executable, "-m", "heitler.base.identity")


@pytest.fixture
def newcomer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A DVC project, this process's folder; git's files name nobody."""
    home, project = tmp_path / "home", tmp_path / "project"
    home.mkdir()
    (project / ".dvc").mkdir(parents=True)
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.chdir(project)
    (project / "params.yaml").write_text("size: 1\n")
    (project / "dvc.yaml").write_text(STAGE)
    (project / ".gitignore").write_text("copied\n.dvc/tmp\n.dvc/cache\n")
    (project / ".dvc/config").write_text("[core]\n    analytics = false\n")
    run("git", "init", "--quiet", "--initial-branch=main")
    run("git", "add", "--all")
    run("git", "-c", "user.name=x", "-c", "user.email=x", "commit", "--quiet", "--message=x")
    (project / "params.yaml").write_text("size: 2\n")  # the newcomer's first change
    return project


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout + done.stderr


def test_an_experiment_in_a_changed_folder_needs_no_name(newcomer: Path) -> None:
    refused = run(*DVC, "exp", "run", "--set-param", "size=3")
    assert "name and email must be configured" in refused  # else there is nothing to lend
    output = run(*LENT, *DVC, "exp", "run", "--name", "bigger", "--set-param", "size=3")
    assert "Ran experiment(s): bigger" in output
    assert (newcomer / "copied").read_text() == "size: 3\n"
    written = run("git", "log", "--all", "--format=%an %ae %cn %ce")
    assert "Heitler heitler@localhost Heitler heitler@localhost" in written


def test_nothing_is_lent_to_who_told_git_a_name(newcomer: Path) -> None:
    assert lent_identity()["GIT_COMMITTER_EMAIL"] == "heitler@localhost"
    run("git", "config", "user.name", "Bethe")
    assert lent_identity()["GIT_AUTHOR_NAME"] == "Bethe"  # both are needed, one is kept
    run("git", "config", "user.email", "bethe@example.org")
    assert lent_identity() == {}
    assert with_identity() == dict(os.environ)


def test_variables_of_git_stay(newcomer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Bethe")
    assert with_identity()["GIT_AUTHOR_NAME"] == "Bethe"
    assert with_identity()["GIT_COMMITTER_NAME"] == "Heitler"


def test_the_doctor_tells_what_a_bare_dvc_will_ask_for(newcomer: Path) -> None:
    assert "git config --global user.email" in check_dvc()[-1].remedy
    run("git", "config", "user.name", "Bethe")
    run("git", "config", "user.email", "bethe@example.org")
    assert [finding.name for finding in check_dvc()] == ["DVC"]


def test_an_experiment_says_what_the_next_one_will_want(
    newcomer: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tell_what_dvc_wants()  # `dvc repro` commits nothing
    monkeypatch.setenv("DVC_EXP_NAME", "bigger")
    tell_what_dvc_wants()
    assert capsys.readouterr().out.count("git config --global user.name") == 1
    for name, value in lent_identity().items():  # as our commands lend it
        monkeypatch.setenv(name, value)
    tell_what_dvc_wants()
    assert capsys.readouterr().out == ""


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without an entry on this system, as of `docker run --user 1234`."""

    def unknown(number: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {number}")

    for name in LOGIN_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)


@pytest.mark.usefixtures("nobody")
def test_a_user_without_a_name_is_lent_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lent_identity()["USER"] == "heitler"


@pytest.mark.usefixtures("nobody")
def test_an_experiment_that_could_not_be_committed_does_not_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refuse_without_login()  # `dvc repro` commits nothing
    monkeypatch.setenv("DVC_EXP_NAME", "bigger")
    with pytest.raises(HeitlerError, match="export USER="):
        refuse_without_login()
    monkeypatch.setenv("USER", "bethe")
    refuse_without_login()
