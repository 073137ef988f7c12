"""Does this generative detector simulation train faster on more nodes, and is its physics right?"""

import os

# TensorFlow and Keras read these once, when they are imported. oneDNN is off by default on some
# CPUs, where turning it on makes 3D convolution several times faster (docs/performance.md).
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # ONNX Runtime would tell its maker of its use

SETTINGS = {
    "KERAS_BACKEND": "tensorflow",
    "KERAS_HOME": os.devnull,  # no folder: Keras reads no keras.json (channels_first, float16, ...)
    "TF_USE_LEGACY_KERAS": "0",
    "ONEDNN_DEFAULT_FPMATH_MODE": "STRICT",  # not in half precision
    "TF_SET_ONEDNN_FPMATH_MODE": "",
    "TF_XLA_FLAGS": "",  # such as --tf_xla_auto_jit, which rounds otherwise
}
"""What decides numbers is the same for everybody, whatever the shell and the home folder say."""
OVERRULED = {
    name: os.environ[name]
    for name, value in SETTINGS.items()
    if os.environ.get(name, value) != value
}
"""What this process's variables were."""
os.environ.update(SETTINGS)
