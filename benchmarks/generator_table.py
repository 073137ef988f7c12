"""The generator benchmark's numbers as Markdown."""

import json
from pathlib import Path
from typing import Any

from heitler.base.files import write_text

NAMES = {
    "keras_predict": "Keras `predict`, oneDNN",
    "keras_function": "Keras in a `tf.function`, oneDNN",
    "plain_onnxruntime": "ONNX Runtime, network as published",
    "plain_openvino": "OpenVINO, network as published",
    "plain_torch": "PyTorch, network as published",
    "ours_openvino": "OpenVINO, our `generator.onnx`",
    "ours_torch": "PyTorch, our form by hand",
    "ours_onnxruntime": "**ours, ONNX Runtime**",
    "ours_tensorflow": "**ours, TensorFlow**",
    "compact_onnxruntime": "compact, ONNX Runtime",
    "compact_tensorflow": "**compact, TensorFlow**",
}
LAYERED = Path(__file__).parent / "results" / "layered_generator.json"
LAYERED_NAMES = {
    "compiled": "**compiled kernel**",
    "onnxruntime": "ONNX Runtime",
    "tensorflow": "TensorFlow",
}
BASELINE, OURS = "keras_predict", "ours_tensorflow"


def write_table(path: Path, results: dict[str, Any]) -> None:
    """Write all tables to one Markdown file."""
    parts = (
        _layered_lines(),
        _generator_lines(results),
        _compact_lines(results),
        _geant4_lines(results),
    )
    lines = [line for part in parts for line in [*part, ""]]
    write_text(path, "\n".join(lines))


def _layered_lines() -> list[str]:
    """Our generator, as layered_generator.py measured it last."""
    if not LAYERED.is_file():
        return ["The layered generator was not measured here: run benchmarks/layered_generator.py."]
    measured = json.loads(LAYERED.read_text())["cpu_ms_per_shower"]
    batches = list(measured["compiled"])
    return [
        "Layered generator (recipe `heitler`), one thread: milliseconds of CPU time per shower, "
        "median (minimum) of calls in turns.",
        "",
        "| | " + " | ".join(f"batch {batch}" for batch in batches) + " |",
        "|---|" + "---:|" * len(batches),
        *(
            f"| {LAYERED_NAMES[name]} | "
            + " | ".join(f"{by[b]['median']:.2f} ({by[b]['min']:.2f})" for b in batches)
            + " |"
            for name, by in measured.items()
        ),
    ]


def _generator_lines(results: dict[str, Any]) -> list[str]:
    measured = results["ms_per_shower"]
    batches = list(measured[OURS])
    most = "128" if "128" in batches else batches[-1]
    lines = [
        f"Generator `{results['network']}` on {results['threads']} threads: milliseconds of wall "
        "time per shower, median (minimum; CPU time) of interleaved calls. Last column: times "
        f"faster than {NAMES[BASELINE]} at batch {most}, by medians.",
        "",
        "| | " + " | ".join(f"batch {batch}" for batch in batches) + " | faster |",
        "|---|" + "---:|" * (len(batches) + 1),
    ]
    for variant, by_batch in measured.items():
        cells = [
            f"{by_batch[b]['median']:.2f} ({by_batch[b]['min']:.2f}; {by_batch[b]['cpu']:.2f})"
            for b in batches
        ]
        faster = measured[BASELINE][most]["median"] / by_batch[most]["median"]
        lines.append(f"| {NAMES[variant]} | " + " | ".join(cells) + f" | {faster:.1f} |")
    return lines


def _compact_lines(results: dict[str, Any]) -> list[str]:
    found = results["compact"]
    if not found:
        return ["What physics `compact` gives up is not known here: run `dvc repro compact`."]
    names = ("longitudinal", "transverse_x", "transverse_y")
    to_full = ", ".join(f"{found[f'{name}_profile_error_to_full']:.3f}" for name in names)
    geant4, of_full = (
        ", ".join(f"{found[f'{name}_profile_error_{which}']:.2f}" for name in names)
        for which in ("to_geant4", "full_to_geant4")
    )
    return [
        "The compact generator is another function, which imitates the trained one. From stage "
        f"`compact`, {found['showers']} pairs of showers: response within "
        f"{found['response_max_deviation']:.1%} of the full generator's in every energy bin; "
        f"profile errors along z, x, y (0 equal, 2 disjoint) to the full generator {to_full}, "
        f"to Geant4 {geant4} (the full generator's own: {of_full}); spread of the response "
        f"{found['response_spread_to_full']:.2f} of the full generator's.",
    ]


def _geant4_lines(results: dict[str, Any]) -> list[str]:
    if not results["geant4"]:
        return ["No Geant4 showers in data/showers, so no comparison: run `dvc repro simulate`."]
    measured = results["ms_per_shower"][OURS]
    generated_ms = measured["128"]["cpu"] if "128" in measured else measured["1"]["cpu"]
    lines = [
        "CPU seconds per shower, all threads added. Geant4's cost grows with the primary energy, "
        "the generator's does not.",
        "",
        "| primary energy in GeV | Geant4 in s | generator in s | ratio |",
        "|---:|---:|---:|---:|",
    ]
    for row in results["geant4"]:
        energy, seconds = row["energy_GeV"], row["cpu_s_per_shower"]
        ratio = 1e3 * seconds / generated_ms
        lines.append(f"| {energy:.0f} | {seconds:.3f} | {generated_ms / 1e3:.5f} | {ratio:.0f} |")
    return lines
