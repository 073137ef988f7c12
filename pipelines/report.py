"""Stage `report`: one page with the question, the answer, and what it rests on."""

from heitler.base.stage import run_stage  # first: Ctrl-C then ends it quietly

# isort: split
from pathlib import Path

from heitler.base.files import write_json, write_text
from heitler.config import RECIPES, Config, load_config
from heitler.report.claims.assess import assess_claims, claims_json, count_claims
from heitler.report.page import render_page
from heitler.report.results import RecipeResults, Results
from heitler.report.side_by_side import (
    draw_cost,
    draw_samples,
    draw_single_showers,
    draw_trainings,
)
from heitler.tracking.comparison import latest_runs
from heitler.tracking.provenance import collect_provenance
from heitler.tracking.registry import promote
from heitler.tracking.training import log_state, training_run

DATA = Path("data")
PREPARED = DATA / "prepared"
TRAININGS = DATA / "training"
REPORTS = Path("reports")
REPORT = REPORTS / "report"
PAGE = REPORTS / "index.html"


def main() -> None:
    config = load_config()
    results = Results(REPORTS, DATA)
    generated = {recipe: DATA / "generated" / recipe / "showers.h5" for recipe in RECIPES}
    draw_trainings(REPORT, results)
    draw_samples(REPORT, PREPARED, generated, config)
    puzzle_answer = draw_single_showers(REPORT, PREPARED, generated, config)
    costs = {each.recipe: each.cost_by_energy for each in results.recipes}
    draw_cost(REPORT / "cost.svg", costs, results.metric("compact", "compact_cpu_ms") / 1e3)
    claims = assess_claims(results, config)
    write_json(REPORT / "claims.json", claims_json(claims))
    page = render_page(results, config, collect_provenance(), latest_runs(), puzzle_answer)
    write_text(PAGE, page)
    for each in results.recipes:
        complete_run(each, config, results.summary["digest"])
    print(f"report: {len(claims)} claims of the paper: {count_claims(claims)}")
    print(f"report: open {PAGE}")


def complete_run(results: RecipeResults, config: Config, digest: str) -> None:
    """Add to the run of a recipe's training what came after it, and register the generator."""
    run = training_run(TRAININGS / results.recipe, generate=config.generate)
    run.log_metrics({f"generate_{k}": v for k, v in results.generated.items()})
    log_state(run)
    for stage in ("prepare", "report"):
        run.log_files(REPORTS / stage, stage)
    if promotion := promote(run.run_id, results.card, digest):
        print(
            f"report: the generator of recipe {results.recipe} is version {promotion.version} of "
            f"{promotion.model}; best by its score card is version {promotion.champion}: "
            f"{promotion.uri}"
        )


if __name__ == "__main__":
    run_stage(main)
