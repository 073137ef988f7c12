"""Variants that take turns: each a process that runs and times itself once when asked."""

import json
import os
import subprocess
from typing import Any

import numpy as np

from heitler.cluster.commands import HUGE_PAGES

Seconds = dict[str, float]


class Worker:
    """A process that answers each batch size on its standard input with a line of JSON."""

    def __init__(self, name: str, command: list[str], env: dict[str, str | None]) -> None:
        self.name = name
        self.runs: dict[int, list[Seconds]] = {}
        changed = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "GLIBC_TUNABLES": HUGE_PAGES} | env
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={key: value for key, value in changed.items() if value is not None},
        )
        self.about: dict[str, Any] = self._answer()

    def run(self, batch: int) -> None:
        """Run once and note the seconds."""
        print(batch, file=self.process.stdin, flush=True)
        self.runs.setdefault(batch, []).append(self._answer())

    def stop(self) -> None:
        """End the process."""
        self.process.stdin.close()
        self.process.wait()

    def _answer(self) -> dict[str, Any]:
        for line in self.process.stdout:
            if line.startswith("ANSWER "):
                return json.loads(line.removeprefix("ANSWER "))
        raise SystemExit(f"{self.name}: ended without an answer. Its message is above.")


def summarize(runs: dict[int, list[Seconds]]) -> dict[str, dict[str, float]]:
    """Median, minimum, spread (largest / smallest) and CPU seconds of one run, by batch size."""
    return {str(batch): _summarize(times) for batch, times in runs.items()}


def _summarize(times: list[Seconds]) -> dict[str, float]:
    wall = np.array([time["wall_s"] for time in times])
    return {
        "median": float(np.median(wall)),
        "min": float(wall.min()),
        "spread": float(wall.max() / wall.min()),
        "cpu": float(np.median([time["cpu_s"] for time in times])),
        "rounds": len(times),
    }
