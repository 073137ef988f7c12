"""Preparing showers: no leakage, a stable split, nothing lost in silence, whole files or none."""

import dataclasses
import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from heitler.base.hdf5_opening import seal
from heitler.config import PrepareConfig
from heitler.data.checks import DataError
from heitler.data.hdf5 import Showers, read_attributes, read_showers, write_showers
from heitler.data.prepare import fit_sampling_fraction, prepare_showers, summarise
from heitler.data.shard_list import find_shards
from heitler.data.summary import SETS, assign_sets

SHAPE = (3, 3, 4)
PREPARE = PrepareConfig(cell_threshold_GeV=1e-6, validation_fraction=0.1, test_fraction=0.2, seed=1)


def random_showers(n: int, first_event: int = 0, *, energy_scale: float = 0.025) -> Showers:
    generator = np.random.default_rng(first_event)
    energy = generator.uniform(10, 100, n)
    cells = generator.gamma(2, 1, (n, *SHAPE))
    cells *= (energy_scale * energy / cells.sum(axis=(1, 2, 3)))[:, None, None, None]
    return Showers(
        cells.astype(np.float32),
        energy.astype(np.float32),
        np.full(n, np.pi / 2, np.float32),
        first_event + np.arange(n),
        np.full(n, 0.5, np.float32),
    )


@pytest.fixture
def shards(tmp_path: Path) -> list[Path]:
    """Three shards of 40 showers with their own number and the same physics list."""
    for index in range(3):
        attributes = {"shard": index, "physics_list": "opt0", "detector": {"layers": 4}}
        write_showers(
            tmp_path / f"showers/shard-{index}.h5", random_showers(40, 40 * index), attributes
        )
    return find_shards(tmp_path / "showers")


def prepare(shards: list[Path], folder: Path, **changes: float):
    return prepare_showers(shards, folder, SHAPE, dataclasses.replace(PREPARE, **changes))


def events(folder: Path) -> dict[str, list[int]]:
    return {name: read_showers(folder / f"{name}.h5").event_id.tolist() for name in SETS}


def test_every_shower_is_in_exactly_one_set(shards, tmp_path):
    prepare(shards, tmp_path / "prepared")
    found = [event for ids in events(tmp_path / "prepared").values() for event in ids]
    assert sorted(found) == list(range(120))


def test_showers_keep_their_cells_energy_and_provenance(shards, tmp_path):
    prepare(shards, tmp_path / "prepared")
    test = read_showers(tmp_path / "prepared/test.h5")
    everything = np.concatenate([read_showers(shard).cells_GeV for shard in shards])
    np.testing.assert_array_equal(test.cells_GeV, everything[test.event_id])
    attributes = read_attributes(tmp_path / "prepared/test.h5")
    assert attributes["physics_list"] == "opt0"
    assert attributes["detector"] == {"layers": 4}
    assert attributes["set"] == "test"
    assert "shard" not in attributes  # it differs between shards


def test_adding_shards_moves_no_shower_to_another_set(shards, tmp_path):
    prepare(shards[:2], tmp_path / "few")
    prepare(shards, tmp_path / "more")
    few, more = events(tmp_path / "few"), events(tmp_path / "more")
    for name in SETS:
        assert set(few[name]) == {event for event in more[name] if event < 80}


def test_fractions_are_met_and_the_seed_decides():
    ids = range(20_000)
    sets = assign_sets(ids, PREPARE)
    for name, fraction in (("train", 0.7), ("validation", 0.1), ("test", 0.2)):
        assert np.mean(sets == name) == pytest.approx(fraction, abs=0.012)  # 4 sigma
    other = assign_sets(ids, dataclasses.replace(PREPARE, seed=2))
    assert np.mean(sets == other) == pytest.approx(0.7**2 + 0.1**2 + 0.2**2, abs=0.015)
    # Neighbouring events are independent, so no energy ordering in a file gets into the split.
    tested = (sets == "test").astype(float)
    assert abs(np.corrcoef(tested[:-1], tested[1:])[0, 1]) < 0.03


def test_a_file_that_is_there_twice_is_refused_with_file_and_row(shards, tmp_path):
    copy = shards[0].with_name("shard-9.h5")
    showers = read_showers(shards[0])
    write_showers(copy, dataclasses.replace(showers, event_id=showers.event_id + 1000), {})
    with pytest.raises(DataError, match=r"shard-9.h5, row 0: the same shower .*shard-0.h5, row 0"):
        prepare(find_shards(copy.parent), tmp_path / "prepared")
    assert not (tmp_path / "prepared/train.h5").exists()


