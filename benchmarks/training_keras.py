"""The published way to train 3DGAN: `predict` and four calls of Keras's `train_on_batch`."""

import keras
import numpy as np

from heitler.config import TrainConfig
from heitler.design import Design
from heitler.model.architectures import Size
from heitler.model.keyed_dropout import KeyedDropout
from heitler.model.networks import build_discriminator, build_generator

LOSSES = ["binary_crossentropy", "mean_absolute_percentage_error", "mean_absolute_percentage_error"]


@keras.saving.register_keras_serializable("benchmark")
class CellSum(keras.layers.Layer):
    """The published third head of the discriminator."""

    def call(self, cells):
        return keras.ops.sum(cells, axis=(1, 2, 3))


def published_cycle(design: Design, train: TrainConfig, shape: Size):
    """A function that runs one cycle on events, and the number of the networks' parameters."""
    generator, discriminator = build_generator(design, shape), _judge(design, shape)
    weights = train.loss_weights
    options = {
        "loss": LOSSES,
        "loss_weights": [weights.real_fake, weights.primary_energy, weights.ecal_sum],
        "jit_compile": False,
    }
    discriminator.compile(optimizer=_optimizer(train), **options)
    latent = keras.Input((design.latent_dim,))

    def run(events: dict[str, np.ndarray]) -> None:
        energy, noise = events["energy"], events["noise"]
        real, fake = np.ones_like(energy), np.zeros_like(energy)
        fakes = generator.predict(noise[:, 0] * energy, batch_size=len(energy), verbose=0)
        sums = events["cells"].sum(axis=(1, 2, 3))
        discriminator.train_on_batch(events["cells"], [real, energy, sums])
        discriminator.train_on_batch(fakes, [fake, energy, sums])
        for call in (1, 2):
            _combined().train_on_batch(noise[:, call] * energy, [real, energy, sums])

    def _combined() -> keras.Model:
        # Frozen only after its own training function is traced, so that D still learns by itself.
        if not hasattr(run, "combined"):
            discriminator.trainable = False
            run.combined = keras.Model(latent, discriminator(generator(latent)))
            run.combined.compile(optimizer=_optimizer(train), **options)
        return run.combined

    return run, generator.count_params() + discriminator.count_params()


def _judge(design: Design, shape: Size) -> keras.Model:
    """The discriminator with the published sigmoid and sum of cells."""
    cells = keras.Input((*shape, 1))
    published = keras.models.clone_model(
        build_discriminator(design, shape), clone_function=_with_own_dropout
    )
    logit, energy = published(cells)
    return keras.Model(cells, [keras.ops.sigmoid(logit), energy, CellSum()(cells)])


def _with_own_dropout(layer: keras.Layer) -> keras.Layer:
    """Keras's dropout for ours; other layers as they are."""
    if isinstance(layer, KeyedDropout):
        return keras.layers.Dropout(layer.rate, name=layer.name)
    return layer.__class__.from_config(layer.get_config())


def _optimizer(train: TrainConfig) -> keras.Optimizer:
    return keras.optimizers.RMSprop(train.learning_rate, rho=train.rmsprop_rho)
