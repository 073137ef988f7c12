"""Keep the results of stage `evolve` in reports/reference/evolution/.

    python benchmarks/reference_evolution.py

Run it after the stage (docs/evolution.md has the whole command). Copies figures, tables and
metrics, and writes where they come from and a README with the verdicts.
"""

import json
import shutil
from pathlib import Path

from heitler.base.files import write_json, write_text
from heitler.config import as_dict, load_config
from heitler.data.summary import load_summary
from heitler.evolution.summary import EvolutionResults, sentences
from heitler.tracking.provenance import collect_provenance

STAGE, REFERENCE = Path("reports/evolve"), Path("reports/reference/evolution")
FILES = ("curves.csv", "energies.csv", "metrics.json", "fig3_left.svg", "fig3_right.svg")


def main() -> None:
    config = load_config().evolve
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copy(STAGE / name, REFERENCE / name)
    found = EvolutionResults.of(json.loads((STAGE / "metrics.json").read_text()), config)
    summary = load_summary(Path("data/prepared/summary.json"))
    about = {
        "evolve": as_dict(config),
        "data_sha256": summary.digest,
        "made_by": {**collect_provenance(), "data": {}},  # data_sha256 says which
    }
    write_json(REFERENCE / "about.json", about)
    lines = [
        "# Evolution against RMSprop: Fig. 3 and Table 1",
        "",
        f"At most {config.showers:,} training and {found.test_showers:,} test showers of "
        f"Geant4, {found.seeds} seeds, {found.cost_epochs} forward passes over the training "
        "showers each (a backward pass counts as two); one worker. Figures: `fig3_left.svg`, "
        "`fig3_right.svg`; data and code: `about.json`; how to run it again: docs/evolution.md.",
        "",
        *(f"- {sentence}" for sentence in sentences(found, config)),
        "",
    ]
    write_text(REFERENCE / "README.md", "\n".join(lines))
    print((REFERENCE / "README.md").read_text())


if __name__ == "__main__":
    main()
