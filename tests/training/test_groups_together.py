import dataclasses
from pathlib import Path

import keras
import numpy as np
import pytest

from heitler.config import Config, load_config
from heitler.model.batch_norm import FastBatchNormalization
from heitler.model.gan import build_gan
from heitler.training import cycle
from tests.training.test_noise_scale import first_batch

GROUPS = 3


def config_of(networks: str) -> Config:
    config = load_config()
    model = dataclasses.replace(config.model, kernels="fast", changes={"networks": networks})
    train = dataclasses.replace(
        config.train,
        workers=1,
        virtual_workers=GROUPS,
        global_batch_size=6,
        learning_rate=1e-5,
        generator_updates_per_cycle=1,
    )
    return dataclasses.replace(config, model=model, train=train)


def after_a_cycle(config: Config, folder: Path) -> dict[str, np.ndarray]:
    batch = first_batch(config, folder, 6)
    gan = build_gan(config.model.design, config.train, (9, 9, 9))
    cycle.compile_cycle(gan, config.train)(batch)
    return {name: variable.numpy() for name, variable in gan.variables().items()}


@pytest.mark.parametrize("networks", ["quick", "published"])
def test_groups_computed_together_give_what_they_give_one_after_another(
    networks: str, shower_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_of(networks)
    together = after_a_cycle(config, shower_folder)
    monkeypatch.setattr(cycle, "EVENTS_AT_ONCE", 1)
    alone = after_a_cycle(config, shower_folder)
    for name, values in alone.items():
        scale = np.abs(values).max() + 1e-6
        np.testing.assert_allclose(together[name] / scale, values / scale, atol=2e-3, err_msg=name)


def test_as_many_groups_are_computed_at_once_as_divide_a_worker_s_and_stay_small() -> None:
    config = config_of("published")
    train = dataclasses.replace(config.train, virtual_workers=256, global_batch_size=1024)
    norms = [FastBatchNormalization()]
    assert cycle.groups_at_once(train, norms, cells=125) == 16  # 64 events
    assert cycle.groups_at_once(train, norms, cells=15_625) == 4  # 16 events, 250,000 cells
    assert cycle.groups_at_once(train, [keras.layers.BatchNormalization()], cells=125) == 1
    alone = dataclasses.replace(train, virtual_workers=1)
    assert cycle.groups_at_once(alone, norms, cells=125) == 1
