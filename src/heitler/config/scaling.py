"""How the training time depends on the number of workers."""

from pydantic.dataclasses import dataclass

from heitler.config.types import STRICT, ConfigError, PositiveInt


@dataclass(frozen=True, config=STRICT, kw_only=True)
class ScaleConfig:
    """A sweep over numbers of workers: short runs of the real training cycle."""

    workers: tuple[PositiveInt, ...]
    """Numbers of Horovod processes; 1, to compare with, is always measured."""
    per_worker_batch_size: PositiveInt
    """Showers per worker and cycle. Weak scaling keeps it; strong scaling divides as many for the
    largest number of workers among fewer."""
    threads_per_worker: PositiveInt
    """Threads, and cores, of every worker, however few workers there are."""
    repeats: PositiveInt
    """How often each point is started anew; the points take turns."""
    warmup_cycles: PositiveInt
    """Not measured, at every start: the first cycle is compiled."""
    cycles: PositiveInt
    """Measured at every start."""
    independent: bool
    """Measure also processes side by side that do not communicate: what the machine itself loses
    when several work at once."""
    software: bool
    """Measure also other kernels on one worker, once: plain layers, with and without oneDNN."""

    def __post_init__(self) -> None:
        if not self.workers:
            raise ConfigError("scale.workers is empty. Give at least one number: [1, 2].")
        for workers in self.workers:
            if self.strong_batch_size % workers:
                raise ConfigError(
                    f"scale.workers has {workers}, which does not divide the "
                    f"{self.strong_batch_size} showers of strong scaling "
                    f"(scale.per_worker_batch_size times {max(self.workers)} workers). "
                    f"Leave {workers} out, or make scale.per_worker_batch_size a multiple of it."
                )

    @property
    def world_sizes(self) -> tuple[int, ...]:
        """Numbers of workers to measure, rising."""
        return tuple(sorted({1, *self.workers}))

    @property
    def strong_batch_size(self) -> int:
        """Showers per cycle over all workers, for strong scaling."""
        return self.per_worker_batch_size * max(self.workers)
