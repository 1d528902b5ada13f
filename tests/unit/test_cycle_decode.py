"""Instructions become records; what is not known stays unknown; encodings stand in cycle_code."""

from __future__ import annotations

import pytest
from boardless.core.errors import BadInput
from boardless.cycles.decode import instructions, memory_accesses
from boardless.cycles.decode.instruction import REGISTER_WORK, Instruction, instruction_set
from cycle_code import THUMB
from hypothesis import given
from hypothesis import strategies as st


def thumb(*lines: str) -> list[Instruction]:
    content = [bytes.fromhex(THUMB.get(line, line)) for line in lines]
    address, at = [], 0
    for code in content:
        address.append(at)
        at += len(code)
    return instructions("thumb", address, content)


def registers(*numbers: int) -> int:
    return sum(1 << n for n in numbers)


KINDS = {
    "nop": "nop",
    "it eq": "it",
    "adds r0,#1": "alu",
    "add.w r0,r1,r2": "alu",
    "muls r0,r1": "mul",
    "mla r0,r1,r2,r0": "mla",
    "umull r0,r1,r2,r3": "mul_long",
    "smlad r0,r1,r2,r0": "mla",
    "udiv r0,r1,r2": "div",
    "cmp r0,#0": "alu",
    "ldr r0,[r1]": "load",
    "str r2,[r3,r4]": "store",
    "ldrd r0,r1,[r2]": "load_pair",
    "strd r0,r1,[r2]": "store_pair",
    "ldmia r0!,{r1-r3}": "load_multiple",
    "push {r4-r7,lr}": "store_multiple",
    "pop {r4-r7}": "load_multiple",
    "pop {r4-r7,pc}": "return_load",
    "beq +0": "branch_conditional",
    "b .": "branch",
    "bl": "call",
    "blx r3": "call_register",
    "bx lr": "branch_register",
    "cbz r0,+2": "compare_branch",
    "vldr s0,[r0]": "fpu_load",
    "vstr s0,[r0]": "fpu_store",
    "vadd.f32 s0,s1,s2": "fpu_add",
    "vmul.f32 s0,s1,s2": "fpu_mul",
    "vfma.f32 s0,s1,s2": "fpu_fused_mac",
    "vdiv.f32 s0,s1,s2": "fpu_div",
    "vsqrt.f32 s0,s1": "fpu_sqrt",
    "vadd.f64 d0,d1,d2": "fpu64_add",
    "vldrb.u8 q0,[r0]": "mve_load",
    "vmla.s32 q0,q1,r2": "mve_mac",
    "dls lr,r0": "loop_start",
    "f0ee006a": "fpu_move",
    "43ec102a": "fpu_from_core",
    "51ec130b": "fpu_to_core",
    "f1ee100a": "fpu_status",
    "f1ee10fa": "fpu_status",
    "0800": "alu",
    "b4ee610a": "fpu_compare",
    "b8eec00a": "fpu_convert",
    "dfe800f0": "table_branch",
    "bff35f8f": "barrier",
    "eff31080": "system",
    "abbe": "trap",
    "51e8000f": "exclusive",
    "91f800f0": "hint",
    "c2f30341": "bitfield",
    "80b2": "dsp",
    "0846": "alu",
    "f746": "branch_register",
    "51ea1280": "alu",
    "0ff005c0": "loop_end",
}


@pytest.mark.parametrize(("line", "kind"), KINDS.items())
def test_kinds_of_thumb(line: str, kind: str) -> None:
    assert thumb(line)[0].kind == kind


@pytest.mark.parametrize(
    ("line", "feature"),
    [
        ("adds r0,#1", "thumb"),
        ("bl", "thumb"),
        ("bff35f8f", "thumb"),  # dmb
        ("add.w r0,r1,r2", "thumb2"),
        ("cbz r0,+2", "thumb2"),
        ("it eq", "thumb2"),
        ("udiv r0,r1,r2", "thumb2"),
        ("smlad r0,r1,r2,r0", "dsp"),
        ("vadd.f32 s0,s1,s2", "fpu"),
        ("vadd.f64 d0,d1,d2", "fpu64"),
        ("bcfee00a", "fpu_v5"),  # vcvta.s32.f32
        ("vldrb.u8 q0,[r0]", "mve"),
        ("02ef540c", "mve_float"),  # vfma.f32 q0, q1, q2
        ("dls lr,r0", "lob"),
    ],
)
def test_what_a_core_must_have(line: str, feature: str) -> None:
    assert thumb(line)[0].feature == feature


