"""Planted regressions in a copy of the checkout: the real command finds each, says it in one line,
ends with status 1, and is content again after --update. --against does so between revisions."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import shared
from command_line import Cli, marked_processes
from small_checkout import Checkout

pytestmark = pytest.mark.emulated

SLOWER = r"max pool 1: [\d,]+ -> [\d,]+ cycles cortex-m4 \(\+\d+.\d %, limit 0 %\); "
ACCEPT = "accept: boardless gate --update digits_cnn"
LINE = "digits_cnn:int8 mps2-an386 "
RUNTIME = ("--runtime", "bakenn:portable")


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A copy whose int8 firmware is built and judged: that is what its baseline says."""
    made = shared.once(tmp_path_factory, "gate", judge)
    return Checkout.copied(made, tmp_path_factory.mktemp("gate") / "checkout")


def judge(folder: Path) -> None:
    done = Checkout(folder).gate("digits_cnn:int8")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def checkout(pristine: Checkout) -> Iterator[Checkout]:
    """The copy; what a test changes in it is undone."""
    with pristine.undone():
        yield pristine
    shutil.rmtree(pristine.root / ".git", ignore_errors=True)


def fatter(checkout: Checkout) -> None:
    checkout.edit(
        "sim/boardless/model/compiler/plan.py",
        "    return Plan(",
        "    arena += 64\n{old}",
    )


PLANTED: dict[str, tuple[Callable[[Checkout], None], str]] = {
    "a slower kernel": (Checkout.slow, SLOWER + "accept: "),
    "a fatter arena": (fatter, r"arena: \d+ -> \d+ bytes of RAM \(\+\d+.\d %, limit 0 %\); "),
    "a flipped weight": (Checkout.flip, "predictions: changed: "),
}


def test_another_runtimes_figures_are_accepted_and_judged(checkout: Checkout) -> None:
    words = (*RUNTIME, "digits_cnn:int8")
    accept = f"{ACCEPT} --runtime bakenn:portable"
    done = checkout.gate(*words)
    assert done.returncode == 0, done.stderr
    assert "no baseline; only outputs are compared, with those of tflm" in done.stdout
    assert "not compared" in done.stdout
    done = checkout.gate("--update", *words)
    file = "models/zoo/digits_cnn/baseline/bakenn/portable/mps2-an386.toml"
    assert f"accepted: {file}" in done.stderr, done.stderr
    assert "no baseline" not in done.stdout
    assert checkout.gate(*RUNTIME).returncode == 0
    accepted = (checkout.root / file).read_text()
    [stack] = map(int, re.findall(r"\nstack_bytes = (\d+)", accepted))
    smaller = accepted.replace(f"\nstack_bytes = {stack}", f"\nstack_bytes = {stack - 8}")
    (checkout.root / file).write_text(smaller)
    done = checkout.gate(*RUNTIME)
    assert done.returncode == 1
    [said] = [line for line in done.stdout.splitlines() if line.startswith(LINE)]
    assert f"stack: {stack - 8:,} -> {stack:,} bytes of RAM" in said
    assert said.endswith(accept)
    (checkout.root / file).write_text(accepted.replace('"bakenn 1.', '"bakenn 0.'))
    done = checkout.gate(*RUNTIME)
    assert done.returncode == 1
    [said] = [line for line in done.stdout.splitlines() if line.startswith(LINE)]
    assert "runtime: cannot be judged: version changed, 'bakenn 1." in said
    assert said.endswith(accept)


INEXACT = """\
from boardless.device.records import MarkedLayer, Sources
from boardless.runtimes import Wanted, served

PROFILE, EXACT, MORE = "litert", False, 1
INVOKE = '''
#include "model_config.h"
#include "runtime.h"

bl_status bl_runtime_invoke(const void *input, void *output) {
  bl_mark(0);
  for (int i = 0; i < BL_INPUT_BYTES; i++) {
    ((unsigned char *)output)[i] = ((const unsigned char *)input)[i] ^ MORE;
  }
  return BL_OK;
}
'''


def version(variant: str) -> str:
    return "inexact 1.0"


def sources(wanted: Wanted) -> Sources:
    graph = wanted.graph
    head = served.Head(
        operators=0,
        output=graph.input,
        files={"invoke.c": f"#define MORE {MORE}\\n{INVOKE}".encode()},
        layers=(MarkedLayer(0, "COPY", "input", macs=0),),
        arena_bytes=0,
        weights_bytes=0,
        needs=served.Needs(),
    )
    return served.sources(wanted, head, runtime="inexact", version=version(""))
"""


