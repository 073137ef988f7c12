"""The layered generator: what it draws is what it says it draws, wherever the shower stands."""

from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import logsumexp
from scipy.stats import kstest, norm

from heitler.model.gan import sample_cells_GeV
from heitler.model.layered.cell_level import Said
from heitler.model.layered.likelihood import (
    Showers,
    log_chance_of_count,
    mirror,
    negative_log_likelihood,
)
from heitler.model.layered.measured import measure_showers
from heitler.model.layered.mixtures import draw_mixture, mixture_log_chance
from heitler.model.layered.network import layered_shower
from heitler.model.layered.noise import uniforms
from heitler.model.layered.spectrum import from_normal, to_normal
from heitler.model.layered.state import energy_per_hit
from heitler.model.layered.turns import draw_count, keep_energy, to_sum
from heitler.model.networks import build_generator

SHAPE = (7, 6, 4)
ANGLES = np.deg2rad([60.0, 90.0, 120.0])


def blobs(count: int, seed: int, middle: tuple[float, float], slope: float = 0.0) -> dict:
    """Showers around an axis that starts at `middle` and, with `slope`, follows the angle."""
    random = np.random.default_rng(seed)
    energy = random.uniform(10, 100, count)
    theta = random.choice(ANGLES, count) if slope else np.full(count, np.pi / 2)
    x, y, z = (np.arange(n) for n in SHAPE)
    along = middle[1] + slope * z[None] / np.tan(theta)[:, None]  # (N, Z)
    near_x = np.exp(-np.abs(x - middle[0]))[None, :, None, None]
    near_y = np.exp(-np.abs(y[None, :, None] - along[:, None]))[:, None]
    mean = near_x * near_y * np.array([1, 3, 2, 1.0])
    mean *= 0.02 * energy[:, None, None, None] / mean.sum(axis=(1, 2, 3), keepdims=True)
    cells = mean * random.gamma(0.7, 1 / 0.7, mean.shape)
    cells[cells < 2e-3] = 0
    arrays = {"ECAL": cells, "energy": energy, "theta": theta}
    return {name: array.astype(np.float32) for name, array in arrays.items()}


def network_of(make_config, showers: dict, folder: Path, network: str = "3dgan-25"):
    """An untrained generator that has measured the showers."""
    model = make_config(
        model={"recipe": "heitler", "network": network, "latent_dim": 40}
    ).model.design
    keras.utils.set_random_seed(1)
    generator = build_generator(model, SHAPE)
    with h5py.File(folder / "showers.h5", "w") as file:
        for name, array in showers.items():
            file[name] = array
    layered_shower(generator).measure(measure_showers(folder / "showers.h5"))
    return generator, model


def draw(generator, model, showers: dict, seed: int = 3) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal((len(showers["energy"]), model.noise_dim))
    arrays = (noise.astype(np.float32), showers["energy"], showers["theta"])
    return sample_cells_GeV(generator, model, *arrays)


def judge(generator, showers: dict, seed: int = 5) -> dict[str, np.ndarray]:
    layer = layered_shower(generator)
    uniform = np.random.default_rng(seed).random((len(showers["energy"]), SHAPE[2]))
    given = Showers(
        tf.constant(showers["ECAL"] / layer.cell_unit_GeV) / layer.hit_per_cell_unit,
        tf.constant(showers["energy"][:, None] / layer.energy_unit_GeV),
        tf.constant(showers["theta"][:, None]),
        tf.constant(uniform, tf.float32),
    )
    found = negative_log_likelihood(layer, given, SHAPE[2])
    return {name: value.numpy() for name, value in found.items()}


