"""The ways in which a change can make a model slower, larger, wrong or unjudged: one function each.

MUTATIONS["a slower kernel"].plant(checkout)      # now the gate must fail

A mutation that the gate may let pass says why.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass

from boardless.judge import baseline
from small_checkout import Checkout

INT8 = ("digits_cnn:int8",)
BOTH = ("digits_cnn",)
ALL = ()  # as in CI: whatever there is to judge
BOARD = "firmware/boards/mps2-an386"
ZOO = "models/zoo/digits_cnn"
KERNEL = "firmware/kernels/max_pool_2d/max_pool_2d_dsp.c"
SERVER = "firmware/app/server.c"
GROWTH = "sim/boardless/judge/growth.py"
FIGURES = "sim/boardless/judge/figures.py"
HARD = '"-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"'
NOT_DEFAULT = ("default = true ", "default = false ")
POOL = "bl_status bl_max_pool_2d_s8_dsp("
SLOW = '__asm__ volatile("mov r12, #400\\n1: subs r12, #1\\nbne 1b" ::: "r12", "cc");'


Change = Callable[[Checkout], object]


@dataclass(frozen=True)
class Mutation:
    """A change of a checkout. `beside_baseline` and `beside_revision` say why the gate passes it in
    that mode, "" where it must fail."""

    plant: Change
    asked: tuple[str, ...] = INT8
    beside_baseline: str = ""
    beside_revision: str = ""
    short: bool = False  # one of those that always run


def plant(code: str, before: Change | None = None) -> Change:
    """Returns what puts C into the pooling kernel of the board."""

    def change(checkout: Checkout) -> None:
        if before:
            before(checkout)
        checkout.plant(code)

    return change


def edit(file: str, old: str, new: str, *more: Change) -> Change:
    """Returns what replaces a text in a file, and then does more."""

    def change(checkout: Checkout) -> None:
        checkout.edit(file, old, new)
        for other in more:
            other(checkout)

    return change


def above(text: str) -> Change:
    """Returns what puts C in front of the pooling kernel."""
    return edit(KERNEL, POOL, f"{text}\n{{old}}")


def remove(*names: str) -> Change:
    def change(checkout: Checkout) -> None:
        for name in names:
            path = checkout.root / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    return change


def move(old: str, new: str) -> Change:
    return lambda checkout: shutil.move(checkout.root / old, checkout.root / new)


def copy(old: str, new: str) -> Change:
    return lambda checkout: shutil.copyfile(checkout.root / old, checkout.root / new)


def flags(new: str, *more: Change) -> Change:
    return edit("platformio.ini", "-O2 ", new, *more)


def soft_float(checkout: Checkout) -> None:
    checkout.edit(
        f"{BOARD}/board.toml", '"-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"', '"-mfloat-abi=soft"'
    )
    checkout.edit(f"{BOARD}/board.toml", '"dsp", "fpu"', '"dsp"')


def in_baseline(*changes: tuple[str, str], slow: bool = False) -> Change:
    """Returns what replaces patterns in the int8 part of the baseline, and maybe slows a kernel."""

    def change(checkout: Checkout) -> None:
        head, mark, int8 = checkout.baseline().read_text().partition("[int8]")
        for pattern, new in changes:
            assert re.search(pattern, head + mark + int8), pattern
            head, int8 = (re.sub(pattern, new, part) for part in (head, int8))
        checkout.baseline().write_text(head + mark + int8)
        if slow:
            checkout.slow()

    return change


def baseline_of_another_board(checkout: Checkout) -> None:
    shutil.copyfile(baseline.path("digits_cnn", "mps3-an547"), checkout.baseline())


def generous(checkout: Checkout) -> None:
    checkout.accept(more=5000)
    checkout.slow()


def worse_while_better(checkout: Checkout) -> None:
    """Shrinks a table by what another grows."""
    checkout.accept(more=100_000)


def no_int8_in_baseline(checkout: Checkout) -> None:
    head, _, _ = checkout.baseline().read_text().partition("[int8]")
    checkout.baseline().write_text(head)


def no_cycles_in_baseline(checkout: Checkout) -> None:
    head, _, _ = checkout.baseline().read_text().partition("[int8.cycles")
    checkout.baseline().write_text(head)


def all_limits(checkout: Checkout) -> None:
    (checkout.root / "models/gate.toml").write_text('[[tolerance]]\nmetric = "*"\npercent = 1000\n')
    checkout.slow()


def let_go(checkout: Checkout) -> None:
    with (checkout.root / "models/gate.toml").open("a") as file:
        file.write('[[gone]]\nmodel = "digits_cnn:int8"\n')
    (checkout.root / ZOO / "int8.tflite").unlink()


def forgotten(checkout: Checkout) -> None:
    checkout.edit(f"{BOARD}/board.toml", *NOT_DEFAULT)
    (checkout.root / "models/judged.toml").unlink()
    checkout.baseline().unlink()


ON_BOTH_SIDES = "the revision runs on the inputs of the working tree, too"
OF_BASELINES = "the accepted figures have no part in it"
PRICES = "each revision has prices of its own; instructions are compared, and baselines fail"
BY_HAND = "it writes by hand what --update and gate.toml are for: a reviewer sees it"
OWN_JUDGE = "both modes run the code of the working tree: a reviewer sees it"

MUTATIONS: dict[str, Mutation] = {
    # Slower.
    "a slower kernel": Mutation(Checkout.slow, short=True),
    "one instruction more": Mutation(plant('__asm__ volatile("nop");')),
    "slower between layers": Mutation(
        edit(SERVER, "  marks[layer] = hal", '  __asm__ volatile("nop");\n{old}')
    ),
    "slower from the second inference on": Mutation(
        plant(f"static unsigned n; if (n++) {{ {SLOW} }}"), short=True
    ),
    "a kernel without optimisation": Mutation(above('#pragma GCC optimize("O0")')),
    "the reference kernels instead of the board's": Mutation(
        edit(f"{BOARD}/board.toml", '["dsp", "fpu"]', '["fpu"]')
    ),
    "a variant of a kernel is gone": Mutation(remove(KERNEL)),
    "a kernel that does not end": Mutation(plant('for (;;) __asm__ volatile("");')),
    "a division in an inner loop": Mutation(
        plant("volatile int x = 7; for (int i = 0; i < 99; i++) x = 1000 / (x | 1);")
    ),
    # Larger.
    "a table in flash": Mutation(plant("static const volatile char t[3072] = {1}; (void)t[0];")),
    "an array in RAM": Mutation(plant("static volatile char t[3072]; t[0] = 1;")),
    "an array in a section like the stack": Mutation(
        plant('static volatile char t[3072] __attribute__((section(".stack"))); t[0] = 1;'),
        short=True,
    ),
    "an array in a section of its own": Mutation(
        plant('static volatile char t[3072] __attribute__((section(".noinit"))); t[0] = 1;')
    ),
    "code in RAM": Mutation(edit(KERNEL, POOL, '__attribute__((section(".data.f"))) {old}')),
    "a deeper stack": Mutation(plant("volatile char deep[512]; deep[0] = 1; deep[511] = 2;")),
    "a larger reserved stack": Mutation(
        edit(f"{BOARD}/board.toml", "stack_bytes = 0x4000", "stack_bytes = 0x8000"), short=True
    ),
    "a larger arena": Mutation(
        edit("sim/boardless/model/compiler/plan.py", "    return Plan(", "    arena += 64\n{old}")
    ),
    "a flash that is too small": Mutation(
        edit(f"{BOARD}/board.toml", "flash_bytes = 0x400000", "flash_bytes = 0x2000"), short=True
    ),
    "a RAM that is too small": Mutation(
        edit(f"{BOARD}/board.toml", "ram_bytes = 0x400000", "ram_bytes = 0x4100")
    ),
    # Wrong.
    "a kernel that does nothing": Mutation(plant("return BL_OK;")),
    "a kernel that crashes": Mutation(plant("*(volatile int *)0xeeee0000 = 0;")),
    "a kernel that does not compile": Mutation(plant("broken")),
    "a flipped weight": Mutation(Checkout.flip),
    "a flipped weight and a slower kernel": Mutation(plant(SLOW, Checkout.flip)),
    "a damaged model": Mutation(
        lambda c: (c.root / ZOO / "int8.tflite").write_bytes(b"x") and None
    ),
    "the float model under the int8 name": Mutation(
        copy(f"{ZOO}/float32.tflite", f"{ZOO}/int8.tflite")
    ),
    # Flags.
    "-Os and a slower kernel": Mutation(flags("-Os ", Checkout.slow)),
    "-O1": Mutation(flags("-O1 ")),
    "no functions inlined": Mutation(flags("-O2 -fno-inline "), short=True),
    "soft float": Mutation(soft_float, BOTH),
    "another core's code": Mutation(
        edit(
            f"{BOARD}/board.toml",
            '"-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"',
            '{old}, "-mtune=cortex-m7"',
        )
    ),
    # The board.
    "no default board, and a slower kernel": Mutation(
        edit(f"{BOARD}/board.toml", "default = true ", "default = false ", Checkout.slow),
        ALL,
        short=True,
    ),
    "a board is gone": Mutation(remove(BOARD), ALL),
    "a board has another name": Mutation(move(BOARD, "firmware/boards/an386"), ALL),
    "another core": Mutation(edit(f"{BOARD}/board.toml", '"cortex-m4"', '"cortex-m7"')),
    "a wrong clock": Mutation(edit(f"{BOARD}/board.toml", "timer_hz = 25_0", "timer_hz = 50_0")),
    # Models.
    "a type is gone": Mutation(remove(f"{ZOO}/int8.tflite"), ALL, short=True),
    "a model is gone": Mutation(remove(ZOO), ALL, short=True),
    "a model has another name": Mutation(move(ZOO, "models/zoo/digits"), ALL),
    # Inputs.
    "fewer inputs": Mutation(
        edit(FIGURES, "NOISE = 16", "NOISE = 1"), beside_revision=ON_BOTH_SIDES
    ),
    "other inputs": Mutation(
        edit(FIGURES, 'b"boardless gate"', 'b"x"'), beside_revision=ON_BOTH_SIDES
    ),
    # Accepted figures.
    "another board's figures": Mutation(
        baseline_of_another_board, beside_revision=OF_BASELINES, short=True
    ),
    "no figures": Mutation(lambda c: c.baseline().unlink(), beside_revision=OF_BASELINES),
    "no figures of a type": Mutation(no_int8_in_baseline, beside_revision=OF_BASELINES),
    "no figures of cycles": Mutation(no_cycles_in_baseline, beside_revision=OF_BASELINES),
    "generous figures and a slower kernel": Mutation(generous, short=True),
    "absurd figures": Mutation(
        in_baseline(("whole = .*", "whole = 20000000000000"), slow=True), beside_revision=""
    ),
    "negative figures": Mutation(
        in_baseline(("arena_bytes = .*", "arena_bytes = -1")), beside_revision=OF_BASELINES
    ),
    "more memory than the board has": Mutation(
        in_baseline(("stack_bytes = .*", "stack_bytes = 99999999")), beside_revision=OF_BASELINES
    ),
    "figures of other inputs and a slower kernel": Mutation(
        in_baseline(("inputs = .*", 'inputs = "16 of noise"'), slow=True)
    ),
    "figures of other prices and a slower kernel": Mutation(
        in_baseline(("table = .*", 'table = "0"'), slow=True)
    ),
    "figures of another compiler and a slower kernel": Mutation(
        in_baseline(("compiler = .*", 'compiler = "gone-gcc 1"'), slow=True)
    ),
    "figures of flags that nobody used": Mutation(
        in_baseline(("flags = .*", 'flags = ["-mcpu=cortex-m4", "-mthumb"]'), slow=True)
    ),
    "damaged figures": Mutation(
        in_baseline((r"\[toolchain\]", "[toolchain")), beside_revision=OF_BASELINES
    ),
    "an improvement that is not accepted": Mutation(
        worse_while_better, beside_revision=OF_BASELINES
    ),
    "no list of what is judged": Mutation(
        remove("models/judged.toml"), ALL, beside_revision=OF_BASELINES
    ),
    "nothing is judged any more": Mutation(forgotten, ALL, beside_baseline=BY_HAND),
    # Limits, and the gate itself.
    "wide limits and a slower kernel": Mutation(
        all_limits, beside_baseline=BY_HAND, beside_revision=BY_HAND
    ),
    "a type is gone, and named as such": Mutation(let_go, ALL, beside_revision=BY_HAND),
    "cheaper cycles": Mutation(
        edit("sim/boardless/cycles/cores/cortex-m4.toml", "cycles = 2", "cycles = 1"),
        beside_revision=PRICES,
    ),
    "no counting of cycles": Mutation(
        edit("sim/boardless/device/plugin/abi.h", "#", "#error none\n{old}")
    ),
    "a judge that finds nothing": Mutation(
        edit(
            "sim/boardless/judge/growth.py",
            "    return found + one_per_place",
            "    return []\n{old}",
            Checkout.slow,
        ),
        beside_baseline=OWN_JUDGE,
        beside_revision=OWN_JUDGE,
    ),
}
