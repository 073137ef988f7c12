"""Figures are reproducible files, whatever the numbers in them."""

import dataclasses
import subprocess
import sys
import warnings

import numpy as np
import pytest

from heitler.data.observables import measure
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
        write_validation_figures(
            tmp_path, samples, compare_response(*samples, EDGES), config.validate, 5.1
        )
        draw_showers(tmp_path / "showers.svg", nothing, geant4, 5.1)
    assert len(list(tmp_path.glob("*.svg"))) == 11


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
