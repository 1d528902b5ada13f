"""The record of a UART's traffic, and the content of a fault report."""

from __future__ import annotations

from boardless.device import backtrace
from boardless.device.link.transcript import Recorded


class Line:
    """A session that answers with given bytes."""

    shared = None

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)
        self.sent = b""

    def send(self, data: bytes) -> None:
        self.sent += data

    def receive(self, timeout: float) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""


def test_both_directions_a_line_each_however_they_were_cut() -> None:
    line = Line(b"m-na", b"me-dut-[x]\r\nm-ready\r", b"\n", b"")
    recorded = Recorded(line)  # type: ignore[arg-type]
    recorded.send(b"na")
    recorded.send(b"me%")
    received = b"".join(recorded.receive(1.0) for _ in range(4))
    recorded.send(b"block 0 3 00000000%" + bytes([1, 2, 255]) + b"\0")
    assert line.sent.startswith(b"name%block")
    assert received == b"m-name-dut-[x]\r\nm-ready\r\n"
    assert recorded.lines() == [
        "> name",
        "< m-name-dut-[x]",
        "< m-ready",
        "> block 0 3 00000000",
        "> (4 bytes) 01 02 ff 00",
    ]


def test_a_long_line_is_cut() -> None:
    recorded = Recorded(Line(b"m-output-[" + b"00" * 500 + b"]\r\n"))  # type: ignore[arg-type]
    recorded.receive(1.0)
    (line,) = recorded.lines()
    assert line.startswith("< m-output-[0000")
    assert line.endswith("... (1011 characters)")


def test_a_fault_report_is_read() -> None:
    fault = backtrace.parse(
        [
            "m-ready",
            "e-[fault stack overflow pc=0x00000000 lr=0x0000022f sp=0x20003f80]",
            "e-[stack 20003f80 00000001 0000022f]",
            "e-[stack 20003f88 deadbeef]",
        ]
    )
    assert fault is not None
    assert fault.kind == "stack overflow"
    assert fault.registers == {"pc": 0, "lr": 0x22F, "sp": 0x20003F80}
    assert fault.stack == {0x20003F80: 1, 0x20003F84: 0x22F, 0x20003F88: 0xDEADBEEF}


def test_where_there_is_no_fault_there_is_no_report() -> None:
    assert backtrace.parse(["m-ready", "e-[fault: this board knows no such fault]"]) is None