def test_every_cell_has_its_own_uniform_numbers() -> None:
    noise = np.random.default_rng(0).standard_normal((200, 38)).astype(np.float32)
    drawn = uniforms(tf.constant(noise), 500).numpy()
    assert drawn.min() > 0
    assert drawn.max() < 1
    assert kstest(drawn.ravel(), "uniform").pvalue > 1e-3
    neighbours = np.corrcoef(drawn[:, :-1].ravel(), drawn[:, 1:].ravel())[0, 1]
    assert abs(neighbours) < 0.01
    changed = noise.copy()
    changed[:, 0] += 1e-4  # showers of close latent vectors are different ones
    other = uniforms(tf.constant(changed), 500).numpy()
    assert abs(np.corrcoef(drawn.ravel(), other.ravel())[0, 1]) < 0.01


def test_random_numbers_do_not_depend_on_precision_or_batch() -> None:
    noise = np.random.default_rng(0).standard_normal((9, 38)).astype(np.float32)
    whole = uniforms(tf.constant(noise), 50).numpy()
    double = uniforms(tf.constant(noise.astype(np.float64)), 50).numpy()
    np.testing.assert_allclose(whole, double, atol=1e-7)
    np.testing.assert_array_equal(whole[4:5], uniforms(tf.constant(noise[4:5]), 50).numpy())


def test_the_spectrum_maps_normal_numbers_to_energies_and_back(tmp_path, make_config) -> None:
    showers = blobs(200, 1, (3, 2.5))
    generator, _ = network_of(make_config, showers, tmp_path)
    layer = layered_shower(generator)
    hits = showers["ECAL"][showers["ECAL"] > 0] / layer.scales[2]
    deviate = to_normal(tf.math.log(hits), layer.spectrum, layer.deviation).numpy()
    assert abs(deviate.mean()) < 0.01
    assert abs(deviate.std() - 1) < 0.02
    back = from_normal(tf.constant(deviate), layer.spectrum, layer.deviation).numpy()
    np.testing.assert_allclose(back, np.log(hits), atol=1e-4)


def test_a_mixture_draws_what_its_weights_say() -> None:
    weight, mean, width = [0.2, 0.5, 0.3], [-2.0, 0.0, 3.0], [0.1, 0.5, 0.2]
    parameters = np.array([*np.log(weight), *mean, *np.log(width)], np.float32)
    uniform = np.random.default_rng(0).random((2, 40_000)).astype(np.float32)
    drawn = draw_mixture(tf.tile(parameters[None], [40_000, 1]), *map(tf.constant, uniform))
    drawn = drawn.numpy()
    found = [np.mean(drawn < -1.2), np.mean((drawn > -1.2) & (drawn < 2))]
    np.testing.assert_allclose(found, weight[:2], atol=0.01)
    np.testing.assert_allclose(drawn[drawn > 2].std(), 0.2, rtol=0.03)


def test_a_shower_is_the_same_in_any_batch_and_after_saving(tmp_path, make_config) -> None:
    showers = blobs(20, 2, (3, 2.5))
    generator, model = network_of(make_config, showers, tmp_path)
    whole = draw(generator, model, showers)
    assert np.isfinite(whole).all()
    assert whole.min() >= 0
    assert whole.any()
    first = draw(generator, model, {name: array[:8] for name, array in showers.items()})
    np.testing.assert_allclose(first, whole[:8], rtol=1e-4, atol=1e-7)
    generator.save(tmp_path / "generator.keras")
    loaded = keras.saving.load_model(tmp_path / "generator.keras", compile=False, safe_mode=True)
    np.testing.assert_allclose(draw(loaded, model, showers), whole, rtol=1e-4, atol=1e-7)


def test_cells_keep_the_energy_of_their_layer_and_weak_ones_stay() -> None:
    cells = np.array([[8.0, 0.1, 4.0, 0.0, 1.0], [1.0, 1.0, 0.0, 0.0, 0.0], [0.0] * 5], np.float32)
    last = cells * np.array([0, 0, 1, 1, 1], np.float32)
    kept = keep_energy(tf.constant(cells), tf.constant(last), tf.constant([14.0, 9.0, 0.0])).numpy()
    np.testing.assert_allclose(kept.sum(axis=1), [14, 9, 0], rtol=1e-6)
    np.testing.assert_array_equal(kept[0, :2], cells[0, :2])  # drawn before: not touched
    assert abs(kept[0, 4] - 1) < 0.1 * abs(kept[0, 2] - 4)
    assert (kept[cells == 0] == 0).all()


