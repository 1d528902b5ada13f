"""Places of files: in a checkout two levels above this package, in a wheel inside of it.

A wheel has firmware/, models/zoo and platformio.ini in boardless/tree (pyproject.toml says so);
builds then go into the user's own project.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
INSTALLED = (PACKAGE / "tree").is_dir()
ROOT = PACKAGE / "tree" if INSTALLED else PACKAGE.parents[1]
FIRMWARE = ROOT / "firmware"
KERNELS = FIRMWARE / "kernels"
BOARDS = FIRMWARE / "boards"
ZOO = ROOT / "models" / "zoo"

# Tool chains that ./bootstrap --with BOARD has made; those of the system come first.
for _bin in sorted(ROOT.glob(".toolchains/*/bin")):
    if str(_bin) not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join(filter(None, [os.environ.get("PATH"), str(_bin)]))


def build_root() -> Path:
    """Returns the folder for builds: BOARDLESS_BUILD_DIR, else build/ in the checkout, or in the
    current folder if boardless is installed without one."""
    project = Path.cwd() if INSTALLED else ROOT
    return Path(os.environ.get("BOARDLESS_BUILD_DIR") or project / "build").absolute()


def project() -> Path:
    """The folder of platformio.ini. PlatformIO insists on one that can be written: links to the
    tree stand in for one that cannot, such as an administrator's installation."""
    if os.access(ROOT, os.W_OK):
        return ROOT
    folder = build_root() / "project"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("firmware", "platformio.ini"):
        link = folder / name
        if not link.is_symlink() or link.readlink() != ROOT / name:
            temporary = folder / f"{name}.{os.getpid()}.{threading.get_ident()}"
            temporary.symlink_to(ROOT / name)
            temporary.replace(link)  # another build may do the same
    return folder
