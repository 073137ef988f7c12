"""Whether TensorFlow uses oneDNN, Intel's library of fast kernels, which also serves AMD's CPUs."""

from tensorflow.python.util import _pywrap_util_port  # the only place that tells

from heitler.base.errors import HeitlerError


class OneDnnError(HeitlerError):
    """TensorFlow runs without oneDNN."""


def onednn_in_force() -> bool:
    """Whether TensorFlow's CPU operations come from oneDNN."""
    return bool(_pywrap_util_port.IsMklEnabled())


def require_onednn() -> None:
    """Raise `OneDnnError` if training would be several times slower than it need be."""
    if not onednn_in_force():
        raise OneDnnError(
            "TensorFlow runs without oneDNN, which makes training several times slower. Unset "
            "TF_ENABLE_ONEDNN_OPTS or set it to 1 on every node, and import heitler before "
            "tensorflow (docs/performance.md)."
        )
