"""A newcomer's commands, from README.md's list of packages to `make test`."""

import re
import shutil
from dataclasses import dataclass
from typing import ClassVar, TextIO

from registries import Registries
from roots import FreshError, Root, Workshop

STEPS = {
    "packages": "",
    "env": "make env",
    "smoke": "make repro PRESET=smoke && test -s reports/index.html",
    "doctor": "source .venv/bin/activate && heitler doctor",
    "test": "git reset --quiet --hard && make test",
}
"""In this order; the first installs what README.md names, and clones. The preset stays in
params.yaml, of whose committed text the tests know the numbers."""
INSTALL = re.compile(r"^sudo apt-get install (.+?)\s*(?:#.*)?$", re.MULTILINE)
CLONE = (
    "rm -rf {clone} && git clone --quiet /heitler.bundle {clone} && cd {clone} && git log -1 "
    "&& mkdir -p .tools/cache"
)
PULL = (
    "cd {clone} && git fetch --quiet /heitler.bundle main && if [ $(git rev-parse HEAD FETCH_HEAD "
    "| uniq | wc -l) = 2 ]; then git reset --quiet --hard FETCH_HEAD && git log -1; fi"
)
"""A clone that steps of an earlier commit have left."""
NUMBER = "1234"
PLACE = "/srv/newcomer"


@dataclass(frozen=True)
class Newcomer:
    """Root as Debian's installer leaves it, or an ordinary user who may write the clone alone.

    The ordinary one has a home that is not his to write, and umask 077; /tmp is everybody's.
    """

    workshop: Workshop
    suite: str
    ordinary: bool = False
    steps: ClassVar = STEPS

    def run(self, step: str, log: TextIO) -> bool:
        """Run a step, in a root that stays for the next one."""
        root = self.workshop.root("user" if self.ordinary else self.suite, self.suite)
        if step == "packages":
            return root.install(self._packages(), log) and self._clone(root, log)
        shutil.copy(self.workshop.bundle(), root.folder / "heitler.bundle")
        lines = f"{PULL.format(clone=self._clone_folder)} && {STEPS[step]}"
        return self._type(root, lines, log, f"{self._clone_folder}/.tools/cache")

    @property
    def _clone_folder(self) -> str:
        return f"{PLACE}/heitler" if self.ordinary else "/root/heitler"

    def _packages(self) -> str:
        found = INSTALL.search((self.workshop.source() / "README.md").read_text())
        if not found:
            raise FreshError("README.md has no line `sudo apt-get install ...` of what is needed.")
        return found[1]

    def _clone(self, root: Root, log: TextIO) -> bool:
        shutil.copy(self.workshop.bundle(), root.folder / "heitler.bundle")
        if self.ordinary:
            home = f"mkdir -p /home/elsewhere {PLACE} && chmod 555 /home/elsewhere"
            user = f"id newcomer || useradd --uid {NUMBER} --home-dir /home/elsewhere newcomer"
            if not root.run(f"{user}\n{home} && chown {NUMBER}:{NUMBER} {PLACE}", log):
                return False
            Registries().copy_into(root.folder, "/home/elsewhere")
        return self._type(root, CLONE.format(clone=self._clone_folder), log)

    def _type(self, root: Root, line: str, log: TextIO, cache: str = "") -> bool:
        if not self.ordinary:
            return root.run(line, log)
        user, line = f"{NUMBER}:{NUMBER}", f"umask 077 && {line}"
        return root.run(line, log, user=user, cache=cache, HOME="/home/elsewhere")
