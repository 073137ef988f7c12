"""The best epoch's checkpoint outlives the newest ones, and is the one that is loaded."""

import pytest

from heitler.training.checkpoints import best_epoch, find_checkpoint, load_best, save_checkpoint


def test_lowest_metric_is_best_and_without_it_the_last_epoch():
    history = [{"selection_score": value} for value in (0.9, 0.2, 0.2, float("nan"))]
    assert best_epoch(history, "selection_score") == 2
    assert best_epoch(history, "last") == 4


def test_the_best_checkpoint_is_kept_beside_the_newest_and_resuming_takes_the_newest(
    tmp_path, make_config
):
    from heitler.model.gan import build_gan

    config = make_config(model={"kernels": "plain"})
    gan = build_gan(config.model, config.train, (7, 7, 6))
    first = next(iter(gan.variables().values()))
    history: list[dict[str, float]] = []
    for score in (0.9, 0.1, 0.5, 0.4):
        history.append({"selection_score": score})
        first.assign(0 * first + score)
        save_checkpoint(tmp_path, gan, history, "print", keep=1, select_by="selection_score")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["epoch-0002.h5", "epoch-0004.h5"]
    best = load_best(tmp_path, history, "selection_score")
    best.restore(gan)
    assert best.epoch == 2
    assert float(first.numpy().flat[0]) == pytest.approx(0.1)
    newest = find_checkpoint(tmp_path, "print", last_epoch=4)
    assert newest is not None
    assert newest.epoch == 4
