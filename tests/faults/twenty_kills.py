"""Kill a training twenty times at random moments, resume it every time, compare the end.

Not part of `make test` (minutes): scripts/python -m tests.faults.twenty_kills

Writes docs/faults/twenty_kills.json. Fails if a resumed training needs help, leaves a process or
an unfinished file behind, or ends with other weights than the one that was left alone.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from tests.cluster.ends import assert_they_end, wait_until
from tests.faults.training_folder import TrainingFolder, make_folder, workers_of

KILLS = 20
EPOCHS, CYCLES_PER_EPOCH = 60, 6
LATER = 8
"""Cycles by which a training goes on, on a fast machine, before a kill takes effect."""
RESULT = Path(__file__).parents[2] / "docs/faults/twenty_kills.json"
WAYS = ("SIGKILL worker 0", "SIGKILL worker 1", "SIGKILL launcher", "SIGKILL all workers",
        "SIGTERM launcher", "SIGINT launcher", "SIGTERM worker 1")  # fmt: skip


def main() -> None:
    chance = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    settings: dict[str, Any] = {"epochs": EPOCHS, "checkpoint_every_min": 0.005}
    with tempfile.TemporaryDirectory() as top:
        alone = make_folder(Path(top) / "alone", **settings)
        alone_s = train_to_the_end(alone)
        killed = make_folder(Path(top) / "killed", **settings)
        ways = chance.sample(WAYS * 3, KILLS)
        kills = [kill(killed, number, way, chance) for number, way in enumerate(ways, 1)]
        train_to_the_end(killed)
        mine, yours = alone.variables(), killed.variables()
        different = [name for name in mine if not np.array_equal(mine[name], yours[name])]
    result = {
        "kills": kills,
        "variables": len(mine),
        "numbers": int(sum(value.size for value in mine.values())),
        "different_variables": different,
        "uninterrupted_s": round(alone_s, 1),
    }
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(f"{KILLS} kills; {len(different)} of {len(mine)} variables differ: {RESULT}")
    sys.exit(bool(different))


def train_to_the_end(folder: TrainingFolder) -> float:
    """Start or resume, and leave it alone; how long it took in s."""
    training = folder.start()
    took_s = wait_until(lambda: training.poll() is not None, 1200)
    if training.returncode:
        raise SystemExit(folder.output)
    return took_s


def kill(folder: TrainingFolder, number: int, way: str, chance: random.Random) -> dict[str, Any]:
    """Start or resume, kill at a random moment, and say what was saved and lost."""
    saved = cycles_saved(folder)
    training = folder.start()
    share = (EPOCHS * CYCLES_PER_EPOCH - saved) // (KILLS - number + 1)  # of the cycles left
    target = saved + chance.randint(1, max(share - LATER, 1))
    wait_until(lambda: len(workers_of(training)) == 2 or training.poll() is not None, 600)
    wait_until(lambda: cycles_saved(folder) >= target or training.poll() is not None, 600)
    time.sleep(chance.uniform(0, 0.3))
    if training.poll() is not None:
        raise SystemExit(f"The training has ended before kill {number}:\n{folder.output}")
    workers = workers_of(training)
    strike(training, workers, way)
    ended_s = assert_they_end(workers.values(), within_s=60)
    stopped_s = ended_s + wait_until(lambda: training.poll() is not None, 120)
    code = training.returncode
    left = [str(path) for path in (folder.path / "data").rglob(".*.tmp")]
    print(f"{number}: {way}, exit {code}, {ended_s:.1f} s, {stopped_s:.1f} s", flush=True)
    return {
        "way": way,
        "exit_code": code,
        "cycles_saved_before": saved,
        "cycles_saved_after": cycles_saved(folder),
        "workers_ended_after_s": round(ended_s, 1),
        "stopped_after_s": round(stopped_s, 1),
        "unfinished_files": len(left),
        "message": next((x for x in folder.output.splitlines() if x[:5] in ("Error", "Stopp")), ""),
    }


def strike(training: "subprocess.Popen[str]", workers: dict[int, int], way: str) -> None:
    name, _, target = way.partition(" ")
    pids = {
        "launcher": [training.pid],
        "all workers": list(workers.values()),
        "worker 0": [workers[0]],
        "worker 1": [workers[1]],
    }[target]
    for pid in pids:
        os.kill(pid, signal.Signals[name])


def cycles_saved(folder: TrainingFolder) -> int:
    """Cycles of which the newest checkpoint knows."""
    if not folder.checkpoints:
        return 0
    _, epochs, *within = folder.checkpoints[-1].split("-")
    return int(epochs) * CYCLES_PER_EPOCH + (int(within[1]) if within else 0)


if __name__ == "__main__":
    main()
