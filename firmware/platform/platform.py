"""PlatformIO development platform that works with the registry out of reach.

PlatformIO runs its builder through a package `tool-scons` of its registry. Here a stand-in package
with the same name and version number calls the SCons that is installed in this environment.
"""

import json
import os
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from platformio.dependencies import get_core_dependencies
from platformio.platform.base import PlatformBase

# The weekly upgrade check can hang for minutes behind a firewall that drops packets.
os.environ.setdefault("PLATFORMIO_DISABLE_UPGRADE_CHECK", "true")

RUN_SCONS = """\
# Written by boardless's PlatformIO platform: runs the SCons of PlatformIO's environment.
import atexit
import gc
import os
import sys

# A build makes little garbage: to look for it takes a quarter of the time of a small one.
gc.disable()
atexit.register(gc.freeze)
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = [p for p in sys.path if os.path.abspath(p or ".") != here]

from SCons.Script.Main import main

main()
"""


def package_version(scons: str) -> str:
    """PlatformIO's number for a SCons release: 4.11.1 -> 4.41101.0."""
    major, minor, patch = (int(part) for part in scons.split(".")[:3])
    return f"{major}.{major}{minor:02d}{patch:02d}.0"


def write_if_changed(path: Path, text: str) -> None:
    """Several builds may run at once, so a file appears whole or not at all."""
    if path.is_file() and path.read_text(encoding="utf8") == text:
        return
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf8")
    temporary.replace(path)


class BoardlessPlatform(PlatformBase):  # type: ignore[misc]  # PlatformIO has no types
    def configure_default_packages(self, options: Any, targets: Any) -> Any:
        self.stage_scons(Path(self.config.get("platformio", "packages_dir")) / "tool-scons")
        return super().configure_default_packages(options, targets)

    def stage_scons(self, folder: Path) -> None:
        try:
            version = package_version(metadata.version("scons"))
        except metadata.PackageNotFoundError:
            sys.exit("boardless: this Python has no SCons; run ./bootstrap and use .venv/bin/pio")
        wanted = get_core_dependencies()["tool-scons"]
        if version.rsplit(".", 1)[0] not in wanted:
            sys.exit(
                f"boardless: PlatformIO wants tool-scons {wanted}, SCons gives {version}; "
                "run ./bootstrap, it installs a pair that fits"
            )
        folder.mkdir(parents=True, exist_ok=True)
        write_if_changed(folder / "scons.py", RUN_SCONS)
        manifest = {"name": "tool-scons", "version": version, "description": "stand-in"}
        write_if_changed(folder / "package.json", json.dumps(manifest))
        spec = {"owner": "platformio", "id": None, "name": "tool-scons"}
        spec |= {"requirements": None, "uri": None}
        installed = {"type": "tool", "name": "tool-scons", "version": version, "spec": spec}
        write_if_changed(folder / ".piopm", json.dumps(installed))
        self.pm.memcache_reset()
