"""Does the input keep up with the training cycle, and what memory does it take?

    python benchmarks/input.py [--batches 8 128] [--quick]

Reads the prepared training showers (`dvc repro prepare`), as training does: one worker, all cores.
1. Wait: real cycles; the time that each had to wait for its batch, after the first of the epoch.
2. Memory: whole epochs of 500 and 5,000 showers (real ones, repeated) without the cycle; the
   highest memory beyond that of the program before its first batch.
Each measurement has a process of its own. Writes benchmarks/results/input.json and input.md.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from heitler.base.files import write_json, write_text
from heitler.data.hdf5 import read_attributes, read_showers, shower_writer
from heitler.tracking.provenance import collect_provenance

HERE = Path(__file__).parent
RESULTS = HERE / "results"
TRAIN = Path("data/prepared/train.h5")
CYCLES = {8: 24, 128: 5}
"""Timed, the first of which is left out: it compiles."""
SIZES = (500, 5000)
AT_ONCE = 500


def main() -> None:
    options = _parse()
    with tempfile.TemporaryDirectory() as name:
        files = {count: Path(name) / f"{count}.h5" for count in SIZES}
        for count, path in files.items():
            repeat_showers(path, count)
            print(f"{path.name}: {path.stat().st_size / 1e6:.0f} MB", flush=True)
        waits, memory = [], []
        for batch in options.batches:
            cycles = CYCLES.get(batch, 6) // (2 if options.quick else 1)
            waits.append(_measure("wait", files[SIZES[1]], batch, max(cycles, 3)))
            memory += [_measure("memory", path, batch, 0) for path in files.values()]
    results = {"wait": waits, "memory": memory, "provenance": collect_provenance()}
    write_json(RESULTS / "input.json", results)
    write_text(RESULTS / "input.md", "\n".join([*_wait_lines(waits), "", *_memory_lines(memory)]))
    print((RESULTS / "input.md").read_text())


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batches", type=int, nargs="+", default=[8, 128], help="batch sizes")
    parser.add_argument("--quick", action="store_true", help="half as many cycles")
    return parser.parse_args()


def repeat_showers(path: Path, count: int) -> None:
    """The training showers again and again, with event ids of their own."""
    showers, attributes = read_showers(TRAIN), read_attributes(TRAIN)
    with shower_writer(path, showers.cells_GeV.shape[1:], attributes) as append:
        for start in range(0, count, AT_ONCE):
            append(showers[np.arange(start, min(start + AT_ONCE, count)) % len(showers)])
    with h5py.File(path, "r+") as file:
        file["event_id"][:] = np.arange(count)


def _measure(what: str, path: Path, batch: int, cycles: int) -> dict[str, Any]:
    print(f"{what}: {path.stem} showers, batch {batch} ...", flush=True)
    command = [sys.executable, HERE / "input_worker.py", what, path, str(batch), str(cycles)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _wait_lines(rows: list[dict[str, Any]]) -> list[str]:
    lines = [
        "Waiting for input, one worker on all cores; medians over cycles, in ms. Preparing a batch "
        "(reading, decompressing, random numbers, tensors) happens beside the cycle.",
        "",
        "| batch | cycles | cycle | wait | wait / cycle | largest wait | preparing alone |",
        "|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        share = row["wait_ms"] / row["cycle_ms"]
        lines.append(
            f"| {row['batch']} | {row['cycles']} | {row['cycle_ms']:.0f} | {row['wait_ms']:.2f} "
            f"| {share:.2%} | {row['longest_wait_ms']:.2f} | {row['prepare_ms']:.1f} |"
        )
    return lines


def _memory_lines(rows: list[dict[str, Any]]) -> list[str]:
    lines = [
        "Memory of a whole epoch's input beyond the program's before its first batch. The buffer "
        "is the cycle's batch and the next one, as tensors and as the arrays they are made of.",
        "",
        "| batch | showers in the file | uncompressed | one batch | highest memory | in batches |",
        "|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        megabytes = (f"{row[name] / 1e6:.1f} MB" for name in ("file", "one_batch", "peak"))
        cells = [str(row["batch"]), str(row["showers"]), *megabytes]
        cells.append(f"{row['peak'] / row['one_batch']:.0f}")
        lines.append("| " + " | ".join(cells) + " |")
    return lines


if __name__ == "__main__":
    main()
