"""The generator benchmark's numbers as Markdown."""

from pathlib import Path
from typing import Any

from heitler.files import write_text

NAMES = {
    "keras_predict": "Keras `predict`, oneDNN",
    "keras_function": "Keras in a `tf.function`, oneDNN",
    "plain_onnxruntime": "ONNX Runtime, network as published",
    "plain_openvino": "OpenVINO, network as published",
    "plain_torch": "PyTorch, network as published",
    "ours_openvino": "OpenVINO, our `generator.onnx`",
    "ours_torch": "PyTorch, our form by hand",
    "ours_onnxruntime": "**ours, ONNX Runtime**",
    "ours_tensorflow": "**ours, TensorFlow (default)**",
}
BASELINE, OURS = "keras_predict", "ours_tensorflow"


def write_table(path: Path, results: dict[str, Any]) -> None:
    """Write all tables to one Markdown file."""
    write_text(path, "\n".join([*_generator_lines(results), "", *_geant4_lines(results), ""]))


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
