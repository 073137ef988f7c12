"""Kill a training twenty times at random moments, resume it every time, compare the end.

Not part of `make test` (minutes): scripts/python -m tests.faults.twenty_kills [seed]

The moments: while the workers start and compile, while they train, while the generator is exported.
Writes docs/faults/twenty_kills.json after every kill, and prints the table of docs/reliability.md.
Fails if a killed training leaves a process, ends with another status than its kill should have or
without the right words; if the next one does not go on from the checkpoint; if at the end an
unfinished file is left, or weights, the exported generator's showers or MLflow's record of the
epochs differ from those of the training that was left alone.
"""

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from mlflow import MlflowClient

from heitler.base.files import write_json
from heitler.cluster.launch import LONGEST_STOP_S
from heitler.generation.sampler import load_sampler
from heitler.tracking.store import database_uri
from tests.cluster.ends import assert_they_end, wait_until
from tests.faults.training_folder import TrainingFolder, make_folder, workers_of

EPOCHS, CYCLES_PER_EPOCH = 40, 6
ALL_CYCLES = EPOCHS * CYCLES_PER_EPOCH
LATER = 8
"""Cycles by which a training goes on, on a fast machine, before a kill takes effect."""
MOMENTS = {"starting": 3, "training": 14, "ending": 3}
"""How many kills each has; the last ones come last, the others in random order."""
RESULT = Path(__file__).parents[2] / "docs/faults/twenty_kills.json"
STATUS = {"SIGKILL worker 0": 1, "SIGKILL worker 1": 1, "SIGKILL all workers": 1,
          "SIGKILL launcher": -signal.SIGKILL, "SIGTERM launcher": 130, "SIGINT launcher": 130,
          "SIGTERM worker 1": 130}  # fmt: skip
"""Each kind of kill, and the exit status that it must lead to while the workers train."""
AT_THE_START = {"SIGINT launcher": {-signal.SIGINT}, "SIGTERM launcher": {-signal.SIGTERM, 143},
                "SIGTERM worker 1": {1}}  # fmt: skip
"""Further ones: the stage has not begun, the worker does not listen yet."""
TIMES = re.compile(r"_s$|per_second")
"""Metrics that no two trainings have in common."""
WORDS = {
    1: re.compile(r"Error: worker \d on \S+ was ended by signal 9"),
    130: re.compile(r"Stopped .* To go on: the same command"),
}
"""What the training must say, by its exit status."""


def main() -> None:
    chance = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    settings: dict[str, Any] = {"epochs": EPOCHS, "checkpoint_every_min": 0.005}
    moments = ["starting"] * MOMENTS["starting"] + ["training"] * MOMENTS["training"]
    chance.shuffle(moments)
    ways = chance.sample(list(STATUS) * 3, len(moments))
    moments += ["ending"] * MOMENTS["ending"]
    exporting = [way for way in STATUS if "worker 1" not in way]  # it has done its part by then
    ways += chance.sample(exporting, MOMENTS["ending"])
    result: dict[str, Any] = {"kills": []}
    with tempfile.TemporaryDirectory() as top:
        alone = make_folder(Path(top) / "alone", **settings)
        times = result["uninterrupted_s"] = train_alone(alone)
        print("undisturbed:", ", ".join(f"{name} {s:.1f} s" for name, s in times.items()))
        killed = make_folder(Path(top) / "killed", **settings)
        for number, (moment, way) in enumerate(zip(moments, ways, strict=True)):
            left = moments[number:].count("training")
            result["kills"].append(kill(killed, moment, way, left, times, chance))
            write_json(RESULT, result)
        with killed.running() as training:
            wait_until(lambda: training.poll() is not None, 1200)
        check(training.returncode == 0, killed, "did not end by itself")
        check_resumed(killed, ALL_CYCLES)
        check(not unfinished(killed), killed, f"unfinished files are left: {unfinished(killed)}")
        mine, yours = what_came_out(alone), what_came_out(killed)
        assert mine.keys() == yours.keys()
        different = [name for name in mine if not np.array_equal(mine[name], yours[name])]
    result["arrays"] = len(mine)
    result["numbers"] = int(sum(value.size for value in mine.values()))
    result["different_arrays"] = different
    write_json(RESULT, result)
    print(f"{len(moments)} kills; {len(different)} of {len(mine)} arrays differ: {RESULT}\n")
    print_table(result["kills"])
    sys.exit(bool(different))