def test_a_runtime_that_rounds_as_no_reference_is_held_against_what_was_accepted(
    checkout: Checkout, tmp_path: Path
) -> None:
    package = tmp_path / "runtimes" / "inexact" / "__init__.py"
    package.parent.mkdir(parents=True)
    package.write_text(INEXACT)

    def gate(*words: str) -> tuple[int, list[str]]:
        words = (*words, "--runtime", "inexact", "--board", "mps2-an386")
        done = checkout.gate(*words, BOARDLESS_RUNTIMES=str(package.parent.parent))
        lines = done.stdout.splitlines()
        return done.returncode, [line for line in lines if line.startswith(LINE)]

    accept = f"{ACCEPT} --runtime inexact"
    status, [said] = gate("digits_cnn:int8")
    assert status == 1
    expected = rf"predictions: no baseline, and \d+ of 32 predictions differ .*; {accept}"
    assert re.fullmatch(LINE.strip() + " " + expected, said), said
    assert gate("--update", "digits_cnn:int8")[0] == 0
    assert gate() == (0, [])
    package.write_text(INEXACT.replace("False, 1", "False, 64"))
    status, [said] = gate()
    assert status == 1
    assert "predictions: changed: top class of " in said
    assert said.endswith(f"; the model is the same; {accept}")


@pytest.mark.parametrize("regression", PLANTED)
def test_a_planted_regression_is_one_line_until_it_is_accepted(
    checkout: Checkout, regression: str
) -> None:
    plant, expected = PLANTED[regression]
    plant(checkout)
    done = checkout.gate("digits_cnn:int8")
    assert done.returncode == 1, done.stdout + done.stderr
    said = [line for line in done.stdout.splitlines() if line.startswith(LINE)]
    assert len(said) == 1, done.stdout
    assert re.match(LINE + expected, said[0])
    assert said[0].endswith(ACCEPT)
    before = checkout.baseline().read_text()
    done = checkout.gate("--update", "digits_cnn:int8")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "accepted: models/zoo/digits_cnn/baseline/mps2-an386.toml\n" in done.stderr
    assert [x for x in done.stdout.splitlines() if x.startswith(LINE)] == [
        said[0].replace(ACCEPT, "accepted")
    ]
    after = checkout.baseline().read_text()
    assert before != after
    # the type that did not run keeps its figures
    assert before[: before.index("[int8]")] == after[: after.index("[int8]")]
    done = checkout.gate("digits_cnn:int8")
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_improvement_is_told_and_fails_only_in_ci(checkout: Checkout) -> None:
    now = checkout.accept(more=17)
    expected = f"max pool 1: {now + 17:,} -> {now:,} instructions (-"
    chosen = ("digits_cnn:int8", "--emulator", "qemu")  # whose figures cannot be accepted
    assert checkout.gate(*chosen, CI="true").returncode == 0
    done = checkout.gate("digits_cnn:int8", "--no-ratchet", CI="true")
    assert done.returncode == 0, done.stdout + done.stderr
    (said,) = [line for line in done.stdout.splitlines() if line.startswith(LINE + expected)]
    assert said.endswith(f" %), better; {ACCEPT}")
    done = checkout.gate("digits_cnn:int8", CI="true")
    assert done.returncode == 1, done.stdout + done.stderr
    (said,) = [line for line in done.stdout.splitlines() if line.startswith(LINE + expected)]
    assert said.endswith(f" %), better but not accepted; {ACCEPT}")
    done = checkout.gate("digits_cnn:int8", "--update", CI="true")
    assert done.returncode == 0, done.stdout + done.stderr
    assert checkout.gate("digits_cnn:int8", "--ratchet").returncode == 0


