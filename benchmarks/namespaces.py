"""Training on 4 hosts with limited links: measured cycle times against predicted ones.

    sudo .venv/bin/python benchmarks/namespaces.py [--data FOLDER] [--rounds 3]

The hosts are network namespaces of this machine (root needed), one worker with one thread each.
One training of the default network runs on all of them; its epochs take turns at unlimited links,
1 Gbit/s and 100 Mbit/s, and each is audited: every shower seen once. Because the hosts share this
machine's cores, computing is calibrated by the epochs with unlimited links; predicted is what a
limit adds. Writes benchmarks/results/namespaces.json and namespaces.md.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import yaml

TOP = Path(__file__).parents[1]
sys.path.insert(0, str(TOP))

from tests.cluster.namespaces import CARD, Hosts, missing, several_hosts  # noqa: E402

from heitler.base.files import write_json, write_text  # noqa: E402
from heitler.config import load_config  # noqa: E402
from heitler.data.hdf5 import read_attributes, read_showers, write_showers  # noqa: E402
from heitler.data.summary import load_summary  # noqa: E402
from heitler.scaling.interconnects import cycle_messages_B  # noqa: E402
from heitler.scaling.projection_summary import limited_cycle_s  # noqa: E402
from heitler.tracking.provenance import collect_provenance  # noqa: E402

RESULTS = TOP / "benchmarks/results"
WORKER = TOP / "benchmarks/namespaces_worker.py"
HOSTS, BATCH_PER_HOST, CYCLES = 4, 4, 6
LIMITS_BIT_PER_S = (None, 1e9, 1e8)
TARGET = 0.15
START = (
    "import sys; from heitler.cluster.launch import run_workers; "
    "from heitler.config import load_config; from heitler.base.stage import run_stage; "
    "cluster = load_config().cluster; "
    "run_stage(lambda: sys.exit(run_workers(cluster, int(sys.argv[1]), *sys.argv[2:])))"
)


def main() -> None:
    options = _parse()
    if why_not := missing():
        raise SystemExit(f"No hosts can be made here: {why_not}.")
    if not (options.data / "train.h5").is_file():
        raise SystemExit(f"{options.data}: no train.h5. Run `dvc repro prepare`, or give --data.")
    with tempfile.TemporaryDirectory() as name, several_hosts(HOSTS, Path(name)) as hosts:
        folder = Path(name)
        _write_job(folder, options.data, hosts, options.rounds)
        python = [sys.executable, "-c", START, str(HOSTS), str(WORKER)]
        os.chdir(folder)
        command = hosts.command(*python, ",".join(hosts.names))
        if code := subprocess.run(command, env=hosts.environment()).returncode:
            raise SystemExit(code)
        epochs = json.loads((folder / "epochs.json").read_text())
        shape = load_summary(folder / "summary.json").image_shape
    results = _results(epochs, shape)
    write_json(RESULTS / "namespaces.json", results)
    write_text(RESULTS / "namespaces.md", _table(results))
    print(_table(results))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("data/prepared"), help="of real showers")
    parser.add_argument("--rounds", type=int, default=3, help="epochs at each limit")
    options = parser.parse_args()
    options.data = options.data.resolve()
    return options


def _write_job(folder: Path, data: Path, hosts: Hosts, rounds: int) -> None:
    """Some of the showers, and parameters: one epoch to warm up, then the limits in turn."""
    batch = HOSTS * BATCH_PER_HOST
    showers = read_showers(data / "train.h5")[: CYCLES * batch]
    if len(showers) < CYCLES * batch:
        raise SystemExit(f"{data}: {len(showers)} showers, but {CYCLES * batch} are needed.")
    write_showers(folder / "train.h5", showers, read_attributes(data / "train.h5"))
    shutil.copy(data / "summary.json", folder)
    params = yaml.safe_load((TOP / "params.yaml").read_text())
    params["recipes"] = {"paper": {}, "heitler": {}}  # their batches may not divide by the hosts
    params["train"] |= {
        "workers": HOSTS,
        "global_batch_size": batch,
        "epochs": 1 + rounds * len(LIMITS_BIT_PER_S),
    }
    params["cluster"] |= {
        "launcher": "hosts",
        "hosts": [f"{name}:1" for name in hosts.names],
        "network_interface": CARD,
        "threads_per_worker": 1,
    }
    (folder / "params.yaml").write_text(yaml.safe_dump(params))


def _results(epochs: list[dict[str, float]], shape: tuple[int, int, int]) -> dict[str, object]:
    config = load_config(TOP / "params.yaml")
    updates = config.train.generator_updates_per_cycle
    messages = cycle_messages_B(config.model.design, shape, updates)
    unlimited_s = _median(epochs, None, "cycle_time_s")
    limited = []
    for bits in LIMITS_BIT_PER_S[1:]:
        measured = _median(epochs, bits, "cycle_time_s")
        predicted = limited_cycle_s(unlimited_s, messages, HOSTS, bits)
        limited.append(
            {
                "bandwidth_bit_per_s": bits,
                "cycle_s": measured,
                "predicted_cycle_s": predicted,
                "deviation": predicted / measured - 1,
                "communication_s_per_epoch": _median(epochs, bits, "communication_time_s"),
            }
        )
    return {
        "hosts": HOSTS,
        "batch_per_host": BATCH_PER_HOST,
        "messages_B": messages,
        "unlimited_cycle_s": unlimited_s,
        "limited": limited,
        "epochs": epochs,
        "provenance": collect_provenance(TOP),
    }


def _median(epochs: list[dict[str, float]], limit: float | None, metric: str) -> float:
    """Over the epochs at a limit, the first epoch left out: it compiles."""
    chosen = [epoch[metric] for epoch in epochs[1:] if epoch["limit_bit_per_s"] == limit]
    return float(np.median(chosen))


def _table(results: dict[str, object]) -> str:
    rounds = (len(results["epochs"]) - 1) // len(LIMITS_BIT_PER_S)
    machine = results["provenance"]["machine"]
    lines = [
        f"{HOSTS} hosts (network namespaces), one worker with one thread and {BATCH_PER_HOST} "
        f"showers each, on {machine['cores']} cores ({machine['cpu']}); medians of {rounds} epochs "
        f"of {CYCLES} cycles, taking turns; every epoch's audit passed.",
        "",
        "| link | cycle measured (s) | cycle predicted (s) | predicted / measured - 1 |",
        "|---|---|---|---|",
        f"| unlimited | {results['unlimited_cycle_s']:.3f} | calibration | |",
    ]
    for row in results["limited"]:
        verdict = "within" if abs(row["deviation"]) <= TARGET else "OUTSIDE"
        lines.append(
            f"| {row['bandwidth_bit_per_s'] / 1e6:g} Mbit/s | {row['cycle_s']:.3f} "
            f"| {row['predicted_cycle_s']:.3f} | {row['deviation']:+.1%} ({verdict} {TARGET:.0%}) |"
        )
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
