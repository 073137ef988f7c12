"""The training benchmark's numbers as Markdown."""

from pathlib import Path
from typing import Any

from heitler.base.files import write_text

NAMES = {
    "keras_default": "Keras `train_on_batch`, TensorFlow's default (oneDNN {default})",
    "keras_onednn": "Keras `train_on_batch`, oneDNN on",
    "keras_without_onednn": "Keras `train_on_batch`, oneDNN off",
    "torch_published": "PyTorch, as published",
    "torch_best": "PyTorch, best form",
    "ours_plain": "ours, `model.kernels: plain`",
    "ours_fast": "**ours, `model.kernels: fast` (default)**",
}
PEAK = "matrix_peak"


def write_table(path: Path, results: dict[str, Any]) -> None:
    """Write one table per batch size to a Markdown file."""
    tables = [_table(results, batch) for batch in results["seconds"]["ours_fast"]]
    write_text(path, "\n\n".join([_head(results), *tables]) + "\n")


def _head(results: dict[str, Any]) -> str:
    flops = results["gflop_per_shower"]
    return (
        f"Training cycle of `{results['network']}` on {results['threads']} threads, interleaved "
        f"runs. A cycle is {flops['as_published']:.2f} GFLOP per shower as published and "
        f'{flops["executed"]:.2f} GFLOP as `fast` kernels run it. "Bound" is the time of the '
        "published operations at this machine's matrix-multiply peak, measured in turn with the "
        "variants: 100% and more means faster than the published form could possibly be."
    )


def _table(results: dict[str, Any], batch: str) -> str:
    seconds = {name: by_batch.get(batch) for name, by_batch in results["seconds"].items()}
    measured = {name: run for name, run in seconds.items() if run}
    peak = results["matrix_flop"] / measured.pop(PEAK)["median"] / 1e9
    onednn = _keras_with_onednn(results, measured)
    lines = [
        f"Batch {batch}; matrix peak {peak:.0f} GFLOP/s.",
        "",
        "| | s per cycle: median (min; spread) | CPU s | showers/s | of the bound "
        "| executed GFLOP/s | faster than Keras with oneDNN: wall (CPU) |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, run in measured.items():
        rate = int(batch) / run["median"]
        bound = rate * results["gflop_per_shower"]["as_published"] / peak
        executed = rate * results["gflop_per_shower"][_form(name)]
        faster = f"{onednn['median'] / run['median']:.2f} ({onednn['cpu'] / run['cpu']:.2f})"
        label = NAMES[name].format(default="on" if results["onednn_by_default"] else "off")
        lines.append(
            f"| {label} | {run['median']:.2f} ({run['min']:.2f}; {run['spread']:.2f}) "
            f"| {run['cpu']:.2f} | {rate:.2f} | {bound:.0%} | {executed:.0f} | {faster} |"
        )
    return "\n".join(lines)


def _keras_with_onednn(results: dict[str, Any], measured: dict[str, Any]) -> dict[str, float]:
    return measured["keras_default" if results["onednn_by_default"] else "keras_onednn"]


def _form(name: str) -> str:
    return "executed" if name == "ours_fast" else "as_published"
