"""The layers' times as Markdown."""

from typing import Any

CALLS = {
    "discriminator": {"forward": 4, "to input": 4, "to weights": 2},
    "generator": {"forward": 3, "to input": 2, "to weights": 2},
}
"""In one cycle: D on real, D on fakes that G makes, G twice through D."""
SHOWN_FROM = 1.0
"""Milliseconds per shower and cycle, in either form; all are in the JSON file."""


def layers_table(results: dict[str, Any]) -> str:
    """One line per layer and direction, with the time that it takes in a cycle."""
    peak = results["peak_gflop_per_s"]
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for run in results["layers"]:
        key = run["network"], run["layer"], run["direction"]
        rows.setdefault(key, {})[run["form"]] = run
    shown = {
        key: forms
        for key, forms in rows.items()
        if max(map(_per_cycle, forms.values())) >= SHOWN_FROM
    }
    lines = [
        f"Layers of `{results['network']}` at batch {results['batch']}, {results['threads']} "
        f"threads, medians of {results['rounds']} interleaved rounds; matrix peak {peak:.0f} "
        "GFLOP/s. GFLOP/s are of the operations that the form itself executes; in brackets their "
        "share of the peak. Last columns: ms per shower in a cycle (time by calls).",
        "",
        "| layer | direction | calls | plain: ms per shower; GFLOP/s | fast | plain in a cycle "
        "| fast in a cycle |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for (network, layer, direction), forms in shown.items():
        cells = [_cell(forms[form], peak) for form in ("plain", "fast")]
        totals = [f"{_per_cycle(forms[form]):.2f}" for form in ("plain", "fast")]
        calls = _calls(forms["plain"])
        name = f"{network} {layer}"
        lines.append(f"| {name} | {direction} | {calls} | {' | '.join([*cells, *totals])} |")
    totals = [
        f"{sum(_per_cycle(forms[form]) for forms in rows.values()):.1f}"
        for form in ("plain", "fast")
    ]
    lines.append(f"| all layers | | | | | {' | '.join(totals)} |")
    return "\n".join(lines) + "\n"


def _calls(run: dict[str, Any]) -> int:
    network, layer, direction = run["network"], run["layer"], run["direction"]
    match network, layer, direction:
        case "generator", "dense", "to input":
            return 0  # the latent vector needs no gradient
        case "discriminator", "conv_1", "to input":
            return 2  # nor does the image when D learns
    return CALLS[network][direction]


def _per_cycle(run: dict[str, Any]) -> float:
    return float(_calls(run) * run["ms_per_shower"])


def _cell(run: dict[str, Any], peak: float) -> str:
    if run["gflop_per_shower"] is None:
        return f"{run['ms_per_shower']:.3f}"
    rate = run["gflop_per_shower"] / run["ms_per_shower"] * 1e3
    return f"{run['ms_per_shower']:.3f}; {rate:.0f} ({rate / peak:.0%})"
