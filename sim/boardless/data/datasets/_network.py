"""Files from the network, once, into the user's cache; checksums say that they are the right ones.

folder = unpacked("flower_photos", "flower_photos", URL, SHA256)
"""

from __future__ import annotations

import os.path
from pathlib import Path

from boardless.core.errors import ToolMissing
from boardless.data.datasets import DataMissing

TIMEOUT_S = 10.0  # a machine without network should hear so at once


def file(folder: str, title: str, url: str, known_hash: str, filename: str) -> str:
    """Path of the file that `url` names, fetched unless it is in the cache; its checksum, such as
    md5:7053..., is checked each time. `folder` below $BOARDLESS_DATA is where a user may put it."""
    return _retrieve(folder, title, url, known_hash, filename, unpack=False)[0]


def unpacked(folder: str, title: str, url: str, sha256: str) -> Path:
    """Folder with the contents of an archive .tgz or .tar.gz."""
    filename = url.rsplit("/", 1)[-1]
    files = _retrieve(folder, title, url, f"sha256:{sha256}", filename, unpack=True)
    return Path(os.path.commonpath(files))


def _retrieve(
    folder: str, title: str, url: str, known_hash: str, filename: str, unpack: bool
) -> list[str]:
    try:
        import pooch
    except ImportError as error:
        raise ToolMissing(
            f"the download of {folder!r} needs pooch",
            hint="python -m pip install pooch, or set BOARDLESS_DATA",
        ) from error
    pooch.get_logger().setLevel("WARNING")
    try:
        found = pooch.retrieve(
            url,
            known_hash=known_hash,
            fname=filename,
            path=pooch.os_cache("boardless"),
            downloader=pooch.HTTPDownloader(timeout=TIMEOUT_S),
            processor=pooch.Untar(extract_dir=folder) if unpack else None,
        )
    except (OSError, ValueError) as error:  # no network or server; wrong checksum
        if isinstance(error, ValueError):
            reason = "the downloaded file has a wrong checksum"
        else:
            reason = f"the download failed ({type(error).__name__})"
        action = f"unpack {filename} as" if unpack else f"put {filename} into"
        raise DataMissing(
            f"no {title} here, and {reason}", where=url, hint=f"{action} $BOARDLESS_DATA/{folder}"
        ) from error
    return found if unpack else [found]
