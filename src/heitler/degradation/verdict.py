"""What the study says, in numbers by name and in sentences: degradation, causes, cure."""

import math
from collections.abc import Sequence
from typing import Any

from heitler.config import DegradationConfig
from heitler.degradation.effects import ArmResult, Estimate

SHOWN = ("response_low", "response_high", "deviation", "updates", "showers_seen", "seeds")
RESPONSES = ("response_low", "response_low_from", "response_low_to")
ROLES = {
    "cause": "Suspected causes",
    "remedy": "Remedies",
    "ingredient": "A remedy's choices, undone,",
}
TABLE = (
    "| arm | seeds | R at low energy | abs(R - 1), 95% interval | change, 95% interval | shown "
    "| worst bin | shape | updates | showers seen | CPU s |"
)


def baselines(results: Sequence[ArmResult]) -> tuple[ArmResult | None, ArmResult | None]:
    """One worker, and the first arm of the role baseline: many workers."""
    by_role = {arm.role: arm for arm in reversed(results)}
    return by_role.get("reference"), by_role.get("baseline")


def ranked(results: Sequence[ArmResult], role: str) -> list[ArmResult]:
    """Arms of a role whose effect is known, the largest change first.

    Dead generators come last: too much energy has no limit and too little is at most |R - 1| = 1,
    so that one which deposits nothing would look like the best remedy for too much.
    """
    known = [arm for arm in results if arm.role == role and arm.effect]
    return sorted(known, key=lambda arm: (arm.dead, -abs(arm.effect.value if arm.effect else 0.0)))


def find_cure(results: Sequence[ArmResult], study: DegradationConfig) -> ArmResult | None:
    """The remedy of fewest updates whose deviation and its 95% interval stay within the limit.

    If none has so narrow an interval, the one with the smallest deviation within the limit. In
    no bin may |R - 1| exceed the limit: a curve that crosses 1 at low energy is no cure.
    """
    limit = study.largest_deviation
    within = [
        arm
        for arm in results
        if arm.role == "remedy"
        and not arm.stopped
        and max(arm.deviation.value, arm.worst_bin) <= limit
    ]
    sure = [arm for arm in within if arm.deviation.high <= limit]
    if sure:
        return min(sure, key=lambda arm: arm.cost["updates"])
    return min(within, key=lambda arm: arm.deviation.value, default=None)


def flat_metrics(results: Sequence[ArmResult], study: DegradationConfig) -> dict[str, Any]:
    """For metrics.json and MLflow; numbers that do not exist are left out."""
    found: dict[str, Any] = {"seeds": max(arm.seeds for arm in results), "arms": len(results)}
    one, many = baselines(results)
    for label, arm in (("one_worker", one), ("many_workers", many)):
        if arm:
            found |= {f"{label}_{key}": arm.row[key] for key in SHOWN}
    if many:
        found["many_workers_workers"] = study.arms[many.name].train["virtual_workers"]
    if many and many.effect:
        found |= {"degradation": many.effect.value, "degradation_error": many.effect.error}
        found |= {"degradation_low": many.effect.low, "degradation_high": many.effect.high}
        found["degradation_sigmas"] = many.effect.sigmas
        found["degradation_shown"] = many.effect.shown
    cure = find_cure(results, study)
    found["cured"] = cure is not None
    if cure:
        found |= {"cure": cure.name, "cure_deviation": cure.deviation.value}
    for arm in results:
        name = arm.name.replace("-", "_")
        found[f"{name}_deviation"] = arm.deviation.value
        found[f"{name}_deviation_error"] = arm.deviation.error
        found |= {f"{name}_{key}": arm.row[key] for key in RESPONSES}
        found[f"{name}_stopped"] = arm.stopped
    return {
        key: value
        for key, value in found.items()
        if not (isinstance(value, float) and math.isnan(value))
    }


def sentences(results: Sequence[ArmResult], study: DegradationConfig) -> list[str]:
    """The verdicts, for people."""
    one, many = baselines(results)
    said = [_seen(arm) for arm in (one, many) if arm]
    if many and many.effect:
        said.append(f"Degradation of {many.about}: {_change(many.effect)}.")
    for role, name in ROLES.items():
        said += _grouped(ranked(results, role), name)
    if any(arm.role == "remedy" for arm in results):
        said.append(_cure_sentence(find_cure(results, study), one, many, study))
    return said


def _seen(arm: ArmResult) -> str:
    fate = f"; {arm.stopped} of {arm.seeds} trainings stopped" if arm.stopped else ""
    response = f"R = {sum(arm.response) / len(arm.response):.3f}, " if arm.response else ""
    return (
        f"{arm.about[0].upper()}{arm.about[1:]}: {response}abs(R - 1) = "
        f"{arm.deviation.value:.3f} ± {arm.deviation.error:.3f} at low energy after "
        f"{arm.cost['updates']:,.0f} updates{fate}."
    )