def what_came_out(folder: TrainingFolder) -> dict[str, np.ndarray]:
    """All variables, showers of the exported generator, MLflow's record of the epochs."""
    energies = np.linspace(10, 100, 8)
    showers = load_sampler(folder.path / "data/training/paper/generator").sample(
        energies, seed=1, batch_size=8
    )
    return folder.variables() | {"showers": showers} | recorded(folder)


def recorded(folder: TrainingFolder) -> dict[str, np.ndarray]:
    """By metric that is no time, (epoch, value) as MLflow has them; no epoch twice.

    Values that are not finite, such as noise scales of tiny batches, are not recorded.
    """
    client = MlflowClient(database_uri(folder.path / "mlruns"))
    run = client.get_run(
        json.loads((folder.path / "data/training/paper/run.json").read_text())["run_id"]
    )
    check(run.info.status == "FINISHED", folder, f"is {run.info.status} in MLflow")
    found = {}
    for name in run.data.metrics:
        points = [(p.step, p.value) for p in client.get_metric_history(run.info.run_id, name)]
        if not name.startswith("system/") and len(points) > 1:
            steps = sorted(step for step, _ in points)
            once = len(set(steps)) == len(steps)
            check(once, folder, f"has epochs {steps} of {name} in MLflow")
            if not TIMES.search(name):
                found[f"MLflow/{name}"] = np.array(sorted(points))
    return found


def train_alone(folder: TrainingFolder) -> dict[str, float]:
    """Train without a kill: how long it takes up to the first and last checkpoint, and the end."""
    with folder.running() as training:
        starting = wait_until(lambda: cycles_saved(folder) or training.poll() is not None, 600)
        done = wait_until(
            lambda: cycles_saved(folder) == ALL_CYCLES or training.poll() is not None, 1200
        )
        ending = wait_until(lambda: training.poll() is not None, 600)
    check(training.returncode == 0, folder, "did not end by itself")
    return {"starting": starting, "training": done, "ending": ending}


def kill(
    folder: TrainingFolder,
    moment: str,
    way: str,
    left: int,
    times: dict[str, float],
    chance: random.Random,
) -> dict[str, Any]:
    """Start or resume, kill at a random moment, and say what was saved and lost.

    `left` kills, this one included, divide the cycles that are yet to be trained.
    """
    saved = cycles_saved(folder)
    with folder.running() as training:
        wait_for(moment, way, folder, training, left, times, chance)
        check(training.poll() is None, folder, "ended before it was killed")
        workers = workers_of(training)
        family = [child.pid for child in psutil.Process(training.pid).children(recursive=True)]
        strike(training, workers, way)
        lost = way.startswith("SIGKILL") and "launcher" not in way  # a worker, or all
        ended_s = assert_they_end(family, within_s=LONGEST_STOP_S if lost else 60)
        stopped_s = ended_s + wait_until(lambda: training.poll() is not None, 120)
    reached = cycles_saved(folder)
    print(f"{moment}: {way}, exit {training.returncode}, {saved} -> {reached}", flush=True)
    status = training.returncode
    further = AT_THE_START.get(way, set()) if moment == "starting" else set()
    expected = {STATUS[way]} | further
    check(status in expected, folder, f"{way}: exit status {status}, not {expected}")
    check("Traceback" not in folder.output, folder, "shows a traceback")
    check(reached >= saved, folder, f"{way}: has lost checkpoints, {saved} -> {reached}")
    if reached > saved:
        check_resumed(folder, saved)
    wanted = WORDS.get(status, re.compile("(?!)"))
    message = next((x for x in folder.output.splitlines() if wanted.match(x)), "")
    told = moment != "training" or status < 0 or message
    check(bool(told), folder, f"{way}: does not say what happened")
    return {
        "moment": moment,
        "way": way,
        "exit_code": status,
        "cycles_saved_before": saved,
        "cycles_saved_after": reached,
        "workers_ended_after_s": round(ended_s, 1),
        "stopped_after_s": round(stopped_s, 1),
        "unfinished_files": len(unfinished(folder)),
        "message": message,
    }


