"""Figures are reproducible files, whatever the numbers in them."""

import dataclasses
import subprocess
import sys
import warnings

import numpy as np
import pytest

from heitler.data.observables import measure
from heitler.report.samples import Generated, Samples
from heitler.report.side_by_side import draw_puzzle, make_puzzle
from heitler.report.style import figure
from heitler.report.training_figures import draw_epoch_times, draw_losses, draw_response_history
from heitler.report.validation_figures import draw_showers, write_validation_figures
from heitler.validation.compare import compare_response
from tests.report.conftest import EDGES, epoch, random_showers, small_config

DRAW = """
import sys
from pathlib import Path
from heitler.report.style import GEANT4, POINTS, figure
with figure(Path(sys.argv[1])) as drawing:
    axes = drawing.subplots()
    axes.errorbar([1, 2], [3, 4], [1, 1], **GEANT4, **POINTS, label="x")
    axes.imshow([[1, 2], [3, 4]])
    axes.legend()
"""


def test_the_same_numbers_give_the_same_bytes_in_another_process(tmp_path):
    paths = [tmp_path / name for name in ("a.svg", "b.svg")]
    for path in paths:
        subprocess.run([sys.executable, "-c", DRAW, str(path)], check=True)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert b"<dc:date>" not in paths[0].read_bytes()


def test_a_failed_figure_leaves_no_file(tmp_path):
    with pytest.raises(ZeroDivisionError), figure(tmp_path / "broken.svg"):
        _ = 1 / 0
    assert list(tmp_path.iterdir()) == []


def test_a_generator_that_deposits_nothing_can_be_drawn(tmp_path):
    config, geant4 = small_config(), random_showers(30, 1)
    nothing = dataclasses.replace(geant4, cells_GeV=np.zeros_like(geant4.cells_GeV))
    samples = (measure(nothing), measure(geant4), measure(random_showers(30, 2)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        response = compare_response(*samples, EDGES)
        drawn = Samples([Generated(samples[0], response)], *samples[1:])
        write_validation_figures(tmp_path, drawn, config.validate, 5.1)
        draw_showers(tmp_path / "showers.svg", {"generated": nothing}, geant4, 5.1)
    assert len(list(tmp_path.glob("*.svg"))) == 11


def test_the_puzzle_hides_as_many_of_geant4s_showers_as_generated_ones_and_knows_which(tmp_path):
    """Generated showers here deposit nothing."""
    geant4 = random_showers(30, 1)
    nothing = dataclasses.replace(geant4, cells_GeV=np.zeros_like(geant4.cells_GeV))
    puzzle = make_puzzle(geant4, nothing, seed=3)
    real = [n for n, shown in enumerate(puzzle.displays, 1) if shown.image_GeV.sum() > 0]
    assert puzzle.geant4 == real
    assert len(real) == 6
    assert len(puzzle.displays) == len({shown.title for shown in puzzle.displays}) == 12
    assert make_puzzle(geant4, nothing, seed=4).geant4 != real
    draw_puzzle(tmp_path / "puzzle.svg", puzzle)
    assert "Geant4" not in (tmp_path / "puzzle.svg").read_text()


def test_the_losses_of_a_recipe_without_discriminator_are_drawn(tmp_path):
    losses = {"total": 7.0, "energies": -3.0, "layers": 10.0}
    history = [
        {"epoch": n} | {f"generator_1_{name}": value / n for name, value in losses.items()}
        for n in (1.0, 2.0)
    ]
    draw_losses(tmp_path / "losses.svg", history)
    drawn = (tmp_path / "losses.svg").read_bytes()
    assert all(title in drawn for title in (b"Total, weighted", b"Energies", b"Layers"))


def test_one_epoch_and_missing_columns_can_be_drawn(tmp_path):
    first, second = epoch(1), epoch(2)
    del first["response_ratio_10_55_GeV"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw_losses(tmp_path / "losses.svg", [first])
        draw_epoch_times(tmp_path / "times.svg", [first])
        draw_response_history(tmp_path / "response.svg", [first, second])
    assert b"10 to 55 GeV" in (tmp_path / "response.svg").read_bytes()
    assert len(list(tmp_path.glob("*.svg"))) == 3


def test_the_course_of_r_is_drawn_for_arms_of_one_seed_and_of_more(tmp_path):
    from heitler.report.law_figure import draw_course

    rows = [
        {"arm": arm, "seed": seed, "cycles": 4 * n, "response_low": 0.1 * n, "response_high": 0.9}
        for arm, seeds in (("one", (1, 2)), ("many", (1,)))
        for seed in seeds
        for n in range(1, 10)
    ]
    path = tmp_path / "course.svg"
    draw_course(path, rows, {"one": "one worker", "many": "256 workers"})
    first = path.read_bytes()
    assert first.count(b'id="line2d') > 10
    draw_course(path, rows, {"one": "one worker", "many": "256 workers"})
    assert path.read_bytes() == first


def test_the_law_is_drawn_with_one_curve_per_batch_for_one_seed_and_for_more(tmp_path):
    from heitler.report.law_figure import draw_law

    rows = [
        {"arm": "any", "global_batch_size": batch, "seed": seed, "cycles": n, "showers_seen": 8 * n}
        | {"deviation_low": 0.5 / n, "worst_bin": 0.6 / n + 0.01 * seed}
        for batch, seeds in ((8, (1, 2)), (512, (1,)))
        for seed in seeds
        for n in range(1, 10)
    ]
    path = tmp_path / "law.svg"
    draw_law(path, rows, 0.05)
    both = path.read_bytes()
    draw_law(path, rows[:9], 0.05)
    assert path.read_bytes().count(b'id="line2d') < both.count(b'id="line2d')
