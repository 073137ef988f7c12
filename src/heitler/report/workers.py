"""What the page says of more workers on this machine, as measured."""

import re
from collections.abc import Mapping
from typing import Any

from heitler.report.tables import Row
from heitler.report.wording import percent

EFFICIENCY = re.compile(r"^((weak|strong|independent)_(\d+)_workers)_efficiency$")
LABELS = {
    "weak": "{} workers, each with the batch of one alone (weak scaling)",
    "strong": "{} workers sharing the same batch (strong scaling)",
    "independent": "{} processes side by side that do not communicate",
}


def workers_answer(found: Mapping[str, Any]) -> str:
    """Whether more workers are faster, by the largest number measured; empty if none was."""
    weak = [int(m[3]) for m in map(EFFICIENCY.match, found) if m and m[2] == "weak"]
    if not weak:
        return ""
    most = max(weak)
    efficiency = found[f"weak_{most}_workers_efficiency"]
    low, high = (found[f"weak_{most}_workers_efficiency_{end}"] for end in ("low", "high"))
    sure = f"; 95% interval {percent(low)} to {percent(high)}" if high > low else ""
    return (
        f"Do more workers learn faster? {most} on this machine do {most * efficiency:.2f} times as "
        f"many showers a second as one (efficiency {percent(efficiency)}{sure})."
    )


def worker_rows(found: Mapping[str, Any]) -> list[Row]:
    """Measured efficiency with its interval, by kind and number of workers."""
    rows = []
    for key, kind, workers in (match.groups() for match in map(EFFICIENCY.match, found) if match):
        low, high = (found[f"{key}_efficiency_{end}"] for end in ("low", "high"))
        range_is = (
            f"95% interval {percent(low)} to {percent(high)}" if high > low else "measured once"
        )
        unit = f"efficient ({range_is})"
        if kind != "independent":
            unit += f", communication {percent(found[f'{key}_communication_fraction'])} of a cycle"
        if (beside := found.get(f"{key}_efficiency_against_independent")) is not None:
            unit += f"; {percent(beside)} of what processes that do not communicate reach"
        rows.append(Row(LABELS[kind].format(workers), percent(found[f"{key}_efficiency"]), unit))
    return rows
