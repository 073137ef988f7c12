"""Stage `project`: time per epoch on many nodes (Fig. 1), and the model against published times."""

from pathlib import Path
from typing import Any

from heitler.config import load_config
from heitler.files import write_csv, write_json
from heitler.report.scaling_figures import draw_epoch_time_by_nodes
from heitler.scaling import published
from heitler.scaling.calibration import calibrate
from heitler.scaling.holdouts import Residual, paper_residuals, v100_residuals
from heitler.scaling.interconnects import find_link
from heitler.scaling.plan import PlanRow, Training, flat_row, plan_training
from heitler.stage import run_stage

SCALE = Path("reports/scale")
HISTORY = Path("reports/train/history.csv")
REPORT = Path("reports/project")


def main() -> None:
    config = load_config()
    project = config.project
    link = find_link(project.interconnect)
    calibration = calibrate(SCALE, project.ranks_per_node, link, HISTORY)
    print(f"project: from {calibration.description}; {link.name} between nodes")
    training = Training.of(config, calibration, project.showers)
    rows = plan_training(training, project.nodes, epochs=published.EPOCHS, budget_node_hours=None)
    residuals = [
        *paper_residuals(project.draws, project.seed, project.interval),
        *v100_residuals(project.draws, project.seed, project.interval),
    ]
    measured_s = {
        nodes: training.job.cycles(nodes) * seconds
        for nodes, seconds in calibration.measured_cycle_s.items()
    }
    write_csv(REPORT / "projection.csv", [flat_row(row) for row in rows])
    write_csv(REPORT / "residuals.csv", [residual.row() for residual in residuals])
    write_json(REPORT / "metrics.json", metrics(rows, residuals))
    label = f"node of {calibration.ranks_per_node} x {calibration.threads_per_worker} cores"
    draw_epoch_time_by_nodes(REPORT / "fig1.svg", rows, measured_s, label)
    print("\n".join(sentences(residuals)))


def metrics(rows: list[PlanRow], residuals: list[Residual]) -> dict[str, Any]:
    """Deviations of the headline predictions, the paper's efficiencies, and ours projected."""
    one = published.ONE_NODE_S
    on_128 = published.efficiency(one, published.ON_128_NODES_S, 128)
    on_256 = published.efficiency(one, published.ON_256_NODES_S, 256)
    headlines = [residual for residual in residuals if residual.headline]
    return {
        **{f"{r.check}_{r.nodes}_deviation": r.deviation for r in headlines},
        "targets_met": all(residual.passes for residual in headlines),
        "paper_128_efficiency": on_128.value,
        "paper_256_efficiency": on_256.value,
        "paper_256_efficiency_low": on_256.low,
        "paper_256_efficiency_high": on_256.high,
        "paper_claimed_efficiency": published.CLAIMED_EFFICIENCY.value,
        **{f"{row.nodes}_nodes_epoch_s": row.epoch_s.value for row in rows},
        **{f"{row.nodes}_nodes_efficiency": row.efficiency.value for row in rows},
    }


def sentences(residuals: list[Residual]) -> list[str]:
    """The table of predictions beside observations, the ones that count with a star."""
    return [
        f"{'*' if r.headline else ' '} {r.check:8} {r.nodes:4} predicted {r.predicted_s:7.2f} s "
        f"[{r.low_s:.1f}, {r.high_s:.1f}], observed {r.observed_s:6.2f} s: {r.deviation:+6.1%} "
        f"(target {r.target:.0%}) from {r.fitted_to}"
        for r in residuals
    ]


if __name__ == "__main__":
    run_stage(main)
