"""What networks are told of the training showers before the first cycle."""

from pathlib import Path

from heitler.data.mean_shower import mean_shower
from heitler.model.gan import Gan
from heitler.model.layered.measured import measure_showers
from heitler.model.layered.network import layered_shower
from heitler.model.recipes import recipe_of
from heitler.model.shower_generator import start_from_mean


def start_from_showers(gan: Gan, train_file: Path) -> None:
    """Let the recipe's networks begin with what can be measured on a prepared file of showers."""
    networks = {id(network): network for network in (gan.generator, gan.exported)}.values()
    match recipe_of(gan.model).start:
        case "mean shower":
            mean = mean_shower(train_file)
            for network in networks:
                start_from_mean(network, mean)
        case "measured":
            measured = measure_showers(train_file)
            for network in networks:
                layered_shower(network).measure(measured)
