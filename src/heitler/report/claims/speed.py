"""Section 3: what a shower costs, and the size of the networks."""

from collections.abc import Sequence

import numpy as np

from heitler.config import OURS, Config
from heitler.detector import image_shape
from heitler.model.networks import family_of
from heitler.report.claims.question import (
    FAILS,
    HOLDS,
    IN_PART,
    NOT_COMPARABLE,
    Answer,
    Number,
    Question,
)
from heitler.report.results import GENERATE, VALIDATE, Results, Row
from heitler.scaling.published import Rounded

GEANT4_S = Rounded(17.0, 16.5, 17.5, 'section 3: "17 s/shower using Geant4" (Xeon 8180)')
GAN_S = Rounded(1e-3, 0.5e-3, 1.5e-3, 'section 3: "1 ms/shower using the 3DGAN model"')
SPEED_UP = 20_000.0
"""Section 3: "yielding a speedup factor larger than 20000"."""
ORDERS_OF_MAGNITUDE = 100.0
"""Section 3: "orders of magnitude faster than a standard Monte Carlo": at least two."""
PARAMETERS = 1e6
"""Section 3: "slightly more than 1 million parameters"."""
SLIGHTLY_MORE = 1.1
SAME_ORDER = 10.0


def geant4_shower(results: Results, config: Config) -> Answer:
    rows = results.rows(GENERATE, "cost_by_energy.csv")
    energy, seconds = (_column(rows, name) for name in ("energy_GeV", "geant4_cpu_s"))
    ours = _over_energies(float(seconds.mean()), seconds, "s")
    per_GeV = float((seconds / energy).mean())
    return Answer(
        ours,
        "measured",
        NOT_COMPARABLE,
        f"The paper names no energy, on which this depends. Ours costs {1e3 * per_GeV:.2g} ms of "
        f"CPU time per GeV; 17 s would be a shower of {GEANT4_S.value / per_GeV:,.0f} GeV.",
    )


def gan_shower(results: Results, config: Config) -> Answer:
    rows = results.rows(GENERATE, "cost_by_batch_size.csv")
    wall_s = _column(rows, "wall_ms") / 1e3
    best = float(wall_s.min())
    ours = Number(1e3 * best, "ms", 1e3 * best, 1e3 * float(wall_s.max()), "all batch sizes")
    verdict = HOLDS if best <= GAN_S.high else IN_PART if best <= SAME_ORDER * GAN_S.high else FAILS
    at_best = int(rows[int(wall_s.argmin())]["batch_size"])
    reason = f"Wall time per shower, {at_best:,} made at once, on this machine."
    if results.has("compact"):
        compact = results.metric("compact", "compact_wall_ms")
        reason += f" The compact generator: {compact:.2g} ms."
    if results.has(stage := f"generate@{OURS}", "cost_by_batch_size.csv"):
        own = _column(results.rows(stage, "cost_by_batch_size.csv"), "wall_ms")
        reason += f" Our recipe's: {own.min():.2g} ms."
    return Answer(ours, "measured", verdict, reason)


def speed_up(results: Results, config: Config) -> Answer:
    rows = results.rows(GENERATE, "cost_by_energy.csv")
    geant4, generated = (_column(rows, f"{who}_cpu_s") for who in ("geant4", "generated"))
    ours = _over_energies(float(geant4.mean() / generated.mean()), geant4 / generated, "times")
    verdict = FAILS
    if ours.value >= ORDERS_OF_MAGNITUDE:
        verdict = HOLDS if ours.value >= SPEED_UP else IN_PART
    reason = "CPU time at equal energies. "
    reason += {
        HOLDS: "More than 20,000 times.",
        IN_PART: "Orders of magnitude, but not 20,000: our Geant4 showers are cheaper, and our "
        "machine has no 56 cores for the network.",
        FAILS: "Not even two orders of magnitude.",
    }[verdict]
    failed = sum(line["verdict"] == "fail" for line in results.card(VALIDATE))
    if failed:
        reason += f" Counts only once the physics is right: {failed} lines of the score card fail."
    return Answer(ours, "measured", verdict, reason)


def network_size(results: Results, config: Config) -> Answer:
    design = config.model.design
    total = sum(family_of(design).parameter_counts(design, image_shape(config.detector)))
    verdict = FAILS
    if PARAMETERS / 2 <= total <= 2 * PARAMETERS:
        verdict = HOLDS if PARAMETERS <= total <= SLIGHTLY_MORE * PARAMETERS else IN_PART
    return Answer(
        Number(total / 1e6, "million"),
        "counted",
        verdict,
        f"{total:,} in {config.model.network}, recipe {config.model.recipe}: "
        f"{4 * total / 1e6:.1f} MB in single precision.",
    )


def _column(rows: Sequence[Row], name: str) -> np.ndarray:
    return np.array([row[name] for row in rows])


def _over_energies(value: float, in_bins: np.ndarray, unit: str) -> Number:
    low, high = float(in_bins.min()), float(in_bins.max())
    return Number(value, unit, low, high, "bins of primary energy")


QUESTIONS = (
    Question(
        key="geant4-shower",
        claim="Geant4 needs 17 s for a shower",
        where="Section 3",
        published=Number.printed(GEANT4_S, "s"),
        implied=None,
        implied_by="",
        stage=GENERATE,
        answer=geant4_shower,
    ),
    Question(
        key="gan-shower",
        claim="The network needs 1 ms for a shower",
        where="Section 3",
        published=Number.printed(GAN_S, "ms", 1e3),
        implied=None,
        implied_by="",
        stage=GENERATE,
        answer=gan_shower,
    ),
    Question(
        key="speed-up",
        claim="The network is more than 20,000 times faster than Geant4",
        where="Section 3",
        published="more than 20,000",
        implied=Number(
            GEANT4_S.value / GAN_S.value,
            "times",
            GEANT4_S.low / GAN_S.high,
            GEANT4_S.high / GAN_S.low,
            "what the rounding of the printed numbers allows",
        ),
        implied_by="17 s / 1 ms",
        stage=GENERATE,
        answer=speed_up,
    ),
    Question(
        key="network-size",
        claim="The networks have slightly more than 1 million parameters, a few MB",
        where="Section 3",
        published="slightly more than 1 million",
        implied=None,
        implied_by="",
        stage="",
        answer=network_size,
    ),
)
