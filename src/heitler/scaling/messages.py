"""Bytes that the workers exchange in a cycle, and minutes of cycles on the paper's nodes.

The bytes follow from the networks' description. In a training whose global batch changes, a phase
of global batch b runs on as many workers as can have a shower each, at most all: two per node, as
in the paper. A cycle costs its worker's showers and the all-reduces between the nodes; the paper's
fixed cost of an epoch is left out, as phases need not evaluate.
"""

import math
from collections.abc import Sequence

from heitler.design import Design
from heitler.model.architectures import Size
from heitler.model.networks import family_of
from heitler.scaling.interconnects import PRESETS, allreduce_s
from heitler.scaling.published import ONE_NODE_S, RANKS_PER_NODE

BYTES = 4
"""Gradients are exchanged in single precision."""
LOSSES = 5
"""Numbers that ride along with the gradients."""
ASSUMED_SHOWERS = 200_000
"""In the paper's training set, which it does not print: those of the public data set of the time
[svalleco/3Dgan]. The time per shower is inversely proportional to it."""
SHOWER_S = RANKS_PER_NODE * ONE_NODE_S.value / ASSUMED_SHOWERS
"""Time of one worker: 0.065 s."""
LINK = PRESETS["omni-path-100"]
SECONDS_PER_MINUTE = 60.0


def cycle_messages_B(design: Design, image_shape: Size, generator_updates: int) -> tuple[int, ...]:
    """Bytes of each all-reduce of a cycle, such as D on real, D on fake, then G's updates.

    Each carries the gradients of the updated network, its batch-norm statistics, and the losses.
    """
    family = family_of(design)
    discriminator, generator = family.parameter_counts(design, image_shape)
    counts = {"discriminator": discriminator, "generator": generator}
    learning = [name.partition("_")[0] for name in family.update_names(generator_updates)]
    return tuple(BYTES * (counts[network] + LOSSES) for network in learning)


def minutes_on_nodes(
    phases: Sequence[tuple[int, int]], messages_B: Sequence[int], nodes: int = 256
) -> float:
    """Minutes of phases of (cycles, global batch), with at most so many nodes."""
    return sum(
        cycles * phase_cycle_s(batch, messages_B, nodes) for cycles, batch in phases
    ) / SECONDS_PER_MINUTE  # fmt: skip


def phase_cycle_s(batch: int, messages_B: Sequence[int], nodes: int) -> float:
    """Seconds of a cycle of this global batch."""
    workers = min(batch, nodes * RANKS_PER_NODE)
    used = math.ceil(workers / RANKS_PER_NODE)
    sums = [float(allreduce_s(size, used, LINK, "ring")) for size in messages_B]
    return math.ceil(batch / workers) * SHOWER_S + sum(sums)
