"""Stage `validate`: a recipe's showers against Geant4's, with the floor of Geant4 itself."""

from heitler.stage import run_stage, stage_recipe  # first: Ctrl-C then ends it quietly

# isort: split
from pathlib import Path

from heitler.config import load_config
from heitler.data.hdf5 import iterate_showers
from heitler.files import write_csv, write_json
from heitler.progress import progress_bar
from heitler.report.samples import Generated, Samples
from heitler.report.validation_figures import draw_showers, write_validation_figures
from heitler.tracking.training import training_run
from heitler.validation.card import card_steps, flat_metrics, score_card
from heitler.validation.compare import compare_response, response_rows, validation_metrics
from heitler.validation.held_out import load_held_out
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
    steps = card_steps(config.validate)
    with progress_bar("score card", steps) as advance:
        scores = score_card(*samples, held_out.edges_GeV, config.validate, advance=advance)
    limit = config.validate.limits.response_max_deviation[0]
    metrics = validation_metrics(*samples, response, limit) | flat_metrics(scores)
    write_json(report / "metrics.json", metrics)
    write_json(report / "card.json", [score.as_json() for score in scores])
    write_csv(report / "response.csv", response_rows(response))
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
