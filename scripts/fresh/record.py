"""What passed, for which commit and in how many minutes."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from newcomer import STEPS

HEADLINES = {
    "debian12_ok": ("bookworm",),
    "debian13_ok": ("trixie",),
    "ordinary_user_ok": ("user",),
    "containers_ok": ("docker", "apptainer"),
}


class Record:
    """Steps by root, kept in a file from one `make fresh` to the next while the commit stays."""

    def __init__(self, path: Path, commit: str) -> None:
        self.path, self.commit = path, commit
        self.steps = self._kept()

    def _kept(self) -> dict[str, Any]:
        """Of this commit; another `make fresh` may work on other roots meanwhile."""
        kept = json.loads(self.path.read_text()) if self.path.exists() else {}
        return kept.get("steps", {}) if kept.get("commit") == self.commit else {}

    def add(self, root: str, step: str, passed: bool, minutes: float) -> None:
        """Say and keep how a step ended."""
        self.steps = self._kept()
        self.steps.setdefault(root, {})[step] = {"passed": passed, "minutes": round(minutes, 1)}
        self.path.write_text(json.dumps({"commit": self.commit, "steps": self.steps}, indent=2))
        print(f"{root}: {step} {'passed' if passed else 'FAILED'}, {minutes:.1f} min", flush=True)

    def passed(self, root: str, step: str) -> bool:
        return bool(self.steps.get(root, {}).get(step, {}).get("passed"))

    def all_passed(self, roots: Iterable[str]) -> bool:
        return all(end["passed"] for root in roots for end in self.steps.get(root, {}).values())

    def table(self) -> str:
        """One line per step that ran for this commit."""
        lines = [f"{'root':10} {'step':10} {'':6} minutes"]
        for root, steps in self.steps.items():
            for step, end in steps.items():
                word = "passed" if end["passed"] else "FAILED"
                lines.append(f"{root:10} {step:10} {word} {end['minutes']:7.1f}")
        return "\n".join(lines)

    def write_headlines(self, path: Path) -> None:
        """Put what is known of all steps into the object `fresh`; the rest of the file stays."""
        headlines = json.loads(path.read_text()) if path.exists() else {}
        fresh = headlines.setdefault("fresh", {})
        for key, roots in HEADLINES.items():
            if all(self._complete(root) for root in roots):
                fresh[key] = self.all_passed(roots)
        if self.passed("bookworm", "smoke"):
            fresh["minutes_smoke"] = self.steps["bookworm"]["smoke"]["minutes"]
        if fresh:
            path.write_text(json.dumps(headlines, indent=2) + "\n")
            print(f"Written: fresh in {path}")

    def _complete(self, root: str) -> bool:
        """Whether every step ran, or one failed: passed parts say nothing of the whole."""
        wanted = ("build", "run") if root in HEADLINES["containers_ok"] else STEPS
        ends = self.steps.get(root, {})
        return set(wanted) <= set(ends) or not all(end["passed"] for end in ends.values())