def test_registers_of_loads_and_stores() -> None:
    load, store, pair, post = thumb(
        "ldr r0,[r1]", "str r2,[r3,r4]", "ldrd r0,r1,[r2]", "ldr r4,[r5]!"
    )
    assert (load.writes, load.address, load.data) == (registers(0), registers(1), 0)
    assert (store.writes, store.address, store.data) == (0, registers(3, 4), registers(2))
    assert store.register_offset
    assert not load.register_offset
    assert (pair.writes, pair.count) == (registers(0, 1), 2)
    assert (post.writes, post.base) == (registers(4, 5), registers(5))


def test_registers_of_lists() -> None:
    load, push, pop = thumb("ldmia r0!,{r1-r3}", "push {r4-r7,lr}", "pop {r4-r7,pc}")
    assert (load.writes, load.count, load.base) == (registers(0, 1, 2, 3), 3, registers(0))
    assert (push.data, push.count, push.writes) == (registers(4, 5, 6, 7, 14), 5, registers(13))
    assert (pop.count, pop.reads) == (5, registers(13))


def test_registers_of_multiplications() -> None:
    assert thumb("mla r0,r1,r2,r0")[0].accumulator == registers(0)
    long = thumb("e1fb0324")[0]  # umlal r2, r4, r1, r3
    assert long.accumulator == long.writes == registers(2, 4)
    assert thumb("vfma.f32 s0,s1,s2")[0].accumulator == 1 << 17


def test_distances_of_branches() -> None:
    assert [i.distance for i in thumb("b .", "beq +0", "bl", "bx lr")] == [0, 4, 0, None]
    assert thumb("0ff005c0")[0].distance == -4  # le


def test_an_it_block_reaches_as_far_as_it_says() -> None:
    found = thumb("04bf", "8818", "8818", "8818")  # itt eq, three additions
    assert [i.conditional for i in found] == [False, True, True, False]
    assert not found[1].writes & found[1].flags, "inside an IT block a 16-bit ADD sets no flags"
    assert found[3].writes & found[3].flags


def test_an_it_block_ends_where_code_does() -> None:
    codes = [bytes.fromhex(c) for c in ("04bf", "8818", "8818")]
    found = instructions("thumb", [0, 2, 100], codes)
    assert [i.conditional for i in found] == [False, True, False]


def test_shifted_operands_and_literals() -> None:
    assert thumb("40ea0200")[0].shifted == 0  # orr.w r0, r0, r2
    assert thumb("40ead270")[0].shifted == registers(2)  # orr.w r0, r0, r2, lsr #31
    literal = thumb("ldr r0,[pc,#4]")[0]
    assert literal.literal
    assert (literal.literal_offset, literal.address) == (4, 0)


@pytest.mark.parametrize("content", ["e1ff0000", "ffffffff", "fff7"])
def test_what_is_no_instruction_is_unknown(content: str) -> None:
    assert thumb(content)[0].kind in ("unknown", "trap")


RISCV = {
    "130505ff": "alu",
    "93780500": "alu",
    "3305b502": "mul",
    "b317b502": "mul_long",
    "33d5b702": "div",
    "1c42": "load",
    "23aef7fe": "store",
    "8280": "branch_register",
    "9dc1": "compare_branch",
    "e31aa8fe": "compare_branch",
    "6f000000": "branch",
    "ef000000": "call",
    "0100": "nop",
    "f3220030": "system",
    "73000000": "trap",
    "8a07": "shift",
    "fa85": "alu",
    "9307f5ff": "alu",
    "0f00f00f": "barrier",
}


