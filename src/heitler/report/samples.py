"""The samples of showers that a figure compares, and how each of them looks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from heitler.config import OURS, PUBLISHED, Recipe
from heitler.data.observables import Observables
from heitler.report.style import GENERATED, SERIES
from heitler.validation.compare import ResponseComparison

STYLES: dict[Recipe, dict[str, Any]] = {
    PUBLISHED: {"color": SERIES[3], "marker": "D"},
    OURS: GENERATED,
}


@dataclass(frozen=True)
class Generated:
    """A generator's showers."""

    showers: Observables
    response: ResponseComparison
    """Of these to Geant4's showers."""
    label: str = "generated"
    style: dict[str, Any] = field(default_factory=lambda: GENERATED)


@dataclass(frozen=True)
class Samples:
    """Showers of one or more generators beside Geant4's."""

    generated: Sequence[Generated]
    geant4: Observables
    """At the generated showers' energies."""
    reference: Observables
    """Independent Geant4 showers: what statistics alone does."""
