"""Section 5: a genetic algorithm against RMSprop, Fig. 3 and Table 1."""

from heitler.config import Config
from heitler.report.claims.question import FAILS, HOLDS, Answer, Number, Question, percentage
from heitler.report.claims.results import Results

GENETIC, GRADIENT = "one-plus-lambda", "rmsprop"
SMALL = 0.10
SEEDS = "quartiles over seeds"


def low_loss_quickly(results: Results, config: Config) -> Answer:
    """Both test losses early on."""
    genetic, gradient, early = (
        results.metric("evolve", name)
        for name in ("early_loss_genetic", "early_loss_rmsprop", "early_cost_epochs")
    )
    return Answer(
        Number(genetic / gradient, "times"),
        "measured",
        HOLDS if genetic < gradient else FAILS,
        f"Test loss over RMSprop's after {early:.3g} of {_budget(results)} forward passes over "
        f"the showers: {genetic:.3f} against {gradient:.3f}, medians over {_seeds(results)} seeds.",
    )


def lower_in_the_end(results: Results, config: Config) -> Answer:
    """Both test losses when the budget is spent."""
    genetic, low, high = (
        results.metric("evolve", f"{GENETIC}_loss{end}") for end in ("", "_low", "_high")
    )
    gradient = results.metric("evolve", f"{GRADIENT}_loss")
    ours = Number(genetic / gradient, "times", low / gradient, high / gradient, SEEDS)
    return Answer(
        ours,
        "measured",
        HOLDS if gradient < genetic else FAILS,
        f"Final test loss over RMSprop's at equal cost: {genetic:.4f} against {gradient:.4f}, "
        f"medians over {_seeds(results)} seeds.",
    )


def steady(results: Results, config: Config) -> Answer:
    """RMSprop's worst bin of energy beside the genetic algorithm's."""
    gradient, genetic = (
        results.metric("evolve", f"{name}_error_worst_bin") for name in (GRADIENT, GENETIC)
    )
    return Answer(
        percentage(gradient),
        "measured",
        HOLDS if gradient < genetic else FAILS,
        f"Mean relative error in RMSprop's worst bin of primary energy; the genetic algorithm's: "
        f"{percentage(genetic)}.",
    )


def below_10_percent(results: Results, config: Config) -> Answer:
    """The genetic algorithm's worst bin."""
    worst = results.metric("evolve", f"{GENETIC}_error_worst_bin")
    evolve = config.evolve
    return Answer(
        percentage(worst),
        "measured",
        HOLDS if worst < SMALL else FAILS,
        f"Mean relative error in its worst bin of primary energy. Table 1 here: M {evolve.parents}"
        f", offspring {evolve.offspring}, batch {evolve.batch_size}, at most {evolve.showers:,} "
        "showers.",
    )


def _seeds(results: Results) -> int:
    return int(results.metric("evolve", "seeds"))


def _budget(results: Results) -> int:
    return int(results.metric("evolve", "cost_epochs"))


QUESTIONS = (
    Question(
        key="genetic-quick",
        claim="The genetic algorithm reaches low loss very quickly",
        where="Section 5.2; Fig. 3 left",
        published="lower than RMSprop at first",
        implied=None,
        implied_by="",
        stage="evolve",
        answer=low_loss_quickly,
    ),
    Question(
        key="rmsprop-lower",
        claim="RMSprop reaches a lower loss in the end",
        where="Section 5.2; Fig. 3 left",
        published="lower",
        implied=None,
        implied_by="",
        stage="evolve",
        answer=lower_in_the_end,
    ),
    Question(
        key="rmsprop-steady",
        claim="RMSprop's error is lower and steady over the whole energy range",
        where="Section 5.2; Fig. 3 right",
        published="lower and steady",
        implied=None,
        implied_by="",
        stage="evolve",
        answer=steady,
    ),
    Question(
        key="genetic-error",
        claim="The genetic algorithm's error stays well below 10% over the whole energy range",
        where="Section 5.2; Fig. 3 right",
        published="less than 10%",
        implied=None,
        implied_by="",
        stage="evolve",
        answer=below_10_percent,
    ),
)
