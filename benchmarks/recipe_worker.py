"""One training of the recipe ablation: `recipe_worker.py '{"recipe": ..., ...}'` prints JSON.

The real training cycle on one core for so many seconds of CPU time, then the score card's cheap
lines and classifiers on the validation showers.
"""

import dataclasses
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from heitler.cluster.world import join_world
from heitler.config import OURS, Config, load_config
from heitler.data.batches import TrainingFile, plan_epoch, worker_share
from heitler.data.hdf5 import Showers, read_showers
from heitler.data.observables import Observables, measure_cells
from heitler.data.summary import DataSummary, load_summary
from heitler.model.gan import Gan, build_gan, sample_cells_GeV
from heitler.model.layered.likelihood import Showers as GivenShowers
from heitler.model.layered.likelihood import negative_log_likelihood
from heitler.model.layered.network import layered_shower
from heitler.model.optimizers import learning_rate_at
from heitler.showers import apply_threshold
from heitler.training.batch import BatchAssembler, validation_noise
from heitler.training.cycle import compile_cycle
from heitler.validation.classifier import classify
from heitler.validation.lines import build_settings
from heitler.validation.metrics import measure_quick
from heitler.validation.response import energy_bin_edges
from heitler.validation.trees import high_level_features, low_level_features, with_energy

JUDGED = (
    "response_max_deviation",
    "resolution_ratio",
    "longitudinal_max_deviation",
    "radial_max_deviation",
    "transverse_x_profile_error",
    "separation_ecal_sum",
    "separation_layers",
    "separation_cells",
    "hits_ratio",
    "layer_correlation",
)
CLASSIFIERS = 2
LAYERED = "heitler.model.layered"
SHOWERS_AT_ONCE = 50
"""Of the validation set: the convolutions see all layers of each."""


def main() -> None:
    case = json.loads(sys.argv[1])
    change_constants(case["constants"])
    config, data = changed(load_config(), case), Path(case["data"])
    join_world(1, threads_per_worker=1)
    summary = load_summary(data / "summary.json")
    gan = build_gan(config.model.design, config.train, summary.image_shape)
    gan.begin(data / "train.h5")
    cycles = train_for(case["seconds"], gan, config, data / "train.h5", summary)
    found = judge(gan, config, data / "validation.h5", summary)
    print(json.dumps({**case, **cycles, **found}))


def change_constants(constants: dict[str, Any]) -> None:
    """Other numbers than the layered generator's own, in all of its modules.

    Raises:
        ValueError: if no module has one of that name: a choice undone that is none.
    """
    modules = [module for name, module in sys.modules.items() if name.startswith(LAYERED)]
    for name, number in constants.items():
        having = [module for module in modules if hasattr(module, name)]
        if not having:
            raise ValueError(f"{name}: no constant of {LAYERED}")
        for module in having:
            setattr(module, name, number)


def changed(config: Config, case: dict[str, Any]) -> Config:
    return dataclasses.replace(
        config,
        model=dataclasses.replace(config.model, recipe=case["recipe"], changes=case["changes"]),
        train=dataclasses.replace(
            config.train,
            workers=1,
            virtual_workers=None,
            seed=case["seed"],
            global_batch_size=case["batch"],
            learning_rate=case["learning_rate"],
        ),
    )


def train_for(
    seconds: float, gan: Gan, config: Config, path: Path, summary: DataSummary
) -> dict[str, float]:
    """Cycles until the CPU time, of all threads, is over; compiling does not count."""
    cycle = compile_cycle(gan, config.train)
    assemble = BatchAssembler(gan.design, config.train, summary)
    file, batch = TrainingFile(path), config.train.global_batch_size
    done, used, epoch = 0, 0.0, 0
    while used < seconds:
        plan = plan_epoch(len(file), batch, 1, seed=config.train.seed, epoch=epoch)
        for share, tensors in file.read_ahead(
            worker_share(plan, epoch=epoch, rank=0, workers=1), assemble
        ):
            begun = time.process_time()
            rate = learning_rate_at(share.cycle, len(plan), config.train, gan.design)
            for optimizer in filter(None, (gan.generator_optimizer, gan.discriminator_optimizer)):
                optimizer.learning_rate.assign(rate)
            float(cycle(tensors).empty_fraction)
            used += time.process_time() - begun if done else 0.0
            done += 1
            if used >= seconds:
                break
        epoch += 1
    return {"cycles": done, "showers_per_cpu_second": batch * done / used, "showers": len(file)}


def judge(gan: Gan, config: Config, path: Path, summary: DataSummary) -> dict[str, float]:
    """Numbers of the score card between fakes and the showers in the file."""
    geant4 = read_showers(path)
    noise = validation_noise(config.train.seed, len(geant4), gan.design.noise_dim)
    energy = geant4.primary_energy_GeV
    cells = sample_cells_GeV(gan.exported, gan.design, noise, energy, geant4.theta_rad)
    cells = apply_threshold(cells, config.prepare.cell_threshold_GeV)
    made, truth = (measure_cells(c, energy) for c in (cells, geant4.cells_GeV))
    edges = energy_bin_edges(
        summary.energy_min_GeV, summary.energy_max_GeV, config.validate.energy_bins, "uniform"
    )
    settings = build_settings(config.validate, edges)
    found = measure_quick(made, truth, settings)
    return {
        "judged": len(truth),
        **validation_loss(gan, geant4),
        **{name: float(found[name]) for name in JUDGED},
        "classifier_auc_high": auc(made, truth, high=settings.hit_threshold_GeV),
        "classifier_auc_low": auc(made, truth),
    }


def validation_loss(gan: Gan, geant4: Showers) -> dict[str, float]:
    """The exported generator's mean -log p of the showers per layer, if it has a likelihood."""
    if gan.design.recipe != OURS:
        return {}
    network = layered_shower(gan.exported)
    layers, total = network.sizes.layers, 0.0
    for first in range(0, len(geant4), SHOWERS_AT_ONCE):
        part = geant4[first : first + SHOWERS_AT_ONCE]
        given = GivenShowers(
            tf.constant(part.cells_GeV / gan.design.cell_unit_GeV) / network.hit_per_cell_unit,
            tf.constant(part.primary_energy_GeV[:, None] / gan.design.energy_unit_GeV),
            tf.constant(part.theta_rad),
            tf.ones((len(part), layers)) / 2,
        )
        found = negative_log_likelihood(network, given, layers)
        total += float(tf.reduce_sum(tf.add_n(list(found.values()))))
    return {"validation_loss": total / len(geant4)}


def auc(made: Observables, truth: Observables, high: float | None = None) -> float:
    if high is None:
        rows = [low_level_features(sample) for sample in (made, truth)]
    else:
        rows = [with_energy(high_level_features(sample, high), sample) for sample in (made, truth)]
    return classify(*map(np.asarray, rows), CLASSIFIERS).auc


if __name__ == "__main__":
    main()