def test_a_tolerance_lets_a_slower_kernel_pass(checkout: Checkout) -> None:
    checkout.slow()
    (checkout.root / "models/gate.toml").write_text(
        '[[tolerance]]\nmetric = "instructions*"\npercent = 60\nmodel = "digits_cnn:*"\n'
        '[[tolerance]]\nmetric = "c*"\npercent = 60\n'
    )
    done = checkout.gate("digits_cnn:int8")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^\| digits_cnn:int8 .* \(\+\d", done.stdout, re.MULTILINE)  # the table does


def test_another_tool_chain_is_not_comparable(checkout: Checkout) -> None:
    """Only a ratchet fails then, because it judges all that was accepted."""
    checkout.edit(checkout.baseline(), "12.2.1 20221205", "13.2.1 20231009")
    checkout.accept(more=-1)
    text = checkout.baseline().read_text()
    head, int8 = text[: text.index("[int8]")], text[text.index("[int8]") :]
    int8 = re.sub(r"code_bytes = \d+", "code_bytes = 1", int8)
    checkout.baseline().write_text(head + re.sub(r"flash_bytes = \d+", "flash_bytes = 1097", int8))
    asked = ("digits_cnn:int8", "--no-ratchet", "--json", "-")
    done = checkout.gate(*asked)
    assert done.returncode == 0, done.stdout + done.stderr
    data = json.loads(done.stdout)
    assert data["ok"]
    assert data["rows"][0]["verdict"] == "not comparable"
    (note,) = [n for n in data["notes"] if n.startswith("not comparable: compiler ")]
    assert "13.2.1 20231009" in note
    assert "`boardless gate --against REV` compares all" in note
    done = checkout.gate("digits_cnn:int8", "--ratchet")
    assert done.returncode == 1, done.stdout + done.stderr
    (line,) = [x for x in done.stdout.splitlines() if x.startswith(f"{LINE.strip()}: not comp")]
    assert line.endswith(ACCEPT)
    # predictions and what the compiler has no part in are still compared
    fatter(checkout)
    checkout.flip()
    data = json.loads(checkout.gate(*asked).stdout)
    assert not data["ok"]
    assert [f["place"] for f in data["rows"][0]["findings"] if f["fails"]] == [
        "predictions",
        "arena",
    ]


def test_wrong_outputs_are_never_accepted(checkout: Checkout) -> None:
    checkout.plant("return BL_OK;")
    before = checkout.baseline().read_text()
    done = checkout.gate("--update", "digits_cnn:int8")
    assert done.returncode == 1
    assert "digits_cnn mps2-an386: not accepted" in done.stderr
    wrong = rf"^{LINE}predictions: \d+ of 32 predictions differ from the reference"
    assert re.search(wrong, done.stdout, re.MULTILINE)
    assert checkout.baseline().read_text() == before


def test_a_model_without_a_baseline(checkout: Checkout) -> None:
    checkout.baseline().unlink()
    done = checkout.gate("digits_cnn:int8")
    assert done.returncode == 1
    assert f"{LINE.strip()}: no baseline; {ACCEPT}\n" in done.stdout
    # a board that `nox -s sim` leaves out need not have one
    done = checkout.gate("digits_cnn:int8", "--board", "host")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "not compared" in done.stdout


def test_a_damaged_baseline_is_one_line(checkout: Checkout) -> None:
    checkout.edit(checkout.baseline(), "[toolchain]", "[toolchain")
    done = checkout.gate("digits_cnn:int8")
    assert (done.returncode, done.stdout.count("damaged")) == (2, 1), done.stdout + done.stderr
    file = "models/zoo/digits_cnn/baseline/mps2-an386.toml"
    (said,) = [line for line in done.stdout.splitlines() if line.startswith(LINE.strip())]
    assert said.startswith(f"{LINE.strip()}: {file}: damaged baseline (")
    assert said.endswith("or delete it and run boardless gate --update digits_cnn")


def test_sim_shuts_on_a_regression_in_one_table(checkout: Checkout, tmp_path: Path) -> None:
    now = checkout.accept(more=-20)
    file = tmp_path / "sim.json"
    done = checkout.cli.process("sim", "--limit", "2", "--json", str(file), **checkout.environment)
    assert done.returncode == 1
    said = rf"max pool 1: {now - 20:,} -> {now:,} instructions \(\+\d.\d %, limit 0 %\); {ACCEPT}"
    assert re.search(said, done.stdout)
    (row,) = [x for x in done.stdout.splitlines() if x.startswith("| digits_cnn:int8 ")]
    assert [cell.strip() for cell in row.split("|")][-3:] == ["ok", "1 worse", ""]
    entry = json.loads(file.read_text())[0]
    assert (entry["ok"], entry["gate"]["ok"]) == (True, False)


def test_figures_are_the_same_under_load_and_every_time(checkout: Checkout) -> None:
    seen = []

    def judge() -> None:
        done = Cli().process("gate", "digits_cnn:int8", "--json", "-", **checkout.environment)
        assert done.returncode == 0, done.stderr
        seen.append(json.loads(done.stdout)["rows"][0]["figures"])

    threads = [threading.Thread(target=judge) for _ in range(4)]  # more than processors
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 4
    assert all(figures == seen[0] for figures in seen)


# --- Between revisions ----------------------------------------------------------------------------
@pytest.fixture
def repository(checkout: Checkout) -> Checkout:
    """The copy as a git repository of one commit."""
    checkout.git("init", "-q")
    checkout.git("add", "-A")
    checkout.git("commit", "-qm", "one")
    return checkout


def leftovers(root: Path) -> list[Path]:
    return list(root.glob("boardless-*"))


def test_against_a_revision_compares_all_figures(repository: Checkout, tmp_path: Path) -> None:
    repository.slow()  # not committed
    repository.baseline().unlink()  # baselines have no part in it
    arguments = ("digits_cnn:int8", "--against", "HEAD", "--json", str(tmp_path / "out.json"))
    done = repository.gate(*arguments, TMPDIR=str(tmp_path))
    assert done.returncode == 1, done.stdout + done.stderr
    said = [line for line in done.stdout.splitlines() if line.startswith(LINE)]
    assert len(said) == 1, done.stdout
    assert re.fullmatch(f"{LINE}{SLOWER}against HEAD", said[0])
    assert "what is not committed in the working tree was compared, too" in done.stdout
    (row,) = json.loads((tmp_path / "out.json").read_text())["rows"]
    assert row["figures"]["memory"].keys() == row["baseline"]["memory"].keys()
    repository.git("commit", "-qam", "slower")
    done = repository.gate(*arguments, TMPDIR=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "not committed" not in done.stdout
    assert leftovers(tmp_path) == []
    assert repository.git("worktree", "list").count("\n") == 0


def test_a_revision_that_does_not_build_is_one_line(repository: Checkout, tmp_path: Path) -> None:
    repository.plant("broken")
    repository.git("commit", "-qam", "broken")
    repository.git("revert", "--no-edit", "HEAD")
    done = repository.gate("digits_cnn:int8", "--against", "HEAD~1", TMPDIR=str(tmp_path))
    assert done.returncode == 3, done.stdout + done.stderr
    (said,) = [line for line in done.stdout.splitlines() if line.startswith(LINE.strip())]
    assert "HEAD~1 does not run: building digits_cnn:int8 for mps2-an386: " in said
    assert "broken" in said
    assert leftovers(tmp_path) == []


def test_unknown_revisions_and_no_git_are_one_line(repository: Checkout, tmp_path: Path) -> None:
    arguments = ("digits_cnn:int8", "--against")
    assert "unknown revision 'v9'" in repository.fails(2, *arguments, "v9")
    assert "unknown revision '--help'" in repository.fails(2, *arguments, "--help")
    repository.git("rm", "-rq", "--cached", "sim")
    repository.git("commit", "-qm", "without sim")
    assert "HEAD has no sim/boardless" in repository.fails(2, *arguments, "HEAD")
    shutil.rmtree(repository.root / ".git")
    said = repository.fails(2, *arguments, "HEAD", GIT_CEILING_DIRECTORIES=str(repository.root))
    assert "--against needs a git checkout" in said
    (tmp_path / "bin").mkdir()
    for name in ("arm-none-eabi-gcc", "qemu-system-arm"):
        found = shutil.which(name)
        assert found
        (tmp_path / "bin" / name).symlink_to(found)
    said = repository.fails(3, *arguments, "HEAD", PATH=str(tmp_path / "bin"))
    assert "git is not installed" in said


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_nothing_behind(
    repository: Checkout, tmp_path: Path, end: signal.Signals
) -> None:
    arguments = ("gate", "digits_cnn:int8", "--against", "HEAD")
    environment: dict[str, Any] = repository.environment | {"TMPDIR": str(tmp_path)}
    with contextlib.closing(repository.cli):
        process = repository.cli.start(*arguments, **environment)
        done = threading.Event()
        while not any("scons" in line for line in marked_processes(repository.cli.mark).values()):
            assert process.poll() is None, "it ended before its build was seen"
            done.wait(0.02)
        process.send_signal(end)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "boardless: interrupted"
    assert not marked_processes(repository.cli.mark)
    assert list(tmp_path.iterdir()) == []
