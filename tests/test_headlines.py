"""Each command's numbers stand beside what the others have written."""

import json
from pathlib import Path

from heitler.base.files import merge_headlines


def test_numbers_are_merged_into_the_headlines(tmp_path: Path) -> None:
    path = tmp_path / "reference/headlines.json"
    merge_headlines("fresh", {"cases_mended": 3}, path)
    assert json.loads(path.read_text()) == {"fresh": {"cases_mended": 3}}
    other = {"fresh": {"debian12_ok": True, "cases_mended": 3}, "house": {"auc": 0.7}}
    path.write_text(json.dumps(other))
    merge_headlines("fresh", {"cases_mended": 4}, path)
    other["fresh"]["cases_mended"] = 4
    assert json.loads(path.read_text()) == other
