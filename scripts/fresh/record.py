"""What passed, at which commit and in how many minutes."""

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from newcomer import STEPS

from heitler.base.files import HEADLINES, merge_headlines

ANSWERS = {
    "debian12_ok": ("bookworm",),
    "debian13_ok": ("trixie",),
    "ordinary_user_ok": ("user",),
    "containers_ok": ("docker", "apptainer"),
}
WORDS = (".", f":(exclude){HEADLINES}", ":(exclude)CHANGELOG.md")
UNUSED = ("*.md", "docs", "tests", "benchmarks", "scripts/fresh", ".github")
CODE = (*WORDS, *(f":(exclude){path}" for path in UNUSED))
USED = {
    "packages": ("README.md",),
    "env": ("uv.lock", "pyproject.toml", "Makefile", "scripts/*.sh", "src/heitler/doctor"),
    "test": WORDS,
}
"""What decides how a step ends (any other: CODE); if nothing of it is changed, its end counts."""


class Record:
    """Steps by root, kept in a file from one `make fresh` to the next."""

    def __init__(self, path: Path, project: Path, commit: str) -> None:
        self.path, self.project, self.commit = path, project, commit
        self.steps = self._valid()

    def _valid(self) -> dict[str, Any]:
        """What counts for this commit; another `make fresh` may work on other roots meanwhile."""
        return {
            root: {step: end for step, end in steps.items() if self._counts(step, end)}
            for root, steps in self._kept().items()
        }

    def _kept(self) -> dict[str, Any]:
        kept: dict[str, Any] = json.loads(self.path.read_text()) if self.path.exists() else {}
        return kept

    def _counts(self, step: str, end: dict[str, Any]) -> bool:
        """Whether the commit of then and this one are equal in all that the step uses."""
        command = ("git", "-C", self.project, "diff", "--quiet", end["commit"], self.commit, "--")
        done = subprocess.run([*command, *USED.get(step, CODE)], stderr=subprocess.DEVNULL)
        return done.returncode == 0

    def add(self, root: str, step: str, passed: bool, minutes: float) -> None:
        """Say and keep how a step ended."""
        kept = self._kept()
        end = {"passed": passed, "minutes": round(minutes, 1), "commit": self.commit}
        kept.setdefault(root, {})[step] = end
        self.path.write_text(json.dumps(kept, indent=2) + "\n")
        self.steps = self._valid()
        print(f"{root}: {step} {'passed' if passed else 'FAILED'}, {minutes:.1f} min", flush=True)

    def passed(self, root: str, step: str) -> bool:
        return bool(self.steps.get(root, {}).get(step, {}).get("passed"))

    def all_passed(self, roots: Iterable[str]) -> bool:
        return all(end["passed"] for root in roots for end in self.steps.get(root, {}).values())

    def table(self) -> str:
        """One line per step whose end counts for this commit."""
        lines = [f"{'root':10} {'step':10} {'':6} minutes  commit"]
        for root, steps in self.steps.items():
            for step, end in steps.items():
                word = "passed" if end["passed"] else "FAILED"
                minutes, commit = end["minutes"], end["commit"][:7]
                lines.append(f"{root:10} {step:10} {word} {minutes:7.1f}  {commit}")
        return "\n".join(lines)

    def write_headlines(self, path: Path) -> None:
        """Put what is known of all steps into the object `fresh`."""
        found: dict[str, Any] = {
            answer: self.all_passed(roots)
            for answer, roots in ANSWERS.items()
            if all(self._complete(root) for root in roots)
        }
        if self.passed("bookworm", "smoke"):
            found["minutes_smoke"] = self.steps["bookworm"]["smoke"]["minutes"]
        if found:
            merge_headlines("fresh", found, path)
            print(f"Written: fresh in {path}")

    def _complete(self, root: str) -> bool:
        """Whether every step ran, or one failed: passed parts say nothing of the whole."""
        wanted = ("build", "run") if root in ANSWERS["containers_ok"] else STEPS
        ends = self.steps.get(root, {})
        return set(wanted) <= set(ends) or not all(end["passed"] for end in ends.values())
