"""The page `reports/index.html`: one file, nothing loaded from elsewhere, no JavaScript."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from heitler.config import Config, as_dict
from heitler.report import figures
from heitler.report.advice import caveats, longer_trainings
from heitler.report.card_page import EXPLAINED, card_rows, count_verdicts
from heitler.report.claims.assess import assess_claims, not_the_papers, tally
from heitler.report.evolution import strategy_rows, table_1
from heitler.report.inputs import ReportInputs
from heitler.report.projection import projection_rows, published_efficiency
from heitler.report.runs import run_rows
from heitler.report.tables import (
    batch_size_rows,
    compact_rows,
    physics_made_from,
    physics_rows,
    speed_rows,
    training_rows,
)
from heitler.report.verdict import describe_training, reach_verdict
from heitler.report.workers import worker_rows, workers_answer

TEMPLATE = "page.html.j2"
CHIPS = {"holds": "pass", "holds in part": "partly", "does not hold": "fail"}
"""How a claim's verdict looks; the others are grey."""


def render_page(
    inputs: ReportInputs,
    config: Config,
    provenance: Mapping[str, Any],
    runs: Sequence[Mapping[str, Any]] = (),
) -> str:
    """The whole page as HTML; all text from parameters and files is escaped.

    Args:
        inputs: results of the stages.
        config: the parameters that made them.
        provenance: commit, data hashes, machine, versions; nested mappings are flattened.
        runs: rows of `heitler.tracking.comparison.compare_runs`.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    training = describe_training(inputs, config)
    verdict = reach_verdict(inputs, training)
    claims = assess_claims(inputs.reports, config)
    return environment.get_template(TEMPLATE).render(
        network=config.model.network,
        detector=config.detector.name,
        summary=inputs.summary,
        claims=claims,
        claims_tally=tally(claims),
        claims_warning=not_the_papers(config),
        chips=CHIPS,
        runs=run_rows(runs),
        verdict=verdict,
        training=training,
        response=figures.response_figure(inputs.metrics["validate"]),
        shapes=figures.SHAPES,
        displays=(*figures.DISPLAYS, figures.GEANT4_DISPLAY),
        evolution=figures.EVOLUTION,
        evolved=inputs.metrics["evolve"],
        strategy_rows=strategy_rows(inputs.metrics["evolve"]),
        table_1=table_1(config.evolve),
        degradation=inputs.degradation,
        degradation_seeds=inputs.metrics["degradation"]["seeds"],
        degradation_figures=figures.DEGRADATION,
        training_figures=figures.TRAINING,
        data_figures=figures.DATA,
        load=lambda figure: figure.load(inputs.reports),
        card=card_rows(inputs.card),
        card_counts=count_verdicts(inputs.card),
        card_explained=EXPLAINED,
        physics_made_from=physics_made_from(inputs, training),
        physics_rows=physics_rows(inputs),
        training_rows=training_rows(inputs, training),
        speed_rows=speed_rows(inputs),
        batch_size_rows=batch_size_rows(inputs),
        compact_rows=compact_rows(inputs),
        cost=figures.COST,
        many_nodes=figures.MANY_NODES,
        workers_answer=workers_answer(inputs.metrics["scale"]),
        worker_rows=worker_rows(inputs.metrics["scale"]),
        workers=figures.WORKERS,
        projection_rows=projection_rows(inputs.metrics["project"]),
        published=published_efficiency(inputs.metrics["project"]),
        caveats=caveats(inputs, verdict),
        longer=longer_trainings(inputs, config, training),
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
