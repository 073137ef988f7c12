"""`heitler claims` where nothing has run yet."""

import json
import shutil
from pathlib import Path

import pytest

from heitler.base.files import write_json
from heitler.cli.claims import KEPT, OF_OTHERS, claims
from heitler.config import PARAMS_FILE


def test_a_fresh_clone_shows_the_run_that_came_with_it_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(PARAMS_FILE, tmp_path)
    shutil.copytree("reports/reference", tmp_path / "reports/reference")
    monkeypatch.chdir(tmp_path)
    claims()
    assert " ".join(OF_OTHERS.split()) in " ".join(capsys.readouterr().out.split())
    claims(as_json=True)
    answers = {claim["key"]: claim for claim in json.loads(capsys.readouterr().out)}
    assert "not run" not in {claim["verdict"] for claim in answers.values()}
    assert "docs/fig2.md" in answers["physics-256-nodes"]["reason"]  # of the kept study


def test_the_first_stage_that_runs_ends_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(PARAMS_FILE, tmp_path)
    write_json(tmp_path / "reports/simulate/metrics.json", {})
    monkeypatch.chdir(tmp_path)
    claims()
    assert str(KEPT) not in capsys.readouterr().out
