"""The counting plugin against a trace of every instruction, and against itself.

QEMU is the one on PATH; another one is tested by putting it in front of it.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import signal
from collections import Counter as Multiset
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from bare_programs import (
    NEWLIB,
    program,
    read_trace,
    trace,
    trace_options,
    without_interrupted,
)
from boardless.core.errors import BadInput, DeviceFault, ToolFailed, ToolMissing
from boardless.cycles import image
from boardless.cycles.counts import OUTSIDE, Code, Counted, Tally
from boardless.data import pictures
from boardless.data.records import Pictures
from boardless.device import boards, run
from boardless.device.counting import bare, watch
from boardless.device.emulators import qemu
from boardless.device.link import faults
from boardless.device.link.client import Client
from boardless.device.plugin.counter import Counter, Cuts
from boardless.device.records import Board, Build, Counts
from boardless.model import compiler, zoo
from conftest import listen_to_the_end
from properties import machines, records, runners

pytestmark = pytest.mark.emulated
BOARD = boards.load("mps2-an386")
Built = Callable[[str, str], Build]


def by_trace(code: Code, stretch: list[int], before: int | None) -> tuple[list[int], list[int]]:
    """Returns (executed, fallthrough) of each instruction of `code`, from addresses in the order of
    execution; `before` is the address that was executed just before."""
    size = dict(zip(code.address.tolist(), code.size.tolist(), strict=True))
    executed = Multiset(stretch)
    steps = pairwise(stretch if before is None else [before, *stretch])
    fallthrough = Multiset(b for a, b in steps if b == a + size.get(a, 0))
    assert set(executed) <= set(size)
    return [executed[a] for a in size], [fallthrough[a] for a in size]


def as_lists(tally: Tally) -> tuple[list[int], list[int]]:
    return tally.executed.tolist(), tally.fallthrough.tolist()


def counter(build: Build, cuts: Cuts | None = None) -> Counter:
    elf = image.load(build.elf)
    chosen = watch.cuts(elf) if cuts is None else cuts
    return Counter(qemu.counter(BOARD), chosen, watch.firmware(elf, BOARD))


# ---- exact, against a trace ----


@pytest.mark.parametrize("model", ["digits_cnn:int8", "digits_cnn:float32"])
def test_an_inference_equals_a_trace_of_every_instruction(
    built: Built, tmp_path: Path, model: str
) -> None:
    build, log = built(model, BOARD.name), tmp_path / "trace.log"
    picture = pictures.load(zoo.find(model), None, 1).inputs[0].tobytes()

    def predict(client: Client) -> None:
        client.boot()
        client.hello(build)
        client.predict(picture)

    extra = trace_options(BOARD, log)
    with Client(qemu.start(BOARD, build.elf, shared=False, extra=extra)) as client:
        predict(client)
    with counter(build) as count:
        with Client(qemu.start(BOARD, build.elf, shared=False, count=count)) as client:
            predict(client)
        counted = Counted.of(count.read())

    executed, elf = read_trace(log), image.load(build.elf)
    start, ticks, mark = (
        range(*elf.symbol(name).range) for name in ("hal_timer_start", "hal_timer_ticks", "bl_mark")
    )
    first = max(i for i, pc in enumerate(executed) if pc in start)  # behind the timer's start
    readings = [i for i, pc in enumerate(executed) if i > first and pc == ticks.start]
    last = readings[len(build.layers) + 1] + 1  # the load in the reading behind the last mark
    stretch = executed[first : last + 1]
    assert as_lists(counted.tally(None, 0)) == by_trace(counted.code, stretch, executed[first - 1])

    # A layer begins behind the store in bl_mark, the last but one of its instructions.
    ends = [i for i, (a, b) in enumerate(pairwise(executed)) if a in mark and b not in mark]
    returns = [i for i in ends if executed[i + 1] not in ticks and first < i < last]
    assert len(returns) == len(build.layers) + 1
    for k, (a, b) in enumerate(pairwise(returns)):
        layer = by_trace(counted.code, executed[a:b], executed[a - 1])
        assert as_lists(counted.tally(k, 0)) == layer, k


@pytest.mark.parametrize(
    ("name", "flags", "status"),
    [("ticks", (), None), ("fault", (), 3), ("hello", NEWLIB, 7)],
)
def test_a_whole_run_equals_a_trace(
    tmp_path: Path, name: str, flags: tuple[str, ...], status: int | None
) -> None:
    """Interrupts, faults, polled devices, and a C library that was not built here."""
    elf = program(tmp_path, name, *flags)
    executed = trace(elf, BOARD, tmp_path, vectors=NEWLIB[0] not in flags)
    result = bare.run(elf, BOARD)
    if name == "ticks":
        executed = without_interrupted(executed, result.image, ("systick", "bump"))
    assert status is None or result.exit_code == status
    counted = result.counted
    assert as_lists(counted.tally(OUTSIDE)) == by_trace(counted.code, executed, None)


# ---- exact, against one segment per instruction ----


def total(counted: Counted) -> str:
    """A digest of every pass, instruction by instruction."""
    digest = hashlib.sha256()
    for tally in counted.each():
        ran = tally.executed > 0
        for column in (counted.code.address, tally.executed, tally.fallthrough):
            digest.update(column[ran].tobytes())
    return digest.hexdigest()


def counted_run(build: Build, fed: Pictures, **options: object) -> Counts:
    chosen = run.Options("qemu", **options)  # type: ignore[arg-type]
    return run.run(build, fed, chosen, lambda _: None).counts


@pytest.mark.parametrize("model", ["mobile_lenet:int8", "mobile_lenet:float32"])
def test_segments_equal_single_instructions(
    built: Built, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    build, fed = built(model, BOARD.name), pictures.load(zoo.find(model), None, 3)
    by_segment = counted_run(build, fed).counted
    monkeypatch.setattr(watch, "cuts", lambda _: Cuts())
    by_instruction = counted_run(build, fed).counted
    assert by_segment
    assert by_instruction
    assert total(by_segment) == total(by_instruction)
    lengths = [len(s.sizes) for s in by_instruction.recordings[0].segments]
    assert set(lengths) == {1}


def test_the_firmware_of_single_kernels() -> None:
    kernels = records.core(BOARD.name)
    elf, model = image.load(kernels.elf), zoo.find("digits_cnn:int8")
    source, fed = compiler.compile_graph(model.graph, BOARD.variants), pictures.load(model, None, 2)
    functions = dict.fromkeys(layer.call.function for layer in source.layers)
    regions = [bare.region(elf, f"{name}:bl_link_text") for name in functions]
    found = []
    for cuts in (watch.cuts(elf), Cuts()):
        watched = watch.program(elf, BOARD, regions)
        with Counter(qemu.counter(BOARD), cuts, watched) as count:
            with Client(qemu.start(BOARD, kernels.elf, shared=True, count=count)) as client:
                client.boot()
                machine = machines.EmulatedCore(kernels, BOARD, client)
                for each in fed.inputs:  # alone, so that each call is a pass
                    runners.Runner(machine, BOARD.variants).run(source, each[None])
            found.append(Counted.of(count.read()))
    assert found[0].passes == 2 * len(source.layers)
    assert found[0].tally().instructions > 1000
    assert total(found[0]) == total(found[1])


# ---- layers and inferences ----


def test_layers_and_overhead_make_up_every_inference(built: Built) -> None:
    model = "mobile_lenet:int8"
    build, fed = built(model, BOARD.name), pictures.load(zoo.find(model), None, 6)
    counts = counted_run(build, fed, jobs=2)
    assert counts.counted
    assert counts.counted.regions == (OUTSIDE, *range(len(build.layers) + 1))
    for i, instructions in enumerate(counts.instructions):
        parts = [counts.counted.tally(k, i).instructions for k in counts.counted.regions[1:]]
        assert sum(parts) == instructions == counts.counted.tally(None, i).instructions
    first = [counts.counted.tally(k, 0).instructions for k in range(len(build.layers))]
    assert tuple(first) == counts.layers


def test_a_difference_from_icount_stops_the_run(
    built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    build, fed = (
        built("digits_cnn:int8", BOARD.name),
        pictures.load(zoo.find("digits_cnn:int8"), None, 2),
    )
    original = qemu.instructions
    monkeypatch.setattr(qemu, "instructions", lambda b, t: (original(b, t) or 0) + (t == 0))
    right = counted_run(build, fed, cycles=False)
    whole = right.instructions[0]

    def one_more(board: Board, ticks: int) -> int:
        found = original(board, ticks) or 0
        return found + (found > max(right.layers))  # of inferences, not of layers

    monkeypatch.setattr(qemu, "instructions", one_more)
    text = f"of inference 0 disagree: plugin {whole:,}, board timer {whole + 1:,}; check timer_hz"
    with pytest.raises(BadInput, match=text):
        counted_run(build, fed)


def test_without_a_plugin_instructions_stay(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: object) -> None:
        raise ToolMissing("cycles not available: gcc is not installed", hint="install it")

    build, fed = digits(built)
    expected = counted_run(build, fed)
    monkeypatch.setattr(qemu, "counter", missing)
    counts = counted_run(build, fed)
    assert counts.instructions == expected.instructions
    assert counts.layers == expected.layers
    assert counts.counted is None
    assert counts.cycles_missing == "cycles not available: gcc is not installed; install it"


def test_counting_can_be_switched_off(built: Built) -> None:
    counts = counted_run(*digits(built), cycles=False)
    assert counts.counted is None
    assert counts.cycles_missing == "cycles not available: not asked for"
    assert len(counts.instructions) == 12


# ---- the same every time ----


def spin() -> None:
    while True:
        pass


@pytest.fixture
def busy() -> Iterator[None]:
    """Two processes that leave QEMU little of the machine."""
    spinning = [multiprocessing.get_context("spawn").Process(target=spin) for _ in range(2)]
    for process in spinning:
        process.start()
    yield
    for process in spinning:
        process.kill()
        process.join()


@pytest.fixture(scope="module")
def expected(built: Built) -> str:
    counted = counted_run(*digits(built)).counted
    assert counted
    return total(counted)


def digits(built: Built) -> tuple[Build, Pictures]:
    model = "digits_cnn:int8"
    return built(model, BOARD.name), pictures.load(zoo.find(model), None, 12)


def test_twenty_repeats_count_the_same(built: Built, expected: str) -> None:
    for repeat in range(20):
        link = ("memory", "uart")[repeat % 2]
        counted = counted_run(*digits(built), link=link, jobs=1 + repeat % 3).counted
        assert counted
        assert total(counted) == expected, repeat


@pytest.mark.usefixtures("busy")
def test_load_on_the_machine_changes_nothing(built: Built, expected: str) -> None:
    for link in ("memory", "uart"):
        counted = counted_run(*digits(built), link=link, jobs=2).counted
        assert counted
        assert total(counted) == expected


def test_a_bad_line_repeats_commands_but_no_counts(built: Built, expected: str) -> None:
    """Inferences that were run again because their answer was damaged are left out."""
    line = faults.parse("drop=0.002,flip=0.002,seed=3")
    counted = counted_run(*digits(built), link="uart", bad_line=line).counted
    assert counted
    assert counted.passes == 12
    assert counted.recordings[0].count > 13
    assert total(counted) == expected


def test_repeats_in_the_firmware_are_passes_of_their_own(built: Built, expected: str) -> None:
    """MLPerf Tiny's runner asks for warm-ups, then for many inferences of one picture."""
    build, fed = digits(built)
    order = []
    with counter(build) as count:
        with Client(qemu.start(BOARD, build.elf, shared=False, count=count)) as client:
            client.boot()
            for picture in fed.inputs:
                client.predict(picture.tobytes())
                order.append((0, client.inferences - 1))
                client.command("infer 3 2")
        recording = count.read()
    assert recording.count == 6 * len(fed)
    assert order == [(0, 6 * i) for i in range(len(fed))]
    assert total(Counted.of(recording, order=order)) == expected


