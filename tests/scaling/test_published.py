"""What the printed numbers give, and the model against them."""

import pytest

from heitler.scaling import published
from heitler.scaling.holdouts import paper_residuals, v100_residuals


@pytest.mark.parametrize(
    ("nodes", "time", "percent"),
    [
        (128, published.ON_128_NODES_S, (95.5, 92.0, 99.1)),
        (256, published.ON_256_NODES_S, (87.3, 83.4, 91.3)),
    ],
)
def test_the_papers_times_give_an_efficiency_with_its_rounding(nodes, time, percent):
    found = published.efficiency(published.ONE_NODE_S, time, nodes)
    assert [round(100 * x, 1) for x in (found.value, found.low, found.high)] == list(percent)


def test_98_percent_at_256_nodes_is_outside_of_what_rounding_allows():
    found = published.efficiency(published.ONE_NODE_S, published.ON_256_NODES_S, 256)
    assert found.high < published.CLAIMED_EFFICIENCY.low


def test_other_statements_of_the_paper_agree_with_its_times():
    two_days_s, quarter_hour_s = 48 * 3600, 15 * 60
    assert two_days_s < published.EPOCHS * published.ONE_NODE_S.value < 1.2 * two_days_s
    assert published.EPOCHS * published.ON_256_NODES_S.value < quarter_hour_s
    faster = published.EARLIER_ONE_NODE_S.value / published.ONE_NODE_S.value
    assert faster == pytest.approx(published.SOFTWARE_SPEED_UP.value, abs=0.05)


def test_the_v100_series_has_whole_cycles_only():
    for point in published.V100_SERIES:
        batch = point.gpus * published.V100_BATCH_PER_GPU
        assert point.cycles == published.V100_SHOWERS // batch


def test_headline_predictions_meet_their_targets():
    residuals = paper_residuals(500, 1, 0.95) + v100_residuals(500, 1, 0.95)
    headlines = [residual for residual in residuals if residual.headline]
    assert {(r.check, r.nodes) for r in headlines} == {
        ("paper", 128),
        ("paper", 256),
        ("V100", 32),
        ("V100", 64),
        ("V100", 128),
    }
    for residual in headlines:
        assert residual.passes, residual


def test_predictions_that_miss_are_told_as_misses():
    residuals = paper_residuals(500, 1, 0.95) + v100_residuals(500, 1, 0.95)
    missed = {(r.check, r.fitted_to, r.nodes) for r in residuals if not r.passes}
    assert ("paper", "1 node alone, no fixed cost", 256) in missed
    assert ("V100", "2-16 GPUs; A/N", 128) in missed


def test_points_above_the_limit_do_not_enter_the_fit(monkeypatch):
    def headline() -> list[float]:
        return [r.predicted_s for r in v100_residuals(10, 1, 0.95) if r.headline]

    before = headline()
    doubled = tuple(
        published.V100Point(p.gpus, p.cycles, p.epoch_s * (2 if p.gpus > 16 else 1))
        for p in published.V100_SERIES
    )
    monkeypatch.setattr(published, "V100_SERIES", doubled)
    assert headline() == before
