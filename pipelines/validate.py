"""Stage `validate`: generated showers against Geant4's, with the floor of Geant4 against itself."""

from heitler.stage import run_stage  # first: Ctrl-C then ends it quietly

# isort: split
from pathlib import Path

from heitler.config import load_config
from heitler.data.hdf5 import iterate_showers, read_attributes
from heitler.data.observables import join, load_observables
from heitler.data.summary import load_summary
from heitler.files import write_csv, write_json
from heitler.progress import progress_bar
from heitler.report.validation_figures import draw_showers, write_validation_figures
from heitler.tracking.training import training_run
from heitler.validation.card import card_steps, flat_metrics, score_card
from heitler.validation.compare import (
    check_pairs,
    compare_response,
    response_rows,
    validation_metrics,
)
from heitler.validation.response import energy_bin_edges
from heitler.validation.score import Score, count_verdicts

PREPARED = Path("data/prepared")
GENERATED = Path("data/generated/showers.h5")
TRAINING = Path("data/training")
REPORT = Path("reports/validate")


def main() -> None:
    config = load_config()
    geant4 = load_observables(PREPARED / "test.h5")
    reference = join(load_observables(PREPARED / f"{name}.h5") for name in ("train", "validation"))
    # Geant4's cells went through the threshold in the prepare stage.
    attributes = read_attributes(PREPARED / "test.h5")
    generated = load_observables(GENERATED, attributes["cell_threshold_GeV"])
    check_pairs(generated, geant4)
    print(f"validate: {len(generated)} generated showers against Geant4", flush=True)

    summary = load_summary(PREPARED / "summary.json")
    edges = energy_bin_edges(
        summary.energy_min_GeV,
        summary.energy_max_GeV,
        config.validate.energy_bins,
        attributes.get("energy_spectrum", "uniform"),
    )
    samples = (generated, geant4, reference)
    response = compare_response(*samples, edges)
    steps = card_steps(config.validate)
    with progress_bar("score card", steps) as advance:
        scores = score_card(*samples, edges, config.validate, advance=advance)
    limit = config.validate.limits.response_max_deviation[0]
    metrics = validation_metrics(*samples, response, limit) | flat_metrics(scores)
    write_json(REPORT / "metrics.json", metrics)
    write_json(REPORT / "card.json", [score.as_json() for score in scores])
    write_csv(REPORT / "response.csv", response_rows(response))
    size = config.detector.cell_size_mm
    write_validation_figures(REPORT, samples, response, config.validate, size)
    pair = next(iterate_showers(GENERATED)), next(iterate_showers(PREPARED / "test.h5"))
    draw_showers(REPORT / "showers.svg", *pair, size)
    run = training_run(TRAINING)
    # The validation set's response ratios of every epoch are in the same run.
    run.log_metrics({f"test_{name}": value for name, value in metrics.items()})
    run.log_files(REPORT, "validate")
    announce(metrics, scores)


def announce(metrics: dict[str, float], scores: list[Score]) -> None:
    print(
        f"validate: response off by up to {metrics['response_max_deviation']:.1%} "
        f"(limit {metrics['response_pass']:.0%}, Geant4 against itself "
        f"{metrics['response_max_deviation_floor']:.1%})"
    )
    print(
        f"validate: score card: {count_verdicts(scores)} (reports/index.html lists them; a short "
        "training fails most of them)"
    )
    if left_out := metrics["energy_bins_left_out"]:
        print(f"validate: {left_out} energy bins with fewer than two showers left out")


if __name__ == "__main__":
    run_stage(main)
