"""What a run writes is DVC's, what is kept is git's: `make repro` changes no results in git."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
KINDS = ("outs", "metrics", "plots")


def outputs(stage: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for kind in KINDS:
        for entry in stage.get(kind, ()):
            yield from entry.items() if isinstance(entry, dict) else ((entry, {}),)


def test_git_follows_no_output_of_a_stage_and_dvc_keeps_all() -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"].values()
    found = dict(pair for stage in stages for pair in outputs(stage))
    assert len(found) > 40
    asked = "\n".join(f"{path}/x" for path in found)
    ignored = subprocess.run(
        ["git", "check-ignore", "--no-index", "--stdin"],
        cwd=ROOT, input=asked, capture_output=True, text=True,
    )  # fmt: skip
    assert set(asked.splitlines()) == set(ignored.stdout.splitlines())
    assert not [path for path, settings in found.items() if settings.get("cache") is False]


def test_git_keeps_studies_alone() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "reports"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    others = [f for f in listed.stdout.splitlines() if not f.startswith("reports/reference/")]
    assert not others


def test_a_kept_figure_is_not_ignored() -> None:
    done = subprocess.run(
        ["git", "check-ignore", "--no-index", "reports/reference/study/fig.svg"], cwd=ROOT
    )
    assert done.returncode == 1
