"""Trials that are ended early: those worse than the median of the others at the same epoch.

Rule: Golovin et al. 2017 (Google Vizier), section 3.2; Optuna's MedianPruner. The score is the
largest |R - 1| plus the longitudinal profile error, as the physics card has them, on validation
showers after every epoch.
"""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping

import optuna

SCORE = "selection_score"
MEDIAN = optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=1)
"""The first 4 trials run to their end, and every trial for more than one epoch."""
LOOK_EVERY_S = 5.0


def follow(
    process: subprocess.Popen[bytes],
    trial: optuna.Trial,
    scores: Callable[[], Mapping[int, float]],
    look_every_s: float = LOOK_EVERY_S,
) -> int:
    """Wait for a trial's process, which leads a process group; its exit status.

    Args:
        process: asked to stop as by Ctrl-C if the trial is pruned, or if this process is stopped.
        trial: told every new score.
        scores: {epoch: score} so far.
        look_every_s: between two looks at the scores.

    Raises:
        optuna.TrialPruned: when the process has ended, if the trial was worse than the median.
    """
    known: set[int] = set()
    while True:
        try:
            return process.wait(look_every_s)
        except subprocess.TimeoutExpired:
            new = {epoch: score for epoch, score in scores().items() if epoch not in known}
        except (KeyboardInterrupt, SystemExit):  # the latter at SIGTERM: heitler.base.stage
            _stop(process)
            raise
        known |= set(new)
        for epoch, score in sorted(new.items()):
            trial.report(score, epoch)
            if trial.should_prune():
                _stop(process)
                raise optuna.TrialPruned(
                    f"ended after epoch {epoch}: {SCORE} {score:.4g} is worse than the median"
                )


def _stop(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGINT)
    process.wait()
