"""How every training went, epoch by epoch, and what its last epochs' generators are together.

A generator of 3DGAN differs more from one epoch to the next than it improves. So a single one says
little; the mean over the last epochs is the response of all of them together.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Metrics = Mapping[str, float]
Row = dict[str, Any]
RESPONSE, LAYER, SPREAD = "test_response_ratio_", "test_layer_ratio_", "test_spread_ratio"
"""Names that `heitler.degradation.runs.judge.followed` gives."""
NOISE_SCALES = ("generator_gradient_noise_scale", "discriminator_gradient_noise_scale")


def judged(history: Sequence[Metrics], part: float) -> Sequence[Metrics]:
    """The last epochs that are judged together: a part of all, at least one."""
    return history[-max(1, round(part * len(history))) :]


def judged_response(history: Sequence[Metrics], part: float) -> tuple[Float, float]:
    """R by energy bin, (B,), and the ratio of the spreads, of the judged epochs together."""
    last = judged(history, part)
    return _means(last, RESPONSE), float(np.mean([epoch[SPREAD] for epoch in last]))


def judged_layers(history: Sequence[Metrics], part: float) -> Float:
    """Mean energy over Geant4's in every layer, (Z,), of the judged epochs together."""
    return _means(judged(history, part), LAYER)


def _means(epochs: Sequence[Metrics], prefix: str) -> Float:
    names = sorted((name for name in epochs[0] if name.startswith(prefix)), key=_place)
    return np.array([np.mean([epoch[name] for epoch in epochs]) for name in names])


def _place(name: str) -> float:
    """By energy, or by layer: the first number of a name."""
    return float(name.removeprefix(RESPONSE).removeprefix(LAYER).split("_")[0])


def curve_rows(arm: str, seed: int, history: Sequence[Metrics]) -> list[Row]:
    """One row per epoch: cycles and showers so far, R by bin, the largest |R - 1| and so on."""
    totals = (
        list(itertools.accumulate(epoch[name] for epoch in history))
        for name in ("cycles", "events_seen")
    )
    return [
        {
            "arm": arm,
            "seed": seed,
            "epoch": number,
            "cycles": round(cycles),
            "showers_seen": round(seen),
            **{
                name.removeprefix("test_"): epoch[name]
                for name in sorted(epoch, key=str)
                if name.startswith((RESPONSE, LAYER, SPREAD))
            },
            "worst_bin": _largest(epoch, RESPONSE),
            **{name: epoch.get(name, math.nan) for name in NOISE_SCALES},
        }
        for number, (epoch, cycles, seen) in enumerate(zip(history, *totals, strict=True), start=1)
    ]


def running_rows(arm: str, seed: int, history: Sequence[Metrics], part: float) -> list[Row]:
    """One row per epoch: R and deviations as they are judged, had training ended there."""
    rows = []
    for row in curve_rows(arm, seed, history):
        response, _ = judged_response(history[: row["epoch"]], part)
        layers = judged_layers(history[: row["epoch"]], part)
        rows.append(
            {key: row[key] for key in ("arm", "seed", "epoch", "cycles", "showers_seen")}
            | {
                "response_low": float(response[0]),
                "response_high": float(response[-1]),
                "deviation_low": float(abs(response[0] - 1)),
                "worst_bin": float(np.abs(response - 1).max()),
                "worst_layer": float(np.nanmax(np.abs(layers - 1))),
            }
        )
    return rows


def _largest(epoch: Metrics, prefix: str) -> float:
    """Largest |ratio - 1| of the metrics of this name."""
    return max(abs(value - 1) for name, value in epoch.items() if name.startswith(prefix))