# ---- however a run ends ----


def end_of(built: Built, end: Callable[[Client], None]) -> Counted:
    """Counts of one inference and of what comes before `end` has ended the emulator."""
    build, fed = digits(built)
    with counter(build) as count:
        with Client(qemu.start(BOARD, build.elf, shared=False, count=count)) as client:
            client.boot()
            ticks, _ = client.predict(fed.inputs[0].tobytes())
            end(client)
        recording = count.read()
    counted = Counted.of(recording)
    assert counted.passes == 1
    assert counted.tally().instructions == qemu.instructions(BOARD, ticks)
    return counted


def test_sigterm_keeps_the_counts(built: Built) -> None:
    assert end_of(built, lambda client: client.session.terminate()).recordings[0].signal == 0


def test_sigabrt_keeps_the_counts(built: Built) -> None:
    def abort(client: Client) -> None:
        process = client.session.process  # type: ignore[attr-defined]
        process.send_signal(signal.SIGABRT)
        process.wait(timeout=30)

    assert end_of(built, abort).recordings[0].signal == signal.SIGABRT


def test_a_lock_up_keeps_the_counts(built: Built) -> None:
    def lock_up(client: Client) -> None:
        with pytest.raises(ToolFailed, match="Lockup"):
            client.command("fault l")

    assert end_of(built, lock_up).recordings[0].signal == signal.SIGABRT


