"""The paper's claims beside results: numbers from files, verdicts that follow them."""

import csv
import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from heitler.base.files import write_json
from heitler.config import PARAMS_FILE, Config, load_config
from heitler.report.claims.assess import QUESTIONS, assess_claims, claims_json, count_claims
from heitler.report.claims.question import Claim, Number
from heitler.report.results import Results as Found
from tests.report.conftest import Results, small_config

HEITLER = Path(sys.executable).with_name("heitler")
STAGES = {"generate@paper", "scale", "project", "validate@paper", "evolve", "degradation"}


def papers_config() -> Config:
    """Its calorimeter, which the results beside it are not of."""
    return dataclasses.replace(small_config(), detector=load_config().detector)


def claims_of(reports: Path) -> dict[str, Claim]:
    return {claim.key: claim for claim in assess_claims(Found(reports), papers_config())}


def change_metrics(results: Results, stage: str, **values: object) -> None:
    path = results.reports / stage / "metrics.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def change_table(path: Path, **factors: float) -> None:
    """Multiply columns of a CSV file."""
    with path.open(newline="") as file:
        rows: list[dict[str, Any]] = list(csv.DictReader(file))
    for row in rows:
        row.update({name: float(row[name]) * factor for name, factor in factors.items()})
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def test_every_claim_is_answered_from_the_results_of_all_stages(results):
    claims = claims_of(results.reports)
    assert len(claims) == len(QUESTIONS)
    for claim in claims.values():
        assert claim.reason
        assert claim.verdict != "not run"
        assert (claim.ours is None) == (claim.how == "not run")


def test_another_calorimeter_decides_only_what_the_papers_own_times_do(results):
    claims = assess_claims(Found(results.reports), small_config())
    judged = {claim.key for claim in claims if claim.verdict != "not comparable here"}
    assert judged == {"time-128", "time-256", "efficiency-256"}
    assert all(claim.ours is not None for claim in claims)


def test_without_results_every_claim_names_the_stage_to_run(tmp_path):
    claims = claims_of(tmp_path)
    assert claims.pop("network-size").how == "counted"
    for claim in claims.values():
        assert claim.verdict == claim.how == "not run"
        assert claim.ours is None
        assert f"dvc repro {claim.stage}" in claim.reason
        assert claim.stage in STAGES


def test_the_claim_of_256_nodes_needs_too_much_energy_most_of_all_at_low_energies(results):
    claim = claims_of(results.reports)["physics-256-nodes"]
    assert claim.verdict == "holds"
    assert isinstance(claim.ours, Number)
    assert claim.ours.value == pytest.approx(1.45, abs=0.1)
    change_metrics(results, "degradation", many_workers_response_low=0.6)
    assert claims_of(results.reports)["physics-256-nodes"].verdict == "holds in part"
    change_metrics(results, "degradation", degradation_shown=False)
    assert claims_of(results.reports)["physics-256-nodes"].verdict == "not comparable here"


KEPT_FIG2 = {
    "baseline_worst_bin": 0.04,
    "baseline_worst_layer": 0.15,
    "seeds": 3,
    "many_workers_response_low": 1.5,
    "many_workers_response_high": 1.1,
    "many_workers_seeds": 3,
    "workers_256_deviation_error": 0.05,
    "degradation": 0.46,
    "degradation_low": 0.3,
    "degradation_high": 0.6,
    "degradation_sigmas": 9.0,
    "degradation_shown": True,
}


@pytest.mark.parametrize(
    ("changes", "one", "many"),
    [
        ({}, "holds", "holds"),
        ({"baseline_worst_bin": 0.08}, "holds in part", "holds"),
        ({"baseline_worst_layer": 0.3}, "holds in part", "holds"),
        ({"baseline_worst_bin": 0.3}, "does not hold", "holds"),
        ({"many_workers_response_low": 0.4}, "holds", "holds in part"),
        ({"degradation_shown": False}, "holds", "not comparable here"),
        ({"degradation_shown": False, "degradation_high": 0.04}, "holds", "does not hold"),
    ],
)
def test_the_kept_study_decides_fig_2_and_the_runs_own_numbers_stand_beside(
    results, changes, one, many
):
    before = claims_of(results.reports)
    write_json(results.reports / "reference/fig2/metrics.json", KEPT_FIG2 | changes)
    after = claims_of(results.reports)
    for key, verdict in (("physics-one-node", one), ("physics-256-nodes", many)):
        assert after[key].verdict == verdict
        assert f"This run: {before[key].ours}. {before[key].reason}" in after[key].reason


@pytest.mark.parametrize(
    ("arm", "words"),
    [
        ("workers_256_five_hundred", "After 6.25 times the epochs"),
        ("synchronised", "With batch norm over the showers of all workers instead of two each"),
    ],
)
def test_the_claim_of_256_nodes_says_what_other_trainings_give(results, arm, words):
    ends = (("", 0.9), ("_from", 0.7), ("_to", 1.1))
    other = {f"{arm}_response_low{end}": x for end, x in ends}
    write_json(results.reports / "reference/fig2/metrics.json", KEPT_FIG2 | other)
    reason = claims_of(results.reports)["physics-256-nodes"].reason
    assert f"{words} R is 0.90 there (95%: 0.70 to 1.10)." in reason


