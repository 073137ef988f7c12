"""The sections about what a trained model yields: generate, validate."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from heitler.config.types import STRICT, ConfigError, NonNegativeInt, Positive, PositiveInt


@dataclass(frozen=True, config=STRICT, kw_only=True)
class GenerateConfig:
    """Making showers with the trained generator."""

    batch_size: PositiveInt
    """Showers made at once."""
    seed: NonNegativeInt
    """Decides the noise."""
    backend: Literal["auto", "tensorflow", "onnxruntime"]
    """What runs the generator, equal showers up to rounding; auto is the fastest."""
    timed_batch_sizes: tuple[PositiveInt, ...]
    """Batch sizes at which the time per shower is measured."""
    timed_energy_bins: PositiveInt
    """Bins of primary energy in which the time per shower is compared with Geant4's."""


Limit = tuple[Positive, Positive]
"""How far from perfect a number may be to pass, and to be a warning; beyond, it fails."""


@dataclass(frozen=True, config=STRICT, kw_only=True)
class Limits:
    """Pass and warn limits of the score card; formulas and sources are in docs/physics.md."""

    response_ratio: Limit
    """|R - 1| over all energies."""
    response_max_deviation: Limit
    """Largest |R - 1| in an energy bin."""
    offset_MeV: Limit
    """Constant part of the difference in deposited energy."""
    linearity_max_deviation: Limit
    """Largest relative deviation of mu90 in an energy bin."""
    resolution_ratio: Limit
    """Mean of the ratio of sigma90 / mu90 over the energy bins, from 1."""
    resolution_max_deviation: Limit
    """Largest relative deviation of sigma90 / mu90 in an energy bin."""
    longitudinal_max_deviation: Limit
    """Largest relative deviation of a layer's mean energy, where above 1% of the maximum."""
    radial_max_deviation: Limit
    """The same for rings around the axis."""
    longitudinal_profile_error: Limit
    """Difference of the shapes along the depth, 0 to 2."""
    transverse_x_profile_error: Limit
    """The same along x."""
    transverse_y_profile_error: Limit
    """The same along y."""
    moment_1: Limit
    """Relative deviation of the mean place, the worst of x, y, z."""
    moment_2: Limit
    """Relative deviation of the mean squared width."""
    moment_3: Limit
    """Difference of the skewness."""
    moment_4: Limit
    """Difference of the kurtosis."""
    separation_ecal_sum: Limit
    """Separation power of the deposited energy, 0 to 1."""
    separation_sampling_fraction: Limit
    """Separation power in deposited over primary energy."""
    separation_layers: Limit
    """Separation power in the energy of a layer, the mean over layers."""
    separation_depth: Limit
    """Separation power in the mean depth."""
    separation_width: Limit
    """Separation power in the transverse width."""
    separation_hits: Limit
    """Separation power in the number of cells hit."""
    separation_cells: Limit
    """Separation power in the energies of single cells."""
    hits_ratio: Limit
    """Relative deviation of the mean number of cells hit."""
    sparsity_difference: Limit
    """Difference of the part of cells not hit."""
    layer_correlation: Limit
    """Largest difference of a correlation coefficient between two layers."""
    layer_widths: Limit
    """Relative deviation of a layer's mean width, the mean over layers."""
    layer_largest: Limit
    """Relative deviation of the largest cell's share of a layer."""
    layer_wander: Limit
    """Relative deviation of the root mean square step of the centre from layer to layer."""
    layer_products_within: Limit
    """Relative deviation of the products of neighbouring cells in a layer."""
    layer_products_between: Limit
    """Relative deviation of the products of neighbouring cells in neighbouring layers."""
    layer_pairs_within: Limit
    """Relative deviation of the number of neighbouring hit pairs per hit in a layer."""
    layer_pairs_between: Limit
    """Relative deviation of the number of hit pairs in neighbouring layers."""
    classifier_auc_high: Limit
    """The AUC itself of the dense network on high-level features; 0.5 is perfect."""
    classifier_auc_cells: Limit
    """The AUC itself of the dense network on all cells."""
    classifier_auc_cnn: Limit
    """The AUC itself of the 3D ResNet on all cells."""
    classifier_jsd_high: Limit
    """Jensen-Shannon divergence, 0 to 1, that the dense network finds in high-level features."""
    classifier_jsd_cells: Limit
    """Jensen-Shannon divergence that the dense network finds in all cells."""
    classifier_jsd_cnn: Limit
    """Jensen-Shannon divergence that the 3D ResNet finds in all cells."""
    classifier_auc_trees: Limit
    """AUC of boosted trees on high-level features."""
    classifier_auc_spectrum: Limit
    """AUC of boosted trees on the energies of cells."""
    classifier_auc_pairs: Limit
    """AUC of boosted trees on neighbouring hit pairs."""
    classifier_auc_products: Limit
    """AUC of boosted trees on products of neighbouring cells."""
    classifier_auc_wander: Limit
    """AUC of boosted trees on the layers' centres and their steps."""
    classifier_auc_widths: Limit
    """AUC of boosted trees on the layers' widths."""
    classifier_auc_largest: Limit
    """AUC of boosted trees on the largest cells' shares."""
    precision: Limit
    """How far below Geant4's own: the part of generated showers where true ones lie."""
    recall: Limit
    """The part of true showers where generated ones lie."""
    density: Limit
    """How densely true showers lie around the generated ones."""
    coverage: Limit
    """The part of true showers with a generated one near."""
    fpd: Limit
    """Frechet physics distance."""
    kpd: Limit
    """Kernel physics distance."""
    nearest_neighbour_ratio: Limit
    """How far below 1: nearer to the training showers than to unseen ones."""
    copied_showers: Limit
    """Part of the generated showers that are all but training showers."""

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            passes, warns = getattr(self, name)
            if passes > warns:
                raise ConfigError(
                    f"validate.limits.{name} is [{passes}, {warns}]: what passes must not be "
                    "farther from perfect than what is a warning. Swap the two."
                )


