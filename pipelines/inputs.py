"""Stage `inputs`: what DVC cannot see by itself, written to files that it can compare.

DVC runs it every time. Its files change only where what they tell of does, and then the stages
that depend on them run.
"""

from heitler.stage import run_stage  # first: Ctrl-C then ends it quietly

# isort: split
from pathlib import Path

from heitler.files import write_json
from heitler.identity import tell_what_dvc_wants
from heitler.source import code_of

PIPELINES = Path("pipelines")
CODE = Path("data/inputs/code")


def main() -> None:
    tell_what_dvc_wants()
    for script in sorted(PIPELINES.glob("*.py")):
        if script != PIPELINES / Path(__file__).name:
            write_json(CODE / f"{script.stem}.json", code_of(script))


if __name__ == "__main__":
    run_stage(main)
