"""Slow lines of the score card: classifiers, many matrix roots, nearest neighbours."""

from heitler.validation.lines import CALOCHALLENGE, NEIGHBOURS, OF_DENSE, OWN
from heitler.validation.neighbours import COPY_DISTANCE
from heitler.validation.score import Metric
from heitler.validation.trees import GROUPS

AUC, JSD = "area under the ROC curve, 0.5 guesses", "(ln 2 - BCE) / ln 2"
KANSAL = "R. Kansal et al., arXiv:2211.10295 (jetnet)"
NAEEM = "M. F. Naeem et al., arXiv:2002.09797, k = 5"
NETWORKS: tuple[Metric, ...] = tuple(
    Metric(
        f"classifier_{what}_{name}",
        f"{title}, {what.upper()}",
        unit,
        formula,
        CALOCHALLENGE,
        limits[what],
        largest=1.0,
    )
    for name, title, limits in (
        ("high", "Dense network on high-level features", OF_DENSE),
        ("cells", "Dense network on all cells", OF_DENSE),
        ("cnn", "3D ResNet on all cells", {"auc": (0.7, 0.95), "jsd": (0.1, 0.6)}),
    )
    for what, unit, formula in (("auc", "", AUC), ("jsd", "bit", JSD))
)
"""Measured outside of this part of the package, which knows no TensorFlow: heitler.judge."""
TREES: tuple[Metric, ...] = tuple(
    Metric(
        f"classifier_auc_{name}",
        f"{title.capitalize()}, AUC",
        "",
        AUC,
        OWN,
        OF_DENSE["auc"],
        largest=1.0,
    )
    for name, title in GROUPS.items()
)
SLOW: tuple[Metric, ...] = (
    Metric(
        "fpd", "Frechet physics distance", "", "intercept of d^2 against 1/N", KANSAL, (0.05, 0.3)
    ),
    Metric(
        "kpd",
        "Kernel physics distance",
        "",
        "median MMD^2, kernel (x.y/F + 1)^4",
        KANSAL,
        (0.01, 0.1),
    ),
    *(
        Metric(
            name,
            title,
            "",
            formula,
            NAEEM,
            NEIGHBOURS,
            1.0,
            only_below_counts=True,
            perfect_is_floor=True,
        )
        for name, title, formula in (
            ("precision", "Precision", "part of generated ones near a true one"),
            ("recall", "Recall", "part of true ones near a generated one"),
            ("density", "Density", "true balls around a generated one, over k"),
            ("coverage", "Coverage", "part of true balls with a generated one"),
        )
    ),
    Metric(
        "nearest_neighbour_ratio",
        "Nearest neighbour: seen in training / unseen",
        "",
        "[d(gen, seen) / d(unseen, seen)] / [d(gen, unseen) / d(unseen, unseen)]",
        "after CaloGAN, arXiv:1712.10321",
        (0.2, 0.5),
        1.0,
        only_below_counts=True,
        needs="two different primary energies",
    ),
    Metric(
        "copied_showers",
        "Copies of training showers",
        "part",
        f"part with d(gen, seen) < {COPY_DISTANCE:g} median d(unseen, seen)",
        OWN,
        (0.002, 0.01),
        largest=1.0,
    ),
)
