"""Files from the network, once, into the user's cache; a checksum says that they are the right ones.

folder = unpacked("flower_photos", URL, SHA256)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from boardless.datasets import DataMissing
from boardless.errors import ToolMissing

TIMEOUT_S = 10.0  # a machine without network should hear so at once


def file(name: str, url: str, known_hash: str, filename: str, processor: Any = None) -> Any:
    """Path of the file that `url` names, fetched if it is not in the cache yet; known_hash is such
    as md5:7053... The answer of `processor` instead, where there is one (pooch's own kind)."""
    try:
        import pooch
    except ImportError as error:
        raise ToolMissing(
            f"the download of '{name}' needs pooch",
            hint="python -m pip install pooch, or set BOARDLESS_DATA",
        ) from error
    pooch.get_logger().setLevel("WARNING")
    try:
        return pooch.retrieve(
            url,
            known_hash=known_hash,
            fname=filename,
            path=pooch.os_cache("boardless"),
            downloader=pooch.HTTPDownloader(timeout=TIMEOUT_S),
            processor=processor,
        )
    except (OSError, ValueError) as error:  # no network or server; wrong checksum
        if isinstance(error, ValueError):
            reason = "the downloaded file has a wrong checksum"
        else:
            reason = f"the download failed ({type(error).__name__})"
        raise DataMissing(
            f"no {name} here, and {reason}",
            where=url,
            hint=f"put {filename} into $BOARDLESS_DATA/{name}",
        ) from error


def unpacked(name: str, url: str, sha256: str) -> Path:
    """Folder with the contents of an archive .tgz or .tar.gz."""
    filename = url.rsplit("/", 1)[-1]
    try:
        import pooch
    except ImportError:
        processor = None  # file() says so
    else:
        processor = pooch.Untar(extract_dir=name)
    files = file(name, url, f"sha256:{sha256}", filename, processor)
    return Path(_common(files))


def _common(files: list[str]) -> str:
    import os.path

    return os.path.commonpath(files)
