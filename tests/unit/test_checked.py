"""Checked tables: a type that several threads meet at once must not crash Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from boardless.core import paths

PROGRAM = """
import sys, threading, types
from boardless.core import checked

sys.setswitchinterval(1e-6)
SOURCE = '''
from __future__ import annotations
import msgspec
class Inner(msgspec.Struct):
    a: int = 0
    b: tuple[int, ...] = ()
class Outer(msgspec.Struct):
    one: Inner
    many: tuple[Inner, ...] = ()
    more: dict[str, Inner] | None = None
'''
for n in range(200):
    module = sys.modules[f"m{n}"] = types.ModuleType(f"m{n}")
    exec(SOURCE, vars(module))
    together = threading.Barrier(4)
    def meet():
        together.wait()
        assert checked.convert({"one": {"a": 1}}, module.Outer).one.a == 1
    threads = [threading.Thread(target=meet) for _ in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
print("fine")
"""


@pytest.mark.slow
def test_threads_may_meet_a_type_together() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (0, "fine\n"), done.stderr


@pytest.mark.parametrize("root", [paths.PACKAGE, paths.ROOT / "models"])
def test_nothing_else_checks_tables(root: Path) -> None:
    calls = ("msgspec.convert(", "msgspec.toml.decode(")
    for path in root.rglob("*.py"):
        if path.name != "checked.py":
            assert not any(call in path.read_text() for call in calls), path
