"""What MLflow must know of a model that it is to serve; who made the model says it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
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

from heitler.tracking.provenance import software


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
