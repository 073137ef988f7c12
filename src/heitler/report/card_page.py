"""The score card as rows of text, and as a page of its own for any two shower files.

A folder with the score card of two files: JSON, one page, figures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from heitler.base.files import write_csv, write_json, write_text
from heitler.data.any_format import known_cell_size_mm
from heitler.report.figures import Figure, classifiers, displays, response_figure, shapes
from heitler.report.samples import Generated, Samples
from heitler.report.validation_figures import (
    draw_classifiers,
    draw_showers,
    write_validation_figures,
)
from heitler.validation.classifier_curve import headline
from heitler.validation.compare import compare_response, response_rows
from heitler.validation.files import FileComparison

HERE = Path(__file__).parent
TEMPLATE = "card.html.j2"
TABLE = "card_table.html.j2"
EXPLAINED = (
    "The floor is what independent Geant4 samples of this size show against each other: their mean "
    "and standard deviation. A number passes within its limit, or within what statistics alone "
    "does (marked *)."
)
NAMED = 6
"""Lines that fail or are not applicable are named up to so many."""
NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True)
class CardRow:
    """A line of the card, in words."""

    title: str
    value: str
    unit: str
    floor: str
    threshold: str
    showers: str
    verdict: str
    formula: str
    source: str
    reason: str
    """Why the line is not applicable, or nothing."""


def card_rows(card: Sequence[Mapping[str, Any]]) -> list[CardRow]:
    """The lines of `card.json`; numbers that are null could not be measured."""
    return [
        CardRow(
            title=line["title"],
            value=_with_error(line["value"], line["error"]),
            unit=line["unit"],
            floor=_with_error(line["floor"], line["floor_error"]),
            threshold=_limit(line),
            showers=f"{line['showers']:,}",
            verdict=line["verdict"],
            formula=line["formula"],
            source=line["source"],
            reason=line.get("reason", ""),  # cards of earlier versions have none
        )
        for line in card
    ]


@dataclass(frozen=True)
class CardLine:
    """A line of the cards of several recipes."""

    about: CardRow
    """What does not depend on the generator: title, floor, limit."""
    rows: tuple[CardRow | None, ...]
    """One for each recipe, in their order; None where a card has no such line."""


def card_lines(cards: Sequence[Sequence[Mapping[str, Any]]]) -> list[CardLine]:
    """The lines of several cards side by side, in the order of the last."""
    tables = [
        {line["name"]: row for line, row in zip(card, card_rows(card), strict=True)}
        for card in cards
    ]
    return [
        CardLine(row, tuple(table.get(name) for table in tables))
        for name, row in tables[-1].items()
    ]


def count_verdicts(card: Sequence[Mapping[str, Any]]) -> str:
    """Such as "30 of 33 lines pass, 2 warn, 1 fail (Correlation between layers)".

    Lines that are not applicable are none of them, and named beside.
    """
    found = [line["verdict"] for line in card if line["verdict"] != NOT_APPLICABLE]
    failing = [line["title"] for line in card if line["verdict"] == "fail"]
    named = f" ({'; '.join(failing)})" if 0 < len(failing) <= NAMED else ""
    return (
        f"{found.count('pass')} of {len(found)} lines pass, {found.count('warn')} warn, "
        f"{found.count('fail')} fail{named}{_left_out(card)}"
    )


def _left_out(card: Sequence[Mapping[str, Any]]) -> str:
    """Such as "; not applicable: Correlation between layers", or nothing."""
    titles = [line["title"] for line in card if line["verdict"] == NOT_APPLICABLE]
    named = ", ".join(titles) if len(titles) <= NAMED else f"{len(titles)} lines"
    return f"; not applicable: {named}" if titles else ""


def too_few_showers(card: Sequence[Mapping[str, Any]]) -> str:
    """For how many lines the sample is too small to tell the limit, or nothing."""
    few = [line for line in card if line["limited_by"] == "statistics" and line.get("showers")]
    if not few:
        return ""
    showers = min(line["showers"] for line in few)
    return (
        f"{showers:,} showers are too few for {len(few)} of these lines (marked *): there Geant4 "
        "differs from itself by more than the limit, and what passes is only not worse than that."
    )


def page_template(name: str) -> jinja2.Template:
    """A template of this folder; what is put into it is escaped, what lacks is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["lower_first"] = lambda text: f"{text[:1].lower()}{text[1:]}"
    return environment.get_template(name)


def render_card_page(
    card: Sequence[Mapping[str, Any]],
    response: Sequence[Mapping[str, Any]],
    folder: Path,
    *,
    generated: str,
    truth: str,
    showers: str,
    notes: Sequence[str] = (),
) -> str:
    """The page as HTML, one file: table and the figures in `folder`/validate."""
    verdicts = [line["verdict"] for line in card]
    figures: list[Figure] = [
        response_figure("validate", {"generated": response}),
        *shapes("validate"),
        *classifiers("validate", folder),
        *displays("validate"),
    ]
    return page_template(TEMPLATE).render(
        card=card_rows(card),
        figures=figures,
        load=lambda figure: figure.load(folder),
        generated=generated,
        truth=truth,
        showers=showers,
        counts=count_verdicts(card),
        notes=[*notes, EXPLAINED],
        verdict="fail" if "fail" in verdicts else "pass",
    )


def _limit(line: Mapping[str, Any]) -> str:
    """Such as "1 ± 0.35*" where 1 is perfect, "0.35*" where 0 is."""
    perfect = line.get("perfect")  # cards of earlier versions have none
    star = "*" * (line["limited_by"] == "statistics")
    return f"{f'{perfect:.3g} ± ' if perfect else ''}{line['threshold']:.3g}{star}"


def _with_error(value: float | None, error: float | None) -> str:
    if value is None:
        return "not measurable"
    return f"{value:.3g}" if error is None else f"{value:.3g} ± {error:.2g}"


def write_card_folder(folder: Path, comparison: FileComparison) -> None:
    """Write card.json, response.csv, validate/*.svg and index.html, which needs no other file.

    Where classifiers were asked, also classifiers.csv (AUC over N) and classifiers.json.
    """
    card = [score.as_json() for score in comparison.scores]
    write_json(folder / "card.json", card)
    figures = folder / "validate"
    size = known_cell_size_mm(comparison.truth_file.path)
    response = compare_response(*comparison.samples, comparison.edges_GeV)
    bins = response_rows(response)
    write_csv(folder / "response.csv", bins)
    if comparison.points:
        _write_classifiers(folder, comparison)
        draw_classifiers(figures / "classifiers.svg", comparison.points)
    generated, truth, reference = comparison.samples
    samples = Samples([Generated(generated, response)], truth, reference)
    write_validation_figures(figures, samples, comparison.config, size)
    first = [next(file.read()) for file in (comparison.generated_file, comparison.truth_file)]
    draw_showers(figures / "showers.svg", {"generated": first[0]}, first[1], size)
    page = render_card_page(
        card,
        bins,
        folder,
        generated=comparison.generated_file.path.name,
        truth=comparison.truth_file.path.name,
        showers=f"{len(generated):,} showers against {len(truth):,} true ones, with "
        f"{len(reference):,} other true ones for the floor.",
        notes=comparison.notes,
    )
    write_text(folder / "index.html", page)


def _write_classifiers(folder: Path, comparison: FileComparison) -> None:
    write_csv(folder / "classifiers.csv", [point.as_row() for point in comparison.points])
    s_esum = {s.name: s.value for s in comparison.scores}["separation_ecal_sum"]
    found = headline(comparison.points) | {"s_esum": float(f"{s_esum:.4g}")}
    write_json(folder / "classifiers.json", found)
