"""The model registry: generators judged on the same test showers compete to be the champion.

What MLflow must know of a model that it is to serve says who made the model (`ServedModel`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import mlflow
import numpy as np
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.models import ModelSignature
from mlflow.types.schema import (
    AnyType,
    ColSpec,
    DataType,
    ParamSchema,
    ParamSpec,
    Schema,
    TensorSpec,
)

from heitler.tracking.lookup import connect_to_run
from heitler.tracking.provenance import software
from heitler.tracking.store import is_offline

CHAMPION = "champion"
GENERATOR = "generator"
"""Name of the model that a training logs."""
DIGEST_CHARACTERS = 8
TAGS = {
    "fails": "heitler.card.fails",
    "warnings": "heitler.card.warnings",
    "deviation": "heitler.card.response_max_deviation",
}


@dataclass(frozen=True, order=True)
class Score:
    """How good the physics is, by the score card; the smaller the better, in this order."""

    fails: int
    """Lines of the card that fail."""
    warnings: int
    deviation: float
    """Largest |R - 1| in an energy bin."""

    @classmethod
    def of(cls, card: Sequence[Mapping[str, Any]]) -> "Score":
        """The score of the lines of `reports/validate/card.json`."""
        verdicts = [line["verdict"] for line in card]
        found = {line["name"]: line["value"] for line in card}.get("response_max_deviation")
        deviation = float("inf") if found is None else float(found)
        return cls(verdicts.count("fail"), verdicts.count("warn"), deviation)


@dataclass(frozen=True)
class Promotion:
    """What became of a generator in the registry."""

    model: str
    version: str
    champion: str
    """Version that is the champion now."""

    @property
    def uri(self) -> str:
        """What `mlflow models serve -m` takes."""
        return f"models:/{self.model}@{CHAMPION}"


def promote(run_id: str, card: Sequence[Mapping[str, Any]], digest: str) -> Promotion | None:
    """Register a run's generator, and make it the champion if its physics is the best so far.

    Cards of other test showers have other floors, so each set of showers has a model of its own.

    Args:
        run_id: of the training.
        card: lines of the score card.
        digest: of the showers' content.

    Returns:
        None where there is no registry (offline runs) or no logged generator.
    """
    known = None if is_offline() else connect_to_run(run_id)
    model_id = _generator_of(known) if known else None
    if not known or not model_id:
        return None
    client = MlflowClient()
    name = f"{GENERATOR}-{digest[:DIGEST_CHARACTERS]}"
    version = _registered(client, name, known, model_id)
    score = Score.of(card)
    for field, tag in TAGS.items():
        client.set_model_version_tag(name, version.version, tag, str(getattr(score, field)))
    versions = client.search_model_versions(f"name = '{name}'")
    best = min(versions, key=lambda other: (_score(other), int(other.version)))
    client.set_registered_model_alias(name, CHAMPION, best.version)
    return Promotion(name, str(version.version), str(best.version))


def _generator_of(run_id: str) -> str | None:
    """Id of the generator that a run has logged last."""
    experiment = mlflow.get_run(run_id).info.experiment_id
    found = mlflow.search_logged_models(
        experiment_ids=[experiment],
        filter_string=f"source_run_id = '{run_id}' AND name = '{GENERATOR}'",
        output_format="list",
    )
    newest = max(found, key=lambda model: model.creation_timestamp, default=None)
    return newest.model_id if newest else None


def _registered(client: MlflowClient, name: str, run_id: str, model_id: str) -> ModelVersion:
    """The run's version; a repeated stage finds the one that it made before."""
    source = f"models:/{model_id}"
    for version in client.search_model_versions(f"name = '{name}'"):
        if version.run_id == run_id and version.source == source:
            return version
    return mlflow.register_model(source, name)


def _score(version: ModelVersion) -> Score:
    tags = version.tags
    if not all(tag in tags for tag in TAGS.values()):
        return Score(10**6, 0, float("inf"))  # registered by hand, never judged
    fails, warnings, deviation = (tags[tag] for tag in TAGS.values())
    return Score(int(fails), int(warnings), float(deviation))


@dataclass(frozen=True)
class ServedModel:
    """A table of numbers in, 32-bit numbers (N, ...) out."""

    loader: str
    """Module whose `_load_pyfunc` reads the model's folder."""
    columns: Mapping[str, bool]
    """Columns of the table, and whether each is required."""
    output: str
    shape: tuple[int, ...]
    """Shape of one row's output."""
    integers: Mapping[str, int]
    """Parameters beside the table, with their defaults."""
    example: Mapping[str, list[float]]
    """A table."""
    requirements: tuple[str, ...]
    """Packages that it needs, in the versions of here if results depend on them."""

    def signature(self) -> ModelSignature:
        """As MLflow writes it down."""
        # MLflow would refuse integers where it expects DataType.double.
        number = AnyType()  # type: ignore[no-untyped-call]
        columns: list[ColSpec | TensorSpec] = [
            ColSpec(number, name, required=required) for name, required in self.columns.items()
        ]
        output = TensorSpec(np.dtype(np.float32), (-1, *self.shape), self.output)
        integers = [ParamSpec(name, DataType.long, value) for name, value in self.integers.items()]
        return ModelSignature(Schema(columns), Schema([output]), ParamSchema(integers))

    def pinned(self) -> list[str]:
        """The requirements as pip takes them."""
        versions = software()
        return [f"{n}=={versions[n]}" if n in versions else n for n in self.requirements]

    def as_json(self) -> dict[str, Any]:
        """Of JSON's types, from which `ServedModel(**...)` makes it again."""
        return asdict(self)
