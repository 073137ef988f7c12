"""A new family of networks is a file and a line: what docs/new-network.md says, done in a copy."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from heitler.base.source import PACKAGE

PAGE = Path("docs/new-network.md")
PROGRAM = """
import json, sys
from pathlib import Path

import numpy as np
import yaml

from heitler.cluster.world import join_world
from heitler.config import build_config, merged
from heitler.data.batches import TrainingFile, plan_epoch, worker_share
from heitler.data.summary import load_summary
from heitler.generation.sampler import load_sampler, write_generator
from heitler.model.gan import build_gan
from heitler.scaling.interconnects import BYTES, LOSSES, cycle_messages_B
from heitler.training.batch import BatchAssembler
from heitler.training.cycle import compile_cycle

data, folder = map(Path, sys.argv[1:])
model = {"changes": {"networks": "flat"}}
train = {"workers": 1, "global_batch_size": 4, "generator_updates_per_cycle": 1}
params = yaml.safe_load(Path("params.yaml").read_text())
params["recipes"] = {"paper": {}, "heitler": {"model": {"changes": {"networks": "layered"}}}}
config = build_config(merged(params, {"model": model, "train": train}))
join_world(1, 1)
design, summary = config.model.design, load_summary(data / "summary.json")
gan = build_gan(design, config.train, summary.image_shape)
assemble = BatchAssembler(design, config.train, summary)
file = TrainingFile(data / "train.h5")
shares = worker_share(plan_epoch(len(file), 4, 1, seed=1, epoch=0), epoch=0, rank=0, workers=1)
[(_, batch)] = file.read_ahead(shares[:1], assemble)
before = gan.generator.get_weights()[0].copy()
losses = compile_cycle(gan, config.train)(batch).losses
about = {"energy_min_GeV": 10.0, "energy_max_GeV": 100.0, "particle": "e-"}
write_generator(folder, gan, about)
energy = np.array([20.0, 50.0])
showers = load_sampler(folder).sample(energy, seed=1, batch_size=2)
print(json.dumps({
    "updates": list(losses),
    "finite": all(np.isfinite(float(v)) for parts in losses.values() for v in parts.values()),
    "learned": bool((gan.generator.get_weights()[0] != before).any()),
    "sent": [size // BYTES - LOSSES for size in cycle_messages_B(design, summary.image_shape, 1)],
    "parameters": [gan.discriminator.count_params(), gan.generator.count_params()],
    "shape": showers.shape,
    "networks": json.loads((folder / "generator.json").read_text())["model"]["changes"],
}))
"""


def test_a_new_family_trains_counts_and_generates_with_one_file_and_one_line(
    shower_folder: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "src/heitler"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    file, line = re.findall(r"^```(?:python|text)\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    (copy / "model/families/flat.py").write_text(file)
    registry = (copy / "design.py").read_text()
    place = registry.index('    "layered": (')
    (copy / "design.py").write_text(registry[:place] + line + registry[place:])
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(shower_folder), str(tmp_path / "generator")],
        env=os.environ | {"PYTHONPATH": str(tmp_path / "src")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    discriminator, generator = found["parameters"]
    assert found == {
        "updates": ["discriminator_real", "discriminator_fake", "generator_1"],
        "finite": True,
        "learned": True,
        "sent": [discriminator, discriminator, generator],
        "parameters": [discriminator, generator],
        "shape": [2, 9, 9, 9],
        "networks": {"networks": "flat"},
    }
