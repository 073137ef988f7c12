"""Which remedy makes many workers as good as one: their deviations, compared seed by seed.

Within 5% in every bin beyond doubt is what one worker itself does not reach, with three seeds and
twenty epochs. So a remedy counts as a cure as well if it is *no worse than one worker*: the upper
end of the 95% interval of its deviation less one worker's is at most `WORSE_LIMIT`, in the lowest
bin and in the worst one. That is a test of non-inferiority: a wide interval fails it, and so do too
few seeds.
"""

from collections.abc import Mapping, Sequence

from heitler.config import DegradationConfig
from heitler.degradation.effects import ArmResult, Estimate, estimate
from heitler.degradation.responses import Row

WORSE_LIMIT = 0.05
"""How much further off than one worker a cure may be. It is the deviation that counts as right, and
an eighth of the degradation found (0.40)."""
MEASURES = ("lowest_bin", "worst_bin")
FEWEST_SEEDS = 3
ALL, NOT_THE_FIRST = "all", "others than the first"
"""Seeds that are counted."""


def as_good_rows(
    results: Sequence[ArmResult],
    rows: Sequence[Row],
    study: DegradationConfig,
    minutes: Sequence[Row],
) -> list[Row]:
    """What every arm with enough seeds is off more than one worker, and whether it is as good.

    The second line of an arm leaves the first seed out, which chooses whom the others train.

    Args:
        results: of all arms.
        rows: of `response_rows`.
        minutes: rows of `heitler.degradation.answer.minutes_rows`.
    """
    off = deviations(rows)
    takes = {row["arm"]: row["minutes_on_256_nodes"] for row in minutes}
    found = []
    for arm in results:
        if arm.name == study.reference or arm.stopped or arm.seeds < FEWEST_SEEDS:
            continue
        for counted, left in ((ALL, ()), (NOT_THE_FIRST, study.seeds[:1])):
            more = {name: excess(off, arm.name, study.reference, name, left) for name in MEASURES}
            found.append(
                {
                    "arm": arm.name,
                    "role": arm.role,
                    "counted": counted,
                    "seeds": more[MEASURES[0]].seeds,
                    "minutes_on_256_nodes": takes[arm.name],
                    **{k: v for name, mean in more.items() for k, v in _columns(name, mean)},
                    "as_good": all(mean.high <= WORSE_LIMIT for mean in more.values()),
                }
            )
    return found


Deviations = Mapping[str, Mapping[tuple[str, int], tuple[float, float]]]


def deviations(rows: Sequence[Row]) -> Deviations:
    """|R - 1| and its error by arm and seed, in the lowest bin and in the worst one."""
    bins: dict[tuple[str, int], list[Row]] = {}
    for row in rows:
        if row["used"]:
            bins.setdefault((row["arm"], row["seed"]), []).append(row)
    lowest = {key: min(own, key=lambda row: row["energy_low_GeV"]) for key, own in bins.items()}
    worst = {key: max(own, key=_off) for key, own in bins.items()}
    return {
        name: {key: (_off(row), row["response_ratio_error"]) for key, row in chosen.items()}
        for name, chosen in zip(MEASURES, (lowest, worst), strict=True)
    }


def excess(
    off: Deviations, arm: str, reference: str, name: str, left_out: Sequence[int] = ()
) -> Estimate:
    """Deviation of an arm less that of another, over the seeds that both have."""
    own = off[name]
    seeds = sorted(s for a, s in own if a == arm and (reference, s) in own and s not in left_out)
    pairs = [(own[arm, seed], own[reference, seed]) for seed in seeds]
    return estimate(
        [a - b for (a, _), (b, _) in pairs], [(x**2 + y**2) ** 0.5 for (_, x), (_, y) in pairs]
    )


def find_as_good(found: Sequence[Row]) -> str | None:
    """The remedy that is as good as one worker in the fewest minutes on 256 nodes."""
    remedies = [row for row in found if row["role"] == "remedy" and row["counted"] == ALL]
    good = [row for row in remedies if row["as_good"]]
    return min(good, key=lambda row: row["minutes_on_256_nodes"])["arm"] if good else None


def as_good_sentence(found: Sequence[Row], about: Mapping[str, str]) -> str:
    """For people; `about` has the arms' descriptions by name."""
    name = find_as_good(found)
    limit = f"{100 * WORSE_LIMIT:g}%"
    if name is None:
        return f"No worse than one worker by more than {limit}: no remedy is shown to be that."
    row = next(row for row in found if row["arm"] == name)
    parts = " and ".join(
        f"{row[f'{m}_excess']:+.3f} (95%: {row[f'{m}_excess_low']:+.3f} to "
        f"{row[f'{m}_excess_high']:+.3f}) in the {m.replace('_', ' ')}"
        for m in MEASURES
    )
    return (
        f"No worse than one worker by more than {limit}: {about[name]}; abs(R - 1) less "
        f"one worker's is {parts}, in {row['minutes_on_256_nodes']:.1f} minutes on 256 nodes."
    )


def _columns(name: str, mean: Estimate) -> list[tuple[str, float]]:
    ends = {"": mean.value, "_low": mean.low, "_high": mean.high}
    return [(f"{name}_excess{end}", value) for end, value in ends.items()]


def _off(row: Row) -> float:
    return float(abs(row["response_ratio"] - 1))