def test_a_turn_keeps_its_energy_and_the_sure_and_the_weak_change_least() -> None:
    cells = np.array([[8.0, 8.0, 0.5, 0.0], [8.0, 8.0, 0.5, 0.0], [1.0, 1.0, 1.0, 0.0]], np.float32)
    width = np.array([[0.1, 0.2, 1.0, 1.0]], np.float32)
    wanted = np.array([19.5, 2.0, 0.1], np.float32)  # more, less, hardly anything
    made = to_sum(tf.constant(cells), tf.constant(width), tf.constant(wanted)).numpy()
    np.testing.assert_allclose(made.sum(axis=1), [19.5, 3.3, 0.6], rtol=1e-5)
    sure, unsure, weak, none = made[0] - cells[0]
    assert 0 < weak < sure < unsure
    assert none == 0
    np.testing.assert_allclose(made[1:], cells[1:] * 0.2, rtol=1e-5)


def test_chances_between_edges_are_those_of_the_normal_distributions() -> None:
    mean, width = np.array([-1.0, 0.5]), np.array([0.3, 2.0])
    low = np.array([-1e4, 0.3, 5, -40, 30])
    high = np.array([0.3, 0.31, 1e4, -39, 1e4])
    parameters = np.array([[0.0, 0.0, *mean, *np.log(width)]] * len(low), np.float32)
    edges = (tf.constant(edge, tf.float32) for edge in (low, high))
    with tf.GradientTape() as tape:
        tape.watch(given := tf.constant(parameters))
        found = mixture_log_chance(given, *edges)
    between = [
        norm.cdf(e[1], mean, width) - norm.cdf(e[0], mean, width)
        for e in zip(low, high, strict=True)
    ]
    wanted = np.log(np.mean(between[:3], axis=1))
    np.testing.assert_allclose(found.numpy()[:3], wanted, rtol=1e-3)
    below = logsumexp(norm.logcdf(-39, mean, width)) - np.log(2)
    np.testing.assert_allclose(found.numpy()[3], below, rtol=1e-3)
    assert -120 < found.numpy()[4] < -100  # beyond what float32 knows of tails from above
    assert np.isfinite(tape.gradient(found, given).numpy()).all()


def test_a_turn_has_as_many_hits_as_the_likelihood_says(tmp_path, make_config) -> None:
    generator, _ = network_of(make_config, blobs(50, 7, (3, 2.5)), tmp_path)
    layer = layered_shower(generator)
    count, left, later = 20_000, 3.0, 9
    random = np.random.default_rng(1)
    hidden = tf.constant(random.standard_normal((1, layer.sizes.hidden)), tf.float32)
    logit = tf.constant([[2.0, -1.0, -3.0, -6.0, 0.0]])
    said = Said(logit[..., None], hidden)
    uniform = tf.constant(random.random((2, count)), tf.float32)
    many = Said(*(tf.repeat(part, count, axis=0) for part in said))
    drawn = draw_count(layer, many, tf.fill([count], left), later, (uniform[0], uniform[1]))
    made = [tf.constant([[1.0] * hits + [0.0] * (5 - hits)]) for hits in range(4)]
    logs = [log_chance_of_count(layer, said, hit, tf.constant([left]), later) for hit in made]
    chances = np.exp(np.concatenate(logs))
    np.testing.assert_allclose(chances.sum(), 1, rtol=1e-5)
    found = np.bincount(drawn.numpy().astype(int), minlength=4) / count
    np.testing.assert_allclose(found, chances, atol=0.015)
    assert chances.max() < 0.9


