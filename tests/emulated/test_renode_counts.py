"""Counts by Renode's hook: its script on blocks cut from QEMU's trace, against QEMU's plugin; and
the real Renode against QEMU where it is installed."""

from __future__ import annotations

import ast
import itertools
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from bare_programs import program, read_trace, trace, trace_options, without_interrupted
from boardless.core.errors import ToolFailed
from boardless.cycles import decode, image
from boardless.cycles.counts import OUTSIDE, Counted
from boardless.data import pictures
from boardless.device import block_hook, boards, run
from boardless.device.counting import bare, watch
from boardless.device.emulators import qemu, renode
from boardless.device.link.client import Client
from boardless.device.plugin.counter import Counter, Watch
from boardless.device.records import Build
from boardless.model import zoo
from command_line import Cli

pytestmark = pytest.mark.emulated
BOARD = boards.load("mps2-an386")
Built = Callable[[str, str], Build]
real = pytest.mark.skipif(
    shutil.which("renode") is None, reason="needs Renode: https://renode.io, `renode` on PATH"
)


def cut(elf: image.Image, executed: Sequence[int], longest: int) -> Iterator[tuple[int, int]]:
    """Yields (address, instructions) of blocks as Renode's translator makes them: up to a branch,
    and now and then shorter, where its share of time ends."""
    sizes = {a: block_hook.size_at(elf, a) for a in set(executed)}
    contents = [elf.bytes_at(a, n) for a, n in sizes.items()]
    order = sorted(zip(sizes, contents, strict=True))
    decoded = decode.instructions(elf.isa, [a for a, _ in order], [c for _, c in order])
    branches = {a for (a, _), i in zip(order, decoded, strict=True) if i.branches}
    draw = np.random.default_rng(longest)
    first, count, most = executed[0], 0, longest
    for pc, after in zip(executed, [*executed[1:], -1], strict=True):
        count += 1
        if pc in branches or after != pc + sizes[pc] or count == most:
            yield first, count
            first, count, most = after, 0, int(draw.integers(1, longest + 1))


def replayed(
    folder: Path, elf: image.Image, watched: Watch, ran: Sequence[tuple[int, int]], twice: int = -1
) -> Counted:
    """Feeds blocks to Renode's script, and returns what it has counted. The hook is called once
    more for the block number `twice`, as where a pause kept it from being executed."""
    scope: dict[str, Any] = {}
    script = renode.HELPERS / "blocks.py"
    exec(compile(script.read_text(), script.name, "exec"), scope)
    marked = itertools.cycle(range(watched.marks[1] if watched.marks else 1))
    cpu = SimpleNamespace(ExecutedInstructions=0, register=lambda _: next(marked))

    def half(address: int) -> int:
        return int.from_bytes(elf.bytes_at(address, 2), "little")

    options = block_hook.borders(elf, watched).splitlines()
    with (folder / "counts").open("w") as out:
        counting = scope["Counting"](options, cpu, half, out.write)
        for i, (address, size) in enumerate(ran):
            for _ in range(2 if i == twice else 1):
                counting.hook(address, size)
            cpu.ExecutedInstructions += size
        for _ in range(2):
            counting.finish()
    return Counted.of(block_hook.read(folder / "counts", elf, "the test"))


def by_address(
    counted: Counted, region: int | None, pass_: int | None = None
) -> dict[int, tuple[int, int]]:
    """Address -> (executed, entered by fall-through), of what was executed."""
    tally = counted.tally(region, pass_)
    rows = zip(
        counted.code.address.tolist(),
        tally.executed.tolist(),
        tally.fallthrough.tolist(),
        strict=True,
    )
    return {a: (n, fell) for a, n, fell in rows if n}


@pytest.fixture
def inference(built: Built, tmp_path: Path) -> Any:
    """(ELF, what begins and ends regions, every executed address, counts by QEMU's plugin)"""
    build, log = built("digits_cnn:int8", BOARD.name), tmp_path / "trace.log"
    picture = pictures.load(zoo.find("digits_cnn:int8"), None, 1).inputs[0].tobytes()
    elf = image.load(build.elf)
    watched = watch.firmware(elf, BOARD)
    with Counter(qemu.counter(BOARD), watch.cuts(elf), watched) as count:
        for extra in ({"extra": trace_options(BOARD, log)}, {"count": count}):
            session = qemu.start(BOARD, build.elf, shared=False, **extra)
            with Client(session) as client:
                client.boot()
                client.hello(build)
                client.predict(picture)
                client.predict(picture)
        yield elf, watched, read_trace(log), Counted.of(count.read())


def test_blocks_cut_anywhere_count_as_the_plugin_does(tmp_path: Path, inference: Any) -> None:
    elf, watched, executed, wanted = inference
    for longest in (500, 3):
        ran = [*cut(elf, executed, longest)]
        found = replayed(tmp_path, elf, watched, ran)
        assert found.passes == wanted.passes == 2
        assert found.instructions.tolist() == wanted.instructions.tolist()
        for pass_ in range(2):
            for region in (None, *(k for k in wanted.regions if k != OUTSIDE)):
                assert by_address(found, region, pass_) == by_address(wanted, region, pass_)


