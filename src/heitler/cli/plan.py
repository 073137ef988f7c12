"""`heitler plan`: how long a training takes on more nodes, and what it costs."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from heitler.cli.reading import finite
from heitler.config import PUBLISHED

if TYPE_CHECKING:
    from rich.table import Table

    from heitler.config import Config
    from heitler.scaling.calibration import Calibration
    from heitler.scaling.plan import Estimate, PlanRow, Training

WHAT, NODE, FROM = "What is trained", "On what", "Measured where"
HISTORY = Path("reports/train") / PUBLISHED / "history.csv"
CALIBRATED = Path("reports/plan")
WIDTH_OF_FILES = 140


def plan(
    nodes: Annotated[
        str, typer.Option(help="Numbers of nodes, separated by commas.", rich_help_panel=NODE)
    ] = "1,4,16,64,256",
    ranks_per_node: Annotated[
        int | None,
        typer.Option(min=1, help="Workers per node. Default: params.yaml.", rich_help_panel=NODE),
    ] = None,
    interconnect: Annotated[
        str | None,
        typer.Option(
            help="Between nodes, such as infiniband-hdr; an unknown name lists all. "
            "Default: params.yaml.",
            rich_help_panel=NODE,
        ),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Default: params.yaml.", rich_help_panel=WHAT)
    ] = None,
    showers: Annotated[
        int | None,
        typer.Option(
            min=1, help="In the training set. Default: project.showers.", rich_help_panel=WHAT
        ),
    ] = None,
    batch_per_worker: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Showers per worker and cycle; another than was measured needs --calibrate.",
            rich_help_panel=WHAT,
        ),
    ] = None,
    budget_node_hours: Annotated[
        float | None,
        typer.Option(min=0.0, callback=finite, help="Say how many epochs this pays for."),
    ] = None,
    min_efficiency: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=1.0,
            callback=finite,
            help="Say up to how many nodes it is reached, as in 0.8.",
        ),
    ] = None,
    calibrate: Annotated[
        bool,
        typer.Option(help="Measure now, about a minute or two.", rich_help_panel=FROM),
    ] = False,
    points: Annotated[
        Path, typer.Option(help="Folder of the last measurement.", rich_help_panel=FROM)
    ] = Path("reports/scale"),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Predict time per epoch, efficiency and node-hours on more nodes, with intervals.

    A node is a machine like the one measured. The prediction rests on the last `dvc repro scale`
    or on a short measurement; docs/projection.md says how.

    Examples:

    heitler plan --nodes 4,16,64,256 --budget-node-hours 50

    heitler plan --calibrate --interconnect ethernet-25 --min-efficiency 0.8
    """
    from heitler.config import load_config
    from heitler.scaling.calibration import calibrate as read_calibration
    from heitler.scaling.interconnects import find_link
    from heitler.scaling.plan import Training, largest_useful, plan_training

    config = load_config()
    link = find_link(interconnect or config.project.interconnect)
    counts = _numbers(nodes)
    ranks = ranks_per_node or config.project.ranks_per_node
    if calibrate:
        from heitler.scaling.sweep import measure_now

        points = CALIBRATED
        measure_now(points, ranks, batch_per_worker)
    calibration = read_calibration(points, ranks, link, HISTORY)
    _check_batch(calibration, batch_per_worker)
    training = Training.of(config, calibration, showers or config.project.showers)
    rows = plan_training(
        training,
        counts,
        epochs=epochs or config.train.epochs,
        budget_node_hours=budget_node_hours,
    )
    useful = None if min_efficiency is None else largest_useful(training, min_efficiency)
    if as_json:
        content = {
            "measured": calibration.description,
            "interconnect": {"name": link.name, "source": link.source},
            "rows": [asdict(row) for row in rows],
            "largest_useful_nodes": useful,
        }
        print(json.dumps(content, indent=2))
        return
    _print(config, training, calibration, rows, epochs, budget_node_hours)
    if useful is not None:
        print(_useful_sentence(training, useful, min_efficiency or 0.0))


def _numbers(text: str) -> list[int]:
    words = [word.strip() for word in text.split(",")]
    if not all(word.isascii() and word.isdigit() and int(word) > 0 for word in words):
        raise typer.BadParameter(f"--nodes is {text!r}. Give whole numbers: --nodes 4,16,64")
    return [int(word) for word in words]


def _check_batch(calibration: "Calibration", batch_per_worker: int | None) -> None:
    from heitler.scaling.calibration import CalibrationError

    if batch_per_worker and batch_per_worker != calibration.batch_per_worker:
        raise CalibrationError(
            f"--batch-per-worker is {batch_per_worker}, but {calibration.batch_per_worker} showers "
            "per worker were measured, and time per shower depends on it. Add --calibrate."
        )


def _print(
    config: "Config",
    training: "Training",
    calibration: "Calibration",
    rows: list["PlanRow"],
    epochs: int | None,
    budget_node_hours: float | None,
) -> None:
    from rich.console import Console

    from heitler.report.wording import counted

    job, link = training.job, training.best.link
    width = None if sys.stdout.isatty() else WIDTH_OF_FILES
    console = Console(width=width, highlight=False)
    console.print(f"Measured: {calibration.description}.", soft_wrap=True)
    console.print(
        f"Projected: {job.showers:,} showers, {counted(epochs or config.train.epochs, 'epoch')}, "
        f"nodes like the one measured joined by {link.name} ({link.source}), {job.algorithm} "
        f"all-reduce; {training.level:.0%} intervals in brackets.",
        soft_wrap=True,
    )
    console.print(_table(rows, budget_node_hours))
    if calibration.costs.fixed_s == 0:
        console.print(
            "No fixed cost per epoch is known, which takes a training of several epochs: heitler "
            "train. So large numbers of nodes look better than they are.",
            soft_wrap=True,
        )


def _table(rows: list["PlanRow"], budget_node_hours: float | None) -> "Table":
    from rich.table import Table

    from heitler.report.wording import counted

    table = Table()
    names = ["nodes", "batch", "epoch (s)", "training (h)", "efficiency", "node-hours"]
    if budget_node_hours is not None:
        names.append(f"{budget_node_hours:g} node-hours pay")
    for name in names:
        table.add_column(name, justify="right")
    table.add_column("")
    for row in rows:
        cells: list[Any] = [row.nodes, row.global_batch_size]
        cells += [_interval(e) for e in (row.epoch_s, row.training_h)]
        cells += [_interval(row.efficiency.times(100), "%"), _interval(row.node_hours)]
        if row.epochs_in_budget is not None:
            within = row.node_hours.value <= (budget_node_hours or 0.0)
            enough = counted(row.epochs_in_budget, "epoch")
            cells.append("the training" if within else f"{enough} only")
        table.add_row(*map(str, cells), row.kind)
    return table


def _interval(estimate: "Estimate", unit: str = "") -> str:
    """Three digits: "33.5 [32.5, 35.1]"; without brackets where nothing is uncertain."""
    value, low, high = (f"{x:.3g}" if x < 1000 else f"{x:,.0f}" for x in asdict(estimate).values())
    return f"{value}{unit}" if low == high else f"{value}{unit} [{low}, {high}]"


def _useful_sentence(training: "Training", useful: int, limit: float) -> str:
    most = training.job.most_nodes()
    if useful == most:
        return (
            f"The efficiency stays at or above {limit:.0%} up to {most:,} nodes, more than which "
            f"{training.job.showers:,} showers cannot fill."
        )
    return f"The efficiency stays at or above {limit:.0%} up to {useful:,} nodes."
