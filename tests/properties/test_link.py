"""The line discipline: messages.py against link.c, on whatever bytes come, in whatever pieces."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from boardless.device.link import messages
from hypothesis import assume, example, given
from hypothesis import strategies as st
from properties import runners

MORE, COMMAND, TOO_LONG, BAD_CHECKSUM, BLOCK, BAD_BLOCK = range(6)
COMMAND_MAX, COMMANDS_KEPT = 80, 8

# Bytes that mean something to the link come up more often than others.
NOISE = st.lists(
    st.one_of(
        st.binary(max_size=30), st.sampled_from([b"%", b"\0", b" ~", b"\r\n", b"\xff", b"\x01"])
    ),
    max_size=12,
).map(b"".join)
PICTURES = st.one_of(
    st.binary(max_size=40),
    st.builds(  # around 254 bytes without a zero, where COBS starts a new group
        lambda n, fill, tail: bytes([fill]) * n + tail,
        st.integers(250, 260),
        st.integers(0, 255),
        st.binary(max_size=3),
    ),
    st.builds(lambda n: bytes(range(1, 255)) * n, st.integers(1, 3)),
)
TEXTS = st.text(
    st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="%"), max_size=69
)


@dataclass(frozen=True)
class Heard:
    """The result of some bytes on the device."""

    events: list[int]  # one for each byte
    commands: list[tuple[str, bool]]  # with whether a checksum was there
    block: bytes

    @property
    def news(self) -> list[int]:
        return [e for e in self.events if e != MORE]


def feed(machine: str, data: bytes, after: int = -1, length: int = 0, crc: int = 0) -> Heard:
    params = {"count": len(data), "expect_after": after, "block_length": length, "block_crc": crc}
    kept = COMMANDS_KEPT * (COMMAND_MAX + 2)
    status, output, block = runners.load(machine).probe(
        "bl_probe_link_feed", params, data, len(data) + kept, length, "bl_probe_link"
    )
    assert status == 0
    events, rest = list(output[: len(data)]), output[len(data) :]
    texts = [
        rest[i * (COMMAND_MAX + 1) : (i + 1) * (COMMAND_MAX + 1)] for i in range(COMMANDS_KEPT)
    ]
    checked = rest[COMMANDS_KEPT * (COMMAND_MAX + 1) :]
    seen = events.count(COMMAND)
    commands = [
        (text.split(b"\0")[0].decode("latin1"), bool(flag))
        for text, flag in list(zip(texts, checked, strict=True))[:seen]
    ]
    return Heard(events, commands, block)


@runners.machines
@given(
    data=NOISE, after=st.integers(-1, 3), length=st.integers(0, 64), crc=st.integers(0, 2**32 - 1)
)
def test_no_bytes_crash_it(machine: str, data: bytes, after: int, length: int, crc: int) -> None:
    """Bytes arrive as text and while a block is expected; sanitizers and guard bytes watch."""
    heard = feed(machine, data, after, length, crc)
    assert all(event in range(6) for event in heard.events)
    for event, byte in zip(heard.events, data, strict=True):
        if event in (COMMAND, TOO_LONG, BAD_CHECKSUM):
            assert byte == ord("%")
        if event in (BLOCK, BAD_BLOCK):
            assert byte == 0


@runners.machines
@given(noise=NOISE, after=st.integers(-1, 3), length=st.integers(0, 64), text=TEXTS)
def test_a_zero_resynchronises(
    machine: str, noise: bytes, after: int, length: int, text: str
) -> None:
    """Whatever came before, one byte 0 and the next command is understood."""
    data = noise + messages.RESYNC + messages.command(text)
    heard = feed(machine, data, after, length)
    assert heard.events[-1] == COMMAND
    if heard.events.count(COMMAND) <= COMMANDS_KEPT:
        assert heard.commands[-1] == (text, True)


@given(data=PICTURES)
def test_cobs_has_no_zero_and_little_overhead(data: bytes) -> None:
    coded = messages.cobs(data)
    assert 0 not in coded
    assert len(coded) <= len(data) + 1 + len(data) // 254


@runners.machines
@given(data=PICTURES)
@example(data=b"")
@example(data=bytes(254))
@example(data=b"\x01" * 254)
@example(data=b"\x01" * 254 + b"\0")
def test_a_block_arrives(machine: str, data: bytes) -> None:
    sent = messages.block(0, data)
    heard = feed(machine, sent, 1, len(data), zlib.crc32(data))
    assert heard.news == [COMMAND, BLOCK]
    assert heard.block == data


@runners.machines
@example(data=bytes(range(1, 255)), where=255, change=1, kind="change")
@given(
    data=PICTURES.filter(bool),
    where=st.integers(0),
    change=st.integers(1, 255),
    kind=st.sampled_from(["change", "lose", "add"]),
)
def test_a_damaged_block_is_refused(
    machine: str, data: bytes, where: int, change: int, kind: str
) -> None:
    """A byte changed, lost or added; CRC-32 finds each of them. A byte that turned into 0 ends the
    block early, and the rest is text until the real 0 comes."""
    coded = messages.cobs(data)
    i = where % len(coded)
    if kind == "change":
        damaged = coded[:i] + bytes([coded[i] ^ change]) + coded[i + 1 :]
    elif kind == "lose":
        damaged = coded[:i] + coded[i + 1 :]
    else:
        damaged = coded[:i] + bytes([change]) + coded[i:]
    heard = feed(machine, damaged + b"\0", 0, len(data), zlib.crc32(data))
    if BLOCK in heard.events:  # only a last code byte 1, which says nothing, may turn into the end
        assert heard.block == data
    else:
        assert BAD_BLOCK in heard.events


@runners.machines
@given(text=TEXTS, where=st.integers(0), change=st.integers(1, 255))
def test_a_damaged_command_is_not_taken_for_another(
    machine: str, text: str, where: int, change: int
) -> None:
    """Damage either shows, or leaves a command without a checksum, which gets untrusted answers."""
    sent = messages.command(text)
    i = where % (len(sent) - 1)
    damaged = sent[:i] + bytes([sent[i] ^ change]) + sent[i + 1 :]
    assume(damaged.lower() != sent.lower())  # hex digits may be in either case
    heard = feed(machine, damaged)
    trusted = [command for command, checked in heard.commands if checked]
    assert not trusted or set("\r\n") & set(damaged.decode("latin1"))


@given(text=TEXTS)
def test_replies_read_back(text: str) -> None:
    assert messages.reply(messages.checksummed(text).encode()) == messages.Reply(text, True)


@given(line=st.binary(max_size=100))
def test_any_line_is_a_reply(line: bytes) -> None:
    reply = messages.reply(line)
    assert not reply.trusted or messages.checksummed(reply.text).encode() == line