def test_a_torn_file_or_an_older_stage_is_said_in_its_rows_only(results):
    (results.reports / "evolve/metrics.json").write_text('{"seeds": 3, ')
    change_metrics(results, "validate/paper", response_max_deviation=None)
    claims = claims_of(results.reports)
    assert "not valid JSON" in claims["genetic-error"].reason
    assert "gave no response_max_deviation" in claims["physics-one-node"].reason
    assert claims["efficiency-256"].verdict != "not run"


def test_98_percent_stands_beside_the_87_that_the_papers_times_give(results):
    claim = claims_of(results.reports)["efficiency-256"]
    assert claim.implied
    assert claim.implied.value == pytest.approx(100 * 1.8 * 3600 / (256 * 29))
    assert (claim.implied.low, claim.implied.high) == pytest.approx((83.4, 91.3), abs=0.05)
    assert claim.published.value == 98
    assert claim.verdict in ("does not hold", "holds in part")


def test_the_projected_efficiency_decides_between_not_and_in_part(results):
    table = results.reports / "project/projection.csv"
    change_table(table, efficiency=0.5, efficiency_high=0.5)
    assert claims_of(results.reports)["efficiency-256"].verdict == "does not hold"
    change_table(table, efficiency_high=2.0 / 0.6)
    assert claims_of(results.reports)["efficiency-256"].verdict == "holds in part"


def test_speed_up_is_geant4_over_the_generator_with_its_range_over_energies(results):
    claim = claims_of(results.reports)["speed-up"]
    assert (claim.ours.low, claim.ours.value, claim.ours.high) == pytest.approx((75, 150, 225))
    assert claim.verdict == "holds in part"
    assert claim.implied.value == pytest.approx(17_000)
    change_table(results.reports / "generate/paper/cost_by_energy.csv", generated_cpu_s=0.001)
    assert claims_of(results.reports)["speed-up"].verdict == "holds"
    change_table(results.reports / "generate/paper/cost_by_energy.csv", generated_cpu_s=1e4)
    assert claims_of(results.reports)["speed-up"].verdict == "does not hold"


def test_too_little_training_is_not_held_against_the_paper(results):
    claim = claims_of(results.reports)["physics-one-node"]
    assert claim.ours.value == pytest.approx(20, abs=0.5)
    assert claim.verdict == "not comparable here"
    assert "too little training" in claim.reason
    change_metrics(results, "validate/paper", response_max_deviation=0.03)
    assert claims_of(results.reports)["physics-one-node"].verdict == "holds"


@pytest.mark.parametrize(
    ("key", "changes", "verdict"),
    [
        ("genetic-quick", {}, "holds"),
        ("genetic-quick", {"early_loss_genetic": 0.9}, "does not hold"),
        ("rmsprop-lower", {}, "holds"),
        ("rmsprop-lower", {"rmsprop_loss": 0.9}, "does not hold"),
        ("rmsprop-steady", {"rmsprop_error_worst_bin": 0.9}, "does not hold"),
        ("genetic-error", {}, "holds"),
        ("genetic-error", {"one-plus-lambda_error_worst_bin": 0.12}, "does not hold"),
    ],
)
def test_claims_of_the_genetic_algorithm_follow_its_results(results, key, changes, verdict):
    change_metrics(results, "evolve", **changes)
    assert claims_of(results.reports)[key].verdict == verdict


def test_numbers_show_the_digits_that_their_range_makes_sense_of():
    texts = [
        Number(87.284, "%", 83.4216, 91.283),
        Number(1.8, "h", 1.75, 1.85),
        Number(202.4, "times", 67.3, 334.1),
        Number(311.96, "min", 311.86, 312.31),
        Number(0.0455, "s"),
        Number(0.0),
        Number(0.34, "ms", 0.34, 12.0),
        Number(50.0, "%", 50.0, 50.0),
    ]
    plain = [str(text).replace("\N{NO-BREAK SPACE}", " ") for text in texts]
    assert plain == [
        "87.3 % [83.4, 91.3]",
        "1.80 h [1.75, 1.85]",
        "202 times [67, 334]",
        "312 min [312, 312]",
        "0.045 s",
        "0",
        "0.34 ms [0.34, 12.00]",
        "50 %",
    ]


def test_json_holds_numbers_texts_and_what_the_range_is(results):
    claims = assess_claims(Found(results.reports), small_config())
    content = json.loads(json.dumps(claims_json(claims)))
    [claim] = [entry for entry in content if entry["key"] == "rmsprop-lower"]
    assert claim["ours"]["low"] < claim["ours"]["value"] < claim["ours"]["high"]
    assert claim["ours"]["range_is"] == "quartiles over seeds"
    assert claim["published"] == {"text": "lower"}
    assert "hold" in count_claims(claims)


def test_the_command_prints_a_table_or_json(results, tmp_path):
    shutil.copy(PARAMS_FILE, tmp_path)
    command = [HEITLER, "claims"]
    table, data = (
        subprocess.run([*command, *more], cwd=tmp_path, capture_output=True, text=True, check=True)
        for more in ([], ["--json"])
    )
    words = " ".join(table.stdout.split())
    assert "Scaling is around 98% efficient" in words
    assert "implied: 87.3" in words
    assert f"{len(QUESTIONS)} claims:" in words
    assert [claim["key"] for claim in json.loads(data.stdout)] == [q.key for q in QUESTIONS]
