"""`boardless gate` of a .tflite in a user's own repository, compared with a revision of it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import kept
import own_model
import pytest
from command_line import Cli

pytestmark = pytest.mark.emulated
GATE = ("gate", "nets/model.tflite", "--board", "mps2-an386")


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("build")
    kept.share_with(folder, ["mps2-an386"])
    return str(folder)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, build: str) -> Path:
    """One commit with one model; the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOARDLESS_BUILD_DIR", build)
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "model.tflite").write_bytes(own_model.model())
    git("init", "-q")
    commit("one")
    return tmp_path


def git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, capture_output=True)


def commit(message: str) -> None:
    git("add", "-A")
    git("-c", "user.name=test", "-c", "user.email=test@example.org", "commit", "-qm", message)


def test_a_larger_model_is_worse_unless_that_is_allowed(repository: Path, cli: Cli) -> None:
    (repository / "nets" / "model.tflite").write_bytes(own_model.model(copies=2))
    compared = (*GATE, "--against", "HEAD", "--json", "out.json")
    done = cli(*compared)
    assert done.returncode == 1, done.stderr
    data = json.loads(Path("out.json").read_text())
    (row,) = data["rows"]
    assert (row["model"], row["file"]) == ("model:int8", "nets/model.tflite")
    failed = {f["place"] for f in row["findings"] if f["fails"]}
    assert {"arena", "weights", "conv 0"} <= failed
    before, now = (row[k]["cycles"]["cortex-m4"]["whole"] for k in ("baseline", "figures"))
    assert now > 1.3 * before
    assert re.search(r"the model is another: top class of \d+ of 64 pictures changed", done.stdout)

    (repository / "gate.toml").write_text('[[tolerance]]\nmetric = "*"\npercent = 200\n')
    done = cli(*compared)
    assert done.returncode == 0, done.stdout
    assert not [line for line in done.stdout.splitlines() if line.startswith("model:int8 ")]


def test_a_model_under_another_name_is_judged_no_more(repository: Path, cli: Cli) -> None:
    (repository / "nets" / "model.tflite").rename("another.tflite")
    compared = ("gate", "another.tflite", *GATE[2:], "--against", "HEAD", "--junit", "out.xml")
    done = cli(*compared)
    assert done.returncode == 1, done.stderr
    line = "nets/model.tflite: in HEAD, and not here any more; accept: [[gone]] with "
    assert f'\n{line}model = "nets/model.tflite" in gate.toml\n' in done.stdout
    assert "in HEAD, and not here any more" in Path("out.xml").read_text()
    (repository / "gate.toml").write_text('[[gone]]\nmodel = "nets/model.tflite"\n')
    assert cli(*compared).returncode == 0


def test_what_has_no_past_is_only_compared_with_the_reference(repository: Path, cli: Cli) -> None:
    model = (repository / "nets" / "model.tflite").read_bytes()
    (repository / "another.tflite").write_bytes(model)
    for revision in ([], ["--against", "HEAD"]):
        done = cli("gate", "another.tflite", *GATE[2:], *revision, "--junit", "out.xml")
        assert done.returncode == 0, done.stderr
        assert "not compared" in done.stdout
        assert "<skipped" in Path("out.xml").read_text()


def test_a_model_that_does_not_fit_fails(repository: Path, cli: Cli, own_board: Path) -> None:
    toml = own_board / "board.toml"
    toml.write_text(toml.read_text().replace("flash_bytes = 0x400000", "flash_bytes = 0x1000"))
    done = cli(*GATE[:2], "--board", "my-board", "--against", "HEAD", "--junit", "out.xml")
    assert done.returncode == 1, done.stderr
    line = r"my-board: model does not fit: FLASH is too small by [\d,]+ bytes"
    assert re.search(f"^{line}$", done.stdout, re.MULTILINE), done.stdout
    assert re.search(f'failure message="{line}"', Path("out.xml").read_text())
    said = cli("report", "--annotations").stdout
    assert re.fullmatch(f"::error title=boardless::{line}\n", said)


def test_a_model_that_did_not_run_before_is_only_compared_with_the_reference(
    repository: Path, cli: Cli
) -> None:
    fixed = (repository / "nets" / "model.tflite").read_bytes()
    (repository / "nets" / "model.tflite").write_bytes(b"nothing")
    commit("broken")
    (repository / "nets" / "model.tflite").write_bytes(fixed)
    done = cli(*GATE, "--against", "HEAD")
    assert done.returncode == 0, done.stderr
    assert "in HEAD it does not run: not a TensorFlow Lite model" in done.stdout


def test_bad_usage_is_one_line(
    repository: Path, tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "unknown revision 'v9'" in cli.fails(2, *GATE, "--against", "v9")
    assert "has no baseline" in cli(*GATE, "--update").stderr
    assert "has no baseline" in cli(*GATE, "digits_cnn").stderr
    assert "--images is for a .tflite" in cli("gate", "digits_cnn", "--images", "nets").stderr
    (repository / "gate.toml").write_text("tolerance = 1\n")
    assert "gate.toml: Expected `array`" in cli.fails(2, *GATE)
    (repository / "gate.toml").unlink()
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nothing"))
    said = cli.fails(2, *GATE, "--against", "HEAD")
    assert "--against needs a git checkout" in said
