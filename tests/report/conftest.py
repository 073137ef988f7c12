"""Results of all stages on a small detector, made by the code that makes them in the pipeline."""

import dataclasses
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import yaml
from filelock import FileLock

from heitler.base.files import write_csv, write_json
from heitler.config import RECIPES, Config, build_config
from heitler.data.hdf5 import Showers
from heitler.data.observables import measure
from heitler.degradation.effects import COSTS as COSTS_OF_ARM
from heitler.degradation.effects import arm_results
from heitler.degradation.responses import Truth, response_rows
from heitler.degradation.runs.record import Record as DegradationRecord
from heitler.degradation.verdict import flat_metrics as degradation_metrics
from heitler.degradation.verdict import sentences as degradation_sentences
from heitler.evolution.summary import curve_rows, energy_rows, summarise
from heitler.report.data_figures import write_data_figures
from heitler.report.degradation_figures import draw_effects, draw_response_by_arm
from heitler.report.evolution_figures import draw_estimates, draw_losses_by_cost
from heitler.report.samples import STYLES, Generated, Samples
from heitler.report.scaling_figures import draw_efficiency, draw_epoch_time_by_nodes
from heitler.report.side_by_side import draw_cost, draw_puzzle, make_puzzle
from heitler.report.training_figures import (
    draw_epoch_times,
    draw_learning,
    draw_losses,
    draw_response_history,
)
from heitler.report.validation_figures import draw_showers, write_validation_figures
from heitler.report.wording import LABELS
from heitler.scaling.calibration import calibrate
from heitler.scaling.efficiency import compare_points, flat_metrics
from heitler.scaling.holdouts import paper_residuals, v100_residuals
from heitler.scaling.interconnects import PRESETS
from heitler.scaling.plan import Training, flat_row, plan_training
from heitler.scaling.points import PARTS, Comparison, Point, Record, Setup
from heitler.scaling.projection_summary import projection_metrics
from heitler.validation.card import score_card
from heitler.validation.compare import compare_response, validation_metrics
from heitler.validation.compare import response_rows as binned_response
from tests.conftest import ONE_FOR_ALL
from tests.scaling.sweeps import write_sweep

ROOT = Path(__file__).parents[2]
EDGES = np.linspace(10, 100, 4)
COSTS = [
    {
        "energy_GeV": energy,
        "generated_cpu_s": 0.002,
        "geant4_cpu_s": 0.006 * energy,
        "geant4_cpu_s_error": 0.001,
    }
    for energy in (25.0, 75.0)
]
BATCH_COST = {"batch_size": 128, "wall_ms": 0.75, "cpu_ms": 1.25}
UPDATES = ("discriminator_real", "discriminator_fake", "generator_1", "generator_2")


@dataclass
class Results:
    config: Config
    data: Path
    reports: Path


def small_config(**detector: object) -> Config:
    raw = yaml.safe_load((ROOT / "params.yaml").read_text())
    raw["detector"] |= {"cells_simulated": 7, "cells_kept": 7} | detector
    raw["recipes"] = ONE_FOR_ALL
    raw["train"] |= {"workers": 2, "virtual_workers": None, "global_batch_size": 16, "epochs": 2}
    raw["detector"]["sections"] = [{"layers": 6, "absorber_thickness_mm": 2.4}]
    return build_config(raw)


COMPACT = {
    "timed_batch_size": 128,
    "compact_wall_ms": 0.3,
    "compact_cpu_ms": 0.5,
    "full_wall_ms": 1.2,
    "full_cpu_ms": 2.0,
    "response_max_deviation": 0.034,
    "response_pass": 0.05,
    "response_passes": 1,
    **{
        f"{name}_profile_error_{kind}": value
        for name in ("longitudinal", "transverse_x", "transverse_y")
        for kind, value in (("to_full", 0.06), ("to_geant4", 0.7), ("full_to_geant4", 0.65))
    },
}


def random_showers(n: int, seed: int) -> Showers:
    generator = np.random.default_rng(seed)
    energy = generator.uniform(10, 100, n).astype(np.float32)
    cells = generator.gamma(0.3, 1.0, (n, 7, 7, 6)) * energy[:, None, None, None] * 3e-4
    ones = np.ones(n, np.float32)
    return Showers(cells.astype(np.float32), energy, ones * np.pi / 2, np.arange(n), ones)


