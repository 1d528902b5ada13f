"""`boardless convert`, with stand-ins for TensorFlow and Keras; tests/zoo has the real ones."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
import zipfile
from pathlib import Path

import pytest
import stand_in_converters
from boardless.core import paths
from boardless.core.errors import BadInput
from boardless.front.convert import sources
from command_line import Cli, failure


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    monkeypatch.setenv("PYTHONPATH", str(stand_in_converters.keras(tmp_path / "packages")))
    stand_in_converters.digits(tmp_path / "digits.npz", 8)
    (tmp_path / "net.keras").write_text("")
    return Cli(tmp_path)


def test_both_files_are_measured_and_the_next_command_is_shown(cli: Cli, tmp_path: Path) -> None:
    done = cli("convert", "net.keras", "--images", "digits.npz", "--log", "log", "--json", "j")
    assert done.returncode == 0, done.stderr
    zoo = paths.ZOO / "digits_cnn"
    assert (tmp_path / "net.tflite").read_bytes() == (zoo / "int8.tflite").read_bytes()
    assert "noise of a converter" not in done.stdout + done.stderr
    assert "calibrated with 8 (1, 8, 8, 1)" in (tmp_path / "log").read_text()
    found = json.loads((tmp_path / "j").read_text())
    assert found["calibration_images"] == found["images"] == 8
    assert found["agreement"] is not None
    kinds = [layer["op"] for layer in found["layers"]]
    assert len(kinds) == 4
    assert all(kind in done.stdout for kind in kinds)
    assert found["next"].startswith("boardless run net.tflite --board mps2-an386 --images digits")
    assert done.stdout.splitlines()[-1].endswith(f"next: {found['next']}")


def test_float32_needs_no_pictures(cli: Cli, tmp_path: Path) -> None:
    done = cli("convert", "net.keras", "--dtype", "float32", "-o", "f.tflite")
    assert done.returncode == 0, done.stderr
    zoo = paths.ZOO / "digits_cnn"
    assert (tmp_path / "f.tflite").read_bytes() == (zoo / "float32.tflite").read_bytes()
    assert "wrote f.tflite; next: boardless run f.tflite --board mps2-an386\n" in done.stdout


@pytest.mark.parametrize(
    ("text", "status", "message"),
    [
        ("a `Lambda` layer whose function is Python", 2, "it has a Lambda layer"),
        ("Could not locate class 'Mine'. Make sure", 2, "it has a custom layer or function, Mine,"),
        ("strange", 2, "Keras cannot load it: strange"),
        ("abort", 3, "the converter ended with SIGABRT on this model: out of luck"),
    ],
)
def test_a_model_that_is_refused_is_one_line(
    cli: Cli, tmp_path: Path, text: str, status: int, message: str
) -> None:
    (tmp_path / "net.keras").write_text(text)
    arguments = ("convert", "net.keras", "--images", "digits.npz", "-q")
    assert f"net.keras: {message}" in cli.fails(status, *arguments)
    assert not (tmp_path / "net.tflite").exists()


def test_without_the_converter_the_extra_is_named(cli: Cli) -> None:
    arguments = ("convert", "net.keras", "--images", "digits.npz", "-q")
    line = cli.fails(3, *arguments, PYTHONPATH="")
    assert "not installed" in line
    assert "pip install 'boardless[keras]'" in line


def test_what_is_no_python_is_named(cli: Cli) -> None:
    cat = shutil.which("cat") or ""
    line = cli.fails(3, "convert", "net.keras", "--dtype", "float32", "--python", cat, "-q")
    assert f"{cat} says what no converter does" in line


def test_ctrl_c_leaves_nothing(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "net.keras").write_text("wait")
    (tmp_path / "tmp").mkdir()
    arguments = ("convert", "net.keras", "--images", "digits.npz", "-q")
    process = cli.start(*arguments, TMPDIR=str(tmp_path / "tmp"))
    begun = tmp_path / "net.keras.begun"
    for _ in range(600):
        if begun.exists() and begun.read_text():
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.strip()) == (130, "", "boardless: interrupted")
    assert list((tmp_path / "tmp").iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.kill(int(begun.read_text()), 0)


def test_no_pictures_and_no_such_models_are_told(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "net.pth").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    for words, message in (
        (("net.keras",), "net.keras: int8 needs pictures that set its ranges"),
        (("none.keras",), "none.keras: no such file"),
        (("net.pth",), "net.pth: this may be a pickle"),
        (("empty",), "empty: the folder has no saved_model.pb"),
    ):
        assert message in failure(cli("convert", *words), 2)
    arguments = ("convert", "net.keras", "--calibrate", "empty", "-q")
    assert "empty: no pictures" in cli.fails(2, *arguments)


def exported(path: Path, **changes: object) -> Path:
    """Writes an archive as torch.export.save does; `changes` are to what it holds."""
    node = {"target": changes.get("target", "torch.ops.aten.relu.default"), "inputs": []}
    graph = {"graph_module": {"graph": {"nodes": [node], "sizes": [changes.get("size", {})]}}}
    weights = {"config": {"w": {"use_pickle": changes.get("pickle", False)}}}
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("net/models/model.json", json.dumps(graph))
        file.writestr("net/data/weights/model_weights_config.json", json.dumps(weights))
        file.writestr(f"net/{changes.get('file', 'byteorder')}", "little")
    return path


def test_an_exported_program_without_code_is_taken(tmp_path: Path) -> None:
    path = exported(tmp_path / "net.pt2")
    assert sources.find(str(path)) == ("torch", path, "")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"target": "torch.hub.load"}, "it calls 'torch.hub.load'"),
        ({"target": "_operator.attrgetter"}, "it calls '_operator.attrgetter'"),
        ({"size": {"as_expr": {"expr_str": "s0"}}}, "its sizes are not fixed"),
        ({"pickle": True}, "pickled weights"),
        ({"file": "data/aotinductor/model/a.so"}, "compiled code"),
        ({"file": "data/constants/custom_obj_0"}, "Python's objects"),
    ],
)
def test_an_exported_program_that_may_run_code_is_refused(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        sources.find(str(exported(tmp_path / "net.pt2", **changes)))


def test_a_function_of_a_file_has_to_be_named(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text("")
    assert sources.find(f"{path}:make") == ("torch", path, "make")
    with pytest.raises(BadInput, match="which function"):
        sources.find(str(path))
