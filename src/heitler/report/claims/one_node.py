"""Sections 3 and 4: an epoch on one node, and what better software brought."""

from heitler.config import Config
from heitler.report.claims.projected import projected
from heitler.report.claims.question import (
    FAILS,
    HOLDS,
    IN_PART,
    NOT_COMPARABLE,
    ROUNDING,
    Answer,
    Number,
    Question,
)
from heitler.report.claims.results import NotMeasuredError, Results
from heitler.scaling import published
from heitler.scaling.published import EARLIER_ONE_NODE_S, ONE_NODE_S

HOURS = 1 / published.HOUR_S


def one_node(results: Results, config: Config) -> Answer:
    """The node that was measured, with the training set that is projected."""
    epoch = projected(results, 1, "epoch_s", "h", HOURS)
    whole = epoch.times(published.EPOCHS / 24, "days")
    return Answer(
        epoch,
        "measured",
        NOT_COMPARABLE,
        f"{config.project.showers:,} showers on a node like this machine; the paper's has 48 "
        f"cores, and its number of showers is not printed. {published.EPOCHS} epochs here: "
        f"{whole}.",
    )


def software(results: Results, config: Config) -> Answer:
    """The plain networks with oneDNN over without."""
    if not config.scale.software:
        raise NotMeasuredError(
            "The comparison of kernels is left out (scale.software). "
            "Run: heitler scale --set scale.software=true"
        )
    before, plain, fast = (
        results.row("scale", "points.csv", name=f"software-{name}")
        for name in ("plain-without-onednn", "plain", "fast")
    )
    speed = "showers_per_second"
    ours = Number(
        plain[speed] / before[speed],
        "times",
        plain[f"{speed}_low"] / before[f"{speed}_high"],
        plain[f"{speed}_high"] / before[f"{speed}_low"],
        "widest range of two 95% intervals",
    )
    verdict = FAILS
    if ours.low is not None and ours.low > 1:
        verdict = HOLDS if ours.value >= published.SOFTWARE_SPEED_UP.low else IN_PART
    return Answer(
        ours,
        "measured",
        verdict,
        "The same networks in TensorFlow with and without oneDNN (the later name of MKL-DNN), one "
        f"worker, one core. With our rewritten layers: {fast[speed] / before[speed]:.3g} times.",
    )


QUESTIONS = (
    Question(
        key="one-node",
        claim="An epoch takes 1.8 h on one node; 30 epochs slightly more than two days",
        where="Sections 3, 4; Fig. 1",
        published=Number.printed(ONE_NODE_S, "h", HOURS),
        implied=Number.printed(ONE_NODE_S, "days", published.EPOCHS * HOURS / 24),
        implied_by="30 x 1.8 h: the two agree",
        stage="project",
        answer=one_node,
    ),
    Question(
        key="software",
        claim="Better software makes one node 2.8 times faster",
        where="Sections 3, 4; Fig. 1",
        published=Number.printed(published.SOFTWARE_SPEED_UP, "times"),
        implied=Number(
            EARLIER_ONE_NODE_S.value / ONE_NODE_S.value,
            "times",
            EARLIER_ONE_NODE_S.low / ONE_NODE_S.high,
            EARLIER_ONE_NODE_S.high / ONE_NODE_S.low,
            ROUNDING,
        ),
        implied_by="5 h / 1.8 h, other processors included",
        stage="scale",
        answer=software,
    ),
)
