"""Stage `validate`: a recipe's showers against Geant4's, with the floor of Geant4 itself."""

from heitler.base.stage import run_stage  # first: Ctrl-C then ends it quietly

# isort: split
from pathlib import Path

from heitler.base.files import write_csv, write_json
from heitler.base.progress import progress_bar
from heitler.config import ValidateConfig, load_config, stage_recipe
from heitler.data.hdf5 import iterate_showers, read_attributes
from heitler.judge.curve import measure_curve
from heitler.judge.samples import build_sample
from heitler.report.samples import Generated, Samples
from heitler.report.validation_figures import (
    draw_classifiers,
    draw_showers,
    write_validation_figures,
)
from heitler.tracking.training import training_run
from heitler.validation.card import card_steps, flat_metrics, score_card
from heitler.validation.classifier_curve import Point, card_lines, notes
from heitler.validation.compare import compare_response, response_rows, validation_metrics
from heitler.validation.held_out import load_held_out
from heitler.validation.metrics import limit_of
from heitler.validation.score import Score, count_verdicts

PREPARED = Path("data/prepared")
GENERATED = Path("data/generated")
TRAININGS = Path("data/training")
REPORTS = Path("reports/validate")


def main() -> None:
    recipe, config = stage_recipe(), load_config()
    showers, report = GENERATED / recipe / "showers.h5", REPORTS / recipe
    held_out = load_held_out(PREPARED, config.validate.energy_bins)
    generated, geant4 = held_out.load_generated(showers), held_out.geant4
    count = len(generated)
    print(f"validate: {count} showers of recipe {recipe} against Geant4", flush=True)

    samples = (generated, geant4, held_out.reference)
    response = compare_response(*samples, held_out.edges_GeV)
    points = judge(showers, config.validate)
    with progress_bar("score card", card_steps(config.validate)) as advance:
        scores = score_card(
            *samples,
            held_out.edges_GeV,
            config.validate,
            networks=card_lines(points),
            advance=advance,
        )
    limit = limit_of("response_max_deviation", config.validate.limits)[0]
    metrics = validation_metrics(*samples, response, limit) | flat_metrics(scores)
    write_json(report / "metrics.json", metrics)
    write_json(report / "card.json", [score.as_json() for score in scores])
    write_csv(report / "response.csv", response_rows(response))
    if points:
        write_csv(report / "classifiers.csv", [point.as_row() for point in points])
        draw_classifiers(report / "classifiers.svg", points)
    size = config.detector.cell_size_mm
    drawn = Samples([Generated(generated, response)], geant4, held_out.reference)
    write_validation_figures(report, drawn, config.validate, size)
    made, mc = next(iterate_showers(showers)), next(iterate_showers(PREPARED / "test.h5"))
    draw_showers(report / "showers.svg", {"generated": made}, mc, size)
    run = training_run(TRAININGS / recipe)
    # The validation set's response ratios of every epoch are in the same run.
    run.log_metrics({f"test_{name}": value for name, value in metrics.items()})
    run.log_files(report, "validate")
    announce(metrics, scores)
    for note in notes(points, config.validate):
        print(f"validate: {note}")


def judge(showers: Path, config: ValidateConfig) -> list[Point]:
    """What the neural classifiers find."""
    truth = PREPARED / "test.h5"
    threshold_GeV = read_attributes(truth)["cell_threshold_GeV"]
    made, mc = (
        build_sample(iterate_showers(path), threshold_GeV, config.classifiers.showers)
        for path in (showers, truth)
    )
    return measure_curve(made, mc, config.classifiers, config.seed)


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
