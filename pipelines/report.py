"""Stage `report`: one page with the question, the answer, and what it rests on."""

from heitler.stage import run_stage  # first: Ctrl-C then ends it quietly

# isort: split
from pathlib import Path

from heitler.config import load_config
from heitler.files import write_json, write_text
from heitler.report.claims.assess import assess_claims, claims_json, count_claims
from heitler.report.cost_figure import draw_cost
from heitler.report.inputs import load_inputs
from heitler.report.page import render_page
from heitler.report.training_figures import draw_epoch_times, draw_losses, draw_response_history
from heitler.report.wording import counted
from heitler.tracking.comparison import latest_runs
from heitler.tracking.provenance import collect_provenance
from heitler.tracking.registry import promote
from heitler.tracking.state import log_state
from heitler.tracking.training import training_run

DATA = Path("data")
TRAINING = DATA / "training"
REPORTS = Path("reports")
PAGE = REPORTS / "index.html"


def main() -> None:
    config = load_config()
    inputs = load_inputs(DATA, REPORTS)
    print(f"report: {counted(len(inputs.history), 'epoch')}, all stages", flush=True)
    draw_losses(REPORTS / "report/losses.svg", inputs.history)
    draw_response_history(REPORTS / "report/response_history.svg", inputs.history)
    draw_epoch_times(REPORTS / "report/epoch_times.svg", inputs.history)
    compact_cpu_s = inputs.metrics["compact"]["compact_cpu_ms"] / 1e3
    draw_cost(REPORTS / "report/cost.svg", inputs.cost_by_energy, compact_cpu_s)
    claims = assess_claims(REPORTS, config)
    write_json(REPORTS / "report/claims.json", claims_json(claims))
    run = training_run(TRAINING, generate=config.generate)
    write_text(PAGE, render_page(inputs, config, collect_provenance(), latest_runs()))
    run.log_metrics({f"generate_{k}": v for k, v in inputs.metrics["generate"].items()})
    log_state(run)
    for stage in ("prepare", "report"):
        run.log_files(REPORTS / stage, stage)
    if promotion := promote(run.run_id, inputs.card, inputs.summary["digest"]):
        print(
            f"report: the generator is version {promotion.version} of {promotion.model}; best by "
            f"its score card is version {promotion.champion}: {promotion.uri}"
        )
    print(f"report: {len(claims)} claims of the paper: {count_claims(claims)}")
    print(f"report: open {PAGE}")


if __name__ == "__main__":
    run_stage(main)
