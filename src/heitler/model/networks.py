"""Generator and discriminator as Keras models, built for any detector's image shape."""

import keras

from heitler.config import ConfigError, ModelConfig
from heitler.model.architectures import (
    ARCHITECTURES,
    Architecture,
    Conv,
    Size,
    base_size,
    check_discriminator_fits,
    output_size,
)

layers = keras.layers


def noise_dim(model: ModelConfig) -> int:
    """Random numbers per shower: the latent vector less its conditions."""
    dim = model.latent_dim - ARCHITECTURES[model.network].conditions
    if dim < 1:
        raise ConfigError(
            f"model.latent_dim is {model.latent_dim}: no room for noise beside the "
            f"{model.latent_dim - dim} conditions of {model.network}. Published: 256."
        )
    return dim


def has_theta(model: ModelConfig) -> bool:
    """Whether the network is conditioned on the angle."""
    return ARCHITECTURES[model.network].conditions == 2


def build_generator(model: ModelConfig, image_shape: Size) -> keras.Model:
    """Latent vector (N, latent_dim) -> cells (N, X, Y, Z, 1) in units of `cell_unit_GeV`."""
    architecture = ARCHITECTURES[model.network]
    base = base_size(architecture.generator, image_shape)
    latent = keras.Input((model.latent_dim,), name="latent")
    x = layers.Dense(base[0] * base[1] * base[2] * architecture.base_channels, name="dense")(latent)
    x = layers.Reshape((*base, architecture.base_channels))(x)
    for index, conv in enumerate(architecture.generator, start=1):
        x = _generator_layer(x, conv, index, architecture, model.leaky_relu_slope)
    made = output_size(architecture.generator, base)
    surplus = [m - wanted for m, wanted in zip(made, image_shape, strict=True)]
    if any(surplus):
        x = layers.Cropping3D([(s // 2, s - s // 2) for s in surplus], name="crop")(x)
    return keras.Model(latent, x, name="generator")


def _generator_layer(
    x: keras.KerasTensor, conv: Conv, index: int, architecture: Architecture, slope: float
) -> keras.KerasTensor:
    if conv.upsample != (1, 1, 1):
        x = layers.UpSampling3D(conv.upsample)(x)
    initializer = "glorot_normal" if conv.last else "he_uniform"
    x = _padded_convolution(x, conv, f"conv_{index}", initializer)
    leaky = architecture.leaky_generator and not conv.last
    x = layers.LeakyReLU(negative_slope=slope)(x) if leaky else layers.ReLU()(x)
    if conv.batch_norm:
        epsilon = architecture.batch_norm_epsilon
        x = layers.BatchNormalization(epsilon=epsilon, name=f"batch_norm_{index}")(x)
    return x


def build_discriminator(model: ModelConfig, image_shape: Size) -> keras.Model:
    """Cells (N, X, Y, Z, 1) -> (logit of being real (N, 1), primary energy (N, 1)).

    The primary energy is in units of `energy_unit_GeV`. The published sigmoid is in the loss,
    where it is numerically safer; the published third head, the sum of all cells, has no
    weights and is `heitler.model.losses.cell_sum`.
    """
    architecture = ARCHITECTURES[model.network]
    check_discriminator_fits(architecture.discriminator, image_shape)
    cells = keras.Input((*image_shape, 1), name="cells")
    x = cells
    for index, conv in enumerate(architecture.discriminator, start=1):
        x = _padded_convolution(x, conv, f"conv_{index}", "glorot_uniform")
        x = layers.LeakyReLU(negative_slope=model.leaky_relu_slope)(x)
        if conv.batch_norm:
            epsilon = architecture.batch_norm_epsilon
            x = layers.BatchNormalization(epsilon=epsilon, name=f"batch_norm_{index}")(x)
        x = layers.Dropout(model.dropout, name=f"dropout_{index}")(x)
    x = layers.Flatten()(_average_pool(x))
    real_fake = layers.Dense(1, name="real_fake_logit")(x)
    primary_energy = layers.Dense(1, name="primary_energy")(x)
    return keras.Model(cells, [real_fake, primary_energy], name="discriminator")


def _padded_convolution(
    x: keras.KerasTensor, conv: Conv, name: str, initializer: str
) -> keras.KerasTensor:
    padding = "same" if conv.pad is None else "valid"
    if conv.pad and any(conv.pad):
        x = layers.ZeroPadding3D(conv.pad)(x)
    return layers.Conv3D(
        conv.filters,
        conv.kernel,
        padding=padding,
        use_bias=conv.bias,
        kernel_initializer=initializer,
        name=name,
    )(x)


def _average_pool(x: keras.KerasTensor) -> keras.KerasTensor:
    """AveragePooling3D(2), which TensorFlow's CPU kernels lack in double precision."""
    ends = [size // 2 * 2 for size in x.shape[1:4]]
    x = x[:, : ends[0] : 2] + x[:, 1 : ends[0] : 2]
    x = x[:, :, : ends[1] : 2] + x[:, :, 1 : ends[1] : 2]
    x = x[:, :, :, : ends[2] : 2] + x[:, :, :, 1 : ends[2] : 2]
    return x / 8
