"""Stage `inputs`: what DVC cannot see by itself, written to files that it can compare.

DVC runs it every time. Its files change only where what they tell of does, and then the stages
that depend on them run.
"""

from heitler.base.stage import run_stage  # first: Ctrl-C then ends it quietly

# isort: split
from pathlib import Path

from heitler.base.files import write_json
from heitler.base.identity import tell_what_dvc_wants
from heitler.base.place import project_root
from heitler.base.source import code_of
from heitler.config import load_config
from heitler.data.imported import describe_import

PIPELINES = Path("pipelines")
INPUTS = Path("data/inputs")
DOWNLOADS = Path("data/downloads")


def main() -> None:
    config = load_config()  # first: wrong parameters end it at once
    if config.validate.limits:
        from heitler.validation.metrics import require_known  # takes scikit-learn's second

        require_known(config.validate.limits)
    tell_what_dvc_wants()
    for script in sorted(PIPELINES.glob("*.py")):
        if script != PIPELINES / Path(__file__).name:
            write_json(INPUTS / "code" / f"{script.stem}.json", code_of(script))
    write_json(
        INPUTS / "imported.json",
        describe_import(config.simulate.import_from, project_root() / DOWNLOADS),
    )


if __name__ == "__main__":
    run_stage(main)
