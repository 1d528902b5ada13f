"""A hash of everything a core's estimates depend on; it exposes results of an older model.

digest("cortex-m4", None)   # 16 hex digits

Comments, docstrings, formatting, and the words that say where a number comes from do not count.
"""

from __future__ import annotations

import ast
import hashlib
import json
import threading
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from boardless.core import files, paths
from boardless.core.store import Store
from boardless.cycles.tables import resolved

PARSING = threading.Lock()  # Python 3.11 counts the depth of a tree for all threads together
PACKAGE = Path(__file__).parents[1]  # boardless/cycles
READERS = (Path(__file__), PACKAGE / "tables.py")  # what makes a hash of them
ROOT = "price"
NO_MODEL = ("counts",)  # how counts get here; no price depends on it
READ = (".py", ".toml")  # kinds of files in the package that a hash may depend on
WORDS = ("source", "sources", "note", "description", "title")  # keys of tables that are prose


def digest(core: str, part: str | None, package: Path = PACKAGE) -> str:
    """Returns a hash of the core's table, the part's, and every module of the package that pricing
    imports, without the decoders of other instruction sets than the core's."""
    read = sorted(path for path in package.rglob("*") if path.suffix in READ)
    return _digest(core, part, package, tuple(read), tuple(files.state(read)))


@lru_cache(64)
def _digest(core: str, part: str | None, package: Path, read: tuple[Path, ...], _: object) -> str:
    # To parse the modules takes longer than to import all that a `run` needs.
    texts = [(str(path), files.read(path)) for path in [*read, *READERS]]
    key = hashlib.sha256(repr((core, part, str(package), texts)).encode()).hexdigest()
    kept = Store(paths.build_root() / "digests")
    found = kept.get(key)
    if not isinstance(found, str):
        found = _of_meaning(core, part, package)
        kept.put(key, found)
    return found


def _of_meaning(core: str, part: str | None, package: Path) -> str:
    others = _instruction_sets(package) - {_isa(package / "cores" / f"{core}.toml")}
    decoders = {package / "decode" / f"{isa}.py" for isa in others}
    used = [(path, text) for path, text in sources(package) if path not in decoders]
    modules = [[str(path.relative_to(package)), text] for path, text in used]
    tables = [package / "cores" / f"{core}.toml"]
    tables += [package / "parts" / f"{part}.toml"] if part else []
    words = [[t.name, plain(resolved(t))] for t in tables]
    content = json.dumps([modules, words], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _instruction_sets(package: Path) -> set[str]:
    return {_isa(table) for table in (package / "cores").glob("*.toml")}


def _isa(table: Path) -> str:
    return str(resolved(table).get("isa", ""))


def sources(package: Path) -> list[tuple[Path, str]]:
    """Returns price.py and what it imports from its own package, directly or not, files and
    folders; each with a hash of its meaning."""
    found: dict[Path, str] = {}
    todo = [ROOT]
    while todo:
        name = todo.pop()
        for path in [package / f"{name}.py", *(package / name).rglob("*.py")]:
            if path not in found and path.is_file():
                found[path], names = _module(path.read_text(), f"boardless.{package.name}")
                todo += [n for n in names if n not in NO_MODEL]
    return sorted(found.items())


@cache
def _module(text: str, package: str) -> tuple[str, tuple[str, ...]]:
    """(hash of what a module means, modules of `package` that it imports)."""
    with PARSING:
        tree = ast.parse(text)
    meaning = json.dumps(canonical(tree))
    return hashlib.sha256(meaning.encode()).hexdigest(), tuple(imported(tree, package))


def imported(tree: ast.Module, package: str) -> Iterator[str]:
    """Yields the names of modules of `package` (last part) that a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            if node.module == package:
                yield from (alias.name for alias in node.names)
            elif node.module.startswith(f"{package}."):
                yield node.module.split(".")[2]
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith(f"{package}."):
                    yield alias.name.split(".")[2]


def canonical(node: Any) -> Any:
    """Returns a syntax tree as lists and strings, without positions, docstrings, imports and empty
    fields. The result is the same in every version of Python."""
    if isinstance(node, ast.AST):
        fields = [[name, canonical(value)] for name, value in ast.iter_fields(node)]
        return [type(node).__name__, *([n, v] for n, v in fields if v not in (None, []))]
    if isinstance(node, list):
        return [canonical(n) for n in node if not _is_text(n) and not _is_import(n)]
    return repr(node) if node is not None else None


def _is_text(node: Any) -> bool:
    """Tells a docstring, or another string that is a statement."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _is_import(node: Any) -> bool:
    """Tells an import. An import changes no price; the imported module is hashed itself."""
    return isinstance(node, ast.Import | ast.ImportFrom)


def plain(table: Any) -> Any:
    """Returns a TOML table without its prose."""
    if isinstance(table, dict):
        return {k: plain(v) for k, v in table.items() if k not in WORDS}
    if isinstance(table, list):
        return [plain(v) for v in table]
    return table
