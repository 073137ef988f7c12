"""What `make fresh` notes: which steps passed, and for how long that is known."""

import importlib
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def record(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(ROOT / "scripts/fresh")
    return importlib.import_module("record")


def commit(project: Path, name: str) -> str:
    """Change one file of a repository; the commit."""
    path = project / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(path.read_text() + "more\n" if path.exists() else "")
    who = ("-c", "user.name=a", "-c", "user.email=a@b")
    for words in (("init", "-q"), ("add", "."), (*who, "commit", "-qm", name)):
        subprocess.run(["git", "-C", project, *words], check=True)
    head = subprocess.run(
        ["git", "-C", project, "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    )
    return head.stdout.strip()


@pytest.mark.parametrize(
    ("changed", "still"),
    [
        ("docs/page.md", {"packages", "env", "smoke"}),
        ("src/heitler/showers.py", {"packages", "env"}),
        ("uv.lock", {"packages"}),
        ("README.md", {"env", "smoke"}),
        ("reports/reference/headlines.json", {"packages", "env", "smoke", "test"}),
    ],
)
def test_a_step_counts_until_something_that_it_uses_has_changed(
    record: Any, tmp_path: Path, changed: str, still: set[str]
) -> None:
    path, project = tmp_path / "results.json", tmp_path / "project"
    before = record.Record(path, project, commit(project, "src/heitler/showers.py"))
    for step in ("packages", "env", "smoke", "test"):
        before.add("bookworm", step, True, 1.0)
    after = record.Record(path, project, commit(project, changed))
    assert {step for step in before.steps["bookworm"] if after.passed("bookworm", step)} == still


def test_a_root_is_ok_when_all_its_steps_were_seen_to_pass(record: Any, tmp_path: Path) -> None:
    kept = record.Record(tmp_path / "results.json", tmp_path, commit(tmp_path, "params.yaml"))
    headlines = tmp_path / "headlines.json"
    for step in ("packages", "env", "smoke", "doctor"):
        kept.add("trixie", step, True, 1.0)
    kept.write_headlines(headlines)
    assert not headlines.exists()
    kept.add("trixie", "test", True, 1.0)
    kept.write_headlines(headlines)
    assert json.loads(headlines.read_text()) == {"fresh": {"debian13_ok": True}}
    kept.add("trixie", "smoke", False, 1.0)
    kept.write_headlines(headlines)
    assert json.loads(headlines.read_text()) == {"fresh": {"debian13_ok": False}}
