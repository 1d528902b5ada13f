"""The Robot suites: green on good firmware, red on firmware that is broken on purpose."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import renode_stand_in
from boardless.core import paths
from boardless.core.errors import ToolFailed
from boardless.device.records import Build
from boardless.front.robot.renode_terminal import text_of
from boardless.robot_library import OF_RENODE, OURS, Boardless
from robot.api import ExecutionResult, ResultVisitor

pytestmark = pytest.mark.emulated
SUITES = paths.ROOT / "robot_tests"
MODEL = "digits_cnn:int8"
BOARD = "mps2-an386"
ENOUGH = 20  # tests that see that something is broken
Built = Callable[[str, str], Build]


def robot(folder: Path, *arguments: str, **variables: str) -> dict[str, tuple[str, str]]:
    """Test -> (PASS, FAIL or SKIP, message)."""
    output = folder / "output.xml"
    words = [w for k, v in variables.items() for w in ("--variable", f"{k}:{v}")]
    options = ["--output", str(output), "--log", "NONE", "--report", "NONE", *words]
    done = subprocess.run(
        [sys.executable, "-m", "robot", *options, *arguments, str(SUITES)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode < 250, done.stdout + done.stderr  # else it did not run at all
    return read(output)


def read(output: Path) -> dict[str, tuple[str, str]]:
    results: dict[str, tuple[str, str]] = {}

    class Collect(ResultVisitor):  # type: ignore[misc]
        def visit_test(self, test: object) -> None:
            results[test.name] = (test.status, test.message)  # type: ignore[attr-defined]

    ExecutionResult(str(output)).visit(Collect())
    return results


def failed(results: dict[str, tuple[str, str]]) -> set[str]:
    return {name for name, (status, _) in results.items() if status == "FAIL"}


def test_all_suites_pass_on_a_good_firmware(tmp_path: Path) -> None:
    results = robot(tmp_path)
    assert not failed(results), results
    assert len(results) > 40
    skipped = [message for status, message in results.values() if status == "SKIP"]
    assert all("not available" in message for message in skipped)
    assert len(skipped) <= 1


def test_they_pass_on_another_model_too(tmp_path: Path) -> None:
    results = robot(tmp_path, "--suite", "boot", "--suite", "link", MODEL="digits_cnn:float32")
    assert not failed(results), results


def test_they_pass_under_renode_test(built: Built, tmp_path: Path) -> None:
    """Runs the published command on an ELF in a folder with a space; QEMU stands in for Renode."""
    renode_stand_in.install(tmp_path)
    (tmp_path / "a folder").mkdir()
    elf = shutil.copy(built(MODEL, BOARD).elf, tmp_path / "a folder")
    # QEMU's timer ticks 1.6 times per instruction, Renode's counter once.
    variables = ("MAX_INSTRUCTIONS:32000", f"FIRMWARE:{elf}")
    words = ("--renode", *(word for text in variables for word in ("--variable", text)))
    output = paths.ROOT / "build" / "robot" / "robot_output.xml"
    output.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "nox", "-s", "robot", "--", *words],
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
    )
    results = read(output)
    assert done.returncode == 0, (done.stdout, done.stderr, results)
    skipped = {name for name, (status, _) in results.items() if status == "SKIP"}
    assert len(results) - len(skipped) > 35


# ---- broken on purpose ----


@pytest.fixture
def broken_elf(built: Built, tmp_path: Path) -> Callable[[bytes, bytes], Path]:
    """broken_elf(OLD, NEW): the firmware of MODEL with bytes replaced."""

    def make(old: bytes, new: bytes) -> Path:
        content = built(MODEL, BOARD).elf.read_bytes()
        assert content.count(old) == 1
        elf = tmp_path / "broken.elf"
        elf.write_bytes(content.replace(old, new))
        return elf

    return make


LOSES_BYTES = """
int hal_getc(void) {
  static uint32_t received;
  const int byte = next_byte();
  return ++received % 7 ? byte : next_byte();
}
"""


def test_wrong_weights_wrong_build_and_lost_bytes_are_seen(
    built: Built,
    broken_elf: Callable[[bytes, bytes], Path],
    own_board: Path,
    tmp_path: Path,
) -> None:
    good = built(MODEL, BOARD)
    weights = (good.elf.parent / "generated" / "weights.bin").read_bytes()
    wrong = bytes(b ^ 4 for b in weights)
    by_weights = failed(robot(tmp_path, FIRMWARE=str(broken_elf(weights, wrong))))
    assert {
        "Picture 0 Is Predicted As The Reference Does",
        "Sixteen Pictures In A Row",
        "Repeated Inferences Give The Outputs Of One",
        "After A Crash The Board Works Again",
        "Lost Bytes Change No Prediction",
        "An Inference Takes No More Instructions Than Accepted",
    } <= by_weights
    assert "The Device Names Itself In MLPerf Tiny's Manner" not in by_weights

    elf = broken_elf(good.build_id.encode(), b"0" * 16)
    by_build = failed(robot(tmp_path, "--suite", "boot", FIRMWARE=str(elf)))
    assert "The Firmware Is The Build That Was Asked For" in by_build
    assert "The Firmware Names Its Board" not in by_build

    source = own_board / "board.c"
    renamed = f"#define hal_getc next_byte\n{source.read_text()}#undef hal_getc\n"
    source.write_text(renamed + LOSES_BYTES)
    names = ("boot", "link", "inference")
    suites = [word for name in names for word in ("--suite", name)]
    by_loss = failed(robot(tmp_path, *suites, BOARD=own_board.name, TIMEOUT="0.2"))
    assert {
        "Picture 0 Is Predicted As The Reference Does",
        "Bytes Read Back As They Were Written",
        "A Command With A Checksum Is Answered With Checksums",
        "A Reset Starts The Same Firmware Again",
    } <= by_loss

    assert len(by_weights | by_build | by_loss) >= ENOUGH


def test_a_firmware_that_is_silent_fails_with_one_line(tmp_path: Path) -> None:
    elf = tmp_path / "empty.elf"
    elf.write_bytes(b"no ELF")
    results = robot(tmp_path, "--suite", "boot", FIRMWARE=str(elf), TIMEOUT="0.5")
    assert len(failed(results)) == 9
    assert all("no line with 'm-init-done'" in message for _, message in results.values())


# ---- keywords ----


def test_under_renode_its_own_keywords_are_left_to_it() -> None:
    assert set(Boardless().get_keyword_names()) == {*OURS, *OF_RENODE}
    assert set(Boardless("renode").get_keyword_names()) == set(OURS)
    assert all(callable(getattr(Boardless(), name)) for name in (*OURS, *OF_RENODE))


def test_results_of_different_renodes_are_read() -> None:
    assert text_of({"line": "m-ready\r", "groups": []}) == "m-ready"
    assert text_of({"Line": "m-ready", "Timestamp": 0.0}) == "m-ready"


def test_cycles_are_refused_not_guessed(tmp_path: Path) -> None:
    results = robot(tmp_path, "--suite", "cycles", BOARD="host", CORE="cortex-m4")
    assert {status for status, _ in results.values()} == {"SKIP"}


def test_too_many_cycles_are_seen(tmp_path: Path) -> None:
    results = robot(tmp_path, "--suite", "cycles", MAX_CYCLES="1000", MAX_INSTRUCTIONS="1000")
    status, message = results["Cycles Stay Within What Was Accepted"]
    assert status == "FAIL"
    assert "cycles on cortex-m4" in message
    assert message.endswith("the limit is 1,000")
    assert results["An Inference Takes No More Instructions Than Accepted"][0] == "FAIL"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda b: b.start_emulation(), "Load Firmware comes first"),
        (lambda b: b.wait_for_line_on_uart("x"), "Create Terminal Tester comes first"),
        (lambda b: b.ask_device("name"), "Create Terminal Tester comes first"),
        (lambda b: b.predict_picture(), "Send Picture comes first"),
        (lambda b: b.create_terminal_tester() and b.ask_device("name"), "the board is off"),
        (lambda b: b.crash_should_be_in_function("m-ready", "main"), "no fault report"),
    ],
)
def test_a_keyword_out_of_order_says_what_comes_first(
    call: Callable[[Boardless], object], words: str
) -> None:
    with pytest.raises((AssertionError, ToolFailed)) as caught:
        call(Boardless())
    assert words in str(caught.value)


def test_every_keyword_has_a_page(tmp_path: Path) -> None:
    page = tmp_path / "keywords.json"
    for source in ("boardless.robot_library.Boardless", str(SUITES / "resources/device.resource")):
        done = subprocess.run(
            [sys.executable, "-m", "robot.libdoc", "--format", "json", source, str(page)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert done.returncode == 0, done.stdout + done.stderr
        if source.startswith("boardless"):
            import json

            keywords = json.loads(page.read_text())["keywords"]
            assert {k["name"].lower().replace(" ", "_") for k in keywords} == {*OURS, *OF_RENODE}
            assert all(k["shortdoc"] for k in keywords)


def test_nothing_in_the_suites_names_a_keyword_that_is_not_there(tmp_path: Path) -> None:
    assert not failed(robot(tmp_path, "--dryrun"))