def _change(effect: Estimate) -> str:
    text = f"abs(R - 1) changes by {effect.value:+.3f} ± {effect.error:.3f}"
    if effect.seeds == 1:
        return f"{text} with one seed; other seeds may differ, so nothing is concluded from it"
    return (
        f"{text} over {effect.seeds} seeds (95%: {effect.low:+.3f} to {effect.high:+.3f}), "
        f"{effect.sigmas:.1f} sigma, so it is {'shown' if effect.shown else 'not shown'}"
    )


def _grouped(arms: Sequence[ArmResult], name: str) -> list[str]:
    """One sentence for each fate that arms of a role have; names only where nothing is shown."""
    groups: dict[str, list[str]] = {}
    for arm in arms:
        if arm.effect:
            fate, text = _fate(arm, arm.effect, name)
            groups.setdefault(fate, []).append(text)
    return [f"{fate}: {'; '.join(texts)}." for fate, texts in groups.items()]


def _fate(arm: ArmResult, effect: Estimate, name: str) -> tuple[str, str]:
    """What happens with an arm, and its name with the change where that is shown."""
    if arm.stopped == arm.seeds:
        return f"{name} with which every training stops", arm.about
    if arm.dead:
        return f"{name} with which the generator deposits nothing", arm.about
    if effect.shown:
        fate = "raise" if effect.value > 0 else "lower"
        return f"{name} that, each alone, {fate} abs(R - 1)", f"{arm.about}, {_short(effect)}"
    if effect.seeds == 1:
        return f"{name} tried with one seed, which shows nothing", arm.about
    return f"{name} whose effect is not shown", arm.about


def _short(effect: Estimate) -> str:
    if effect.seeds == 1:
        return f"{effect.value:+.3f} ± {effect.error:.3f}"
    return f"{effect.value:+.3f} ({effect.low:+.3f} to {effect.high:+.3f})"


def _cure_sentence(
    cure: ArmResult | None,
    one: ArmResult | None,
    many: ArmResult | None,
    study: DegradationConfig,
) -> str:
    limit = f"{100 * study.largest_deviation:g}%"
    if cure is None:
        return f"Cure: none of the remedies tried brings R within {limit} of 1 in every bin."
    sure = cure.deviation.high <= study.largest_deviation
    text = (
        f"Cure: {cure.about}; abs(R - 1) = {cure.deviation.value:.3f} (95%: "
        f"{max(cure.deviation.low, 0):.3f} to {cure.deviation.high:.3f}), within {limit}"
        f"{'' if sure else ', though the interval reaches beyond'}. Largest abs(R - 1) in any "
        f"bin: {cure.worst_bin:.3f}. It costs {cure.cost['updates']:,.0f} updates, "
        f"{cure.cost['showers_seen']:,.0f} showers seen and {cure.cost['cpu_seconds']:,.0f} CPU s"
    )
    others = [
        f"{arm.about}: {arm.cost['updates']:,.0f}, {arm.cost['showers_seen']:,.0f}, "
        f"{arm.cost['cpu_seconds']:,.0f}"
        for arm in (one, many)
        if arm and not math.isnan(arm.cost["updates"])
    ]
    return f"{text} ({'; '.join(others)})." if others else f"{text}."


def table(results: Sequence[ArmResult]) -> list[str]:
    """All arms as a Markdown table."""
    columns = TABLE.count("|") - 1
    return [TABLE, "|---" * columns + "|", *(_table_row(arm) for arm in results)]


def _interval(deviation: Estimate) -> str:
    """The interval over seeds; for one seed the bootstrap's error."""
    if deviation.seeds == 1:
        return f"{deviation.value:.3f} ± {deviation.error:.3f}"
    return f"{deviation.value:.3f} ({max(deviation.low, 0):.3f} to {deviation.high:.3f})"


def _table_row(arm: ArmResult) -> str:
    deviation, effect = arm.deviation, arm.effect
    response = f"{sum(arm.response) / len(arm.response):.3f}" if arm.response else "stopped"
    cells = [
        f"{arm.about} (`{arm.name}`)",
        f"{arm.seeds}" + (f", {arm.stopped} stopped" if arm.stopped else ""),
        response,
        _interval(deviation),
        "deposits nothing" if arm.dead else _short(effect) if effect else "",
        ("yes" if effect.shown else "no") if effect and not arm.dead else "",
        *(f"{x:.3f}" for x in (arm.worst_bin, arm.shape_error)),
        *(f"{arm.cost[k]:,.0f}" for k in ("updates", "showers_seen", "cpu_seconds")),
    ]
    return "| " + " | ".join(cells) + " |"