def test_a_fault_is_counted_up_to_it(built: Built) -> None:
    def fault(client: Client) -> None:
        with pytest.raises(DeviceFault):
            client.command("fault b")
        with pytest.raises(ToolFailed, match="status 70"):
            listen_to_the_end(client)

    counted = end_of(built, fault)
    elf = image.load(digits(built)[0].elf)
    outside = dict(
        zip(counted.code.address.tolist(), counted.tally(OUTSIDE).executed.tolist(), strict=True)
    )
    for name in ("hal_fault", "bl_fault_entry", "bl_fault"):
        assert outside[elf.symbol(name).address] == 1


def test_a_kill_is_noticed(built: Built) -> None:
    def kill(client: Client) -> None:
        process = client.session.process  # type: ignore[attr-defined]
        process.kill()
        process.wait(timeout=30)

    with pytest.raises(ToolFailed, match="the counts are not whole"):
        end_of(built, kill)


def test_a_full_disk_is_one_clear_error(built: Built) -> None:
    build, fed = digits(built)
    with counter(build) as count, open("/dev/full", "wb") as full:
        count.out.close()
        count.out = full
        with Client(qemu.start(BOARD, build.elf, shared=False, count=count)) as client:
            client.boot()
            with pytest.raises(ToolFailed, match="cannot write the counts: No space left"):
                client.predict(fed.inputs[0].tobytes())


