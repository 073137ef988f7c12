"""The classifiers on two shower files of any layout."""

from heitler.config import ClassifierConfig
from heitler.data.any_format import ShowerFile
from heitler.judge.curve import measure_curve
from heitler.judge.samples import build_sample
from heitler.validation.classifier_curve import Point
from heitler.validation.compare import ComparisonError


def judge_files(
    generated: ShowerFile,
    truth: ShowerFile,
    *,
    threshold_GeV: float,
    config: ClassifierConfig,
    seed: int,
) -> list[Point]:
    """Train and ask the classifiers on the first showers of both files.

    Raises:
        DataError: for a file that cannot be read.
        ComparisonError: for images of other shapes.
    """
    if generated.shape != truth.shape:
        raise ComparisonError(
            f"{generated.path}: images of {generated.shape} cells, but {truth.path} has "
            f"{truth.shape}. Compare showers of one detector."
        )
    made, mc = (
        build_sample(file.first(config.showers).read(), threshold_GeV, config.showers)
        for file in (generated, truth)
    )
    return measure_curve(made, mc, config, seed)
