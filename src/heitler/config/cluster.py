"""Where the workers run and how they are started. Results depend on it up to rounding only."""

import re
from typing import Literal

from pydantic.dataclasses import dataclass

from heitler.config.types import STRICT, ConfigError, NonNegativeInt, Positive, PositiveInt

HOST = re.compile(r"^[A-Za-z0-9._-]+(:[1-9]\d*)?$")
WALLTIME = re.compile(r"^(\d+-)?\d{1,2}:\d{2}:\d{2}$")


@dataclass(frozen=True, config=STRICT, kw_only=True)
class SlurmConfig:
    """What a job asks of Slurm; the number of nodes follows from the number of workers."""

    cores_per_rank: PositiveInt
    """Cores that Slurm binds each worker to."""
    account: str | None
    """Whom the job is charged to; null leaves it to Slurm."""
    partition: str | None
    """Queue; null leaves it to Slurm."""
    walltime: str
    """HH:MM:SS, or D-HH:MM:SS."""
    mpi: str
    """How `srun` tells the workers of each other; `srun --mpi=list` names what there is."""
    setup: tuple[str, ...]
    """Lines of shell before the workers start, such as `module load gcc`."""
    options: tuple[str, ...]
    """More options for sbatch, such as `--exclusive` or `--constraint=icelake`."""

    def __post_init__(self) -> None:
        if not WALLTIME.match(self.walltime):
            raise ConfigError(
                f"cluster.slurm.walltime is {self.walltime!r}. Write HH:MM:SS or D-HH:MM:SS, "
                'in quotes: "01:30:00".'
            )
        for option in self.options:
            if not option.startswith("-"):
                raise ConfigError(
                    f"cluster.slurm.options has {option!r}, which is no option of sbatch. "
                    "Begin it with a dash, or put lines of shell into cluster.slurm.setup."
                )


@dataclass(frozen=True, config=STRICT, kw_only=True)
class ClusterConfig:
    """How Horovod's workers are started, and which cores they use."""

    launcher: Literal["local", "hosts", "mpi", "slurm"]
    """This machine; hosts over ssh; mpirun; a batch job."""
    hosts: tuple[str, ...]
    """For hosts and mpi: "node1:2" starts up to two workers there; without a number,
    `ranks_per_node`."""
    ranks_per_node: PositiveInt
    """Workers on each node, where `hosts` does not say."""
    threads_per_worker: NonNegativeInt
    """0 divides each machine's cores among its workers."""
    pin_cores: bool
    """Keep each worker on its own cores."""
    network_interface: str | None
    """Such as ib0, of the same name on all hosts; null lets Horovod find one."""
    elastic: bool
    """Training goes on with fewer workers when one is lost, from the last checkpoint."""
    start_timeout_s: PositiveInt
    """Longest wait for hosts to answer."""
    stall_warning_s: PositiveInt
    """A worker that the others have waited for so long, or that gave no sign of life for so long,
    is named."""
    collective_timeout_s: PositiveInt
    """Longest wait of the workers for one of them, before all stop."""
    horovod_cycle_ms: Positive
    """How often Horovod looks for something to sum. Each look costs CPU in every worker; a longer
    pause delays every all-reduce by half of it."""
    mpirun: str | None
    """MPI's own launcher; null is that of the Intel MPI in the environment."""
    slurm: SlurmConfig

    def __post_init__(self) -> None:
        for host in self.hosts:
            if not HOST.match(host):
                raise ConfigError(
                    f"cluster.hosts has {host!r}. Write name:workers, such as node1:2."
                )
        names = list(self.slots)
        if len(names) < len(self.hosts):
            raise ConfigError(
                f"cluster.hosts names a host twice ({', '.join(self.hosts)}). "
                "Name each once, with the number of its workers."
            )
        if self.elastic and self.launcher not in ("local", "hosts"):
            raise ConfigError(
                f"cluster.elastic is true, but cluster.launcher is {self.launcher}, whose jobs end "
                "with a lost worker. Use the launcher local or hosts, or let the batch system "
                "start the job again: it resumes."
            )
        if self.stall_warning_s > self.collective_timeout_s:
            raise ConfigError(
                f"cluster.stall_warning_s is {self.stall_warning_s}, longer than "
                f"cluster.collective_timeout_s ({self.collective_timeout_s}), when all stop. "
                "Lower it, or raise the other."
            )
        if self.launcher == "hosts" and not names:
            raise ConfigError(
                "cluster.launcher is hosts, but cluster.hosts is empty. "
                "Name them: [node1:2, node2:2]."
            )

    @property
    def slots(self) -> dict[str, int]:
        """How many workers each of `hosts` takes."""
        named = (host.partition(":") for host in self.hosts)
        return {name: int(number or self.ranks_per_node) for name, _, number in named}