def wait_for(
    moment: str,
    way: str,
    folder: TrainingFolder,
    training: "subprocess.Popen[str]",
    left: int,
    times: dict[str, float],
    chance: random.Random,
) -> None:
    """Return at a random moment of this kind."""
    saved, begun = cycles_saved(folder), time.monotonic()

    def until(condition: Any) -> None:
        wait_until(lambda: condition() or training.poll() is not None, 600)

    if moment != "starting" or "worker" in way:
        until(lambda: len(workers_of(training)) == 2)
    if moment == "starting":
        waited = time.monotonic() - begun
        time.sleep(chance.uniform(0, max(times["starting"] - waited, 0)))
    elif moment == "training":
        share = (ALL_CYCLES - saved) // left
        target = saved + chance.randint(1, max(share - LATER, 1))
        until(lambda: cycles_saved(folder) >= target)
        time.sleep(chance.uniform(0, 0.3))
    else:
        until(lambda: cycles_saved(folder) == ALL_CYCLES and "resuming after" in folder.output)
        time.sleep(chance.uniform(0, 0.8 * times["ending"]))


def strike(training: "subprocess.Popen[str]", workers: dict[int, int], way: str) -> None:
    name, _, target = way.partition(" ")
    pids = [training.pid]
    if target != "launcher":
        pids = list(workers.values()) if "all" in target else [workers[int(target[-1])]]
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):  # it has done its part
            os.kill(pid, signal.Signals[name])


def check(holds: bool, folder: TrainingFolder, problem: str) -> None:
    if not holds:
        raise SystemExit(f"The training {problem}. Its output:\n{folder.output}")


def check_resumed(folder: TrainingFolder, saved: int) -> None:
    """Fail if the training that ran last did not go on from its checkpoint of `saved` cycles."""
    epoch, cycles = divmod(saved, CYCLES_PER_EPOCH)
    within = f" and {cycles} cycles" if cycles else ""
    words = f"resuming after epoch {epoch} of {EPOCHS}{within}\n"
    check(not saved or words in folder.output, folder, f"does not say: {words}")


def unfinished(folder: TrainingFolder) -> list[str]:
    """Files under a temporary name."""
    found = [path for part in ("data", "reports") for path in (folder.path / part).rglob(".*")]
    return [str(path) for path in found if path.is_file()]


def cycles_saved(folder: TrainingFolder) -> int:
    """Cycles of which the newest checkpoint knows."""
    if not folder.checkpoints:
        return 0
    _, epochs, *within = folder.checkpoints[-1].split("-")
    return int(epochs) * CYCLES_PER_EPOCH + (int(within[1]) if within else 0)


def print_table(kills: list[dict[str, Any]]) -> None:
    """For docs/reliability.md."""
    print("| kill | times | longest to the workers' end | to the end of the command | exit |")
    print("|---|---|---|---|---|")
    for way in STATUS:
        rows = [row for row in kills if row["way"] == way]
        longest = [max(row[key] for row in rows) for key in rows[0] if key.endswith("after_s")]
        status = "killed" if rows[0]["exit_code"] < 0 else rows[0]["exit_code"]
        print(f"| {way} | {len(rows)} | {longest[0]:.1f} s | {longest[1]:.1f} s | {status} |")


if __name__ == "__main__":
    main()