@pytest.mark.parametrize(("content", "kind"), RISCV.items())
def test_kinds_of_riscv(content: str, kind: str) -> None:
    found = instructions("riscv", [0], [bytes.fromhex(content)])[0]
    assert (found.kind, found.size) == (kind, len(content) // 2), found.text


def test_registers_of_riscv() -> None:
    load, store, zero = instructions(
        "riscv", [0, 4, 8], [bytes.fromhex(c) for c in ("83a60700", "23aef7fe", "13000000")]
    )
    assert (load.writes, load.address) == (registers(13), registers(15))
    assert (store.data, store.address, store.writes) == (registers(15), registers(15), 0)
    assert zero.writes == 0, "x0 stays 0"


XTENSA = {
    "364100": ("entry", "system"),
    "1df0": ("retw.n", "branch_register"),
    "2801": ("l32i.n", "load"),
    "3901": ("s32i.n", "store"),
    "3a22": ("add.n", "alu"),
    "402382": ("mull", "mul"),
    "4023d2": ("quos", "div"),
    "20014a": ("madd.s", "fpu_mac"),
    "768210": ("loop", "loop_start"),
    "340278": ("mula.aa.ll", "mla"),
    "540477": ("mul.aa.hh", "mul"),
    "440208": ("mula.dd.ll.ldinc", "load"),
    "34406a": ("mula.da.lh", "mla"),
    "04023d": ("muls.ad.hl", "mla"),
    "041280": ("ldinc", "load"),
    "041290": ("lddec", "load"),
    "340270": ("umul.aa.ll", "mul"),
    "341258": ("mula.da.ll.lddec", "load"),
    "f02000": ("nop", "nop"),
    "3df0": ("nop.n", "nop"),
    "c02000": ("sync", "barrier"),
    "81ffff": ("l32r", "load"),
    "46ffff": ("j", "branch"),
    "250000": ("call8", "call"),
    "e00800": ("callx", "call_register"),
    "0df0": ("ret.n", "branch_register"),
    "26a2fc": ("bxxi", "compare_branch"),
    "220100": ("l8ui", "load"),
    "030100": ("lsi", "fpu_load"),
    "8c22": ("beqz.n", "compare_branch"),
    "203311": ("slli", "shift"),
    "80e950": ("wdtlb", "system"),
    "30c850": ("idtlb", "system"),
}


@pytest.mark.parametrize(("content", "expected"), XTENSA.items())
def test_xtensa(content: str, expected: tuple[str, str]) -> None:
    found = instructions("xtensa", [0], [bytes.fromhex(content)])[0]
    assert (found.text, found.kind) == expected
    assert found.size == len(content) // 2


def test_xtensa_writes_an_entry_of_its_memory_map() -> None:
    write, ask = (instructions("xtensa", [0], [bytes.fromhex(c)])[0] for c in ("80e950", "30d850"))
    assert (write.text, write.reads, write.writes) == ("wdtlb", 1 << 8 | 1 << 9, 0)
    assert (ask.text, ask.reads, ask.writes) == ("pdtlb", 1 << 8, 1 << 3)


def test_xtensa_refuses_what_it_does_not_know() -> None:
    for content in ("040000", "0e0000", "000006"):
        assert instructions("xtensa", [0], [bytes.fromhex(content)])[0].kind == "unknown"


def test_an_unknown_instruction_set_names_those_there_are() -> None:
    with pytest.raises(BadInput, match=r"'z80'.*riscv, thumb, xtensa"):
        instruction_set("z80")


@given(st.sampled_from(["thumb", "riscv", "xtensa"]), st.binary(min_size=4, max_size=4))
def test_nothing_that_touches_memory_counts_as_register_work(isa: str, content: bytes) -> None:
    decoder = instruction_set(isa)
    content = content[: decoder.length(content, 0)]
    decoded = instructions(isa, [0], [content])[0]
    touches = "load" in decoded.kind or "store" in decoded.kind or "gather" in decoded.kind
    touches |= decoded.kind in ("exclusive", "table_branch", "trap", "mve_scatter")
    assert not (touches and decoder.is_register_work(content)), decoded


@pytest.mark.parametrize("line", [line for line in THUMB if line[0] not in "vd"])
def test_plain_register_work_does_not_end_a_segment(line: str) -> None:
    decoded = thumb(line)[0]
    work = instruction_set("thumb").is_register_work(bytes.fromhex(THUMB[line]))
    assert work == (decoded.kind in REGISTER_WORK), line


def test_memory_accesses_are_addresses() -> None:
    content = bytes.fromhex(THUMB["adds r0,#1"] + THUMB["ldr r0,[r1]"] + THUMB["strd r0,r1,[r2]"])
    found = memory_accesses("thumb", [(0x100, content)])
    assert {0x102, 0x104} <= set(found)
    assert 0x100 not in found
