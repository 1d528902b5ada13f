"""Trained weights in the layer-by-layer firmware, compiled in and from files: an emulated board
predicts what the .tflite predicts."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from boardless.core import paths
from boardless.data import pictures
from boardless.model import reference, zoo

EXAMPLES = paths.FIRMWARE / "examples"
MODEL = "mobile_lenet:float32"
PICTURES = 50
COMPILED_IN = 8  # of them
EXPORT = f"boardless export {MODEL} --format noodle_text --limit {COMPILED_IN} -o weights"
Array = npt.NDArray[np.float32]
pytestmark = [
    pytest.mark.emulated,
    pytest.mark.skipif(
        not (shutil.which("arm-none-eabi-gcc") and shutil.which("qemu-system-arm")),
        reason="needs arm-none-eabi-gcc and qemu-system-arm",
    ),
]


def run(script: str, place: Path) -> subprocess.CompletedProcess[str]:
    """Runs a README's commands at the root of the checkout; what they make goes to `place`."""
    for name in ("weights.c", "mobile_lenet.elf", "weights"):
        pattern = rf"(?<![\w/.])(?:\.\./)?{re.escape(name)}(?=\s|$)"
        script = re.sub(pattern, shlex.quote(str(place / name)), script)
    return subprocess.run(
        ["sh", "-e", "-c", script],
        cwd=paths.ROOT,
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def commands(example: str) -> str:
    found = re.search(r"```sh\n(.*?)```", (EXAMPLES / example / "README.md").read_text(), re.DOTALL)
    assert found
    return found[1].replace("../mobile_lenet.elf", "mobile_lenet.elf")


def probabilities(done: subprocess.CompletedProcess[str]) -> Array:
    assert done.returncode == 0, done.stdout + done.stderr
    words = [line.split() for line in done.stdout.splitlines() if re.match(r"\d\.\d{3} ", line)]
    bits = np.array([int(word[1], 16) for word in words], np.uint32)
    return bits.view(np.float32).reshape(-1, 8)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("layers")


@pytest.fixture(scope="module")
def from_files(place: Path) -> Array:
    return probabilities(run(commands("mobile_lenet_files"), place))


def test_weights_from_files_predict_what_the_model_does(from_files: Array) -> None:
    model = zoo.find(MODEL)
    inputs = pictures.load(model, None, PICTURES).inputs
    expected = reference.predict(model.reference, inputs)
    np.testing.assert_array_equal(from_files.argmax(axis=1), expected.argmax(axis=1))
    np.testing.assert_allclose(from_files, expected, rtol=0, atol=2e-5)


def test_weights_that_are_compiled_in_give_the_same_bits(from_files: Array, tmp_path: Path) -> None:
    script = commands("mobile_lenet_layers").replace("--random 1", "weights")
    seen = probabilities(run(f"{EXPORT}\n{script}", tmp_path))
    expected = from_files[:COMPILED_IN]
    np.testing.assert_array_equal(seen.view(np.uint32), expected.view(np.uint32))


@pytest.mark.usefixtures("from_files")
def test_a_missing_or_short_file_is_named(place: Path) -> None:
    start = commands("mobile_lenet_files").partition("cd weights")
    again = "".join(start[1:])
    file = place / "weights" / "bn05.bin"
    content = file.read_bytes()
    for damage, line in (
        (content[:-4], "bn05.bin has 124 bytes, not 128"),
        (2 * content, "bn05.bin is too long"),
        (b"", "bn05.bin has 0 bytes, not 128"),
        (None, "bn05.bin is missing"),
    ):
        file.unlink() if damage is None else file.write_bytes(damage)
        done = run(again, place)
        assert (done.returncode, done.stdout.strip()) == (1, line), done.stderr
    file.write_bytes(content)
