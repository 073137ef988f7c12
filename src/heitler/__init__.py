"""Does this generative detector simulation train faster on more nodes, and is its physics right?"""

import os

# TensorFlow reads these once, when it is imported. oneDNN is off by default on some CPUs, where
# turning it on makes 3D convolution several times faster (docs/performance.md).
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
