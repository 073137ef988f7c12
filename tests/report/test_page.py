"""The page: everything on it, nothing from elsewhere, the verdict from the numbers."""

import json
import re

import pytest

from heitler.config import RECIPES
from heitler.report.figures import DATA, DEGRADATION, DISPLAYS, EVOLUTION, SHAPES, TRAINING
from heitler.report.page import flatten, render_page
from heitler.report.results import MissingResultError
from heitler.report.results import Results as Found
from tests.report.conftest import Results, small_config

ANSWER = "Geant4's are 2 and 3."
PROVENANCE = {"git": {"commit": "c0ffee", "dirty": False}, "machine": {"cores": 2}}


def page_of(results: Results) -> str:
    found = Found(results.reports, results.data)
    return render_page(found, results.config, PROVENANCE, puzzle_answer=ANSWER)


def change_metrics(results: Results, stage: str = "validate/heitler", **values: object) -> None:
    path = results.reports / stage / "metrics.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_every_figure_is_on_the_page_with_a_text_alternative(results):
    page = page_of(results)
    figures = re.findall(r'<svg[^>]* role="img"[^>]* aria-label="([^"]+)"', page)
    of_each = len(SHAPES + DISPLAYS + DATA + EVOLUTION + DEGRADATION)
    assert len(figures) == 7 + of_each + len(RECIPES) * len(TRAINING)
    assert len(set(figures)) == len(figures)
    for number in ("1.20 from 10 to 40 GeV", "1.20 from 70 to 100 GeV"):
        assert number in figures[0]


def test_the_numbers_say_what_they_were_made_from(results):
    change_metrics(results, showers_generated=1234)
    page = page_of(results)
    assert "1,234 generated showers of each, and as many of Geant4 at the same energies" in page
    assert "training: published 20 s on 2 workers, ours 20 s on 2 workers." in page


def test_nothing_is_loaded_from_elsewhere_and_there_is_no_script(results):
    page = page_of(results)
    targets = re.findall(r'(?:href|src|url)\s*[=(]\s*["\']?([^"\')\s>]+)', page)
    assert targets
    assert all(target.startswith(("#", "data:image/png;base64,")) for target in targets)
    assert not re.search(r"<(script|link|iframe|object)|@import|\son\w+=", page)


def test_both_recipes_are_judged_line_by_line_in_one_table(results):
    change_verdicts(results, hits_ratio="warn")
    page = page_of(results)
    table = page[page.index('<table class="numbers card">') :]
    [line] = [row for row in table.split("<tr>") if "Cells hit" in row.split("<br>")[0]]
    verdicts = re.findall(r'<span class="chip (\w+)">', line)
    assert verdicts[1] == "warn"
    assert len(verdicts) == len(RECIPES)


def test_the_puzzles_answer_is_folded_below_its_unlabelled_showers(results):
    page = page_of(results)
    puzzle = page[page.index('<section id="puzzle">') :].split("</section>")[0]
    picture, _, folded = puzzle.partition("<details>")
    assert "<svg" in picture
    assert "Geant4&#39;s are 2 and 3." in folded
    assert "are 2 and 3" not in picture


def test_ids_of_all_figures_differ_and_every_reference_resolves(results):
    page = page_of(results)
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    references = re.findall(r'(?:href="|url\()#([^")]+)', page)
    assert references
    assert set(references) <= set(ids)


def test_text_from_parameters_is_escaped(results):
    results.config = small_config(name="<script>alert(1)</script> & co")
    page = page_of(results)
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; co" in page


def test_cost_of_a_shower_is_shown_with_its_batch_size(results):
    page = page_of(results)
    assert "CPU time per shower of Geant4 and of the generators" in page
    assert "128 at once" in page
    assert "0.75\N{NO-BREAK SPACE}ms (1.25\N{NO-BREAK SPACE}ms of CPU time)" in page


def test_the_page_says_first_whether_more_workers_are_faster(results):
    """Two that need 1.1 s for what one does in 1 s, measured once: no interval."""
    words = " ".join(re.sub(r"<[^>]+>", " ", page_of(results)).split())
    said = "2 on this machine do 1.82 times as many showers a second as one (efficiency 91 %)"
    assert f"Do more workers learn faster? {said}." in words
    assert "efficient (measured once)" in words


def test_the_compact_generator_stands_beside_the_full_one_with_its_physics(results):
    words = " ".join(re.sub(r"<[^>]+>", " ", page_of(results)).split())
    assert "Compact, per shower, 128 at once 0.3 ms (0.5 ms of CPU time)" in words
    assert "from the full one&#39;s 3.4 %; limit 5 %: passes" in words
    assert "0.060 from the full one; 0.700 from Geant4, full 0.650" in words
    change_metrics(results, "compact", response_passes=0, response_max_deviation=0.2)
    words = " ".join(re.sub(r"<[^>]+>", " ", page_of(results)).split())
    assert "from the full one&#39;s 20 %; limit 5 %: does not pass" in words


