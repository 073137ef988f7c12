"""Evolution on small projections: what is published, and that nothing depends on who computes."""

import dataclasses

import numpy as np
import pytest

from heitler.base.errors import HeitlerError
from heitler.config import ConfigError
from heitler.config.evolution import strategy_names
from heitler.evolution.events import ProjectedEvents, Units, batch_rows, project
from heitler.evolution.journal import Journal, rebuild, run_fingerprint
from heitler.evolution.loop import Run, Workers
from heitler.evolution.network import NetworkShape, Regressor, share_kernels
from heitler.evolution.strategy import build_strategy, mutate, random_genome, stream

COUNT = 45
SHAPE = NetworkShape((9, 9), filters=3, kernel=3, stride=2, slope=0.3)


@pytest.fixture(scope="module")
def evolve(make_config):
    return make_config(evolve={"batch_size": 16, "cost_epochs": 60}).evolve


@pytest.fixture(scope="module")
def regressor():
    random = np.random.default_rng(1)
    energy = random.uniform(10, 100, 64).astype(np.float32)
    images = (random.gamma(2, 1, (64, 9, 9)) * energy[:, None, None]).astype(np.float32)
    events = ProjectedEvents(images, energy)
    return Regressor(SHAPE, events, Units.of(events))


def plain_estimate(genome, image):
    kernels = genome[: SHAPE.kernel_genes].reshape(3, 3, 3).astype(np.float64)
    dense = genome[SHAPE.kernel_genes :].reshape(3, 4, 4)
    total = 0.0
    for f in range(3):
        for i in range(4):
            for j in range(4):
                seen = image[2 * i : 2 * i + 3, 2 * j : 2 * j + 3]
                hidden = float((kernels[f] * seen).sum())
                total += dense[f, i, j] * (hidden if hidden > 0 else 0.3 * hidden)
    return total


