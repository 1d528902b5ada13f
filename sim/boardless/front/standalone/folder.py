"""Writes a folder of generated files whole or not at all, over nothing but an older one of ours.

write(standalone.files(model, board), Path("digits"))
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from boardless.core import files as plain
from boardless.core.errors import BadInput
from boardless.front.standalone import manifest

ELSEWHERE = "choose another folder, or move it away"


def check(folder: Path) -> None:
    """Raises BadInput where a folder is there that may not be replaced: it is not empty, and not
    what boardless has written, without a file more and without a change."""
    folder = Path(os.path.realpath(folder))
    if not folder.exists():
        return
    if not folder.is_dir():
        raise BadInput("this is no folder", where=str(folder), hint="choose another name")
    found = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir())
    if not found:
        return
    digests = _digests(folder)
    if digests is None:
        raise BadInput(
            f"the folder holds {found[0]}, and boardless has not written it",
            where=str(folder),
            hint=ELSEWHERE,
        )
    for name in found:
        if name != manifest.NAME and _changed(folder / name, digests.get(name)):
            what = "was changed" if name in digests else "was added"
            raise BadInput(
                f"{name} {what} since boardless wrote the folder", where=str(folder), hint=ELSEWHERE
            )


def write(content: Mapping[str, bytes], folder: Path) -> list[Path]:
    """Writes the files of `content`, by path, into a folder next to `folder`, and puts that in its
    place. Returns their paths; BadInput where that cannot be done, and then all is as before."""
    check(folder)
    target = Path(os.path.realpath(folder))
    new = target.with_name(f".{target.name[:100]}.{secrets.token_hex(6)}")
    old = new.with_suffix(f"{new.suffix}.old")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        new.mkdir()
        for name, data in content.items():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            (new / name).write_bytes(data)
        if target.exists():
            target.rename(old)
        try:
            new.rename(target)
        except OSError:
            with contextlib.suppress(OSError):
                old.rename(target)
            raise
    except OSError as error:
        raise BadInput(
            f"cannot write here ({error.strerror})", where=str(folder), hint="choose another folder"
        ) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
        if target.exists():
            shutil.rmtree(old, ignore_errors=True)
    return [folder / name for name in sorted(content)]


def _digests(folder: Path) -> dict[str, str] | None:
    """Returns the digest of each file that a manifest of ours names; None where there is none."""
    try:
        about = json.loads(plain.read(folder / manifest.NAME))
        if about["format"].startswith("boardless standalone "):
            return {str(name): str(digest) for name, digest in about["files"].items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        pass
    return None


def _changed(path: Path, digest: str | None) -> bool:
    if digest is None or path.is_symlink():
        return True
    try:
        return hashlib.sha256(plain.read(path)).hexdigest() != digest
    except OSError:
        return True
