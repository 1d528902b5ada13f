"""One specification of the device's side of the link, for the fake board and the emulated one."""

from __future__ import annotations

import random
import time
import zlib
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from boardless.core.errors import LinkError
from boardless.data import pictures
from boardless.device import emulators, run
from boardless.device.link import faults, messages
from boardless.device.link.client import DAMAGED, Client
from boardless.device.records import Build
from boardless.model import zoo

MODEL = "digits_cnn:int8"
DEVICES = [
    pytest.param(("host", "fake"), id="fake"),
    pytest.param(("mps2-an386", "qemu"), id="qemu", marks=pytest.mark.emulated),
]
Built = Callable[[str, str], Build]


@pytest.fixture(scope="module", params=DEVICES)
def device(request: pytest.FixtureRequest, built: Built) -> tuple[Build, str]:
    board, emulator = request.param
    return built(MODEL, board), emulator


@pytest.fixture
def client(device: tuple[Build, str]) -> Iterator[Client]:
    build, emulator = device
    session = emulators.load(emulator).start(build.board, build.elf, shared=True)
    with Client(session) as client:
        client.boot()
        yield client


@pytest.fixture(scope="module")
def picture() -> bytes:
    return bytes(pictures.load(zoo.find(MODEL), None, 1).inputs[0].tobytes())


def deadline() -> float:
    return time.monotonic() + 60  # only guards a hang


def raw(client: Client, text: bytes) -> list[str]:
    """Returns the answer to unmodified bytes, up to m-ready, as a person at a terminal sees it."""
    client.session.send(text)
    answer = b""
    while not answer.endswith(b"m-ready\r\n"):
        answer += client.session.receive(30)
    return answer.decode().splitlines()


def test_commands_of_mlperf_tiny(client: Client, picture: bytes) -> None:
    assert raw(client, b"name%") == ["m-name-dut-[boardless]", "m-ready"]
    assert raw(client, b"profile%")[1] == f"m-model-[{MODEL}]"
    assert raw(client, b"timestamp%")[0].startswith("m-lap-us-")
    assert raw(client, b"db load 64%") == ["m-[Expecting 64 bytes]", "m-ready"]
    hexed = picture.hex().encode()
    pieces = [hexed[i : i + 62] for i in range(0, len(hexed), 62)]  # 31 bytes, as the runner sends
    assert [raw(client, b"db " + p + b"%") for p in pieces] == [
        ["m-ready"],
        ["m-ready"],
        ["m-load-done", "m-ready"],
    ]
    first = "m-buffer-" + "-".join(f"{b:02x}" for b in picture[:8])
    assert raw(client, b"db print%")[0] == first
    lines = raw(client, b"infer 2 1%")
    assert [line for line in lines if not line.startswith("m-lap-us-")][:-1] == [
        "m-warmup-start-1",
        "m-warmup-done",
        "m-infer-start-2",
        "m-infer-done",
        lines[-2],
    ]
    assert lines[-2].startswith("m-results-[")
    assert raw(client, b"results%")[0] == lines[-2]
    values = [float(v) for v in lines[-2].removeprefix("m-results-[").rstrip("]").split(",")]
    output = client.predict(picture)[1]
    q = zoo.find(MODEL).graph.output_tensor.quantisation
    assert q is not None
    real = q.scale * (np.frombuffer(output, np.int8).astype(float) - q.zero_point)
    assert values == pytest.approx(real.tolist(), abs=0.00051)
    assert len(raw(client, b"help%")) > 10


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"what%", "e-[Unknown command: what]"),
        (b"%", "e-[Unknown command: ]"),
        (b"\x07\xff%", "e-[Unknown command: ??]"),
        (b"names%", "e-[Unknown command: names]"),
        (b"infer%", "e-[Inference iterations must be >0]"),
        (b"infer 0%", "e-[Inference iterations must be >0]"),
        (b"infer -1%", "e-[Inference iterations must be >0]"),
        (b"infer 99999999999999999999%", "e-[Inference iterations must be >0]"),
        (b"infer 1 x%", "e-[infer: the number of warm-ups is not a number]"),
        (b"db%", "e-[db: load N, print or hex digits are needed]"),
        (b"db load%", "e-[db load: a number of bytes is needed]"),
        (b"db load 65%", "e-[db load: the input has only 64 bytes]"),
        (b"db 123%", "e-[Insufficent number of hex digits]"),
        (b"db zz%", "e-[db: not a hex digit]"),
        (b"db 00%", "e-[db: more bytes than announced by db load]"),
        (b"x" * 81 + b"%", "e-[Command longer than 80 characters]"),
        (b"x" * 5000 + b"%", "e-[Command longer than 80 characters]"),
        (b"name ~00000000%", "e-[Checksum of the command is wrong]"),
        (b"name ~0000000g%", "e-[Checksum of the command is wrong]"),
        (b"block 0 65 0%", "e-[block: outside of the input's 64 bytes]"),
        (b"block 4294967295 2 0%", "e-[block: outside of the input's 64 bytes]"),
        (b"block 0 8%", "e-[block: OFFSET LENGTH CRC32 are needed]"),
        (b"bulk 1 4 0%", "e-[bulk: outside of the 16777216 bytes of shared memory]"),
        (b"bulk 4294967295 0 0%", "e-[bulk: outside of the 16777216 bytes of shared memory]"),
        (b"bulk 1%", "e-[bulk: COUNT INPUTS RESULTS are needed]"),
        (b"fault z%", "e-[fault: this board knows no such fault; b, u, s or l]"),
        (b"block 0 4 0%\x03ab\0", "e-[Block is damaged: length or checksum is wrong]"),
        (b"block 0 4 0%\x06abcde\0", "e-[Block is damaged: length or checksum is wrong]"),
        (b"block 0 4 0%\0", "e-[Block is damaged: length or checksum is wrong]"),
    ],
)
def test_bad_frames_get_an_error_reply_and_the_device_lives_on(
    client: Client, sent: bytes, answer: str
) -> None:
    assert raw(client, sent) == [answer, "m-ready"]
    assert raw(client, b"name%") == ["m-name-dut-[boardless]", "m-ready"]


