"""Every case of files and numbers that are not what they seem ends as it should."""

from pathlib import Path

import pytest

from tests.cases import numbers, shower_files
from tests.cases.case import Case

KINDS = {"files": shower_files.CASES, "numbers": numbers.CASES}


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=f"{kind}: {case.name} ({place})")
        for kind, cases in KINDS.items()
        for place, case in enumerate(cases, start=1)
    ],
)
def test_a_case_ends_with_the_right_value_or_the_right_sentence(case: Case, tmp_path: Path) -> None:
    outcome = case.outcome(tmp_path)
    for part in case.right:
        assert part in outcome
    if case.right[0] != "refused":
        assert not outcome.startswith("refused")
