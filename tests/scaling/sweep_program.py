"""Run as a Horovod worker by the tests: measure one setup, as stage `scale` does."""

import os
import sys
from pathlib import Path

from heitler.config import load_config
from heitler.data.summary import load_summary
from heitler.scaling.points import Start, plan_comparisons, points_by_setup

data, records, fingerprint = (os.environ[f"SWEEP_{name}"] for name in ("DATA", "OUT", "PRINT"))
name, repeat, meeting = sys.argv[1:]
config = load_config(Path(data) / "params.yaml")
setups = points_by_setup(plan_comparisons(config.scale, config.model, local_cores=2))
[points] = [found for setup, found in setups.items() if setup.name == name]

from heitler.scaling.measure import measure_points  # noqa: E402  TensorFlow

measure_points(
    config,
    points,
    Start(int(repeat), fingerprint, Path(meeting)),
    Path(data) / "train.h5",
    load_summary(Path(data) / "summary.json"),
    Path(records),
)