def test_a_zero_byte_drops_an_unfinished_command(client: Client) -> None:
    assert raw(client, b"infer 1000\0name%") == ["m-name-dut-[boardless]", "m-ready"]


def test_line_ends_that_a_person_types_do_not_matter(client: Client) -> None:
    assert raw(client, b"\r\nna\nme%\r\n") == ["m-name-dut-[boardless]", "m-ready"]


def test_repeated_and_interleaved_blocks(client: Client, picture: bytes) -> None:
    _, expected = client.predict(picture)
    half = messages.block(0, picture[:32])
    for _ in range(3):
        client.session.send(half)
        assert client._answer(deadline()) == ["m-block-done"]
    # a command in the middle of a block makes it a damaged block, not a command
    broken = messages.block(32, picture[32:])
    cut = broken[: broken.index(b"%") + 5] + b"name%" + broken[broken.index(b"%") + 5 :]
    client.session.send(cut)
    assert client.line(deadline()) == messages.Reply(DAMAGED, True)
    client.resync()
    client.session.send(broken)
    assert client._answer(deadline()) == ["m-block-done"]
    answer = messages.fields(client.command("predict"))
    assert bytes.fromhex(answer["output"]) == expected


def test_checksummed_answers_only_to_checksummed_commands(client: Client) -> None:
    assert raw(client, b"name%")[0] == "m-name-dut-[boardless]"
    client.session.send(messages.command("name"))
    line = client.line(deadline())
    assert line == messages.Reply("m-name-dut-[boardless]", True)


def test_reset_starts_again(client: Client, picture: bytes) -> None:
    _, expected = client.predict(picture)
    client.reset()
    assert client.predict(picture)[1] == expected


def test_a_firmware_of_another_build_is_refused(client: Client, device: tuple[Build, str]) -> None:
    import dataclasses

    other = dataclasses.replace(device[0], build_id="0" * 16)
    with pytest.raises(
        LinkError, match=f"is build {device[0].build_id}.*wanted is 0000000000000000"
    ):
        client.hello(other)


def test_random_bytes_never_stop_the_device(client: Client) -> None:
    rng = random.Random(7)
    for _ in range(40):
        # without '%' no noise can become a command such as reset or fault
        noise = bytes(b for b in rng.randbytes(rng.randrange(200)) if b != ord("%"))
        client.session.send(noise + b"\0")
        client.resync()
    assert raw(client, b"name%") == ["m-name-dut-[boardless]", "m-ready"]


BAD_LINES = [
    "drop=0.002,seed=1",
    "flip=0.002,seed=2",
    "split=1",
    "delay=3",
    "drop=0.001,flip=0.001,split=7,delay=2,seed=3",
]


@pytest.mark.parametrize("line", BAD_LINES)
def test_a_bad_line_changes_no_prediction(device: tuple[Build, str], line: str) -> None:
    build, emulator = device
    fed = pictures.load(zoo.find(MODEL), None, 6)
    good = run.Options(emulator, link="uart")
    bad = run.Options(emulator, link="uart", bad_line=faults.parse(line))
    expected = run.run(build, fed, good, lambda n: None)
    got = run.run(build, fed, bad, lambda n: None)
    assert (got.outputs == expected.outputs).all()
    assert got.counts == expected.counts


def test_faults_are_the_same_for_the_same_seed() -> None:
    class Loop:
        shared = None

        def __init__(self) -> None:
            self.sent: list[bytes] = []

        def send(self, data: bytes) -> None:
            self.sent.append(data)

    outcomes = []
    for _ in range(2):
        loop = Loop()
        line = faults.BadLine(loop, faults.parse("drop=0.1,flip=0.1,split=5,seed=9"))  # type: ignore[arg-type]
        line.send(bytes(range(200)))
        outcomes.append(loop.sent)
    assert outcomes[0] == outcomes[1]
    assert all(len(piece) <= 5 for piece in outcomes[0])
    assert 100 < len(b"".join(outcomes[0])) < 200
    assert zlib.crc32(b"".join(outcomes[0])) != zlib.crc32(bytes(range(200)))
