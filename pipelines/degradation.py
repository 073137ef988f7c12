"""Stage `degradation`: why the response degrades with large batches (the paper's Fig. 2)."""

from heitler.base.stage import launched_rank, run_stage  # first: Ctrl-C then ends it quietly

# isort: split
import sys
from pathlib import Path
from typing import Any

import numpy as np

from heitler.base.files import write_csv, write_json, write_text
from heitler.cluster.launch import run_workers
from heitler.config import Config, DegradationConfig, load_config
from heitler.data.observables import load_observables
from heitler.data.summary import load_summary
from heitler.degradation.answer import (
    baseline_rows,
    batch_arms,
    headline,
    longest_arms,
    minutes_rows,
)
from heitler.degradation.as_good import as_good_rows, as_good_sentence
from heitler.degradation.curves import curve_rows
from heitler.degradation.effects import ArmResult, arm_results
from heitler.degradation.law import law_rows, longest_of_each_batch
from heitler.degradation.plan import Training, plan_trainings, study_origin
from heitler.degradation.responses import Truth, response_rows
from heitler.degradation.runs.record import Record, read_record
from heitler.degradation.verdict import flat_metrics, sentences, table
from heitler.kept.claim import claimed
from heitler.kept.unfinished import finish, take_up
from heitler.validation.response import energy_bin_edges

PREPARED = Path("data/prepared")
RECORDS, UNFINISHED = Path("data/degradation"), Path("data/unfinished/degradation")
"""Of all trainings, and the same until the last one has ended."""
REPORT = Path("reports/degradation")
Plan = dict[tuple[str, int], Training]
Records = dict[tuple[str, int], Record]
Rows = list[dict[str, Any]]


def main() -> None:
    config = load_config()
    if launched_rank() is not None:
        train_as_worker(plan_study(config))
        return
    with claimed(RECORDS, "study"):
        study(config)


def plan_study(config: Config) -> Plan:
    summary = load_summary(PREPARED / "summary.json")
    return plan_trainings(config, summary.showers["train"], summary.digest)


def study(config: Config) -> None:
    config.degradation.require_reference()
    plan = plan_study(config)
    trainings = {training.fingerprint for training in plan.values()}
    print(f"degradation: {len(trainings)} trainings for {len(plan)} arms and seeds", flush=True)
    take_up(UNFINISHED, RECORDS, study_origin(), "degradation")
    code = run_workers(config.cluster, config.degradation.processes, __file__)
    if code:
        sys.exit(code)
    write_results(config, plan)
    finish(UNFINISHED, RECORDS)


def train_as_worker(plan: Plan) -> None:
    # TensorFlow and Horovod are imported in the workers only: the launcher stays light.
    from heitler.cluster.alone import leave_the_others

    place = leave_the_others()
    from heitler.cluster.world import join_world
    from heitler.degradation.runs.worker import train_missing

    world = join_world(1, threads_per_worker=1)
    unique = list({training.fingerprint: training for training in plan.values()}.values())
    train_missing(unique, PREPARED, UNFINISHED, world, show=place == 0)


def write_results(config: Config, plan: Plan) -> None:
    # Matplotlib and MLflow are for the launcher only.
    from heitler.report.degradation_figures import draw_effects, draw_response_by_arm
    from heitler.tracking.studies import log_study

    records = read_records(plan)
    study, truth = config.degradation, load_truth(config)
    rows = response_rows(records, study, truth)
    results = arm_results(records, study, truth)
    metrics = flat_metrics(results, study) | {"test_showers": len(truth.primary_energy_GeV)}
    write_csv(REPORT / "response.csv", rows)
    write_csv(REPORT / "arms.csv", [arm.row for arm in results])
    said = sentences(results, study)
    if study.judged_epochs:
        answer, sentence = write_answer(records, rows, results, plan, truth, study)
        metrics, said = metrics | answer, [*said, sentence]
    write_json(REPORT / "metrics.json", metrics)
    write_json(REPORT / "verdict.json", said)
    write_text(REPORT / "verdict.md", "\n".join([*(f"- {x}" for x in said), "", *table(results)]))
    shown = {arm.name: arm.about for arm in results if arm.role in ("reference", "baseline")}
    if metrics.get("cure"):
        shown[metrics["cure"]] = study.arms[metrics["cure"]].about
    draw_response_by_arm(REPORT / "fig2.svg", [r for r in rows if r["used"]], shown)
    draw_effects(REPORT / "effects.svg", [a.row for a in results], study.largest_deviation)
    known = {name: value for name, value in metrics.items() if value is not None}
    log_study(config, judged_arms(plan, records, rows), known, REPORT)
    print("\n".join(said))


def write_answer(
    records: Records,
    rows: Rows,
    results: list[ArmResult],
    plan: Plan,
    truth: Truth,
    study: DegradationConfig,
) -> tuple[dict[str, Any], str]:
    """Learning curves and the law; numbers and a sentence on the paper's Fig. 2."""
    from heitler.report.law_figure import draw_course, draw_law

    finished = {key: record.history for key, record in records.items() if record.history}
    write_csv(
        REPORT / "curves.csv", [r for key, h in finished.items() for r in curve_rows(*key, h)]
    )
    law = law_rows(finished, plan, study.judged_epochs)
    write_csv(REPORT / "law.csv", law)
    longest = longest_of_each_batch(law, batch_arms(study))
    draw_law(REPORT / "law.svg", longest, study.largest_deviation)
    draw_course(REPORT / "course.svg", law, longest_arms(study, plan, finished))
    minutes = minutes_rows(results, plan, study)
    write_csv(REPORT / "minutes.csv", minutes)
    baseline = baseline_rows(records, rows, study, truth, study.reference)
    write_csv(REPORT / "baseline.csv", baseline)
    compared = as_good_rows(results, rows, study, minutes)
    if compared:
        write_csv(REPORT / "as-good.csv", compared)
    about = {name: arm.about for name, arm in study.arms.items()}
    return headline(results, baseline, study, plan, compared), as_good_sentence(compared, about)


def read_records(plan: Plan) -> Records:
    found = {key: read_record(UNFINISHED / t.fingerprint[:16]) for key, t in plan.items()}
    return {key: record for key, record in found.items() if record}


def load_truth(config: Config) -> Truth:
    geant4 = load_observables(PREPARED / "test.h5", config.prepare.cell_threshold_GeV)
    summary = load_summary(PREPARED / "summary.json")
    energies = summary.energy_min_GeV, summary.energy_max_GeV
    edges = energy_bin_edges(*energies, config.degradation.energy_bins, "uniform")
    layers = geant4.longitudinal.mean(axis=0)
    merged = np.add.reduceat(layers, np.arange(0, len(layers), config.degradation.merge_cells[1]))
    return Truth(geant4.ecal_sum_GeV, geant4.primary_energy_GeV, merged, edges)


def judged_arms(plan: Plan, records: Records, rows: Any) -> Any:
    """What MLflow is told of every arm and seed."""
    judged: dict[tuple[str, int], dict[str, float]] = {key: {} for key in records}
    for row in rows:
        if row["used"]:
            label = f"{row['energy_low_GeV']:.3g}_{row['energy_high_GeV']:.3g}_GeV"
            judged[row["arm"], row["seed"]][f"response_ratio_{label}"] = row["response_ratio"]
    return {key: (plan[key].config, record.history, judged[key]) for key, record in records.items()}


if __name__ == "__main__":
    run_stage(main)
