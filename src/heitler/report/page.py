"""The page `reports/index.html`: one file, nothing loaded from elsewhere, no JavaScript."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from heitler.config import OURS, Config, as_dict
from heitler.report import figures
from heitler.report.advice import caveats, longer_trainings
from heitler.report.card_page import EXPLAINED, card_lines, count_verdicts
from heitler.report.claims.assess import assess_claims, not_the_papers, tally
from heitler.report.inputs import ReportInputs
from heitler.report.sections import (
    projection_rows,
    published_efficiency,
    run_rows,
    strategy_rows,
    table_1,
    worker_rows,
    workers_answer,
)
from heitler.report.tables import (
    batch_size_rows,
    compact_rows,
    physics_made_from,
    physics_rows,
    side_by_side,
    speed_rows,
    training_rows,
)
from heitler.report.verdict import describe_training, reach_verdict
from heitler.report.wording import LABELS

TEMPLATE = "page.html.j2"
REPORT = "report"
"""Folder, under reports/, of the figures of all samples."""
CHIPS = {"holds": "pass", "holds in part": "partly", "does not hold": "fail"}
"""How a claim's verdict looks; the others are grey."""


def render_page(
    inputs: ReportInputs,
    config: Config,
    provenance: Mapping[str, Any],
    runs: Sequence[Mapping[str, Any]] = (),
    puzzle_answer: str = "",
) -> str:
    """The whole page as HTML; all text from parameters and files is escaped.

    Args:
        inputs: results of the stages.
        config: the parameters that made them.
        provenance: commit, data hashes, machine, versions; nested mappings are flattened.
        runs: rows of `heitler.tracking.comparison.compare_runs`.
        puzzle_answer: which of the single showers are Geant4's.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["lower_first"] = lambda text: f"{text[:1].lower()}{text[1:]}"
    trainings = {recipe: describe_training(inputs, recipe, config) for recipe in inputs.recipes}
    verdicts = {
        recipe: reach_verdict(results, trainings[recipe])
        for recipe, results in inputs.recipes.items()
    }
    both = list(inputs.recipes.values())
    claims = assess_claims(inputs.reports, config)
    return environment.get_template(TEMPLATE).render(
        detector=config.detector.name,
        labels=[LABELS[recipe] for recipe in inputs.recipes],
        summary=inputs.summary,
        claims=claims,
        claims_tally=tally(claims),
        claims_warning=not_the_papers(config),
        chips=CHIPS,
        runs=run_rows(runs),
        verdict=verdicts[OURS],
        verdicts=[(LABELS[recipe], verdicts[recipe]) for recipe in reversed(inputs.recipes)],
        response=figures.response_figure(
            REPORT, {LABELS[results.recipe]: results.found for results in both}
        ),
        shapes=[
            *figures.shapes(REPORT),
            *figures.classifiers(f"validate/{OURS}", inputs.reports),
        ],
        displays=(*figures.displays(REPORT), figures.GEANT4_DISPLAY),
        puzzle=figures.PUZZLE,
        puzzle_answer=puzzle_answer,
        evolution=figures.EVOLUTION,
        evolved=inputs.metrics["evolve"],
        strategy_rows=strategy_rows(inputs.metrics["evolve"]),
        table_1=table_1(config.evolve),
        degradation=inputs.degradation,
        degradation_seeds=inputs.metrics["degradation"]["seeds"],
        degradation_figures=figures.DEGRADATION,
        learning=figures.LEARNING,
        training_figures=[
            (LABELS[recipe], figures.training_figures(recipe)) for recipe in inputs.recipes
        ],
        data_figures=figures.DATA,
        load=lambda figure: figure.load(inputs.reports),
        card_lines=card_lines([results.card for results in both]),
        card_counts=[(LABELS[r.recipe], count_verdicts(r.card)) for r in both],
        card_explained=EXPLAINED,
        physics_made_from=physics_made_from(inputs, trainings),
        physics_rows=side_by_side(*map(physics_rows, both)),
        training_rows=side_by_side(
            *(training_rows(results, trainings[results.recipe]) for results in both)
        ),
        speed_rows=speed_rows(inputs),
        batch_size_rows=side_by_side(*map(batch_size_rows, both)),
        compact_rows=compact_rows(inputs),
        cost=figures.COST,
        many_nodes=figures.MANY_NODES,
        workers_answer=workers_answer(inputs.metrics["scale"]),
        worker_rows=worker_rows(inputs.metrics["scale"]),
        workers=figures.WORKERS,
        projection_rows=projection_rows(inputs.metrics["project"]),
        published=published_efficiency(inputs.metrics["project"]),
        caveats=caveats(inputs, verdicts[OURS]),
        longer=longer_trainings(inputs, config, trainings[OURS]),
        simulation=dict(flatten(inputs.summary["simulation"])),
        provenance=dict(flatten(provenance)),
        parameters=dict(flatten(as_dict(config))),
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
