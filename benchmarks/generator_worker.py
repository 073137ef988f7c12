"""One way to run the generator, timed on request: `generator_worker.py VARIANT FOLDER`.

Reads batch sizes from standard input, one per line, and answers each with a line of JSON:
wall and CPU seconds of one call. Imports only what the variant needs, so that the peers
(PyTorch, OpenVINO) can live in an environment of their own.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

Run = Callable[[np.ndarray], np.ndarray]
THREADS = len(os.sched_getaffinity(0))


def keras_predict(folder: Path) -> Run:
    generator = load_keras(folder)
    return lambda latent: generator.predict(latent, batch_size=len(latent), verbose=0)[..., 0]


def keras_function(folder: Path) -> Run:
    import tensorflow as tf

    generator = load_keras(folder)
    compiled = tf.function(lambda latent: generator(latent, training=False))
    return lambda latent: compiled(tf.constant(latent)).numpy()[..., 0]


def load_keras(folder: Path):
    from heitler.model.networks import build_generator

    model, shape = load_about(folder)
    generator = build_generator(model, shape)
    generator.set_weights(list(np.load(folder / "weights.npz").values()))
    return generator


def load_about(folder: Path):
    from heitler.config import ModelConfig

    about = json.loads((folder / "about.json").read_text())
    return ModelConfig(**about["model"]).design, tuple(about["image_shape"])


def ours_tensorflow(folder: Path) -> Run:
    from heitler.generation.backends import run_in_parts
    from heitler.generation.rewriting import build_inference_form
    from heitler.generation.tensorflow_backend import tensorflow_backend

    weights = list(np.load(folder / "weights.npz").values())
    return run_in_parts(tensorflow_backend(build_inference_form(*load_about(folder), weights)))


def ours_onnxruntime(folder: Path) -> Run:
    from heitler.generation.backends import run_in_parts
    from heitler.generation.onnx_backend import onnx_backend

    return run_in_parts(onnx_backend(folder / "ours.onnx"))


def compact_tensorflow(folder: Path) -> Run:
    from heitler.generation.backends import run_in_parts
    from heitler.generation.inference_form import read_form
    from heitler.generation.tensorflow_backend import tensorflow_backend

    return run_in_parts(tensorflow_backend(read_form(folder / "compact.npz")))


def compact_onnxruntime(folder: Path) -> Run:
    from heitler.generation.backends import run_in_parts
    from heitler.generation.onnx_backend import onnx_backend

    return run_in_parts(onnx_backend(folder / "compact.onnx"))


def plain_onnxruntime(folder: Path) -> Run:
    from heitler.generation.onnx_backend import onnx_backend

    return onnx_backend(folder / "plain.onnx")


def plain_openvino(folder: Path) -> Run:
    return openvino_model(folder / "plain.onnx")


def ours_openvino(folder: Path) -> Run:
    return openvino_model(folder / "ours.onnx")


def openvino_model(path: Path) -> Run:
    import openvino

    options = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": THREADS}
    options["INFERENCE_PRECISION_HINT"] = "f32"
    request = openvino.Core().compile_model(path, "CPU", options).create_infer_request()
    return lambda latent: request.infer({"latent": latent})["cells"]


def plain_torch(folder: Path) -> Run:
    from generator_torch import plain_network

    return plain_network(folder / "plain.npz", THREADS)


def ours_torch(folder: Path) -> Run:
    from generator_torch import rewritten_network

    return rewritten_network(folder / "ours.npz", THREADS)


VARIANTS = {
    function.__name__: function
    for function in (
        keras_predict,
        keras_function,
        plain_onnxruntime,
        plain_openvino,
        plain_torch,
        ours_openvino,
        ours_torch,
        ours_onnxruntime,
        ours_tensorflow,
        compact_onnxruntime,
        compact_tensorflow,
    )
}


def main() -> None:
    variant, folder = sys.argv[1], Path(sys.argv[2])
    expected_file = "expected_compact.npy" if "compact" in variant else "expected.npy"
    latent, expected = np.load(folder / "latent.npy"), np.load(folder / expected_file)
    run = VARIANTS[variant](folder)
    error = np.abs(run(latent[: len(expected)]) - expected).max() / expected.max()
    answer({"error": float(error)})
    warm = set()
    for line in sys.stdin:
        batch = int(line)
        if batch not in warm:
            run(latent[:batch])
            warm.add(batch)
        wall, cpu = time.perf_counter(), time.process_time()
        run(latent[:batch])
        answer({"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu})


def answer(content: dict[str, float]) -> None:
    print("ANSWER " + json.dumps(content), flush=True)


if __name__ == "__main__":
    main()
