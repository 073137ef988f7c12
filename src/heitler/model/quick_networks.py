"""Small networks for studies of many trainings: 2D convolutions with the depth as channels.

They have the published networks' inputs, heads, activations, batch norm and dropout, and about a
hundredth of their arithmetic: a layer of the calorimeter is a channel, so that one convolution
sees all depths at once. `model.changes: {networks: quick}` chooses them.
"""

import math

import keras

from heitler.design import Design
from heitler.model.architectures import Size
from heitler.model.keyed_dropout import KeyedDropout

layers = keras.layers
BASE_CHANNELS = 16
GENERATOR_FILTERS = (16, 16, 8)
DISCRIMINATOR_FILTERS = (16, 16, 16)
KERNEL = 3
LAST_KERNEL = 2
UPSAMPLED = 4
"""Times, along x and y, from the dense layer's image to the calorimeter's."""
EPSILON = 1e-3
"""Batch norm's epsilon, as in the published 25x25x25 networks."""


def build_quick_generator(
    design: Design, image_shape: Size, norm: type[keras.layers.Layer] | None
) -> keras.Model:
    """Latent vector (N, latent_dim) -> cells (N, X, Y, Z, 1) in units of `cell_unit_GeV`.

    `norm` is the class of the batch norm; None builds without.
    """
    x_cells, y_cells, depth = image_shape
    base = math.ceil(x_cells / UPSAMPLED), math.ceil(y_cells / UPSAMPLED)
    latent = keras.Input((design.latent_dim,), name="latent")
    x = layers.Dense(base[0] * base[1] * BASE_CHANNELS, name="dense")(latent)
    x = layers.Reshape((*base, BASE_CHANNELS))(x)
    for index, filters in enumerate(GENERATOR_FILTERS, start=1):
        x = layers.Conv2D(
            filters, KERNEL, padding="same", kernel_initializer="he_uniform", name=f"conv_{index}"
        )(x)
        x = layers.LeakyReLU(negative_slope=design.leaky_relu_slope)(x)
        if index < len(GENERATOR_FILTERS):
            if norm:
                x = norm(epsilon=EPSILON, name=f"batch_norm_{index}")(x)
            x = layers.UpSampling2D(2)(x)
    surplus = [UPSAMPLED * made - wanted for made, wanted in zip(base, image_shape, strict=False)]
    if any(surplus):
        x = layers.Cropping2D([(s // 2, s - s // 2) for s in surplus], name="crop")(x)
    x = layers.Conv2D(
        depth,
        LAST_KERNEL,
        padding="same",
        use_bias=False,
        kernel_initializer="glorot_normal",
        activation="relu",  # cells may be exactly empty
        name="layers",
    )(x)  # (N, X, Y, Z)
    return keras.Model(latent, layers.Reshape((*image_shape, 1))(x), name="generator")


def build_quick_discriminator(
    design: Design, image_shape: Size, norm: type[keras.layers.Layer]
) -> keras.Model:
    """Cells (N, X, Y, Z, 1) -> (logit of being real (N, 1), primary energy (N, 1))."""
    cells = keras.Input((*image_shape, 1), name="cells")
    x = layers.Reshape(image_shape)(cells)  # (N, X, Y, Z)
    for index, filters in enumerate(DISCRIMINATOR_FILTERS, start=1):
        x = layers.Conv2D(
            filters, KERNEL, strides=1 + (index < 3), padding="same", name=f"conv_{index}"
        )(x)
        x = layers.LeakyReLU(negative_slope=design.leaky_relu_slope)(x)
        if index > 1:
            x = norm(epsilon=EPSILON, name=f"batch_norm_{index}")(x)
        x = KeyedDropout(design.dropout, name=f"dropout_{index}")(x)
    x = layers.Flatten()(x)
    real_fake = layers.Dense(1, name="real_fake_logit")(x)
    primary_energy = layers.Dense(1, name="primary_energy")(x)
    return keras.Model(cells, [real_fake, primary_energy], name="discriminator")
