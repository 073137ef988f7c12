"""The section about more nodes than there are: project."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from heitler.config.types import STRICT, NonNegativeInt, PositiveInt


@dataclass(frozen=True, config=STRICT, kw_only=True)
class ProjectConfig:
    """Time per epoch on many nodes, from measurements on few."""

    nodes: tuple[PositiveInt, ...]
    """Numbers of nodes to predict for."""
    ranks_per_node: PositiveInt
    """Workers that share a node; a number of workers that stage `scale` has measured."""
    showers: PositiveInt
    """In the training set that is projected."""
    interconnect: str
    """A preset of `heitler.scaling.interconnects`, or "measured" (`heitler check-cluster`)."""
    allreduce: Literal["ring", "recursive_halving"]
    interval: Annotated[float, Field(strict=True, gt=0, lt=1)]
    """Share of the Monte Carlo draws that an interval holds."""
    draws: PositiveInt
    """Monte Carlo draws."""
    seed: NonNegativeInt
    """Decides the draws."""