def test_population_is_judged_as_written_out_in_loops():
    random = np.random.default_rng(2)
    images = random.random((5, 9, 9)).astype(np.float32)
    energy = random.uniform(1, 2, 5).astype(np.float32)
    judge = Regressor(SHAPE, ProjectedEvents(images, energy), Units(0.5, 2.0))
    genomes = np.stack([random_genome(SHAPE, 1, index) for index in range(4)])
    expected = [
        np.mean([abs(plain_estimate(g, x / 0.5) / (e / 2) - 1)
                 for x, e in zip(images, energy, strict=True)])
        for g in genomes
    ]  # fmt: skip
    assert judge.losses(genomes, np.arange(5)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("mutated", [0.05, 1.0])
def test_losses_do_not_depend_on_who_else_is_judged(mutated, regressor):
    """Whether most kernels are shared, or none: each as by the network that RMSprop descends."""
    parent, rows = random_genome(SHAPE, 1, 0), np.arange(regressor.count)
    children = [mutate(parent, stream(1, 1, i), mutated, 0.5) for i in range(COUNT - 1)]
    genomes = np.stack([parent, *children])
    together = regressor.losses(genomes, rows)
    assert len(set(together)) > 1
    for size in (1, 2, 5, 9, 16, 27):
        parts = [regressor.losses(genomes[i : i + size], rows) for i in range(0, COUNT, size)]
        np.testing.assert_array_equal(np.concatenate(parts), together)
    alone = np.abs(regressor.estimates(genomes) - 1).mean(axis=1)
    np.testing.assert_allclose(together, alone, rtol=1e-5)


def test_kernel_of_many_individuals_is_applied_once():
    kernels = np.ones((5, 3, 9), np.float32)
    kernels[4, 2, 0] = 2
    shared = share_kernels(kernels, np.ones((5, 3, 16), np.float32))
    used = shared.kernels[shared.kernels.any(axis=1)]
    assert used.tolist() == [*kernels[0].tolist(), kernels[4, 2].tolist()]


def test_projection_keeps_depth_and_energy():
    showers = np.random.default_rng(0).random((2, 3, 4, 5), np.float32)
    assert project(showers).shape == (2, 4, 5)
    assert project(showers).sum() == pytest.approx(showers.sum(), rel=1e-6)


def test_mutation_changes_the_asked_share_of_genes_by_at_most_the_power():
    parent = np.zeros(20_000, np.float32)
    child = mutate(parent, stream(1, 2, 3), rate=0.1, power=0.5)
    assert np.mean(child != 0) == pytest.approx(0.1, abs=0.01)
    assert 0.49 < np.abs(child).max() <= 0.5
    assert child[child != 0].mean() == pytest.approx(0, abs=0.03)


def test_every_shower_is_in_one_batch_of_an_epoch():
    rows = np.concatenate([batch_rows(64, 16, seed=1, step=step) for step in range(4)])
    assert sorted(rows) == list(range(64))
    assert not np.array_equal(rows[:16], batch_rows(64, 16, seed=1, step=4))


@pytest.mark.parametrize("name", [*strategy_names(), "rmsprop"])
def test_strategy_lowers_the_loss(name, evolve, regressor, tmp_path):
    config = dataclasses.replace(evolve, cost_epochs=400, batch_size=64, learning_rate=3e-4)
    outcome = Run(name, 1, config, regressor, regressor, Workers()).finish(tmp_path / "j", "f")
    start = np.stack([random_genome(SHAPE, 1, index) for index in range(8)])
    rows = np.arange(regressor.count)
    assert regressor.losses(outcome.genome[None], rows)[0] < regressor.losses(start, rows).min()
    costs = [row["cost_epochs"] for row in outcome.history]
    assert 390 < costs[-1] <= 400


@pytest.mark.parametrize("name", ["one-plus-lambda", "memetic", "rmsprop"])
def test_the_last_test_loss_is_that_of_the_networks_end(name, evolve, regressor, tmp_path):
    outcome = Run(name, 1, evolve, regressor, regressor, Workers()).finish(tmp_path / "j", "f")
    end = regressor.losses(outcome.genome[None], np.arange(regressor.count))[0]
    assert outcome.history[-1]["test_loss"] == pytest.approx(end)


def test_what_cannot_be_evolved_is_refused_before_it_begins(evolve, regressor):
    tiny = dataclasses.replace(evolve, cost_epochs=1, batch_size=64)
    with pytest.raises(HeitlerError, match=r"cost_epochs is 1: too few .* Use at least"):
        Run("cma", 1, tiny, regressor, regressor, Workers())
    with pytest.raises(HeitlerError, match=r"evolve.kernel is 50, larger than the images"):
        dataclasses.replace(SHAPE, kernel=50)


def test_an_empty_journal_is_named_and_begun_anew(tmp_path, capsys):
    (tmp_path / "j.npz").touch()
    assert not Journal.load(tmp_path / "j.npz", "f").losses
    assert "j.npz: cannot be read" in capsys.readouterr().out


@pytest.mark.parametrize("name", [*strategy_names(), "rmsprop"])
def test_stopped_and_resumed_run_ends_bit_for_bit_as_an_unbroken_one(
    name, evolve, regressor, tmp_path
):
    def run(file, stop_after=None):
        new = Run(name, 3, evolve, regressor, regressor, Workers())
        return new.finish(tmp_path / f"{file}.npz", "f", stop_after)

    run("broken", stop_after=5)
    run("broken", stop_after=15)  # memetic evolves 2 generations
    if name != "rmsprop":
        assert len(Journal.load(tmp_path / "broken.npz", "f").losses) in (2, 15)
    broken, whole = run("broken"), run("whole")
    np.testing.assert_array_equal(broken.genome, whole.genome)
    for resumed, unbroken in zip(broken.history, whole.history, strict=True):
        for column in unbroken.keys() - {"seconds"}:
            assert resumed[column] == unbroken[column]


@pytest.mark.parametrize("name", ["one-plus-lambda", "rmsprop"])
def test_larger_budget_continues_the_same_run(name, evolve, regressor, tmp_path):
    def run(file, cost_epochs):
        config = dataclasses.replace(evolve, cost_epochs=cost_epochs)
        new = Run(name, 3, config, regressor, regressor, Workers())
        return new.finish(tmp_path / f"{file}.npz", "f")

    short, longer, whole = run("one", 30), run("one", 90), run("two", 90)
    np.testing.assert_array_equal(longer.genome, whole.genome)
    tests = [row["cost_epochs"] for row in longer.history if "test_loss" in row]
    assert sum(cost <= 30 for cost in tests) >= 5
    assert tests[-1] > 60
    assert len(short.history) < len(longer.history)


@pytest.mark.parametrize("name", ["one-plus-lambda", "memetic", "rmsprop"])
def test_smaller_budget_ends_where_a_run_of_that_budget_does(name, evolve, regressor, tmp_path):
    def run(file, cost_epochs):
        config = dataclasses.replace(evolve, cost_epochs=cost_epochs)
        new = Run(name, 3, config, regressor, regressor, Workers())
        return new.finish(tmp_path / f"{file}.npz", "f")

    run("one", 60)
    shorter, whole = run("one", 30), run("two", 30)
    np.testing.assert_array_equal(shorter.genome, whole.genome)
    assert shorter.history[-1]["cost_epochs"] == whole.history[-1]["cost_epochs"] <= 30


def test_memetic_share_decides_memetic_only_and_the_budget_decides_nothing(evolve):
    def fingerprint(name, **changes):
        return run_fingerprint(dataclasses.replace(evolve, **changes), "data", name, 1)

    for name in ("memetic", "cma", "rmsprop"):
        assert fingerprint(name, cost_epochs=7, workers=2, seeds=(4,)) == fingerprint(name)
        assert fingerprint(name, batch_size=8) != fingerprint(name)
        changed = fingerprint(name, memetic_share=0.7) != fingerprint(name)
        assert changed == (name == "memetic")


def test_strategy_has_its_own_settings_where_params_say_so(make_config):
    section = make_config(evolve={"by_strategy": {"cma": {"step_size": 0.5}}}).evolve
    assert section.of_strategy("cma").step_size == 0.5
    assert section.of_strategy("nevergrad").step_size == section.step_size
    with pytest.raises(ConfigError, match="filters"):
        make_config(evolve={"by_strategy": {"cma": {"filters": 3}}})


def test_elite_is_the_best_of_its_generation_and_any_individual_can_be_built_again(
    evolve, regressor
):
    def build():
        return build_strategy("self-adaptive", SHAPE, evolve, 5)

    strategy, journal, seen = build(), Journal("f"), []
    for step in range(6):
        genomes = strategy.ask(range(strategy.size))
        losses = regressor.losses(genomes, batch_rows(64, 16, seed=5, step=step))
        strategy.tell(losses)
        journal.losses.append(losses)
        seen.append(genomes)
        np.testing.assert_array_equal(strategy.best, genomes[losses.argmin()])
    np.testing.assert_array_equal(rebuild(build, journal, 4, 6), seen[4][6])


def test_journal_of_other_parameters_or_a_torn_one_is_not_used(tmp_path):
    path = tmp_path / "j.npz"
    Journal("one", [np.ones(3, np.float32)]).save(path)
    assert len(Journal.load(path, "one").losses) == 1
    assert Journal.load(path, "other").losses == []
    path.write_bytes(path.read_bytes()[:50])
    assert Journal.load(path, "one").losses == []


def test_one_plus_lambda_converges_as_nevergrads_on_a_sphere(evolve):
    """Both reach a like distance on an analytic function in as many evaluations."""
    target = random_genome(SHAPE, 99, 0)
    ends = {}
    every_gene = dataclasses.replace(evolve, mutation_rate=1.0)
    for name in ("one-fifth", "nevergrad"):
        strategy = build_strategy(name, SHAPE, every_gene, 1)
        for _ in range(400):
            genomes = strategy.ask(range(strategy.size))
            strategy.tell(np.square(genomes - target).sum(axis=1))
        ends[name] = float(np.square(strategy.best - target).sum())
    start = float(np.square(random_genome(SHAPE, 1, 0) - target).sum())
    assert ends["one-fifth"] < 0.1 * start
    assert ends["one-fifth"] < 3 * ends["nevergrad"]


def test_odd_number_of_offspring_is_refused_where_they_go_in_pairs(make_config):
    with pytest.raises(ConfigError, match="Use 6 or 8"):
        make_config(evolve={"offspring": 7})
    assert make_config(evolve={"offspring": 7, "strategies": ["cma"]}).evolve.offspring == 7
