"""Debian in a folder: made by debootstrap once, copied for each use, entered by chroot."""

import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TextIO

from registries import Registries

CACHE = "/var/cache/heitler-uv"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# In namespaces of its own: when the command ends, so do its children and these mounts. Devices and
# processes are as on any machine; shared memory is the root's own, as is /tmp.
ENTER = """set -e
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
mount -t tmpfs -o mode=1777 shared "$1/dev/shm"
mount --rbind /sys "$1/sys"
mkdir -p "$1$2" && mount --bind "$3" "$1$2"
exec chroot --userspec="$4" "$1" /usr/bin/env -i "${@:5}"
"""


class FreshError(Exception):
    """What was to be tried could not even be set up."""


@dataclass(frozen=True)
class Root:
    """A root to work in."""

    folder: Path
    cache: Path
    """uv's, shared by the roots of one suite: what the first one built, others only copy."""

    def run(
        self,
        script: str,
        log: TextIO,
        *,
        user: str = "0:0",
        shell: str = "bash",
        cache: str = "",
        **variables: str,
    ) -> bool:
        """Run lines of shell, with no other variables than these and what registries need.

        Args:
            script: the lines.
            log: a file for them and all output.
            user: numbers of user and group.
            shell: what reads them.
            cache: where in the root uv finds its cache by itself; else a variable names it.
            variables: of the environment.
        """
        Registries().copy_into(self.folder, "/root")  # also after a package's own certificates
        given = Registries().variables | {"HOME": "/root", "PATH": PATH, "TERM": "dumb"}
        given |= {"UV_LINK_MODE": "copy"} | ({} if cache else {"UV_CACHE_DIR": CACHE}) | variables
        words = [f"{name}={value}" for name, value in given.items()]
        place = cache or CACHE
        enter = ["bash", "-c", ENTER, "enter", self.folder, place, self.cache, user, *words]
        log.write(f"{script.strip()}\n")
        log.flush()
        done = subprocess.run(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", *enter, shell, "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        return done.returncode == 0

    def install(self, packages: str, log: TextIO) -> bool:
        """Install packages of Debian, by a line that ends with their names."""
        line = f"apt-get update --quiet && apt-get install --yes {packages}"
        return self.run(line, log, DEBIAN_FRONTEND="noninteractive")


@dataclass(frozen=True)
class Workshop:
    """Where roots are made: the project, the folder for all of it, and a mirror of Debian."""

    project: Path
    folder: Path
    mirror: str | None

    @cached_property
    def commit(self) -> str:
        """The one that is checked out when `make fresh` begins."""
        return _output("git", "-C", self.project, "rev-parse", "HEAD")

    def bundle(self) -> Path:
        """The commit alone, as a branch `main`, in one file that git clones."""
        path = self.folder / f"{self.commit[:12]}.bundle"
        if not path.exists():
            bare = self.folder / "source.git"
            shutil.rmtree(bare, ignore_errors=True)
            _output("git", "clone", "--quiet", "--bare", self.project, bare)
            _output("git", "-C", bare, "update-ref", "refs/heads/main", self.commit)
            _output("git", "-C", bare, "symbolic-ref", "HEAD", "refs/heads/main")
            _output("git", "-C", bare, "bundle", "create", "--quiet", path, "HEAD", "main")
        return path

    def source(self) -> Path:
        """A checkout of the commit, to read from."""
        path = self.folder / "source"
        if not path.exists() or _output("git", "-C", path, "rev-parse", "HEAD") != self.commit:
            shutil.rmtree(path, ignore_errors=True)
            _output("git", "clone", "--quiet", self.bundle(), path)
        return path

    def root(self, name: str, suite: str) -> Root:
        """A root of this name: as it was left, or else a new one without any further package."""
        folder, cache = self.folder / "roots" / name, self.folder / "cache" / suite
        cache.mkdir(parents=True, exist_ok=True)
        # What one root left there others may use: a newcomer with umask 077 left it to himself.
        _output("chmod", "--recursive", "a+rwX", cache)
        if not folder.exists():
            partial = folder.with_name(f"{name}.partial")
            shutil.rmtree(partial, ignore_errors=True)
            _output("cp", "--archive", "--reflink=auto", self._bare(suite), partial)
            partial.rename(folder)
        return Root(folder, cache)

    def _bare(self, suite: str) -> Path:
        """Debian's smallest set of packages, the same for all roots of a suite."""
        base = self.folder / "roots" / f"{suite}.base"
        if not base.exists():
            partial = base.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            partial.parent.mkdir(parents=True, exist_ok=True)
            print(f"Making a bare root of Debian's {suite} ...", flush=True)
            mirror = self.mirror or mirror_of_this_machine()
            _output("debootstrap", "--variant=minbase", suite, partial, mirror)
            partial.rename(base)
        return base


def mirror_of_this_machine() -> str:
    """The first address in apt's sources that is no archive of security updates alone."""
    folder = Path("/etc/apt")
    files = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]
    text = "\n".join(
        f.read_text() for f in files if f.suffix in (".list", ".sources") and f.exists()
    )
    lines = re.findall(r"^(?:deb(?: \[.*\])?|URIs:)\s+(\S+/debian/?)(?:\s|$)", text, re.MULTILINE)
    if not lines:
        raise FreshError(
            "apt's sources name no mirror of Debian. Name one: make fresh MIRROR=ADDRESS"
        )
    return lines[0]


def _output(*command: str | Path) -> str:
    words = [os.fspath(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        said = (done.stderr + done.stdout).strip()[-2000:]
        raise FreshError(f"{shlex.join(words)} ended with {done.returncode}: {said}")
    return done.stdout.strip()
