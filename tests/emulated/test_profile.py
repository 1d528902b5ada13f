"""boardless profile and boardless count, as a user calls them."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from bare_programs import program
from boardless.core import paths
from boardless.cycles import cores
from boardless.cycles import image as images
from command_line import Cli

pytestmark = pytest.mark.emulated
BARE = Path(__file__).with_name("bare")


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """digits_cnn's, with every file that it can write."""
    folder = tmp_path_factory.mktemp("profile")
    done = Cli()(
        *("profile", "digits_cnn", "--json", "-", "--csv", str(folder / "p.csv")),
        *("--speedscope", str(folder / "p.json"), "--picture", str(folder / "p.svg")),
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), folder


def test_layers_and_overhead_add_up_to_the_inference(profile: tuple[dict[str, Any], Path]) -> None:
    result, _ = profile
    run = json.loads(Cli()("run", "digits_cnn", "--limit", "4", "--json", "-").stdout)
    parts = result["layers"]
    assert [p["op"] for p in parts[-2:]] == ["FULLY_CONNECTED", "overhead"]
    assert sum(p["instructions"] for p in parts) == result["instructions"]
    assert result["instructions"] == run["instructions"]["median"]  # of icount
    assert [p["instructions"] for p in parts[:-1]] == [x["instructions"] for x in run["layers"]]
    whole = result["cycles"]["cortex-m4"]["median"]
    assert sum(p["cycles"]["cortex-m4"] for p in parts) == pytest.approx(whole, abs=1)
    assert run["cycles"] == result["cycles"]
    assert run["layers"][0]["cycles"] == parts[0]["cycles"]
    assert whole > result["instructions"]  # a Cortex-M4 issues one at a time


def test_functions_add_up_to_the_inference(profile: tuple[dict[str, Any], Path]) -> None:
    result, _ = profile
    functions = result["functions"]
    assert sum(f["instructions"] for f in functions) == result["instructions"]
    spent = [f["cycles"]["cortex-m4"] for f in functions]
    assert spent == sorted(spent, reverse=True)
    assert sum(spent) == pytest.approx(result["cycles"]["cortex-m4"]["median"], abs=1)
    calls = {f["name"]: f["calls"] for f in functions}
    assert calls["bl_max_pool_2d_s8_dsp"] == 1
    assert calls["bl_mark"] == len(result["layers"])  # before each layer, and behind the last one


def test_the_error_of_the_model_is_told() -> None:
    done = Cli()("profile", "digits_cnn", "--core", "cortex-m4")
    assert done.returncode == 0, done.stderr
    assert "FULLY_CONNECTED" in done.stdout
    last = done.stdout.splitlines()[-1]
    assert last.startswith("est. ")
    assert "cortex-m4" in last
    assert "% mean" in last


def test_files_hold_the_same_sums(profile: tuple[dict[str, Any], Path]) -> None:
    result, folder = profile
    rows = list(csv.DictReader(io.StringIO((folder / "p.csv").read_text())))
    assert sum(int(row["instructions"]) for row in rows) == result["instructions"]
    scope = json.loads((folder / "p.json").read_text())
    cycles, instructions = scope["profiles"]
    assert (cycles["name"], instructions["name"]) == ("cycles cortex-m4", "instructions")
    assert sum(instructions["weights"]) == result["instructions"] == instructions["endValue"]
    assert len(instructions["samples"]) == len(instructions["weights"])
    frames = [frame["name"] for frame in scope["shared"]["frames"]]
    assert all(0 <= frame < len(frames) for stack in cycles["samples"] for frame in stack)
    assert "bl_max_pool_2d_s8_dsp" in frames
    picture = (folder / "p.svg").read_text()
    assert "FULLY_CONNECTED" in picture
    assert "estimated cycles, cortex-m4" in picture


