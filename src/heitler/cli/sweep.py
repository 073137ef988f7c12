"""`heitler sweep` and `heitler experiments`: Optuna chooses parameters; what came out."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heitler.base.git import require_git
from heitler.base.locks import require_locks
from heitler.base.place import require_project
from heitler.base.stage import sweeping
from heitler.config import OURS, read_params, require_effect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heitler.sweep.experiments import Experiment
    from heitler.sweep.guided import Sweep

STAGE = f"train@{OURS}"
METRIC = f"{STAGE}.selection_score"
FOLDER = Path("reports/sweeps")
WIDTH_OF_FILES = 250
Judged = Annotated[str, typer.Option("--metric", help="STAGE.METRIC to judge by.")]
Maximise = Annotated[bool, typer.Option("--maximise", help="The largest is best.")]


def sweep(
    space: Annotated[
        list[str],
        typer.Argument(
            metavar="SECTION.KEY=VALUES...",
            help="a,b,c chooses among values; log:LOW:HIGH, lin:LOW:HIGH, int:LOW:HIGH in a range.",
        ),
    ],
    trials: Annotated[int, typer.Option(min=1, help="Experiments in all.")] = 10,
    name: Annotated[str, typer.Option(help="A sweep of this name goes on.")] = "sweep",
    stage: Annotated[str, typer.Option(help="The last stage to run.")] = STAGE,
    metric: Judged = METRIC,
    maximise: Maximise = False,
    fixed: Annotated[
        list[str] | None,
        typer.Option("--set", "-S", help="Override the same parameter in all trials."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of Optuna's choices.")] = 1,
    one: Annotated[bool, typer.Option("--one", help="Run exactly one more trial.")] = False,
    slurm: Annotated[
        int, typer.Option(min=0, help="Print a Slurm job array that runs so many at a time.")
    ] = 0,
) -> None:
    """Let Optuna choose parameters, one DVC experiment after another; the smallest metric is best.

    Writes reports/sweeps/NAME.csv and NAME.svg. An interrupted sweep goes on when it is started
    again. Failed trials count, and are left out of the results.

    Examples:

    heitler sweep recipes.heitler.train.learning_rate=log:0.0003:0.01 --trials 12

    heitler sweep train.rmsprop_rho=lin:0.8:0.99 -S train.epochs=2 --name memory \\
        --stage train@paper --metric train@paper.selection_score

    On a cluster, one trial per element of a job array, four at a time:
    heitler sweep recipes.heitler.train.learning_rate=log:0.0003:0.01 --trials 32 --slurm 4 | sbatch

    To try all combinations instead, DVC needs no help:
    dvc exp run --queue -S train.seed=1,2 -S train.learning_rate=0.001,0.003 && dvc queue start
    """
    from heitler.sweep.experiments import load_experiments
    from heitler.sweep.guided import Sweep, dvc_experiment, run_sweep
    from heitler.sweep.space import parse_space
    from heitler.tracking.studies import end_sweep, sweep_run

    require_project()
    wanted = Sweep(name, parse_space(space), trials, maximise, seed)
    for word in (*space, *(fixed or ())):
        require_effect(read_params(), word.partition("=")[0], stage)
    if slurm:
        print(_job_array(wanted, [*space, *_options(stage, metric, fixed or ())], slurm))
        return
    require_locks()
    require_git()
    parent = sweep_run(name)
    evaluate = dvc_experiment(stage, metric, tuple(fixed or ()), parent)
    with sweeping():
        study = run_sweep(wanted, evaluate, one=one)
    end_sweep(parent, study.best_params, study.best_value)
    _write(load_experiments(f"{name}-"), metric, name, maximise)
    best = " ".join(f"{key}={value}" for key, value in study.best_params.items())
    print(
        f"Best: {name}-{study.best_trial.number + 1:03d}, {metric} {study.best_value:.6g}, {best}"
    )


def experiments(
    prefix: Annotated[
        str, typer.Argument(help="Only experiments whose names begin so. Default: all.")
    ] = "",
    metric: Judged = METRIC,
    maximise: Maximise = False,
) -> None:
    """Show DVC's experiments of the last commits as one table, and as parallel coordinates.

    Best first. Columns are the parameters in which they differ. Writes reports/sweeps/NAME.csv and
    NAME.svg, where NAME is the prefix, or `all`.

    Examples:

    heitler experiments

    heitler experiments sweep- --metric train@paper.epoch_time_s
    """
    from heitler.sweep.experiments import load_experiments

    require_project()
    require_git()
    print("Reading DVC's experiments (up to a minute) ...", file=sys.stderr, flush=True)
    _write(load_experiments(prefix), metric, prefix.rstrip("-") or "all", maximise)


def _options(stage: str, metric: str, fixed: "Sequence[str]") -> list[str]:
    return [f"--stage={stage}", f"--metric={metric}", *(f"--set={value}" for value in fixed)]


def _job_array(sweep: "Sweep", words: list[str], at_once: int) -> str:
    """The same sweep, one trial per element."""
    from heitler.cluster.slurm import array_script
    from heitler.config import load_config

    config = load_config()
    heitler = str(Path(sys.executable).with_name("heitler"))
    command = [heitler, "sweep", *words, f"--name={sweep.name}", f"--seed={sweep.seed}"]
    command += [*["--maximise"] * sweep.maximise, "--one"]
    workers = config.train.workers
    return array_script(config.cluster, "sweep", workers, sweep.trials, at_once, command)


def _write(found: "list[Experiment]", metric: str, name: str, maximise: bool) -> None:
    from heitler.base.files import write_csv
    from heitler.sweep.experiments import SweepError, differing
    from heitler.sweep.figure import draw_parallel_coordinates

    judged = [e for e in found if metric in e.metrics]
    if not judged:
        known = ", ".join(dict.fromkeys(m for e in found for m in e.metrics)) or "none"
        raise SweepError(f"No experiment has the metric {metric}. There are: {known}.")
    judged.sort(key=lambda e: e.metrics[metric], reverse=maximise)
    parameters = differing(judged)
    rows = [
        {"experiment": e.name, metric: e.metrics[metric]}
        | {key: e.parameters.get(key) for key in parameters}
        for e in judged
    ]
    write_csv(FOLDER / f"{name}.csv", rows)
    draw_parallel_coordinates(FOLDER / f"{name}.svg", judged, parameters, metric)
    _print(rows)
    print(f"written: {FOLDER / name}.csv, {FOLDER / name}.svg")


def _print(rows: list[dict[str, object]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(*rows[0])
    for row in rows:
        table.add_row(*(f"{v:.5g}" if isinstance(v, float) else str(v) for v in row.values()))
    Console(width=None if sys.stdout.isatty() else WIDTH_OF_FILES).print(table)