def epoch(number: int) -> dict[str, float]:
    losses = {
        f"{update}_{loss}": 1.0 / number
        for update in UPDATES
        for loss in ("total", "real_fake", "primary_energy", "ecal_sum")
    }
    times = {
        "epoch_time_s": 10.0,
        "compute_time_s": 8.0,
        "communication_time_s": 1.0,
        "straggler_wait_s": 0.5,
        "input_wait_s": 0.5,
    }
    return {
        "epoch": float(number),
        **losses,
        **times,
        "showers_per_second": 7.0,
        "cycles": 4.0,
        "events_seen": 70.0,
        "response_ratio_10_55_GeV": 0.5,
        "response_worst_deviation": 0.5,
    }


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Once for all processes that share the tests (pytest-xdist); drawing takes most of it."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / "results-of-all-stages"
    with FileLock(shared / "results-of-all-stages.lock"):
        if not folder.is_dir():
            write_results(
                folder.with_suffix(".new") / "data", folder.with_suffix(".new") / "reports"
            )
            folder.with_suffix(".new").rename(folder)
    return folder


@pytest.fixture
def results(made_once: Path, tmp_path: Path) -> Results:
    """Generated showers with 20% too much energy, after two epochs of 70 showers."""
    shutil.copytree(made_once, tmp_path, dirs_exist_ok=True)
    return Results(small_config(), tmp_path / "data", tmp_path / "reports")


def write_results(data: Path, reports: Path) -> None:
    config = small_config()
    geant4, reference = random_showers(60, 1), random_showers(80, 2)
    generated = dataclasses.replace(geant4, cells_GeV=np.float32(1.2) * geant4.cells_GeV)
    samples = (measure(generated), measure(geant4), measure(reference))
    response = compare_response(*samples, EDGES)
    scores = score_card(*samples, EDGES, config.validate)
    for recipe in RECIPES:
        folder = reports / "validate" / recipe
        write_json(folder / "metrics.json", validation_metrics(*samples, response, 0.05))
        write_json(folder / "card.json", [score.as_json() for score in scores])
        write_csv(folder / "response.csv", binned_response(response))
    drawn = [Generated(samples[0], response, LABELS[r], STYLES[r]) for r in RECIPES]
    report = reports / "report"
    write_validation_figures(report, Samples(drawn, *samples[1:]), config.validate, 5.1)
    made = {LABELS[recipe]: generated for recipe in RECIPES}
    draw_showers(report / "showers.svg", made, geant4, 5.1)
    draw_puzzle(report / "puzzle.svg", make_puzzle(geant4, generated, seed=1))
    sets = {"train": samples[2], "validation": samples[1], "test": samples[1]}
    write_data_figures(reports / "prepare", sets, [0.02], EDGES, config.detector, geant4)
    history = [epoch(1), epoch(2)]
    for recipe in RECIPES:
        draw_losses(report / recipe / "losses.svg", history)
        draw_epoch_times(report / recipe / "epoch_times.svg", history)
        draw_response_history(report / recipe / "response_history.svg", history)
    draw_learning(report / "learning.svg", {LABELS[r]: (STYLES[r], history) for r in RECIPES})
    write_projection(reports / "project")
    write_measured_scaling(reports / "scale")
    write_evolution(reports / "evolve", config)
    write_degradation(reports / "degradation", config)
    write_json(reports / "prepare/metrics.json", {})
    for recipe in RECIPES:
        for stage in ("train", "generate"):
            write_json(reports / stage / recipe / "metrics.json", {})
        write_csv(reports / "train" / recipe / "history.csv", history)
        write_csv(reports / "generate" / recipe / "cost_by_energy.csv", COSTS)
        write_csv(reports / "generate" / recipe / "cost_by_batch_size.csv", [BATCH_COST])
    draw_cost(report / "cost.svg", dict.fromkeys(RECIPES, COSTS), 0.0005)
    write_json(reports / "compact/metrics.json", COMPACT)
    write_json(data / "prepared/summary.json", summary())


def write_measured_scaling(folder: Path) -> None:
    """Two workers that need 1.1 s for what one does in 1 s; 3.5 s and 14 s in other software."""
    fast, plain, slow = (
        Setup(1, independent=False, kernels=kernels, onednn=onednn)
        for kernels, onednn in (("fast", True), ("plain", True), ("plain", False))
    )
    two = Setup(2, independent=False, kernels="fast", onednn=True)
    records = {}
    for setup, seconds in ((fast, 1.0), (two, 1.1), (plain, 3.5), (slow, 14.0)):
        point = Point(setup, 8 * setup.workers)
        wall = np.full((setup.workers, 3), seconds)
        parts = {"wall_s": wall} | dict.fromkeys(PARTS, wall / 4)
        hosts = ["node"] * setup.workers
        records[point] = [Record(point.name, 0, "", parts, None, hosts, "cpu", 1)]
    alone, double, *others = records
    rows = [Comparison("weak", alone, alone), Comparison("weak", double, alone)]
    rows += [Comparison("software", point, alone) for point in (alone, *others)]
    found = compare_points(rows, records, showers=70)
    write_csv(folder / "points.csv", found)
    write_json(folder / "metrics.json", flat_metrics(found))
    draw_efficiency(folder / "efficiency.svg", found)


