"""The page `reports/index.html`: one file, nothing loaded from elsewhere, no JavaScript."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from heitler.config import OURS, Config, as_dict
from heitler.report import figures
from heitler.report.card_page import (
    EXPLAINED,
    CardLine,
    card_lines,
    count_verdicts,
    page_template,
)
from heitler.report.claims.assess import assess_claims, not_the_papers, tally
from heitler.report.results import Results
from heitler.report.sections import (
    RunRow,
    projection_rows,
    published_efficiency,
    run_rows,
    strategy_rows,
    table_1,
    worker_rows,
    workers_answer,
)
from heitler.report.tables import (
    Row,
    SideBySide,
    batch_size_rows,
    compact_rows,
    physics_made_from,
    physics_rows,
    side_by_side,
    speed_rows,
    training_rows,
)
from heitler.report.verdict import (
    Advice,
    caveats,
    describe_training,
    longer_trainings,
    reach_verdict,
)
from heitler.report.wording import LABELS

TEMPLATE = "page.html.j2"
CHIPS = {"holds": "pass", "holds in part": "partly", "does not hold": "fail"}
"""How a claim's verdict looks; the others are grey."""


@dataclass(frozen=True)
class Tables:
    """The page's tables, in its order."""

    physics: list[SideBySide]
    card: list[CardLine]
    training: list[SideBySide]
    speed: list[Row]
    batch_sizes: list[SideBySide]
    compact: list[Row]
    workers: list[Row]
    nodes: list[Row]
    strategies: list[Row]
    evolution: list[Row]
    runs: list[RunRow]


@dataclass(frozen=True)
class Sentences:
    """What the page says beside them."""

    warning: str
    published: str
    workers: str
    made_from: str
    cards: dict[str, str]
    """What the score card of each recipe counts."""
    puzzle: str
    caveats: list[str]
    longer: list[Advice]


def render_page(
    results: Results,
    config: Config,
    provenance: Mapping[str, Any],
    runs: Sequence[Mapping[str, Any]] = (),
    puzzle_answer: str = "",
) -> str:
    """The whole page as HTML; all text from parameters and files is escaped.

    Args:
        results: of the stages.
        config: the parameters that made them.
        provenance: commit, data hashes, machine, versions; nested mappings are flattened.
        runs: rows of `heitler.tracking.comparison.compare_runs`.
        puzzle_answer: which of the single showers are Geant4's.
    """
    both = results.recipes
    trainings = {r.recipe: describe_training(r, results.summary, config) for r in both}
    verdicts = {LABELS[r.recipe]: reach_verdict(r, trainings[r.recipe]) for r in both}
    points, evolved = results.rows("scale", "points.csv"), results.evolution(config.evolve)
    tables = Tables(
        physics=side_by_side(*map(physics_rows, both)),
        card=card_lines([r.card for r in both]),
        training=side_by_side(*(training_rows(r, trainings[r.recipe]) for r in both)),
        speed=speed_rows(results),
        batch_sizes=side_by_side(*map(batch_size_rows, both)),
        compact=compact_rows(results.metrics("compact")),
        workers=worker_rows(points),
        nodes=projection_rows(results.residuals),
        strategies=strategy_rows(evolved),
        evolution=table_1(config.evolve),
        runs=run_rows(runs),
    )
    said = Sentences(
        warning=not_the_papers(config),
        published=published_efficiency(),
        workers=workers_answer(points),
        made_from=physics_made_from(results, trainings),
        cards={LABELS[r.recipe]: count_verdicts(r.card) for r in both},
        puzzle=puzzle_answer,
        caveats=caveats(results, verdicts[LABELS[OURS]]),
        longer=longer_trainings(config, trainings[OURS]),
    )
    run = {
        "Simulation": dict(flatten(results.summary["simulation"])),
        "Code and machine": dict(flatten(provenance)),
        "Parameters": dict(flatten(as_dict(config))),
    }
    template = page_template(TEMPLATE)
    template.globals.update(tally=tally, chips=CHIPS, card_explained=EXPLAINED)
    return template.render(
        results=results,
        evolved=evolved,
        claims=assess_claims(results, config),
        verdicts=verdicts,
        tables=tables,
        said=said,
        figures=figures,
        run=run,
        detector=config.detector.name,
    )


def flatten(nested: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Dotted names and texts of all entries: {"a": {"b": 1}} -> ("a.b", "1")."""
    for key, value in nested.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from flatten(value, f"{name}.")
        elif isinstance(value, list | tuple) and any(isinstance(v, Mapping) for v in value):
            yield from flatten({str(i): v for i, v in enumerate(value)}, f"{name}.")
        else:
            yield name, "not set" if value is None else str(value)
