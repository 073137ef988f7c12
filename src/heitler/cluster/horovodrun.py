"""Horovod's launcher for Gloo, without its question whether Horovod was built with it.

The question imports TensorFlow twice, for 3 s before any worker starts, and our build has Gloo:
`heitler doctor` looks at it.
"""


def main() -> None:
    """As `horovodrun`, with the same arguments."""
    from horovod.runner import launch

    launch.gloo_built = lambda verbose=False: True
    launch.run_commandline()


if __name__ == "__main__":  # its workers' guardians import this again
    main()
