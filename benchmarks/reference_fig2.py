"""Keep the answer to the paper's Fig. 2 in reports/reference/fig2, and go on from what is kept.

    dvc exp run $(heitler preset fig2) prepare
    python benchmarks/reference_fig2.py adopt      # kept records count as done
    dvc repro degradation                          # trains what is missing
    python benchmarks/reference_fig2.py keep

More seeds, arms or epochs: change the parameters before `adopt`. `keep` copies figures and tables,
writes one small file per training and where all comes from, and puts its headline numbers into
reports/reference/headlines.json, whose other entries stay.
"""

import argparse
import json
import shutil
from pathlib import Path

from heitler.base.files import merge_headlines, write_json, write_text
from heitler.config import as_dict, load_config
from heitler.data.summary import load_summary
from heitler.degradation.answer import HEADLINES
from heitler.degradation.kept import adopt_records, keep_records
from heitler.degradation.plan import plan_trainings, study_origin
from heitler.degradation.runs.record import read_record
from heitler.kept.folder import keep
from heitler.tracking.provenance import collect_provenance

STAGE, RECORDS = Path("reports/degradation"), Path("data/degradation")
KEPT = Path("reports/reference/fig2")
FILES = (
    *("arms.csv", "response.csv", "curves.csv", "law.csv", "baseline.csv", "minutes.csv"),
    "as-good.csv",
    *("metrics.json", "verdict.json", "fig2.svg", "effects.svg", "law.svg", "course.svg"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=["adopt", "keep"])
    config, summary = load_config(), load_summary(Path("data/prepared/summary.json"))
    plan = plan_trainings(config, summary.showers["train"], summary.digest)
    if parser.parse_args().action == "adopt":
        keep(RECORDS, study_origin(), "degradation")
        for (arm, seed), fate in adopt_records(KEPT / "records", plan, RECORDS).items():
            print(f"{arm}, seed {seed}: {fate}")
        return
    found = {key: read_record(RECORDS / t.fingerprint[:16]) for key, t in plan.items()}
    keep_records({key: r for key, r in found.items() if r}, plan, KEPT / "records")
    for name in FILES:
        shutil.copy(STAGE / name, KEPT / name)
    study = as_dict(config.degradation)
    arms = {arm: study["arms"][arm] for arm in study["run"] or study["arms"]}
    about = {
        "degradation": study | {"arms": arms},
        "simulate": as_dict(config.simulate),
        "showers": summary.showers,
        "data_sha256": summary.digest,
        "made_by": {**collect_provenance(), "data": {}},
    }
    write_json(KEPT / "about.json", about)
    write_text(KEPT / "verdict.md", "# Fig. 2\n\n" + (STAGE / "verdict.md").read_text())
    metrics = json.loads((STAGE / "metrics.json").read_text())
    merge_headlines("fig2", {name: metrics.get(name) for name in HEADLINES})


if __name__ == "__main__":
    main()