def test_a_new_core_is_one_file(tmp_path: Path) -> None:
    """One run prices every core; adding a core is adding one TOML file."""
    text = (cores.FOLDER / "cortex-m4.toml").read_text()
    mine = cores.FOLDER / "test-core-of-mine.toml"
    mine.write_text(text.replace("words = 3", "words = 2"))
    try:
        names = [
            part
            for name in cores.names()
            if name.startswith(("cortex-m4", "test-"))
            for part in ("--core", name)
        ]
        done = Cli()("profile", "digits_cnn", *names, "--json", "-")
    finally:
        mine.unlink()
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)["cycles"]
    assert list(result) == ["cortex-m4", "test-core-of-mine"]
    assert result["test-core-of-mine"]["median"] > result["cortex-m4"]["median"]  # starved
    assert result["test-core-of-mine"]["error_percent"] is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--core", "cortex-m99"], "unknown core 'cortex-m99'"),
        (["--part", "stm32z1"], "unknown part 'stm32z1'"),
        (["--core", "cortex-m0"], "cortex-m0 has no"),
        (["--csv", "/nowhere/p.csv"], "/nowhere/p.csv: cannot write (No such file or directory)"),
        (["--picture", "p.xyz"], "p.xyz: a picture ends in .svg, .png, .pdf"),
    ],
)
def test_bad_input_is_one_line(arguments: list[str], message: str) -> None:
    done = Cli()("profile", "digits_cnn", *arguments)
    assert done.returncode == 2
    errors = [line for line in done.stderr.splitlines() if line.startswith("boardless:")]
    assert len(errors) == 1
    assert message in errors[0]
    assert "Traceback" not in done.stderr


# ---- count ----


@pytest.fixture(scope="module")
def hello(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program that was not built here: newlib, semihosting, no vector table."""
    elf = tmp_path_factory.mktemp("hello") / "hello.elf"
    source = str(BARE / "hello.c")
    command = ["arm-none-eabi-gcc", "-O1", "-mcpu=cortex-m4", "-mthumb", "--specs=rdimon.specs"]
    subprocess.run([*command, "-o", str(elf), source], check=True, timeout=60)
    return elf


def test_count_passes_output_and_status_through(hello: Path) -> None:
    done = Cli()("count", str(hello))
    assert done.returncode == 7, done.stderr
    assert done.stdout.startswith("hello, 10\n")
    assert "by function" in done.stdout


def test_count_by_function_and_region(hello: Path) -> None:
    done = Cli()(
        *("count", str(hello), "--function", "second", "--function", "first", "--json", "-"),
    )
    result = json.loads(done.stdout)
    assert done.returncode == result["exit_code"] == 7
    assert result["stdout"] == "hello, 10\n"
    assert "and again" in done.stderr
    assert sorted((f["name"], f["calls"]) for f in result["functions"]) == [
        ("first", 1),
        ("second", 1),
    ]
    whole = sum(f["instructions"] for f in result["functions"])
    assert whole == result["instructions"]
    assert result["cycles"]["cortex-m4"]["total"] >= whole
    done = Cli()("count", str(hello), "--region", "first:second", "--json", "-")
    region = json.loads(done.stdout)["regions"][0]
    assert region["region"] == "first:second"
    assert 0 < region["instructions"] < 100
    done = Cli()("count", str(hello), "--region", "second:first")
    assert "second:first: never ran from its begin to its end" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--function", "frist"], "no symbol 'frist'; did you mean first"),
        (["--region", "first"], "region 'first' is not BEGIN:END"),
        (["--board", "nowhere"], "unknown board 'nowhere'"),
    ],
)
def test_count_names_what_is_wrong(hello: Path, arguments: list[str], message: str) -> None:
    done = Cli()("count", str(hello), *arguments)
    assert done.returncode == 2
    assert message in done.stderr


def test_count_refuses_what_is_no_elf() -> None:
    done = Cli()("count", str(paths.ROOT / "README.md"))
    assert done.returncode == 2
    assert "not a readable ELF" in done.stderr


def test_count_knows_callees_names_and_executions(tmp_path: Path) -> None:
    """A function of assembly without a size has a name, one of C++ the name of its source; a
    region says how often it ran, whatever functions are asked for."""
    elf = program(tmp_path, "callees")
    done = Cli()(*("count", str(elf), "--json", "-"))
    result = json.loads(done.stdout)
    found = {f["name"]: f for f in result["functions"]}
    assert {"bare", "add(int, int)", "work", "reset"} <= set(found)
    assert (found["work"]["calls"], found["bare"]["calls"]) == (3, 30)
    parts = [found[name]["instructions"] for name in ("work", "bare", "add(int, int)")]
    assert found["work"]["inclusive_instructions"] == sum(parts)
    assert found["reset"]["inclusive_instructions"] == result["instructions"]
    asked = ("--function", "bare", "--region", f"{hex_of(elf, 'work')}:{hex_of(elf, 'add')}")
    done = Cli()("count", str(elf), *asked, "--json", "-")
    region = json.loads(done.stdout)["regions"][0]
    assert region["executions"] == 3
    assert region["instructions"] > 3


def hex_of(elf: Path, name: str) -> str:
    image = images.load(elf)
    found = {"add": "_Z3addii"}.get(name, name)
    return hex(image.symbol(found).address)
