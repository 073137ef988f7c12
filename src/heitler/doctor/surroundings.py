"""What the shell, the home folder and the file system bring along that stops or changes a run."""

from pathlib import Path

from heitler import OVERRULED
from heitler.base.locks import REMEDY as LOCKS_REMEDY
from heitler.base.locks import lacking, missing_locks
from heitler.base.packages import REMEDY as PACKAGES_REMEDY
from heitler.base.packages import foreign_packages, in_words
from heitler.base.stage import other_launchers
from heitler.doctor.finding import Finding, broken, check, note, ok


@check("shell")
def check_shell() -> list[Finding]:
    """Variables that would change results or make a worker of what is none; packages elsewhere."""
    findings = []
    if found := foreign_packages():
        findings.append(broken("shell", in_words(found), PACKAGES_REMEDY))
    if OVERRULED:
        values = ", ".join(f"{name}={value}" for name, value in sorted(OVERRULED.items()))
        told = f"{values}: heitler computes without, your own scripts may not"
        findings.append(note("shell", told, f"unset {' '.join(sorted(OVERRULED))}"))
    if left := other_launchers():
        told = f"{', '.join(left[:3])}: as in a worker of another launcher. DVC's stages ignore it"
        findings.append(note("shell", told, f"unset {' '.join(left)}"))
    return findings or [ok("shell", "no variable changes results")]


@check("locks")
def check_locks() -> list[Finding]:
    """Whether files of this folder can be locked."""
    if reason := missing_locks():
        return [broken("locks", lacking(Path(), reason), LOCKS_REMEDY)]
    return [ok("locks", "files of this folder can be locked")]
