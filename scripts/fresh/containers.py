"""The steps of Dockerfile and containers/heitler.def, read from them and followed in roots.

The base image, `python:3.11-slim-bookworm`, is Debian of that suite with Python and its `venv`;
here Debian's own python3 takes its place. Everything else is what the files say.
"""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, TextIO

from roots import PATH, FreshError, Root, Workshop

BASE = "--no-install-recommends python3 python3-venv ca-certificates"
STRANGER = "4321:4321"  # no name in the image, as with `docker run --user "$(id -u):$(id -g)"`
TRY = "dvc exp run $(heitler preset smoke)"


@dataclass
class Image:
    """A root that instructions change, and what they set for those after them."""

    root: Root
    variables: dict[str, str] = field(default_factory=lambda: {"PATH": PATH})
    user: str = "0:0"
    place: str = "/"

    def run(self, script: str, log: TextIO, **variables: str) -> bool:
        line = f"cd {self.place} && {{ {script}\n}}"
        return self.root.run(line, log, user=self.user, shell="sh", **self.variables | variables)


def base_image(workshop: Workshop, name: str, base: str, log: TextIO) -> Image:
    """A new root like the image `base`."""
    suite = base.rpartition("-")[2]
    if not re.fullmatch(r"python:3\.1\d-slim-[a-z]+", base):
        raise FreshError(f"The base image is {base}; only python:VERSION-slim-SUITE is known here.")
    shutil.rmtree(workshop.folder / "roots" / name, ignore_errors=True)
    root = workshop.root(name, suite)
    if not root.install(BASE, log):
        raise FreshError(f"{name}: what the base image has could not be installed; see {log.name}")
    return Image(root)


def mounted(workshop: Workshop, image: Image, place: str) -> None:
    """The project in a folder of the stranger's, as `--volume "$PWD":/work` shows it."""
    folder = image.root.folder / place.lstrip("/")
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(["git", "clone", "--quiet", workshop.bundle(), folder], check=True)
    subprocess.run(["chown", "--recursive", STRANGER, folder], check=True)


@dataclass(frozen=True)
class Docker:
    """Dockerfile, stage after stage; then the image's command and the preset smoke."""

    workshop: Workshop
    steps: ClassVar = ("build", "run")

    def run(self, step: str, log: TextIO) -> bool:
        lines = list(instructions((self.workshop.source() / "Dockerfile").read_text()))
        if step == "build":
            return self._build(lines, log)
        image = self._finished(lines)
        [command] = [json.loads(words) for name, words in lines if name == "CMD"]
        mounted(self.workshop, image, image.place)
        image.user = STRANGER
        return all(image.run(line, log, HOME="/tmp") for line in (" ".join(command), TRY))

    def _build(self, lines: list[tuple[str, str]], log: TextIO) -> bool:
        stages: dict[str, Image] = {}
        image = Image(Root(Path("/nowhere"), Path("/nowhere")))
        for name, words in lines:
            if name == "FROM":
                base, _, label = words.partition(" AS ")
                image = base_image(self.workshop, f"docker-{len(stages)}", base, log)
                stages[label or "last"] = image
            elif name == "COPY":
                self._copy(words, image, stages)
            elif name == "RUN":
                if not image.run(words, log):
                    return False
            else:
                configure(image, name, words)
        return True

    def _copy(self, words: str, image: Image, stages: dict[str, Image]) -> None:
        *sources, target = words.split()
        top = self.workshop.source()
        if sources[0].startswith("--from="):
            top = stages[sources.pop(0).removeprefix("--from=")].root.folder
        goal = image.root.folder / Path(image.place, target).as_posix().lstrip("/")
        for source in sources:
            copy(top / source.lstrip("/"), goal / source if target.endswith("/") else goal)

    def _finished(self, lines: list[tuple[str, str]]) -> Image:
        """The last stage, built before, with what its instructions set."""
        starts = [number for number, (name, _) in enumerate(lines) if name == "FROM"]
        suite = lines[starts[-1]][1].rpartition("-")[2]
        image = Image(self.workshop.root(f"docker-{len(starts) - 1}", suite))
        for name, words in lines[starts[-1] :]:
            if name not in ("FROM", "COPY", "RUN"):
                configure(image, name, words)
        return image


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """Name and words of a Dockerfile's lines, continued ones joined, each ARG at its default."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    given: dict[str, str] = {}
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        name, _, words = line.partition(" ")
        if name == "ARG":
            given |= dict([words.strip().split("=", 1)])
        else:
            yield name, substituted(words.strip(), given)


def substituted(words: str, given: dict[str, str]) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda match: given.get(match[1], match[0]), words)


def configure(image: Image, name: str, words: str) -> None:
    """ENV, USER, WORKDIR, CMD; any other must be taught here first."""
    if name == "ENV":
        for setting in words.split():
            key, _, value = setting.partition("=")
            image.variables[key] = substituted(value, image.variables)
    elif name == "USER":
        line = (image.root.folder / "etc/passwd").read_text()
        found = re.search(rf"^{words}:[^:]*:(\d+:\d+):", line, re.MULTILINE)
        if not found:
            raise FreshError(f"Dockerfile: USER {words} is no user of the image")
        image.user = found[1]
        image.variables["HOME"] = f"/home/{words}"
    elif name == "WORKDIR":
        image.place = words
        (image.root.folder / words.lstrip("/")).mkdir(parents=True, exist_ok=True)
    elif name != "CMD":
        raise FreshError(f"Dockerfile: {name} is not followed here yet. Teach scripts/fresh.")


@dataclass(frozen=True)
class Apptainer:
    """containers/heitler.def: %files, %post, %environment, %test, %runscript."""

    workshop: Workshop
    steps: ClassVar = ("build", "run")

    def run(self, step: str, log: TextIO) -> bool:
        text = (self.workshop.source() / "containers/heitler.def").read_text()
        parts = sections(text)
        if step == "build":
            return self._build(text, parts, log)
        image = Image(self.workshop.root("apptainer", "bookworm"))
        mounted(self.workshop, image, "/work")
        image.place, image.user = "/work", STRANGER
        image.variables |= {"USER": "stranger", "HOME": "/tmp"}  # Apptainer takes the host's along
        within = f"{parts['environment']}\nset -e\n"
        runs = "run() {\n" + parts["runscript"].replace("exec ", "") + "}\n"
        return (
            image.run(f"{within}{parts['test']}", log)
            and image.run(f"{within}{runs}run heitler doctor", log)
            and image.run(f"{within}{TRY} prepare", log)
        )

    def _build(self, text: str, parts: dict[str, str], log: TextIO) -> bool:
        base = re.findall(r"^From: (\S+)$", text, re.MULTILINE)[0]
        image = base_image(self.workshop, "apptainer", base, log)
        for line in parts["files"].splitlines():
            if line.strip():
                source, target = line.split()
                copy(self.workshop.source() / source, image.root.folder / target.lstrip("/"))
        return image.run(f"set -e\n{parts['post']}", log)


def sections(text: str) -> dict[str, str]:
    """Name -> lines of each section of an Apptainer definition."""
    return dict(re.findall(r"^%(\w+)\n(.*?)(?=^%|\Z)", text, re.MULTILINE | re.DOTALL))


def copy(source: Path, target: Path) -> None:
    """A file or a folder with what is in it, onto `target`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
    else:
        shutil.copy2(source, target)