# ---- interrupts ----


def test_interrupts_are_taken_out_of_a_region(tmp_path: Path) -> None:
    """The program's status is the number of interrupts; both passes do the same work."""
    elf = program(tmp_path, "ticks")
    result = bare.run(elf, BOARD, regions=["work:nothing"])
    quiet, noisy = result.counted.each()
    assert (quiet.interrupts, quiet.interrupts_kept) == (0, 0)
    assert noisy.interrupts == result.exit_code > 10
    assert noisy.interrupts_kept == 0
    low, high = result.image.symbol("work").range
    work = (result.counted.code.address >= low) & (result.counted.code.address < high)
    assert quiet.executed[work].tolist() == noisy.executed[work].tolist()
    for name in ("systick", "bump"):
        at = np.searchsorted(result.counted.code.address, result.image.symbol(name).address)
        assert noisy.executed[at] == 0
        assert result.counted.tally(OUTSIDE).executed[at] == result.exit_code


def test_an_interrupt_whose_end_is_not_known_is_only_flagged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elf = program(tmp_path, "ticks")
    original = image.handlers
    monkeypatch.setattr(
        "boardless.device.counting.watch.handlers",
        lambda elf, origin: (original(elf, origin)[0], ()),
    )
    noisy = list(bare.run(elf, BOARD, regions=["work:nothing"]).counted.each())[1]
    assert noisy.interrupts > 10
    assert noisy.interrupts_kept == 1
