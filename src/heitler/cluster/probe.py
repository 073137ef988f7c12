"""What TensorFlow and Horovod say of themselves, as lines of JSON, one as soon as it is known.

A program of its own (`python -m heitler.cluster.probe`): libraries that do not fit the machine or
each other may end it with a signal, which the doctor survives.
"""

import json
from pathlib import Path


def main() -> None:
    """Import, compute and reduce; each line says what worked."""
    import tensorflow as tf

    from heitler.base.onednn import onednn_in_force

    image, kernel = tf.ones((1, 4, 4, 4, 1)), tf.ones((2, 2, 2, 1, 1))
    cells = tf.nn.conv3d(image, kernel, strides=[1] * 5, padding="VALID")  # (1, 3, 3, 3, 1)
    right = bool(tf.reduce_all(cells == 8.0))
    _tell(tensorflow=tf.__version__, onednn=onednn_in_force(), convolves=right)

    import horovod
    import horovod.tensorflow as hvd

    built_for = json.loads((Path(horovod.__file__).parent / "metadata.json").read_text())
    hvd.init()
    total = float(hvd.allreduce(tf.constant(2.0), op=hvd.Sum))
    _tell(
        horovod=horovod.__version__,
        built_for=built_for["tensorflow"],
        gloo=bool(hvd.gloo_built()),
        mpi=bool(hvd.mpi_built()),
        reduces=total == 2.0,
    )


def _tell(**found: object) -> None:
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
