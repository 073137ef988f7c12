"""Fast and plain kernels train alike: the same losses, cycle after cycle."""

import dataclasses
from pathlib import Path

import horovod.tensorflow as hvd
import keras
import pytest

from heitler.config import Config, load_config
from heitler.data.batches import TrainingFile, plan_epoch, worker_share
from heitler.data.summary import load_summary
from heitler.model.gan import build_gan
from heitler.training.batch import BatchAssembler
from heitler.training.cycle import compile_cycle

BATCH = 4
Losses = dict[str, float]


def losses_of_one_epoch(config: Config, folder: Path) -> list[Losses]:
    """Losses of every cycle, by update and name."""
    hvd.init()
    summary = load_summary(folder / "summary.json")
    gan = build_gan(config.model.design, config.train, summary.image_shape)
    cycle = compile_cycle(gan, config.train)
    assemble = BatchAssembler(config.model.design, config.train, summary)
    file = TrainingFile(folder / "train.h5")
    plan = plan_epoch(len(file), BATCH, 1, seed=config.train.seed, epoch=0)
    shares = worker_share(plan, epoch=0, rank=0, workers=1)
    results = [cycle(batch) for _, batch in file.read_ahead(shares, assemble)]
    return [
        {
            f"{update} {name}": float(loss)
            for update, losses in result.losses.items()
            for name, loss in losses.items()
        }
        for result in results
    ]


def config_with(kernels: str) -> Config:
    config = load_config()
    train = dataclasses.replace(config.train, workers=1, global_batch_size=BATCH)
    model = dataclasses.replace(config.model, kernels=kernels)
    return dataclasses.replace(config, model=model, train=train)


def both(folder: Path) -> tuple[list[Losses], list[Losses]]:
    fast, plain = (
        losses_of_one_epoch(config_with(kernels), folder) for kernels in ("fast", "plain")
    )
    assert len(fast) == len(plain) == 4
    return fast, plain


def test_learning_curves_of_fast_and_plain_kernels_agree(shower_folder: Path) -> None:
    """In double precision, so that "the same" can be told from rounding."""
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    try:
        fast, plain = both(shower_folder)
    finally:
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")
    for mine, theirs in zip(fast, plain, strict=True):
        assert mine == pytest.approx(theirs, rel=1e-6)


def test_in_single_precision_they_agree_until_rmsprop_amplifies_rounding(
    shower_folder: Path,
) -> None:
    """RMSprop's first steps turn the sign of a rounding error into a full step.

    So the first cycle is compared, up to the second update of the generator: closely before the
    first step, less after it. How much less depends on the processor; how far two curves drift
    apart afterwards says nothing about either.
    """
    fast, plain = both(shower_folder)
    compared = [name for name in plain[0] if not name.startswith("generator_2")]
    assert len(compared) >= 10
    for name in compared:
        close = 1e-5 if name.startswith("discriminator_real") else 1e-3
        assert fast[0][name] == pytest.approx(plain[0][name], rel=close), name
