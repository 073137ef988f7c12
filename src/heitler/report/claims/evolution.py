"""Section 5: a genetic algorithm against RMSprop, Fig. 3 and Table 1."""

from heitler.config import Config
from heitler.evolution.summary import GRADIENT, PAPER, SMALL_ERROR, EvolutionResults
from heitler.report.claims.question import FAILS, HOLDS, Answer, Number, Question, percentage
from heitler.report.results import MissingResultError, Results

SEEDS = "quartiles over seeds"


def low_loss_quickly(results: Results, config: Config) -> Answer:
    """Both test losses early on."""
    found = _found(results, config)
    genetic, gradient = found.early_loss_genetic, found.early_loss_rmsprop
    return Answer(
        Number(genetic / gradient, "times"),
        "measured",
        HOLDS if genetic < gradient else FAILS,
        f"Test loss over RMSprop's after {found.early_cost_epochs:.3g} of {found.cost_epochs} "
        f"forward passes over the showers: {genetic:.3f} against {gradient:.3f}, medians over "
        f"{found.seeds} seeds.",
    )


def lower_in_the_end(results: Results, config: Config) -> Answer:
    """Both test losses when the budget is spent."""
    found = _found(results, config)
    genetic, gradient = found.strategies[PAPER], found.strategies[GRADIENT]
    value, low, high = (
        loss / gradient.loss for loss in (genetic.loss, genetic.loss_low, genetic.loss_high)
    )
    return Answer(
        Number(value, "times", low, high, SEEDS),
        "measured",
        HOLDS if gradient.loss < genetic.loss else FAILS,
        f"Final test loss over RMSprop's at equal cost: {genetic.loss:.4f} against "
        f"{gradient.loss:.4f}, medians over {found.seeds} seeds.",
    )


def steady(results: Results, config: Config) -> Answer:
    """RMSprop's worst bin of energy beside the genetic algorithm's."""
    found = _found(results, config).strategies
    genetic, gradient = found[PAPER].error_worst_bin, found[GRADIENT].error_worst_bin
    return Answer(
        percentage(gradient),
        "measured",
        HOLDS if gradient < genetic else FAILS,
        f"Mean relative error in RMSprop's worst bin of primary energy; the genetic algorithm's: "
        f"{percentage(genetic)}.",
    )


def below_10_percent(results: Results, config: Config) -> Answer:
    """The genetic algorithm's worst bin."""
    worst = _found(results, config).strategies[PAPER].error_worst_bin
    evolve = config.evolve
    return Answer(
        percentage(worst),
        "measured",
        HOLDS if worst < SMALL_ERROR else FAILS,
        f"Mean relative error in its worst bin of primary energy. Table 1 here: M {evolve.parents}"
        f", offspring {evolve.offspring}, batch {evolve.batch_size}, at most {evolve.showers:,} "
        "showers.",
    )


def _found(results: Results, config: Config) -> EvolutionResults:
    """With the paper's strategy among the others."""
    found = results.evolution(config.evolve)
    if not found.claims:
        raise MissingResultError(
            f"Stage evolve was run without {PAPER}: add it to evolve.strategies. "
            "Run: dvc repro evolve"
        )
    return found


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