def write_evolution(folder: Path, config: Config) -> None:
    """RMSprop starts higher and ends lower than the genetic algorithm, which ends at 8%."""
    losses = {"rmsprop": (0.5, 0.05), "one-plus-lambda": (0.3, 0.08)}
    runs = [(name, seed) for name in losses for seed in config.evolve.seeds]
    budget = config.evolve.cost_epochs
    histories = {
        (name, seed): [
            {
                **{"step": step, "epoch": cost, "cost_epochs": cost, "seconds": cost / 10},
                **dict.fromkeys(("loss_best", "loss_median", "test_loss"), loss + 0.001 * seed),
            }
            for step, (cost, loss) in enumerate(
                zip((0.01 * budget, budget), losses[name], strict=True)
            )
        ]
        for name, seed in runs
    }
    energy = np.linspace(10, 100, 50)
    ratios = {(name, seed): np.full(50, 1 + losses[name][1]) for name, seed in runs}
    curves, energies = curve_rows(histories), energy_rows(ratios, energy, 5)
    found = summarise(curves, energies, config.evolve, train_showers=70, test_showers=50)
    write_json(folder / "metrics.json", found.metrics)
    draw_losses_by_cost(folder / "fig3_left.svg", curves)
    draw_estimates(folder / "fig3_right.svg", energies)


def write_degradation(folder: Path, config: Config) -> None:
    """256 workers deposit 50% too much at 10 GeV and 5% at 100 GeV, one worker 2% throughout."""
    energy = np.linspace(10, 100, 300)
    geant4 = 0.02 * energy * np.random.default_rng(3).normal(1, 0.03, len(energy))
    factors = {"one-worker": 1.02 + 0 * energy, "workers-256": 1 + 5 / energy}
    facts = dict.fromkeys(COSTS_OF_ARM, 100.0)
    profile = np.ones(6, np.float32)
    records = {
        (arm, seed): DegradationRecord({"moving": geant4 * factor}, {"moving": profile}, [], facts)
        for arm, factor in factors.items()
        for seed in (1, 2, 3)
    }
    truth = Truth(geant4, energy, np.ones(6), np.linspace(10, 100, 31))
    study = config.degradation
    rows, arms = response_rows(records, study, truth), arm_results(records, study, truth)
    write_json(folder / "metrics.json", degradation_metrics(arms, study))
    write_json(folder / "verdict.json", degradation_sentences(arms, study))
    shown = {arm.name: arm.about for arm in arms}
    draw_response_by_arm(folder / "fig2.svg", rows, shown)
    draw_effects(folder / "effects.svg", [arm.row for arm in arms], study.largest_deviation)


def write_projection(folder: Path) -> None:
    sweep = write_sweep(folder.parent / "scale")
    calibration = calibrate(sweep, 2, PRESETS["omni-path-100"], Path("no history"))
    training = Training.of(small_config(), calibration, 16_000)
    rows = plan_training(training, [1, 16, 256], epochs=30, budget_node_hours=None)
    draw_epoch_time_by_nodes(folder / "fig1.svg", rows, {1: rows[0].epoch_s.value}, "test node")
    residuals = paper_residuals(100, 1, 0.95) + v100_residuals(100, 1, 0.95)
    write_csv(folder / "projection.csv", [flat_row(row) for row in rows])
    write_csv(folder / "residuals.csv", [residual.row() for residual in residuals])
    write_json(folder / "metrics.json", projection_metrics(rows, residuals))


def summary() -> dict[str, object]:
    return {
        "image_shape": [7, 7, 6],
        "showers": {"train": 70, "validation": 10, "test": 60},
        "energy_min_GeV": 10.0,
        "energy_max_GeV": 100.0,
        "simulation": {"physics_list": "G4EmStandardPhysics", "tables": {"origin": "PENELOPE"}},
        "digest": "0123456789abcdef",
    }
