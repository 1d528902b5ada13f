"""Templates whose compiled form is kept: to compile them takes longer than all else that a command
does with them.

environment = templates.environment(jinja2.PackageLoader("boardless.model.export", "templates"))
"""

from __future__ import annotations

import hashlib
from typing import Any

import jinja2
from jinja2.bccache import Bucket

from boardless.core import paths
from boardless.core.store import Store


class _Kept(jinja2.BytecodeCache):
    """Compiled templates, in a store, because they are code: nobody else's is run."""

    def load_bytecode(self, bucket: Bucket) -> None:
        kept = _store().get(_key(bucket))
        if isinstance(kept, bytes):
            bucket.bytecode_from_string(kept)

    def dump_bytecode(self, bucket: Bucket) -> None:
        _store().put(_key(bucket), bucket.bytecode_to_string())


def _store() -> Store:
    return Store(paths.build_root() / "templates")


def _key(bucket: Bucket) -> str:
    """Returns a key for a template with this source; jinja2 itself tells its own versions apart."""
    return hashlib.sha256(f"{bucket.key} {bucket.checksum}".encode()).hexdigest()


def environment(loader: jinja2.BaseLoader, **options: Any) -> jinja2.Environment:
    """Returns the templates that `loader` finds. An undefined name is an error. `options` are those
    of jinja2.Environment; they have to be the same for all templates of a file."""
    return jinja2.Environment(
        loader=loader, undefined=jinja2.StrictUndefined, bytecode_cache=_Kept(), **options
    )
