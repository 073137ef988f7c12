"""Sections 3 and 4: an epoch on one node, what better software brought, and more nodes (Fig. 1)."""

from collections.abc import Callable

from heitler.config import Config
from heitler.report.claims.question import (
    FAILS,
    HOLDS,
    IN_PART,
    NBSP,
    NOT_COMPARABLE,
    ROUNDING,
    Answer,
    Number,
    Question,
    percentage,
)
from heitler.report.results import MissingResultError, Results, Row
from heitler.scaling import published
from heitler.scaling.published import (
    CLAIMED_EFFICIENCY,
    EARLIER_ONE_NODE_S,
    ON_128_NODES_S,
    ON_256_NODES_S,
    ONE_NODE_S,
)

DRAWS = "interval of the projection"
HOURS = 1 / published.HOUR_S
MINUTES = 15.0
"""Section 4: "convergence is reached in less than 15 minutes"."""
TARGET = 0.05
"""Largest deviation of a prediction from a published time that counts as agreement."""
LINEAR = 0.95
"""Efficiency from which scaling is called linear."""
MAJOR = 0.10
"""Share of a cycle from which communication is called a major bottleneck."""


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
        raise MissingResultError(
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


def linear_scaling(results: Results, config: Config) -> Answer:
    """A few workers can refute a claim about 128 nodes, but not establish it."""
    row = _largest_weak(results)
    ours = _interval(row, "efficiency")
    best = row["efficiency_high"]
    reason = f"{row['workers']:.0f} workers on this machine, equal batch per worker."
    if "efficiency_against_independent" in row:
        beside = _interval(row, "efficiency_against_independent")
        best = row["efficiency_against_independent_high"]
        reason += f" Against as many processes that do not communicate: {beside}."
    return Answer(ours, "measured", IN_PART if best >= LINEAR else FAILS, reason)


def communication(results: Results, config: Config) -> Answer:
    """The share of a cycle, as measured."""
    row = _largest_weak(results)
    share = row["communication_fraction"]
    far = results.row("project", "projection.csv", nodes=256)
    return Answer(
        percentage(share),
        "measured",
        IN_PART if share <= MAJOR else FAILS,
        f"Share of a training cycle, {row['workers']:.0f} workers on this machine without a "
        f"network between them (major: more than {100 * MAJOR:.0f}{NBSP}%). Projected loss on 256 "
        f"nodes, waiting for the slowest included: {100 * (1 - far['efficiency']):.0f}{NBSP}%.",
    )


def published_time(nodes: int) -> Callable[[Results, Config], Answer]:
    """A published time per epoch, predicted without it."""

    def answer(results: Results, config: Config) -> Answer:
        row = results.row("project", "residuals.csv", check="paper", nodes=nodes, headline=True)
        return Answer(
            Number(row["predicted_s"], "s", row["low_s"], row["high_s"], ROUNDING),
            "projected",
            HOLDS if abs(row["deviation"]) <= TARGET else FAILS,
            f"Predicted for the paper's nodes without this number: {row['deviation']:+.1%}."
            f"{_here(results, nodes)}",
        )

    return answer


def _here(results: Results, nodes: int) -> str:
    """Where `project.nodes` has as many."""
    try:
        epoch = projected(results, nodes, "epoch_s", "s")
    except MissingResultError:
        return ""
    return f" {nodes} nodes like this machine: {epoch}."


def efficiency_256(results: Results, config: Config) -> Answer:
    """By the paper's own times, and by our projection."""
    ours = projected(results, 256, "efficiency", "%", 100.0)
    reaches = ours.high is not None and ours.high >= 100 * CLAIMED_EFFICIENCY.low
    here = f"our projection for 256 nodes like this machine over {config.project.interconnect}"
    return Answer(
        ours,
        "projected",
        IN_PART if reaches else FAILS,
        f"The paper's own times do not give 98{NBSP}% with any rounding; "
        + (f"{here} allows it." if reaches else f"nor does {here}."),
    )


def convergence(results: Results, config: Config) -> Answer:
    """The time only; whether it converges is another claim."""
    ours = projected(results, 256, "epoch_s", "min", published.EPOCHS / 60)
    batch = results.row("project", "projection.csv", nodes=256)["global_batch_size"]
    return Answer(
        ours,
        "projected",
        IN_PART if ours.value <= MINUTES else NOT_COMPARABLE,
        f"Time of {published.EPOCHS} epochs on 256 nodes like this machine. Whether updates of "
        f"{batch:,.0f} showers each converge in so few epochs is the question of Fig. 2.",
    )


def projected(results: Results, nodes: int, name: str, unit: str, factor: float = 1.0) -> Number:
    """A column of `reports/project/projection.csv` with its interval, in the unit asked for."""
    row = results.row("project", "projection.csv", nodes=nodes)
    value, low, high = (row[f"{name}{end}"] * factor for end in ("", "_low", "_high"))
    return Number(value, unit, low, high, DRAWS)


def _largest_weak(results: Results) -> Row:
    rows = [row for row in results.rows("scale", "points.csv") if row["kind"] == "weak"]
    largest = max(rows, key=lambda row: row["workers"], default={"workers": 0})
    if largest["workers"] < 2:
        raise MissingResultError("Only one worker was measured. Add more to scale.workers.")
    return largest


def _interval(row: Row, name: str) -> Number:
    return percentage(row[name], row[f"{name}_low"], row[f"{name}_high"])


def _implied(many: published.Rounded, nodes: int) -> Number:
    return Number.printed(published.efficiency(ONE_NODE_S, many, nodes), "%", 100.0)


ONE_NODE = (
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
MANY_NODES = (
    Question(
        key="linear-scaling",
        claim="More nodes yield linear scaling",
        where="Section 4; Fig. 1",
        published="linear",
        implied=_implied(ON_128_NODES_S, 128),
        implied_by="1.8 h / (128 x 53 s), efficiency on 128 nodes",
        stage="scale",
        answer=linear_scaling,
    ),
    Question(
        key="time-128",
        claim="An epoch takes less than 53 s on 128 nodes (149 s in 2018)",
        where="Section 4; Fig. 1",
        published=Number.printed(ON_128_NODES_S, "s"),
        implied=Number.printed(ONE_NODE_S, "s", 1 / 128),
        implied_by="1.8 h / 128, if scaling were perfect",
        stage="project",
        answer=published_time(128),
    ),
    Question(
        key="time-256",
        claim="An epoch takes 29 s on 256 nodes",
        where="Section 4; Fig. 1",
        published=Number.printed(ON_256_NODES_S, "s"),
        implied=Number.printed(ONE_NODE_S, "s", 1 / 256),
        implied_by="1.8 h / 256, if scaling were perfect",
        stage="project",
        answer=published_time(256),
    ),
    Question(
        key="efficiency-256",
        claim="Scaling is around 98% efficient up to 256 nodes",
        where="Section 4",
        published=Number.printed(CLAIMED_EFFICIENCY, "%", 100.0),
        implied=_implied(ON_256_NODES_S, 256),
        implied_by="1.8 h / (256 x 29 s)",
        stage="project",
        answer=efficiency_256,
    ),
    Question(
        key="communication",
        claim="Communication is no major bottleneck",
        where="Section 4",
        published="not a number",
        implied=None,
        implied_by="",
        stage="scale",
        answer=communication,
    ),
    Question(
        key="convergence",
        claim="On 256 nodes training converges in less than 15 minutes",
        where="Section 4",
        published="less than 15 min",
        implied=Number.printed(ON_256_NODES_S, "min", published.EPOCHS / 60),
        implied_by="30 x 29 s",
        stage="project",
        answer=convergence,
    ),
)
