"""How this machine reaches package registries, for the roots: read when they are used, kept nowhere
else. A root that needs none of it gets none of it."""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

PREFIXES = ("PIP_", "UV_")
NAMES = re.compile(
    r"(?i)^(https?|all|no|ftp)_proxy$|.*(_CERT|CERT_FILE|CERT_DIR|CA_BUNDLE|CAINFO)$"
)
NOT_OURS = ("UV_CACHE_DIR", "UV_PYTHON", "UV_PROJECT_ENVIRONMENT", "UV_LINK_MODE")
SYSTEM_FILES = ("/etc/pip.conf", "/etc/xdg/pip", "/etc/uv", "/etc/xdg/uv", "/etc/resolv.conf")
HOME_FILES = (".config/pip", ".pip", ".config/uv")
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


@dataclass(frozen=True)
class Registries:
    """Of this machine."""

    @property
    def variables(self) -> dict[str, str]:
        """Proxies, certificates, and the settings of pip and uv."""
        return {
            name: value
            for name, value in os.environ.items()
            if (name.startswith(PREFIXES) or NAMES.match(name)) and name not in NOT_OURS
        }

    def copy_into(self, root: Path, home: str) -> None:
        """The files of the same, and apt's settings, for a user whose home is `home`."""
        for name in (*SYSTEM_FILES, "/etc/hosts", CERTIFICATES):
            _copy(Path(name), root / name.lstrip("/"))
        for name in HOME_FILES:
            _copy(Path.home() / name, root / home.lstrip("/") / name)
        for path in Path("/etc/apt/apt.conf.d").glob("*"):
            if re.search(r"Proxy|Acquire::(https?|Check)", path.read_text()):
                _copy(path, root / "etc/apt/apt.conf.d" / path.name)


def _copy(source: Path, target: Path) -> None:
    if not source.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        target.unlink(missing_ok=True)  # a link would lead out of the root
        shutil.copy(source, target)
