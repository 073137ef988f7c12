"""Training starts only where TensorFlow uses oneDNN."""

import os
import subprocess
import sys

from heitler.base.onednn import require_onednn

PROGRAM = "from heitler.base.onednn import require_onednn; require_onednn()"


def test_onednn_is_in_force_by_default() -> None:
    require_onednn()


def test_a_worker_without_onednn_is_stopped_and_told_the_remedy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=os.environ | {"TF_ENABLE_ONEDNN_OPTS": "0"},
        capture_output=True,
        text=True,
    )
    assert done.returncode
    assert "OneDnnError" in done.stderr
    assert "Unset TF_ENABLE_ONEDNN_OPTS" in done.stderr
