"""The number of mended cases stands beside what other commands have written."""

import json
from pathlib import Path

from tests.cases.count import write_headline


def test_the_number_is_merged_into_the_headlines(tmp_path: Path) -> None:
    path = tmp_path / "headlines.json"
    write_headline(path, 3)
    assert json.loads(path.read_text()) == {"fresh": {"cases_mended": 3}}
    other = {"fresh": {"debian12_ok": True, "cases_mended": 3}, "house": {"auc": 0.7}}
    path.write_text(json.dumps(other))
    write_headline(path, 4)
    other["fresh"]["cases_mended"] = 4
    assert json.loads(path.read_text()) == other
