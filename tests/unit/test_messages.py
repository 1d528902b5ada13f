from __future__ import annotations

import zlib

import pytest
from boardless.device.link import messages
from hypothesis import given
from hypothesis import strategies as st


def uncobs(data: bytes) -> bytes:
    """The other direction, written from the definition, as the firmware does it."""
    out, i, zero = bytearray(), 0, False
    while i < len(data):
        if zero:
            out.append(0)
        code = data[i]
        out += data[i + 1 : i + code]
        zero = code != 255
        i += code
    return bytes(out)


@given(st.binary(max_size=1200))
def test_cobs_has_no_zero_and_comes_back(data: bytes) -> None:
    coded = messages.cobs(data)
    assert 0 not in coded
    assert uncobs(coded) == data
    assert len(coded) <= len(data) + len(data) // 254 + 1


@pytest.mark.parametrize("length", [0, 1, 253, 254, 255, 508, 509])
@pytest.mark.parametrize("tail", [b"", b"\0", b"\0\0"])
def test_cobs_around_full_runs(length: int, tail: bytes) -> None:
    data = b"\x01" * length + tail
    assert uncobs(messages.cobs(data)) == data


def test_command_carries_the_checksum_of_its_text() -> None:
    assert messages.command("predict") == b"predict ~%08x%%" % zlib.crc32(b"predict")


def test_reply_is_trusted_only_with_the_right_checksum() -> None:
    line = messages.checksummed("m-ready").encode()
    assert messages.reply(line) == messages.Reply("m-ready", True)
    assert not messages.reply(b"m-ready").trusted
    damaged = line.replace(b"ready", b"reads")
    assert messages.reply(damaged) == messages.Reply(damaged.decode(), False)


@given(st.binary(max_size=100))
def test_reply_takes_any_bytes(line: bytes) -> None:
    assert isinstance(messages.reply(line).text, str)


def test_fields() -> None:
    lines = ["m-ticks-[12]", "m-output-[00ff]", "noise", "m-name-dut-[x]"]
    assert messages.fields(lines) == {"ticks": "12", "output": "00ff"}
