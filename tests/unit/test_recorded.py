"""Recorded figures of runtimes: the format of recorded.toml, and what its reader refuses."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from boardless import runtimes
from boardless.core.errors import BadInput
from boardless.runtimes import recorded
from boardless.runtimes.recorded import Figure

FIGURE = Figure(
    runtime="tflm:cmsis_nn",
    version="tflite-micro 0123456 (CMSIS-NN 7.0.0)",
    model="kws",
    digest="0123456789abcdef" * 4,
    board="mps2-an386",
    date="2026-11-29",
    boardless="0.1.0",
    compiler="arm-none-eabi-gcc 12.2.1",
    pictures=2,
    reference="tflm",
    own="exact",
    common="1 of 2 differ, by up to 1",
    instructions=12_345,
    core="cortex-m4",
    cycles=23_456,
    part="stm32l4r5",
    milliseconds=0.25,
    millijoules=0.01,
    flash_bytes=30_000,
    ram_bytes=20_000,
    stack_bytes=500,
)
REFUSED = Figure(
    runtime="tflm",
    version="tflite-micro 0123456",
    model="kws",
    digest=FIGURE.digest,
    board="esp32c3",
    date="2026-11-29",
    boardless="0.1.0",
    refused='operator 3 "SOFTMAX" \\ \u00e4 \U0001f600: not known',
)


def read(folder: Path, text: str) -> tuple[Figure, ...]:
    file = folder / "tflm" / runtimes.RECORDED
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return recorded.read(file)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    text = recorded.text([FIGURE, REFUSED])
    assert read(tmp_path, text) == (REFUSED, FIGURE)
    assert recorded.text([REFUSED, FIGURE]) == text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"runtime": "bakenn:portable"}, "of another runtime than its folder, tflm"),
        ({"runtime": "tflm:/home/me/tflite-micro"}, "names a folder of one machine"),
        ({"digest": "0123"}, "no SHA-256"),
        ({"date": "29.11.2026"}, "date is not YYYY-MM-DD"),
        ({"refused": "too large"}, "a reason of refusal and figures"),
        ({"instructions": None}, "needs all of compiler"),
        ({"common": ""}, "needs all of compiler"),
    ],
)
def test_a_contradiction_is_refused(tmp_path: Path, change: dict[str, object], said: str) -> None:
    wrong = msgspec.structs.replace(FIGURE, **change)
    with pytest.raises(BadInput, match=rf"recorded\.toml: .* kws mps2-an386: .*{said}"):
        read(tmp_path, recorded.text([wrong]))


def test_an_unknown_field_a_missing_one_and_a_second_row_are_refused(tmp_path: Path) -> None:
    text = recorded.text([FIGURE])
    for wrong in (text.replace("cycles =", "cycle ="), text.replace('model = "kws", ', "")):
        with pytest.raises(BadInput, match=r"recorded\.toml: Object .*(unknown|missing)"):
            read(tmp_path, wrong)
    with pytest.raises(BadInput, match="stand there twice"):
        read(tmp_path, recorded.text([FIGURE, FIGURE]))


def test_another_date_alone_changes_no_file() -> None:
    later = msgspec.structs.replace(FIGURE, date="2027-01-01")
    faster = msgspec.structs.replace(later, instructions=12_000)
    assert recorded.merged([FIGURE, REFUSED], [later]) == (FIGURE, REFUSED)
    assert recorded.merged([FIGURE, REFUSED], [faster]) == (faster, REFUSED)
    assert recorded.merged([REFUSED], [FIGURE]) == (REFUSED, FIGURE)


def test_a_runtime_without_a_file_has_no_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tflx").mkdir()
    (tmp_path / "tflx" / "__init__.py").touch()
    monkeypatch.setenv("BOARDLESS_RUNTIMES", str(tmp_path))
    assert recorded.load("tflx") == ()
    figure = msgspec.structs.replace(FIGURE, runtime="tflx")
    recorded.file("tflx").write_text(recorded.text([figure]))
    assert recorded.load("tflx") == (figure,)
    assert figure in recorded.every()
    with pytest.raises(BadInput, match="unknown runtime"):
        recorded.load("tfly")


@pytest.mark.parametrize("name", runtimes.names())
def test_what_is_recorded_can_be_read_and_is_as_it_is_written(name: str) -> None:
    file = recorded.file(name)
    figures = recorded.load(name)
    assert not file.is_file() or file.read_text(encoding="utf-8") == recorded.text(figures)
