"""The page on Fig. 2 prints the kept result's numbers, within the length that it promises."""

import json
import re
import runpy
from pathlib import Path

import pytest

PAGE = Path("docs/fig2.md")
HEADLINES = Path("reports/reference/headlines.json")
LONGEST_WORDS = 1200


def printed() -> dict[str, str]:
    """The page's table of headline numbers: name -> as printed."""
    return dict(re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", PAGE.read_text(), re.MULTILINE))


def kept() -> dict[str, object]:
    found: dict[str, object] = json.loads(HEADLINES.read_text())["fig2"]
    return found


def test_the_page_prints_every_headline_number_as_it_is_kept() -> None:
    assert set(printed()) == set(kept())
    for name, value in kept().items():
        text = printed()[name]
        match value:
            case None:
                assert text == "none", name
            case bool():
                assert text == ("yes" if value else "no"), name
            case str():
                assert text == f"`{value}`", name
            case int() | float():
                digits = len(text.partition(".")[2])
                assert float(text) == pytest.approx(value, abs=0.51 * 10**-digits), name


def test_the_kept_metrics_are_the_headlines() -> None:
    metrics = json.loads(Path("reports/reference/fig2/metrics.json").read_text())
    assert {name: metrics.get(name) for name in kept()} == kept()


def test_tables_and_numbers_in_sentences_are_what_the_command_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend("benchmarks")
    command = runpy.run_path("benchmarks/fig2_page.py")["main"]
    copy = tmp_path / "fig2.md"
    spoiled = re.sub(r"-->[+-]?\d[\d.,]*<!--/-->", "-->another<!--/-->", PAGE.read_text())
    assert spoiled.count("another<!--/-->") > 5
    copy.write_text(spoiled.replace("| one worker |", "| someone |"))
    monkeypatch.setitem(command.__globals__, "PAGE", copy)
    command()
    assert copy.read_text() == PAGE.read_text()


def test_a_referee_reads_the_page_in_some_minutes() -> None:
    words = [
        word for word in PAGE.read_text().split() if re.search(r"\w", word)
    ]  # no table's lines
    assert len(words) <= LONGEST_WORDS