@dataclass(frozen=True, config=STRICT, kw_only=True)
class ClassifierConfig:
    """The neural classifiers that try to tell generated from true showers."""

    showers: PositiveInt
    """Showers of each kind, at most."""
    curve: tuple[PositiveInt, ...]
    """Fewer showers of each kind for which the AUC is measured too."""
    seeds: PositiveInt
    """Trainings of each classifier; their spread is its error."""
    dense_hidden: tuple[PositiveInt, ...]
    """Widths of the hidden layers on high-level features and on cells."""
    dense_learning_rate: Positive
    """Adam's."""
    dense_batches: PositiveInt
    """Updates per epoch, at most: batches have 32 showers at least."""
    dense_epochs: PositiveInt
    """At most; the best of them is kept."""
    dense_patience: PositiveInt
    """Epochs without a better AUC on the choice set before it ends."""
    resnet_channels: tuple[PositiveInt, ...]
    """Features of each residual block."""
    resnet_learning_rate: Positive
    """Adam's at the start; it falls when the choice set has not improved for half the patience."""
    resnet_batch_size: PositiveInt
    """Showers per update."""
    resnet_epochs: PositiveInt
    """At most."""
    resnet_patience: PositiveInt
    """Epochs without a better AUC on the choice set before it ends."""

    def __post_init__(self) -> None:
        for name in ("dense_hidden", "resnet_channels"):
            if not getattr(self, name):
                raise ConfigError(f"validate.classifiers.{name} is empty. Give a width or more.")


@dataclass(frozen=True, config=STRICT, kw_only=True)
class ValidateConfig:
    """Generated showers against Geant4."""

    energy_bins: PositiveInt
    """Bins of primary energy."""
    hit_threshold_MeV: Positive
    """A cell above it is hit."""
    separation_bins: PositiveInt
    """Bins of the histograms whose separation power is measured."""
    bootstrap_replicas: Annotated[int, Field(ge=2, strict=True)]
    """Resampled pairs of samples, for errors."""
    floor_splits: Annotated[int, Field(ge=2, strict=True)]
    """Pairs of independent Geant4 samples, for the floor."""
    slow_floor_splits: PositiveInt
    """As many of them for FPD, KPD, PRDC and nearest neighbours, which take seconds."""
    classifiers: ClassifierConfig
    """As the validate stage trains them: within seconds."""
    full_classifiers: ClassifierConfig
    """As CaloChallenge trains them, for results that are kept."""
    pass_sigmas: Positive
    """What Geant4 against itself gives, plus so many of its standard deviations, passes always."""
    warn_sigmas: Positive
    """Likewise for a warning."""
    seed: NonNegativeInt
    """Decides resampling and splits."""
    limits: Limits
