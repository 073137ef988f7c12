"""Make the case files, do with each what a user would, count those that end as they should.

scripts/python -m tests.cases.count

Writes the number to reports/reference/headlines.json (fresh.cases_mended), beside what other
commands have written there. Fails if a case ends otherwise.
"""

import sys
import tempfile
from pathlib import Path

from heitler.base.files import merge_headlines
from tests.cases import numbers, shower_files
from tests.cases.case import Case


def main() -> None:
    kinds = {"shower files": shower_files.CASES, "numbers": numbers.CASES}
    mended = 0
    for kind, cases in kinds.items():
        right = [case for case in cases if _is_right(case)]
        print(f"{kind}: {len(right)} of {len(cases)} cases end with the right value or sentence")
        mended += len(right)
    merge_headlines("fresh", {"cases_mended": mended})
    sys.exit(mended < sum(map(len, kinds.values())))


def _is_right(case: Case) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        outcome = case.outcome(Path(folder))
    right = all(part in outcome for part in case.right)
    if not right:
        print(f"  {case.name}: {outcome}\n    lacks one of {case.right}")
    return right


if __name__ == "__main__":
    main()
