"""Several hosts on one machine: network namespaces joined by a bridge, links of a given speed.

Each host has its own network card, address, host name and /etc/hosts; files and processors are
shared. An `ssh` on PATH enters them, so that launchers work as between machines. Needs root.
"""

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

TOOLS = ("ip", "tc", "unshare", "hostname")
CARD = "eth0"
BURST_S = 0.001
"""What a link may send at once, in seconds of its speed; and at least one full packet."""
LARGEST_PACKET_B = 65536
SSH = """#!{python} -S
# Runs a shell command in the namespace that has the host's name. Like the real ssh it only relays:
# when it is killed, the command goes on, and finds that nobody reads its output.
import subprocess, sys
words = sys.argv[1:]
def skip_options():
    while words and words[0].startswith("-"):
        del words[:2]
skip_options()
host = words.pop(0)
skip_options()
enter = ["ip", "netns", "exec", host, "unshare", "--uts", "sh", "-c", 'hostname "$0"; eval "$*"']
remote = subprocess.Popen(
    [*enter, host, *words],
    stdout=subprocess.PIPE,
    stderr=subprocess.STDOUT,
    start_new_session=True,
)
for said in iter(lambda: remote.stdout.read1(65536), b""):
    sys.stdout.buffer.write(said)
    sys.stdout.buffer.flush()
sys.exit(remote.wait())
"""
# Deletes everything when its standard input ends: when the creator is done, or gone.
CLEANER = """read -r _
for host in {hosts}; do ip netns pids $host | xargs -r kill -9; ip netns del $host; done
ip link del {bridge}; cd /etc/netns && rm -r {hosts}"""


def missing() -> str:
    """Why there can be no namespaces here; empty if there can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    lacking = [tool for tool in TOOLS if shutil.which(tool) is None]
    if lacking:
        return f"not installed: {', '.join(lacking)} (Debian: iproute2, util-linux, hostname)"
    tried = f"hl{os.getpid()}x"
    for kind in ("bridge", "veth"):
        if _try("ip", "link", "add", tried, "type", kind):
            return f"this system makes no {kind}"
        _try("ip", "link", "del", tried)
    return ""


@dataclass(frozen=True)
class Hosts:
    """Hosts that exist now."""

    names: tuple[str, ...]
    path: Path
    """Folder with their `ssh`."""

    def run(
        self, *command: str, env: Mapping[str, str] | None = None, timeout_s: float = 900
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command on the first host; its output and errors together."""
        return subprocess.run(
            self.command(*command),
            env=self.environment(env),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout_s,
        )

    def command(self, *command: str) -> list[str]:
        """What runs a command on the first host; killing it kills the command."""
        enter = ["ip", "netns", "exec", self.names[0], "unshare", "--uts", "sh", "-c"]
        return [*enter, f"hostname {self.names[0]}; exec {shlex.join(command)}"]

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """With the hosts' `ssh` before any other."""
        return {**os.environ, **(extra or {}), "PATH": f"{self.path}:{os.environ['PATH']}"}

    def limit(self, bits_per_s: float | None) -> None:
        """Let no host send faster; None takes the limit away."""
        for name in self.names:
            limit_link(name, bits_per_s)


def limit_link(host: str, bits_per_s: float | None) -> None:
    """Shape what a host sends; callable from inside any of the hosts."""
    if bits_per_s is None:
        _try("ip", "netns", "exec", host, "tc", "qdisc", "del", "dev", CARD, "root")
        return
    burst = max(LARGEST_PACKET_B, int(bits_per_s / 8 * BURST_S))
    shape = f"rate {bits_per_s:.0f}bit burst {burst} latency 200ms"
    _inside(host, f"tc qdisc replace dev {CARD} root tbf {shape}")


@contextlib.contextmanager
def several_hosts(count: int, folder: Path) -> Iterator[Hosts]:
    """Hosts that are gone at the end of the block, also when this process is killed in it.

    Args:
        count: how many.
        folder: for their `ssh`.
    """
    prefix = f"hl{os.getpid()}"
    names = tuple(f"{prefix}n{number}" for number in range(count))
    cleaner = subprocess.Popen(
        ["sh", "-c", CLEANER.format(hosts=" ".join(names), bridge=f"{prefix}b")],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _create(names, prefix)
        (folder / "ssh").write_text(SSH.format(python=sys.executable))
        (folder / "ssh").chmod(0o755)
        yield Hosts(names, folder)
    finally:
        cleaner.communicate(b"\n")


def _create(names: tuple[str, ...], prefix: str) -> None:
    bridge = f"{prefix}b"
    network = f"10.{64 + os.getpid() % 64}.{os.getpid() // 64 % 256}"
    table = ["127.0.0.1 localhost"]
    table += [f"{network}.{number} {name}" for number, name in enumerate(names, 1)]
    _run(f"ip link add {bridge} type bridge")
    _run(f"ip link set {bridge} up")
    for number, name in enumerate(names, 1):
        etc = Path("/etc/netns") / name
        etc.mkdir(parents=True)
        (etc / "hosts").write_text("\n".join([*table, ""]))
        cable = f"{prefix}v{number}"
        _run(f"ip netns add {name}")
        _run(f"ip link add {cable} type veth peer name {CARD} netns {name}")
        _run(f"ip link set {cable} master {bridge} up")
        _inside(name, f"ip address add {network}.{number}/24 dev {CARD}")
        _inside(name, f"ip link set {CARD} up")
        _inside(name, "ip link set lo up")


def _inside(name: str, command: str) -> None:
    _run(f"ip netns exec {name} {command}")


def _run(command: str) -> None:
    subprocess.run(command.split(), check=True)


def _try(*command: str) -> int:
    return subprocess.run(command, stderr=subprocess.DEVNULL).returncode
