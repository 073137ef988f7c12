"""Keep the results of stage `degradation` in reports/reference/<name>/.

    python benchmarks/reference_degradation.py degradation-full

Run it after the stage (docs/large-batch.md has the whole commands). Copies figures, tables and
verdicts, and writes where they come from: parameters, data, code, machine.
"""

import argparse
import json
import shutil
from pathlib import Path

from heitler.base.files import write_json, write_text
from heitler.config import as_dict, load_config
from heitler.data.summary import load_summary
from heitler.tracking.provenance import collect_provenance

STAGE, REFERENCE = Path("reports/degradation"), Path("reports/reference")
FILES = ("arms.csv", "response.csv", "metrics.json", "verdict.json", "fig2.svg", "effects.svg")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=["degradation-full", "degradation-3d"])
    kept = REFERENCE / parser.parse_args().name
    kept.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copy(STAGE / name, kept / name)
    config, summary = load_config(), load_summary(Path("data/prepared/summary.json"))
    study = as_dict(config.degradation)
    trained = study["run"] or list(study["arms"])
    about = {
        "degradation": study | {"arms": {name: study["arms"][name] for name in trained}},
        "showers": summary.showers,
        "data_sha256": summary.digest,
        "made_by": {**collect_provenance(), "data": {}},  # data_sha256 says which
    }
    write_json(kept / "about.json", about)
    found = json.loads((STAGE / "metrics.json").read_text())
    networks = study["base"]["model"]["changes"]["networks"]
    title = f"# 256 workers against one: the {networks} networks\n\n"
    sample = (
        f"{summary.showers['train']:,} training and {found['test_showers']:,} test showers of "
        f"Geant4, {found['arms']} arms, {found['seeds']} seeds, one core per training. Data, "
        "parameters and code: `about.json`; what it means: docs/large-batch.md. A change is "
        "against the arm that this one extends (`about.json`).\n\n"
    )
    write_text(kept / "verdict.md", title + sample + (STAGE / "verdict.md").read_text())
    print((kept / "verdict.md").read_text())


if __name__ == "__main__":
    main()
