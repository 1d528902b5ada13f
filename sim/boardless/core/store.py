"""Results that are found again by a digest of all that they depend on.

store = Store(paths.build_root() / "measured")
store.put(key, value)
store.get(key)          # the value; None where there is none, or where the file is damaged

Values are pickled, so a file from elsewhere could run code as ours, or bring a verdict of its own.
Each is signed with a secret of the user's, which lies outside of the folder; what others have made,
and what comes from another machine, counts as missing.
"""

from __future__ import annotations

import contextlib
import errno
import hmac
import os
import pickle
import secrets
from pathlib import Path
from typing import Any

from boardless.core import files

MOST = 512  # results that stay: those used last
MOST_BYTES = 1 << 30  # of one


def _signature(key: str, data: bytes) -> bytes:
    """Returns 32 bytes that nobody else can make; a result of one key is none of another. OSError
    where there is no secret, and no place for one."""
    return hmac.digest(_secret(), f"{key}\0".encode() + data, "sha256")


def _secret() -> bytes:
    """Returns the user's secret, which is made where there is none yet."""
    state = os.environ.get("XDG_STATE_HOME") or Path(os.path.expanduser("~"), ".local", "state")
    path = Path(state, "boardless", "secret")
    try:
        about = path.stat()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = path.with_name(f".secret.{secrets.token_hex(8)}")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(secrets.token_bytes(32))
        with contextlib.suppress(FileExistsError):  # another process was faster
            os.link(temporary, path)
        temporary.unlink()
        about = path.stat()
    content = files.read(path, 32)
    if about.st_uid != os.geteuid() or about.st_mode & 0o077 or len(content) != 32:
        raise PermissionError(errno.EACCES, "not a secret of this user", str(path))
    return content


class Store:
    """A folder with a file per result, named after its key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str) -> Any:
        """Returns the result of this key, or None."""
        path = self.folder / key
        try:
            content = files.read(path, MOST_BYTES)
            digest, data = content[:32], content[32:]
            if not hmac.compare_digest(_signature(key, data), digest):
                return None
            os.utime(path)
            return pickle.loads(data)
        except Exception:  # whatever is wrong with it, the result is computed again
            return None

    def put(self, key: str, value: Any) -> None:
        """Keeps a result. Where that fails, such as on a full disk, nothing is kept."""
        data = pickle.dumps(value)
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            files.replace(self.folder / key, _signature(key, data) + data)
        self._prune()

    def _prune(self) -> None:
        ages = []
        with contextlib.suppress(OSError):
            for entry in os.scandir(self.folder):
                ages.append((entry.stat().st_mtime_ns, entry.path))
        for _, path in sorted(ages, reverse=True)[MOST:]:
            Path(path).unlink(missing_ok=True)
