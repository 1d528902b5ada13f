"""A fault report of the firmware -> the calls that led to it, with functions and lines.

    print("\\n".join(backtrace(elf, lines)))

`lines` are those of the device: `e-[fault KIND pc=0x.. lr=0x.. sp=0x..]` and, from Cortex-M,
`e-[stack ADDRESS WORD...]`: the stack from the exception frame on. The ELF's call frame information
says where each function keeps its return address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boardless.core.printable import one_line
from boardless.cycles import image
from boardless.device.elf import function_at

SP, LR, PC = 13, 14, 15  # as DWARF numbers Arm's registers
# What lies above the stack pointer of the moment of the fault: 8 registers, 18 more of an FPU in
# use, and 4 bytes where it was not a multiple of 8. The report does not say which; see backtrace().
FRAMES = (32, 36, 104, 108)
DEEPEST = 32


@dataclass(frozen=True)
class Fault:
    """A fault report of a device: registers by name, words of its stack by address."""

    kind: str
    registers: dict[str, int]
    stack: dict[int, int]


def parse(lines: Iterable[str]) -> Fault | None:
    """Returns the fault report among the lines of a device; None if there is none."""
    kind = ""
    registers: dict[str, int] = {}
    stack: dict[int, int] = {}
    for line in lines:
        if fault := re.search(r"e-\[fault (.+?)((?: \w+=0x[0-9a-f]+)*)\]", line):
            kind = fault[1]
            registers = {k: int(v, 16) for k, v in re.findall(r"(\w+)=(0x[0-9a-f]+)", fault[2])}
            stack = {}
        elif words := re.search(r"e-\[stack ([0-9a-f]{8})((?: [0-9a-f]{8})+)\]", line):
            for i, word in enumerate(words[2].split()):
                stack[int(words[1], 16) + 4 * i] = int(word, 16)
    return Fault(kind, registers, stack) if kind else None


def backtrace(elf: Path, fault: Fault) -> list[str]:
    """One line per call, the innermost first: number, address, function, file and line."""
    pc = fault.registers.get("pc", 0)
    if not pc:
        return _suspects(elf, fault)
    if fault.stack:
        rules = _frame_rules(elf)
        chain = [pc, *max((_unwind(elf, fault, rules, size) for size in FRAMES), key=len)]
    else:  # of a core that reports no stack the caller is known, if it has called nothing since
        lr = fault.registers.get("lr", 0)
        chain = [pc, lr] if function_at(elf, lr) != "?" else [pc]
    places = _lines(elf, [pc, *(address - 2 for address in chain[1:])])  # of the call itself
    return [
        f"#{i} {address:#010x} {function_at(elf, address)}{place and f' ({place})'}"
        for i, (address, place) in enumerate(zip(chain, places, strict=True))
    ]


def _suspects(elf: Path, fault: Fault) -> list[str]:
    """After a stack overflow nothing says where the core was, but the deepest part of the stack
    holds return addresses (and words that only look like some)."""
    words = [word & ~1 for _, word in sorted(fault.stack.items()) if word & 1]
    inside = [(word, function_at(elf, word)) for word in words]
    calls = {name: word for word, name in reversed(inside) if name != "?" and "+0x0" not in name}
    places = _lines(elf, [word - 2 for word in calls.values()])
    lines = zip(reversed(calls.items()), reversed(places), strict=True)
    return [f"on the stack: {word:#010x} {name}{p and f' ({p})'}" for (name, word), p in lines]


def _unwind(elf: Path, fault: Fault, rules: list[tuple[int, int, Any]], frame: int) -> list[int]:
    """Return addresses, the innermost first, if the interrupted function's stack began `frame`
    bytes above the exception frame; ends where something cannot be."""
    registers = {
        SP: fault.registers.get("sp", 0) + frame,
        LR: fault.registers.get("lr", 0),
        PC: fault.registers["pc"],
    }
    found: list[int] = []
    while len(found) < DEEPEST:
        row = _row(rules, (registers[PC] & ~1) - (2 if found else 0))
        if row is None or row["cfa"].reg not in registers:
            break
        cfa = registers[row["cfa"].reg] + row["cfa"].offset
        restored = {
            number: fault.stack.get(cfa + rule.arg)
            for number, rule in row.items()
            if isinstance(number, int) and rule.type == "OFFSET"
        }
        back = restored.get(LR, None if found else registers[LR])
        if back is None or not back & 1 or function_at(elf, back) == "?":
            break
        registers |= {n: v for n, v in restored.items() if v is not None}
        registers |= {SP: cfa, PC: back}
        found.append(back & ~1)
    return found


def _frame_rules(elf: Path) -> list[tuple[int, int, Any]]:
    """(first address, size, decoded table) of every function that says how its frame looks."""
    from elftools.dwarf.callframe import FDE  # here, because only a crash needs it

    with image.opened(elf) as opened:
        info = opened.get_dwarf_info()
        entries = info.CFI_entries() if info.has_CFI() else []
        return [
            (e["initial_location"], e["address_range"], e.get_decoded().table)
            for e in entries
            if isinstance(e, FDE) and e["initial_location"]  # 0: the linker left it out
        ]


def _row(rules: list[tuple[int, int, Any]], address: int) -> Any:
    for start, size, table in rules:
        if start <= address < start + size:
            return next((row for row in reversed(table) if row["pc"] <= address), None)
    return None


def _lines(elf: Path, addresses: list[int]) -> list[str]:
    """file:line of each address; empty where the debug information does not say."""
    found = [""] * len(addresses)
    with image.opened(elf) as opened:
        info = opened.get_dwarf_info()
        for unit in info.iter_CUs():
            for low, high, where in _ranges(info.line_program_for_CU(unit)):
                for i, address in enumerate(addresses):
                    if low <= address < high:
                        found[i] = where
    return found


def _ranges(program: Any) -> Iterator[tuple[int, int, str]]:
    """(first address, end, file:line) of a line program's rows, of code that the linker kept: what
    it left out begins at 0."""
    if program is None:
        return
    first = 0 if program["version"] >= 5 else 1
    before = begin = None
    for entry in program.get_entries():
        state = entry.state
        if state is None:
            continue
        begin = state.address if before is None else begin
        if before is not None and begin and state.address > before.address:
            name = program["file_entry"][before.file - first].name.decode("utf8", "replace")
            name = one_line(name)
            yield before.address, state.address, f"{name}:{before.line}"
        before = None if state.end_sequence else state