def test_evolution_stands_beside_gradients_with_the_papers_table(results):
    words = " ".join(re.sub(r"<[^>]+>", " ", page_of(results)).split())
    assert "RMSprop (gradients) 0.0520; quartiles 0.0515 to 0.0525; worst energy bin 5 %" in words
    assert "+58% from RMSprop&#39;s; worst energy bin 8 %" in words
    assert "Parents at the start (M) 8 drawn uniformly" in words


def test_the_papers_efficiency_and_the_checked_predictions_are_shown(results):
    page = page_of(results)
    nbsp = "\N{NO-BREAK SPACE}"
    assert f"scaling is 98{nbsp}% efficient" in page
    assert f"its own times give 87{nbsp}% there (83{nbsp}% to 91{nbsp}%" in page
    assert "Paper, 256 nodes (Xeon 8260)" in page
    assert "29.0 s published: -2.0%" in page


def test_a_failing_response_is_said_plainly_with_its_numbers(results):
    page = page_of(results)
    assert "Ours: not yet: the model is under-trained." in page
    assert "Published: not yet: the model is under-trained." in page
    # 2 epochs of 70 showers in batches of 16: 4 cycles each.
    assert "After 140 showers seen (2 epochs on 70 showers, 8 cycles)" in page
    assert "off by up to 20\N{NO-BREAK SPACE}% in a bin" in page
    assert "not fit for physics" in page


def change_verdicts(results: Results, **verdicts: str) -> None:
    """Of the score card: all lines pass but those given."""
    path = results.reports / "validate/heitler/card.json"
    lines = json.loads(path.read_text())
    path.write_text(
        json.dumps([line | {"verdict": verdicts.get(line["name"], "pass")} for line in lines])
    )


def test_a_passing_card_is_not_called_under_trained(results):
    change_metrics(results, response_max_deviation=0.021, response_passes=True)
    change_verdicts(results)
    page = page_of(results)
    assert "Ours: yes: no line of the score card fails." in page
    assert "Ours: not yet" not in page
    assert "Published: not yet: the model is under-trained." in page
    assert "not fit for physics" not in page


def test_the_verdict_says_how_many_lines_statistics_decide(results):
    path = results.reports / "validate/heitler/card.json"
    lines = json.loads(path.read_text())
    found = [line | {"limited_by": "threshold"} for line in lines]
    path.write_text(json.dumps(found))
    before = page_of(results)
    for line in found[:2]:
        line |= {"limited_by": "statistics", "showers": 71}
    path.write_text(json.dumps(found))
    said = "71 showers are too few for 2 of these lines"
    assert said not in before
    assert said in page_of(results)


def test_the_exported_epoch_is_said(results):
    path = results.reports / "train/heitler/metrics.json"
    path.write_text(json.dumps({"selected_epoch": 2}))
    row = page_of(results).split("Epoch whose networks are exported")[1].split("</tr>")[0]
    assert re.findall(r'class="value">(.*?)</td>', row) == ["not written", "2"]


def test_a_right_response_alone_does_not_pass(results):
    change_metrics(results, response_max_deviation=0.021, response_passes=True)
    change_verdicts(results, layer_correlation="fail")
    page = page_of(results)
    assert "Ours: in part: the deposited energy is right, other physics is not." in page
    assert "0 warn, 1 fail" in page
    assert "not fit for physics" in page


def test_an_empty_generator_has_no_shape_and_no_made_up_number(results):
    path = results.reports / "validate/heitler/metrics.json"
    metrics = json.loads(path.read_text())
    for name in ("longitudinal", "transverse_x", "transverse_y"):
        del metrics[f"{name}_profile_error"]
    path.write_text(json.dumps(metrics))
    page = page_of(results)
    assert "The generated showers are empty" in page
    assert page.count('class="value">not measurable') == 3


@pytest.mark.parametrize(
    ("file", "stage"),
    [
        ("reports/train/heitler/history.csv", "train@heitler"),
        ("reports/validate/paper/metrics.json", "validate@paper"),
        ("reports/report/response.svg", "report"),
        ("reports/report/paper/losses.svg", "report"),
        ("data/prepared/summary.json", "prepare"),
        ("reports/degradation/verdict.json", "degradation"),
    ],
)
def test_a_missing_result_names_the_stage_to_run(results, file, stage):
    (results.data.parent / file).unlink()
    with pytest.raises(MissingResultError, match=rf"{file}: not found.*dvc repro {stage}"):
        page_of(results)


def test_a_torn_result_names_the_stage_to_run(results):
    (results.reports / "validate/heitler/metrics.json").write_text('{"response_ratio": 1.')
    with pytest.raises(
        MissingResultError, match=r"metrics.json: not valid JSON.*dvc repro validate@heitler"
    ):
        page_of(results)


def test_nested_provenance_becomes_dotted_names():
    nested = {"a": {"b": 1, "c": None}, "sections": [{"layers": 17}], "list": [1, 2]}
    assert dict(flatten(nested)) == {
        "a.b": "1",
        "a.c": "not set",
        "sections.0.layers": "17",
        "list": "[1, 2]",
    }
