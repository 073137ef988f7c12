"""Make the case files, do with each what a user would, count those that end as they should.

scripts/python -m tests.cases.count

Writes the number to reports/reference/headlines.json (fresh.cases_mended), beside what other
commands have written there. Fails if a case ends otherwise.
"""

import json
import sys
import tempfile
from pathlib import Path

from heitler.files import write_json
from tests.cases import numbers, shower_files
from tests.cases.case import Case

HEADLINES = Path("reports/reference/headlines.json")


def main() -> None:
    kinds = {"shower files": shower_files.CASES, "numbers": numbers.CASES}
    mended = 0
    for kind, cases in kinds.items():
        right = [case for case in cases if _is_right(case)]
        print(f"{kind}: {len(right)} of {len(cases)} cases end with the right value or sentence")
        mended += len(right)
    write_headline(HEADLINES, mended)
    sys.exit(mended < sum(map(len, kinds.values())))


def _is_right(case: Case) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        outcome = case.outcome(Path(folder))
    right = all(part in outcome for part in case.right)
    if not right:
        print(f"  {case.name}: {outcome}\n    lacks one of {case.right}")
    return right


def write_headline(path: Path, mended: int) -> None:
    """Set fresh.cases_mended; everything else in the file stays."""
    content = json.loads(path.read_text()) if path.exists() else {}
    content.setdefault("fresh", {})["cases_mended"] = mended
    write_json(path, content)


if __name__ == "__main__":
    main()
