"""One file of simulated showers that no training saw, for `heitler validate`.

    python benchmarks/held_out.py FIRST_SHARD COUNT held-out.h5 [--showers data/showers]

The shards from the first one on, with cells below `prepare.cell_threshold_GeV` set to 0 as the
training showers have them. Refused where a shard is missing, or where the output is there already.
"""

import argparse
import dataclasses
from pathlib import Path

from heitler.config import load_config
from heitler.data.hdf5 import concatenate, read_attributes, read_showers, write_showers
from heitler.showers import apply_threshold

OF_A_SHARD = ("shard", "fingerprint")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("first", type=int, help="number of the first shard")
    parser.add_argument("count", type=int, help="how many shards")
    parser.add_argument("output", type=Path)
    parser.add_argument("--showers", type=Path, default=Path("data/showers"), help="folder")
    options = parser.parse_args()
    if options.count < 1:
        parser.error(f"count is {options.count}: give at least 1 shard")
    if options.output.exists():
        parser.error(f"{options.output} is there already, and stays: give another name")
    numbers = range(options.first, options.first + options.count)
    shards = [options.showers / f"shard-{number:05d}.h5" for number in numbers]
    if missing := [shard.name for shard in shards if not shard.is_file()]:
        parser.error(f"{options.showers} lacks {', '.join(missing)}: simulate more showers first")
    threshold = load_config().prepare.cell_threshold_GeV
    showers = concatenate([read_showers(shard) for shard in shards])
    cells = apply_threshold(showers.cells_GeV, threshold)
    about = {k: v for k, v in read_attributes(shards[0]).items() if k not in OF_A_SHARD}
    write_showers(
        options.output,
        dataclasses.replace(showers, cells_GeV=cells),
        {**about, "cell_threshold_GeV": threshold},
    )
    print(f"{options.output}: {len(showers)} showers of {len(shards)} shards")


if __name__ == "__main__":
    main()