def test_an_event_id_used_twice_is_refused_with_file_and_row(shards, tmp_path):
    write_showers(shards[0].with_name("shard-9.h5"), random_showers(3, 17), {})
    with pytest.raises(DataError, match=r"shard-9.h5, row 0: the same event id .*shard-0.h5, row"):
        prepare(find_shards(shards[0].parent), tmp_path / "prepared")


def test_a_truncated_shard_is_refused_and_leaves_no_half_set(shards, tmp_path):
    content = shards[1].read_bytes()
    shards[1].write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=r"shard-1\.h5"):
        prepare(shards, tmp_path / "prepared")
    assert not list((tmp_path / "prepared").glob("*"))


def test_cells_below_the_threshold_become_zero_and_emptied_showers_are_reported(shards, tmp_path):
    showers = read_showers(shards[0])
    showers.cells_GeV[3] = 2e-3  # 36 cells, all below the threshold; plausible in sum
    write_showers(shards[0], showers, {})
    prepared = prepare(shards, tmp_path / "prepared", cell_threshold_GeV=2.5e-3)
    assert prepared.empty == [f"{shards[0]}, row 3"]
    kept = read_showers(tmp_path / "prepared/train.h5").cells_GeV
    assert np.all((kept == 0) | (kept >= np.float32(2.5e-3)))
    assert (kept == 0).any()
    assert 3 not in [event for ids in events(tmp_path / "prepared").values() for event in ids]


def test_a_set_left_without_showers_is_refused_with_the_remedy(shards, tmp_path):
    with pytest.raises(DataError, match=r"none fell into the validation set.*simulate.showers"):
        prepare(shards, tmp_path / "prepared", validation_fraction=0.0)


def test_no_shards_names_the_stage_to_run(tmp_path):
    with pytest.raises(DataError, match="dvc repro simulate"):
        find_shards(tmp_path)


def test_preparing_twice_gives_the_same_bytes_and_digest(shards, tmp_path):
    digests = {prepare(shards, tmp_path / name).digest for name in ("a", "b")}
    assert len(digests) == 1
    for name in SETS:
        one, two = (tmp_path / folder / f"{name}.h5" for folder in ("a", "b"))
        assert one.read_bytes() == two.read_bytes()


def test_the_digest_follows_the_content_of_one_cell(shards, tmp_path):
    before = prepare(shards, tmp_path / "a").digest
    with h5py.File(shards[2], "r+") as file:
        file["ECAL"][5, 1, 1, 1] *= 1.01
    seal(shards[2])
    assert prepare(shards, tmp_path / "b").digest != before


def test_the_summary_describes_the_training_set_alone(shards, tmp_path):
    prepared = prepare(shards, tmp_path / "prepared")
    summary = summarise(prepared, SHAPE)
    train = read_showers(tmp_path / "prepared/train.h5")
    assert summary["showers"] == {n: len(ids) for n, ids in events(tmp_path / "prepared").items()}
    assert summary["energy_min_GeV"] == train.primary_energy_GeV.min()
    assert summary["energy_max_GeV"] == train.primary_energy_GeV.max()
    assert summary["theta_min_rad"] == pytest.approx(np.pi / 2)
    assert np.polyval(summary["sampling_fraction_fit"], 0.5) == pytest.approx(0.025, rel=1e-3)
    assert summary["simulation"] == {"physics_list": "opt0", "detector": {"layers": 4}}
    json.dumps(summary, allow_nan=False)


def test_the_fit_finds_the_published_polynomial_again():
    published = np.array([0.0018, -0.023, 0.11, -0.28, 2.21]) / 100
    generator = np.random.default_rng(1)
    energy = generator.uniform(10, 500, 20_000)
    fraction = np.polyval(published, energy / 100)
    fraction *= 1 + generator.normal(0, 0.15 / np.sqrt(energy))
    fit = fit_sampling_fraction(energy, fraction)
    x = np.linspace(0.1, 5, 50)
    np.testing.assert_allclose(np.polyval(fit, x), np.polyval(published, x), rtol=2e-3)


def test_the_degree_of_the_fit_is_what_the_data_support():
    generator = np.random.default_rng(1)
    energy = generator.uniform(10, 100, 700)
    noise = 1 + generator.normal(0, 0.15 / np.sqrt(energy))
    assert len(fit_sampling_fraction(energy, 0.025 * noise)) == 1
    assert len(fit_sampling_fraction(energy, (0.025 - 0.005 * energy / 100) * noise)) == 2
    assert len(fit_sampling_fraction(np.full(9, 50.0), np.full(9, 0.02))) == 1
