"""Where things are. The checkout is two levels above this package."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "firmware"
KERNELS = FIRMWARE / "kernels"
BOARDS = FIRMWARE / "boards"
ZOO = ROOT / "models" / "zoo"

# Tool chains that ./bootstrap --with BOARD has made; those of the system come first.
for _bin in sorted(ROOT.glob(".toolchains/*/bin")):
    if str(_bin) not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join(filter(None, [os.environ.get("PATH"), str(_bin)]))


def build_root() -> Path:
    """Where builds go: BOARDLESS_BUILD_DIR, else build/ in the checkout."""
    return Path(os.environ.get("BOARDLESS_BUILD_DIR") or ROOT / "build").absolute()