@pytest.mark.parametrize(("middle", "flips"), [((3.0, 2.5), True), ((2.0, 4.0), False)])
def test_showers_are_mirrored_only_where_the_axis_is_in_the_middle(
    middle, flips, tmp_path, make_config
) -> None:
    showers = blobs(300, 4, middle)
    generator, _ = network_of(make_config, showers, tmp_path)
    layer = layered_shower(generator)
    np.testing.assert_allclose(layer.axis[:, 0, 0], middle, atol=0.3)
    cells = tf.constant(showers["ECAL"])
    turned = mirror(layer, cells, tf.fill([300, 3], 0.1)).numpy()
    expected = showers["ECAL"][:, ::-1, ::-1] if flips else showers["ECAL"]
    np.testing.assert_array_equal(turned, expected)


def test_the_axis_follows_the_angle(tmp_path, make_config) -> None:
    showers = blobs(600, 5, (3, 2.5), slope=0.7)
    generator, model = network_of(make_config, showers, tmp_path, "3dgan-51-angle")
    layer = layered_shower(generator)
    # A steep axis leaves the image, so that centres move less than it.
    moved = layer.axis[1, 1].numpy()
    assert 0.2 < (moved[3] - moved[0]) / 3 < 0.8
    assert abs(layer.axis[0, 1]).numpy().max() < 0.1
    cells = tf.constant(showers["ECAL"])
    along_x = mirror(layer, cells, tf.constant([[0.1, 0.9, 0.9]] * 600)).numpy()
    np.testing.assert_array_equal(along_x, showers["ECAL"][:, ::-1])
    along_y = mirror(layer, cells, tf.constant([[0.9, 0.1, 0.1]] * 600)).numpy()
    np.testing.assert_array_equal(along_y, showers["ECAL"])
    assert np.isfinite(draw(generator, model, showers)).all()


def test_learning_by_likelihood_makes_showers_of_the_kind_that_it_saw(
    tmp_path, make_config
) -> None:
    showers = blobs(400, 6, (2.0, 4.0))  # off the middle: nothing may be built on it
    generator, model = network_of(make_config, showers, tmp_path)
    layer = layered_shower(generator)
    before = sum(value.mean() for value in judge(generator, showers).values())
    optimizer = keras.optimizers.Adam(5e-3)

    @tf.function
    def step(cells, energy, theta, uniform):
        with tf.GradientTape() as tape:
            given = Showers(cells / layer.scales[2], energy, theta, uniform)
            found = negative_log_likelihood(layer, given, SHAPE[2])
            loss = tf.add_n([tf.reduce_mean(value) for value in found.values()])
        optimizer.apply(tape.gradient(loss, layer.trainable_variables), layer.trainable_variables)

    random = np.random.default_rng(0)
    for _ in range(150):
        rows = random.integers(400, size=64)
        energy, theta = (showers[name][rows, None] for name in ("energy", "theta"))
        uniform = random.random((64, SHAPE[2])).astype(np.float32)
        step(*map(tf.constant, (showers["ECAL"][rows], energy / np.float32(100), theta, uniform)))
    after = sum(value.mean() for value in judge(generator, showers).values())
    assert after < before - 5
    made = draw(generator, model, showers)
    real = showers["ECAL"]
    for axes in ((1, 2, 3), (2, 3), (1, 3), (1, 2)):
        found, wanted = made.sum(axis=axes).mean(axis=0), real.sum(axis=axes).mean(axis=0)
        np.testing.assert_allclose(found, wanted, rtol=0.2, atol=0.06 * wanted.max())
    np.testing.assert_allclose((made > 0).sum() / (real > 0).sum(), 1, atol=0.05)


def test_a_hit_that_wrong_weights_make_enormous_has_a_finite_energy() -> None:
    energies = energy_per_hit(tf.constant([0.0, 1e3, 1e30])).numpy()
    assert np.isfinite(energies).all()
    assert energies[0] < energies[1] == energies[2]
