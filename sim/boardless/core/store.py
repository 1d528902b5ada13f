"""Results that are found again by a digest of all that they depend on.

store = Store(paths.build_root() / "measured")
store.put(key, value)
store.get(key)          # the value; None where there is none, or where the file is damaged

Values are pickled. A folder of builds is trusted in any case: the emulator loads its plugin from
there.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import secrets
from pathlib import Path
from typing import Any

MOST = 512  # results that stay: those used last


class Store:
    """A folder with a file per result, named after its key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str) -> Any:
        """Returns the result of this key, or None."""
        path = self.folder / key
        try:
            content = path.read_bytes()
            digest, data = content[:32], content[32:]
            if hashlib.sha256(data).digest() != digest:
                return None
            os.utime(path)
            return pickle.loads(data)
        except Exception:  # whatever is wrong with it, the result is computed again
            return None

    def put(self, key: str, value: Any) -> None:
        """Keeps a result. Where that fails, such as on a full disk, nothing is kept."""
        data = pickle.dumps(value)
        temporary = self.folder / f".{key}.{secrets.token_hex(4)}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(hashlib.sha256(data).digest() + data)
            temporary.replace(self.folder / key)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink()
        self._prune()

    def _prune(self) -> None:
        ages = []
        with contextlib.suppress(OSError):
            for entry in os.scandir(self.folder):
                ages.append((entry.stat().st_mtime_ns, entry.path))
        for _, path in sorted(ages, reverse=True)[MOST:]:
            Path(path).unlink(missing_ok=True)
