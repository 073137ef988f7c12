"""Stage `project`: time per epoch on many nodes (Fig. 1), and the model against published times."""

from heitler.base.stage import run_stage  # first: Ctrl-C then ends it quietly

# isort: split
from pathlib import Path

from heitler.base.files import write_csv, write_json
from heitler.config import PUBLISHED, load_config
from heitler.report.scaling_figures import draw_epoch_time_by_nodes
from heitler.scaling import published
from heitler.scaling.calibration import calibrate
from heitler.scaling.holdouts import paper_residuals, v100_residuals
from heitler.scaling.interconnects import find_link
from heitler.scaling.plan import Training, flat_row, plan_training
from heitler.scaling.projection_summary import (
    emulated_residuals,
    projection_metrics,
    residual_table,
)

SCALE = Path("reports/scale")
HISTORY = Path("reports/train") / PUBLISHED / "history.csv"
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
        *emulated_residuals(),
    ]
    measured_s = {
        nodes: training.job.cycles(nodes) * seconds
        for nodes, seconds in calibration.measured_cycle_s.items()
    }
    write_csv(REPORT / "projection.csv", [flat_row(row) for row in rows])
    write_csv(REPORT / "residuals.csv", [residual.row() for residual in residuals])
    write_json(REPORT / "metrics.json", projection_metrics(rows, residuals))
    label = f"node of {calibration.ranks_per_node} x {calibration.threads_per_worker} cores"
    draw_epoch_time_by_nodes(REPORT / "fig1.svg", rows, measured_s, label)
    print("\n".join(residual_table(residuals)))


if __name__ == "__main__":
    run_stage(main)
