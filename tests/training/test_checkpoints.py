"""The best epoch's checkpoint outlives the newest ones; a damaged one is recognised, not used."""

import errno
import os
import resource
from pathlib import Path

import numpy as np
import pytest

from heitler.kept.folder import Kept
from heitler.kept.origin import Origin
from heitler.model.gan import Gan, build_gan
from heitler.training.checkpoints import (
    CheckpointError,
    best_epoch,
    find_checkpoint,
    load_best,
    save_checkpoint,
)
from tests.refusals import READ, in_child, refuse

KEPT = Kept(Origin({}, "showers", {}), "train")
PRINT = KEPT.origin.fingerprint
SCORES = (0.9, 0.1, 0.5, 0.4)


@pytest.fixture(scope="module")
def gan(make_config) -> Gan:
    config = make_config(model={"kernels": "plain"})
    return build_gan(config.model.design, config.train, (7, 7, 6))


def save_all(folder: Path, gan: Gan, keep: int) -> list[dict[str, float]]:
    """One epoch for each score; the first variable holds its score."""
    first = next(iter(gan.variables().values()))
    history: list[dict[str, float]] = []
    for score in SCORES:
        history.append({"selection_score": score})
        first.assign(0 * first + score)
        save_checkpoint(folder, gan, history, PRINT, keep=keep, select_by="selection_score")
    return history


def test_lowest_metric_is_best_and_without_it_the_last_epoch():
    history = [{"selection_score": value} for value in (0.9, 0.2, 0.2, float("nan"))]
    assert best_epoch(history, "selection_score") == 2
    assert best_epoch(history, "last") == 4


def test_the_best_checkpoint_is_kept_beside_the_newest_and_resuming_takes_the_newest(tmp_path, gan):
    history = save_all(tmp_path, gan, keep=1)
    first = next(iter(gan.variables().values()))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["epoch-0002.h5", "epoch-0004.h5"]
    best = load_best(tmp_path, history, "selection_score")
    best.restore(gan)
    assert best.epoch == 2
    assert float(first.numpy().flat[0]) == pytest.approx(0.1)
    newest = find_checkpoint(tmp_path, KEPT, last_epoch=4)
    assert newest is not None
    assert newest.epoch == 4


def test_whatever_byte_changes_the_checkpoint_before_it_is_used_with_a_warning(
    tmp_path, gan, capsys
):
    save_all(tmp_path, gan, keep=2)
    newest = tmp_path / "epoch-0004.h5"
    whole = newest.read_bytes()
    random = np.random.default_rng(1)
    places = [0, 63, 512, len(whole) - 1, *random.integers(512, len(whole), 20)]
    for place in places:
        newest.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        found = find_checkpoint(tmp_path, KEPT, last_epoch=4)
        assert found is not None
        assert found.epoch == 3, place
        warning = capsys.readouterr().out
        assert f"Warning: {newest} is not used: its content does not have the checksum" in warning


@pytest.mark.parametrize("length", [0, 100, 512, 20_000])
def test_a_torn_checkpoint_is_not_used(length, tmp_path, gan, capsys):
    save_all(tmp_path, gan, keep=2)
    os.truncate(tmp_path / "epoch-0004.h5", length)
    found = find_checkpoint(tmp_path, KEPT, last_epoch=4)
    assert found is not None
    assert found.epoch == 3
    assert "Trying the one before it" in capsys.readouterr().out


def test_a_checkpoint_that_cannot_be_read_now_is_not_passed_over(tmp_path, gan):
    save_all(tmp_path, gan, keep=2)
    said = in_child(
        lambda: refuse(READ, errno.EIO), lambda: find_checkpoint(tmp_path, KEPT, last_epoch=4)
    )
    newest = tmp_path / "epoch-0004.h5"
    assert said.startswith(f"CheckpointError: {newest}: its disk or file server gave an error")
    assert find_checkpoint(tmp_path, KEPT, last_epoch=4).epoch == 4


@pytest.mark.parametrize("room_B", [0, 100_000])
def test_on_a_full_disk_the_checkpoint_before_stays_and_nothing_half_written(room_B, tmp_path, gan):
    history = save_all(tmp_path, gan, keep=1)
    before = sorted(tmp_path.iterdir())
    no_limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room_B, no_limit[1]))
    try:
        with pytest.raises(
            CheckpointError, match=r"(?s)epoch-0005\.h5 cannot be written: .* again"
        ):
            save_checkpoint(tmp_path, gan, history + history[:1], PRINT, 1, "selection_score")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, no_limit)
    assert sorted(tmp_path.iterdir()) == before
    assert find_checkpoint(tmp_path, KEPT, last_epoch=5).epoch == 4


def test_a_damaged_best_checkpoint_is_replaced_by_the_next_best(tmp_path, gan):
    history = save_all(tmp_path, gan, keep=4)
    os.truncate(tmp_path / "epoch-0002.h5", 1000)
    assert load_best(tmp_path, history, "selection_score").epoch == 4
    for path in tmp_path.iterdir():
        os.truncate(path, 1000)
    with pytest.raises(CheckpointError, match="no whole checkpoint"):
        load_best(tmp_path, history, "selection_score")


@pytest.mark.parametrize(
    ("data", "last_epoch", "why"),
    [
        ("others", 4, "epoch-0004.h5 is of another training"),
        ("showers", 1, "epoch-0004.h5 is beyond train.epochs, which is 1"),
    ],
)
def test_checkpoints_that_do_not_fit_are_moved_aside_not_deleted(
    data, last_epoch, why, tmp_path, gan, capsys
):
    folder = tmp_path / "data/training/checkpoints"
    save_all(folder, gan, keep=2)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    kept = Kept(Origin({}, data, {}), "train")
    assert find_checkpoint(folder, kept, last_epoch) is None
    assert why in capsys.readouterr().out
    [place] = (tmp_path / "data/set-aside").iterdir()
    assert {path.name: path.read_bytes() for path in place.iterdir()} == before
    assert not list(folder.glob("*.h5"))


def test_torn_checkpoints_alone_are_moved_aside_before_a_new_training_rotates_its_own(
    tmp_path, gan
):
    save_all(tmp_path, gan, keep=1)
    for path in tmp_path.glob("*.h5"):
        os.truncate(path, 1000)
    assert find_checkpoint(tmp_path, KEPT, last_epoch=4) is None
    assert len(list((tmp_path.parent / "set-aside").glob("*/*.h5"))) == 2


def test_a_checkpoint_of_other_networks_is_refused_with_the_remedy(tmp_path, gan, make_config):
    save_all(tmp_path, gan, keep=1)
    config = make_config(model={"kernels": "plain", "latent_dim": 7})
    other = build_gan(config.model.design, config.train, (7, 7, 6))
    found = find_checkpoint(tmp_path, KEPT, last_epoch=4)
    with pytest.raises(CheckpointError, match=r"of other networks.*begin anew"):
        found.restore(other)