def test_a_hook_that_is_called_too_often_is_told(tmp_path: Path, inference: Any) -> None:
    elf, watched, executed, _ = inference
    ran, start = [*cut(elf, executed, 500)], elf.symbol("hal_timer_start").address
    twice = next(i for i, (address, _) in enumerate(ran) if address == start) + 2
    with pytest.raises(ToolFailed, match=r"called for [\d,]+ instructions, and [\d,]+ were"):
        replayed(tmp_path, elf, watched, ran, twice)


def test_handlers_and_regions_of_any_program(tmp_path: Path) -> None:
    """A region from one instruction to another, through which interrupts come."""
    path = program(tmp_path, "ticks")
    elf = image.load(path)
    executed = without_interrupted(trace(path, BOARD, tmp_path), elf, ("systick", "bump"))
    text = "work:nothing"
    wanted = bare.run(path, BOARD, regions=[text]).counted
    watched = watch.program(elf, BOARD, [bare.region(elf, text)])
    found = replayed(tmp_path, elf, watched, [*cut(elf, executed, 40)])
    assert found.passes == wanted.passes
    assert by_address(found, 0) == by_address(wanted, 0)
    assert by_address(found, OUTSIDE) == by_address(wanted, OUTSIDE)
    assert found.tally(0).interrupts == wanted.tally(0).interrupts > 0


def test_counts_without_an_end_are_refused(tmp_path: Path, built: Built) -> None:
    elf = image.load(built("digits_cnn:int8", BOARD.name).elf)
    at = elf.symbol("main").address
    whole = f"B {at} 2\nR 0 0 0 0:1:0\nP\nO -1 0 0\nD 1 1\n"
    path = tmp_path / "counts"
    path.write_text(whole)
    assert Counted.of(block_hook.read(path, elf, "x")).instructions.tolist() == [2]
    for damaged in (whole[:-8], whole.replace("D 1 1", "D 2 1"), "", whole.replace("0:1", "a:1")):
        path.write_text(damaged)
        with pytest.raises(ToolFailed, match="the counts are not whole"):
            block_hook.read(path, elf, "x")
    with pytest.raises(ToolFailed, match="the counts are not whole"):
        block_hook.read(tmp_path / "none", elf, "x")


def test_scripts_of_renode_are_python_2_as_well() -> None:
    """Their Python is IronPython 2.7, which knows none of this."""
    newer = (ast.Starred, ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.Nonlocal, ast.YieldFrom)
    for path in renode.HELPERS.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            assert not isinstance(node, newer), f"{path.name}:{node.lineno}"
            if isinstance(node, ast.arguments):
                assert not node.kwonlyargs, path.name
                assert not any(a.annotation for a in node.args), path.name


@pytest.mark.parametrize("other", [("--update",), ("--against", "HEAD"), ("own.tflite",)])
def test_baselines_are_not_made_on_a_chosen_emulator(cli: Cli, other: tuple[str, ...]) -> None:
    done = cli("gate", "--emulator", "renode", *other)
    assert done.returncode == 2
    assert "--emulator is for comparing with baselines" in done.stderr


# ---- with the real one ----


@real
def test_the_gate_on_renode_takes_the_baselines_of_qemu(cli: Cli) -> None:
    arguments = ("digits_cnn:int8", "--board", "mps2-an386", "--emulator", "renode")
    done = cli("gate", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 case: 1 ok" in done.stdout


@real
@pytest.mark.parametrize("board", ["mps2-an386", "stm32f4_discovery", "esp32c3"])
def test_every_instruction_counts_as_in_qemu(built: Built, board: str) -> None:
    build = built("digits_cnn:int8", board)
    fed = pictures.load(zoo.find("digits_cnn:int8"), None, 3)
    first, second = (
        run.run(build, fed, run.Options(name, "uart"), lambda n: None).counts
        for name in ("qemu", "renode")
    )
    assert (first.instructions, first.layers) == (second.instructions, second.layers)
    assert first.counted
    assert second.counted
    for region in (None, *(k for k in first.counted.regions if k != OUTSIDE)):
        assert by_address(second.counted, region) == by_address(first.counted, region)


@real
@pytest.mark.parametrize("command", ["run", "profile"])
def test_cycles_on_renode_are_those_on_qemu(cli: Cli, command: str) -> None:
    arguments = (command, "digits_cnn", "--board", "mps2-an386", "--json", "-")
    figures = []
    for name in ("qemu", "renode"):
        done = cli(*arguments, "--emulator", name)
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        figures.append((found["instructions"], found["cycles"]))
    assert figures[0] == figures[1]
