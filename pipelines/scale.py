"""Stage `scale`: the training cycle on several numbers of workers, measured and compared."""

from heitler.base.stage import launched_rank, run_stage  # first: Ctrl-C then ends it quietly

# isort: split
import os
import shutil
import sys
from pathlib import Path

from heitler.base.files import write_csv, write_json
from heitler.cluster.commands import on_this_machine
from heitler.config import Config, as_dict, load_config
from heitler.data.batches import cycles_per_epoch
from heitler.data.summary import load_summary
from heitler.kept.claim import claimed
from heitler.kept.folder import keep
from heitler.kept.origin import Origin, deciding_code
from heitler.scaling.efficiency import compare_points, cycle_rows, flat_metrics, sentences
from heitler.scaling.points import Comparison, Start, plan_comparisons, points_by_setup
from heitler.scaling.sweep import measure_missing, run_sweep

PREPARED = Path("data/prepared")
RECORDS = Path("data/scale")
REPORT = Path("reports/scale")


def main() -> None:
    config = load_config()
    if launched_rank() is None:
        match sys.argv[1:]:
            case ["--workers", workers]:
                element = RECORDS.with_name(f"scale-{workers}")
                with claimed(RECORDS, "sweep", shared=True), claimed(element, "measurement"):
                    measure(config, int(workers))
            case _:
                with claimed(RECORDS, "sweep"):
                    sweep(config)
    else:
        setup, repeat, meeting = sys.argv[1:]
        measure_as_worker(config, setup, int(repeat), Path(meeting))


def sweep(config: Config) -> None:
    # Matplotlib and MLflow are for the launcher only.
    from heitler.report.scaling_figures import draw_efficiency
    from heitler.tracking.studies import log_sweep

    summary = load_summary(PREPARED / "summary.json")
    comparisons = plan(config)
    showers = summary.showers["train"]
    for row in comparisons:  # too few showers are noticed before anything starts
        cycles_per_epoch(showers, row.point.global_batch_size)
    kept = keep(RECORDS, sweep_origin(config, summary.digest), "scale")
    records = run_sweep(config, comparisons, RECORDS, kept, __file__)
    rows = compare_points(comparisons, records, showers)
    write_csv(REPORT / "points.csv", rows)
    write_csv(REPORT / "cycles.csv", cycle_rows(records))
    write_json(REPORT / "metrics.json", flat_metrics(rows))
    draw_efficiency(REPORT / "efficiency.svg", rows)
    log_sweep(config, "scale", rows, flat_metrics(rows), REPORT)
    shutil.rmtree(RECORDS)  # the next sweep measures again
    print("\n".join([*sentences(rows), "scale: docs/scaling.md says what the rows are"]))


def measure(config: Config, workers: int) -> None:
    """One element of a batch system's array; the sweep finds its records and adds what lacks."""
    origin = sweep_origin(config, load_summary(PREPARED / "summary.json").digest)
    kept = keep(RECORDS, origin, "scale")
    measure_missing(config, plan(config), RECORDS, kept, __file__, workers)


def plan(config: Config) -> list[Comparison]:
    cores = len(os.sched_getaffinity(0)) if on_this_machine(config.cluster) else 0
    return plan_comparisons(config.scale, config.model, cores)


def measure_as_worker(config: Config, name: str, repeat: int, meeting: Path) -> None:
    points = {setup.name: found for setup, found in points_by_setup(plan(config)).items()}[name]
    # TensorFlow reads this when it is imported, in the workers only.
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = str(int(points[0].setup.onednn))
    from heitler.scaling.measure import measure_points

    summary = load_summary(PREPARED / "summary.json")
    measure_points(
        config,
        points,
        Start(repeat, sweep_origin(config, summary.digest).fingerprint, meeting),
        PREPARED / "train.h5",
        summary,
        RECORDS,
    )


def sweep_origin(config: Config, data_digest: str) -> Origin:
    """Everything that decides what is measured, the machines aside."""
    parameters = {name: as_dict(config)[name] for name in ("model", "train", "scale")}
    return Origin(
        parameters, data_digest, deciding_code("scaling/measure.py", "training", "scaling")
    )


if __name__ == "__main__":
    run_stage(main)
