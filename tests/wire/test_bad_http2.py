"""Bad input to the gRPC port as bytes of HTTP/2: each row has its one right answer, and nobody else notices."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest
from grpc_local import TOKEN, Local, RawClient, framed, served, until, update
from h2.errors import ErrorCodes
from hpack import Encoder

from goboard.entrypoints.grpc import pace

DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
GOOD = framed(update())
HEAD = [
    (":method", "POST"),
    (":scheme", "http"),
    (":path", "/dashboard.DashboardService/StreamUpdates"),
    (":authority", "localhost"),
    ("content-type", "application/grpc"),
    ("authorization", TOKEN),
]
CALL = Encoder().encode(HEAD, huffman=False)
LIVES = None
"""It is no fault: the connection goes on."""
MANY = 2500
PROTOCOL, SIZE, FLOW = ErrorCodes.PROTOCOL_ERROR, ErrorCodes.FRAME_SIZE_ERROR, ErrorCodes.FLOW_CONTROL_ERROR
CALM = ErrorCodes.ENHANCE_YOUR_CALM
HPACK = PROTOCOL
"""h2's word for all that is wrong with compressed headers."""


def frame(kind: int, payload: bytes = b"", *, flags: int = 0, stream: int = 0) -> bytes:
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + payload


def call(block: bytes = CALL, *, flags: int = END_HEADERS, stream: int = 1) -> bytes:
    return frame(HEADERS, block, flags=flags, stream=stream)


def number(value: int) -> bytes:
    return value.to_bytes(4)


def setting(name: int, value: int) -> bytes:
    return frame(SETTINGS, name.to_bytes(2) + number(value))


def literal(name: bytes, value: bytes) -> bytes:
    """Write a header that goes into the table (RFC 7541, section 6.2.1), each part under 127 bytes."""
    return b"\x40" + bytes([len(name)]) + name + bytes([len(value)]) + value


# name → what is sent, and why the server ends the connection
FRAMES: dict[str, tuple[bytes, ErrorCodes | None]] = {
    "HTTP/1.1": (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", SIZE),
    "a second preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", SIZE),
    "the head of a frame of 16 MiB": (b"\xff\xff\xff\0\0\0\0\0\1", SIZE),
    "a frame over the largest": (frame(DATA, b"x" * 16_385, stream=1), SIZE),
    "a frame of a type that there is not": (frame(0xBB, b"abc"), LIVES),
    "flags that there are not": (frame(PING, b"12345678", flags=0xF0), LIVES),
    "the reserved bit of the stream": (frame(WINDOW, number(1), stream=1 << 31), LIVES),
    # SETTINGS, RFC 9113, section 6.5
    "settings cut off": (frame(SETTINGS, b"12345"), SIZE),
    "settings of a stream": (frame(SETTINGS, stream=1), PROTOCOL),
    "settings acknowledged with some": (frame(SETTINGS, b"123456", flags=ACK), PROTOCOL),
    "settings acknowledged twice": (frame(SETTINGS, flags=ACK) * 2, LIVES),
    "a setting that there is not": (setting(0xABCD, 1), LIVES),
    "ENABLE_PUSH of 2": (setting(2, 2), PROTOCOL),
    "a window of 2 GiB": (setting(4, 2**31), FLOW),
    "frames of 100 bytes at most": (setting(5, 100), PROTOCOL),
    "frames of 16 MiB at most": (setting(5, 2**24), PROTOCOL),
    "a table of 4 GiB": (setting(1, 2**32 - 1), LIVES),
    "no streams at all": (setting(3, 0), LIVES),
    # PING, GOAWAY, PUSH_PROMISE
    "a ping of 7 bytes": (frame(PING, b"1234567"), SIZE),
    "a ping on a stream": (frame(PING, b"12345678", stream=1), PROTOCOL),
    "an answer to no ping": (frame(PING, b"12345678", flags=ACK), LIVES),
    "GOAWAY on a stream": (frame(GOAWAY, number(0) * 2, stream=1), PROTOCOL),
    "GOAWAY cut off": (frame(GOAWAY, b"1234567"), SIZE),
    "a pushed promise": (call() + frame(PUSH, number(2) + CALL, flags=END_HEADERS, stream=1), PROTOCOL),
    # RST_STREAM, PRIORITY
    "a reset of the connection": (frame(RST, number(8)), PROTOCOL),
    "a reset of a stream that is not": (frame(RST, number(8), stream=5), PROTOCOL),
    "a reset cut off": (call() + frame(RST, b"123", stream=1), SIZE),
    "a priority of the connection": (frame(PRIORITY, number(1) + b"\0"), PROTOCOL),
    "a priority cut off": (frame(PRIORITY, b"1234", stream=1), SIZE),
    "a stream that depends on itself": (frame(PRIORITY, number(1) + b"\0", stream=1), PROTOCOL),
    # WINDOW_UPDATE
    "a window that grows by nothing": (frame(WINDOW, number(0)), PROTOCOL),
    "a window that grows over 2 GiB": (frame(WINDOW, number(2**31 - 1)), FLOW),
    "a window of a stream that is not": (frame(WINDOW, number(1), stream=5), PROTOCOL),
    "a window cut off": (frame(WINDOW, b"123"), SIZE),
    # DATA
    "data of the connection": (frame(DATA, b"x"), PROTOCOL),
    "data of a stream that is not": (frame(DATA, b"x", stream=5), PROTOCOL),
    "data of a stream of the server's": (frame(DATA, b"x", stream=2), PROTOCOL),
    "more padding than frame": (call() + frame(DATA, b"\xffx", flags=PADDED, stream=1), PROTOCOL),
    "no padding where there is said to be": (call() + frame(DATA, b"", flags=PADDED, stream=1), SIZE),
    # HEADERS, CONTINUATION
    "headers of the connection": (call(stream=0), PROTOCOL),
    "headers of an even stream": (call(stream=2), PROTOCOL),
    "headers of a stream that was passed over": (call(stream=5) + call(stream=3), PROTOCOL),
    "headers with more padding than frame": (call(b"\xff" + CALL, flags=END_HEADERS | PADDED), PROTOCOL),
    "a continuation of nothing": (frame(CONTINUATION, CALL, flags=END_HEADERS, stream=1), PROTOCOL),
    "data between headers": (call(flags=0) + frame(DATA, b"x", stream=1), PROTOCOL),
    "another stream between headers": (call(flags=0) + call(stream=3), PROTOCOL),
    "a ping between headers": (call(flags=0) + frame(PING, b"12345678"), PROTOCOL),
    # HPACK, RFC 7541
    "the header of index 0": (call(CALL + b"\x80"), HPACK),
    "a header that is in no table": (call(CALL + b"\xff\x7f"), HPACK),
    "a number of 200 bytes": (call(CALL + b"\xff" + b"\xff" * 200), HPACK),
    "a value cut off": (call(CALL + b"\x00\x05x-a"), HPACK),
    "letters that Huffman has not": (call(CALL + b"\x00\x81\x00\x01a"), HPACK),
    "a larger table than was allowed": (call(b"\x3f\xff\xff\x7f" + CALL), HPACK),
    "one header 20,000 times": (
        call(CALL + literal(b"x-a", b"y" * 100)) + call(CALL + b"\xbe" * 10_000, stream=3),
        CALM,
    ),
    "64 KiB of headers": (
        call(CALL + b"\x00\x01a\x7f\x81\xfe\x03" + b"y" * 16_000, flags=0)
        + frame(CONTINUATION, b"y" * 16_384, stream=1) * 4,
        CALM,
    ),
}


# name → what is sent again and again, and how often: more than any client needs; why it ends
FLOODS: dict[str, tuple[Callable[[int], bytes], int, ErrorCodes]] = {
    "streams that are reset at once": (
        lambda n: call(stream=2 * n + 1) + frame(RST, number(8), stream=2 * n + 1),
        MANY,
        CALM,
    ),
    "settings": (lambda n: setting(1, n), MANY, CALM),
    "settings that are acknowledged": (lambda _: frame(SETTINGS, flags=ACK), MANY, CALM),
    "pings": (lambda _: frame(PING, b"12345678"), MANY, CALM),
    "answers to no pings": (lambda _: frame(PING, b"12345678", flags=ACK), MANY, CALM),
    "priorities": (lambda n: frame(PRIORITY, number(0) + b"\0", stream=2 * n + 1), MANY, CALM),
    "empty data": (lambda n: frame(DATA, stream=1) if n else call(), MANY, CALM),
    "frames of unknown types": (lambda n: frame(64 + n % 100, b"x" * 100), MANY, CALM),
    "empty headers": (lambda n: frame(CONTINUATION, stream=1) if n else call(flags=0), 80, PROTOCOL),
    "headers without end": (lambda n: frame(CONTINUATION, b"x" * 9_000, stream=1) if n else call(flags=0), 10, CALM),
    "streams that stay open": (lambda n: call(stream=2 * n + 1), 1100, PROTOCOL),
}


@pytest.fixture
async def local() -> AsyncIterator[Local]:
    async with served() as running:
        yield running


async def serves(client: RawClient, score: float) -> None:
    answer = await client.call("IncrementScore", GOOD)
    assert [reply.score for reply in answer.messages("IncrementScoreResponse")] == [score]


@asynccontextmanager
async def connected(local: Local) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Open a connection by hand."""
    reader, writer = await asyncio.open_connection("127.0.0.1", local.port)
    writer.write(PREFACE + frame(SETTINGS))
    async with asyncio.timeout(10):
        yield reader, writer
    writer.close()


async def ending(local: Local, data: bytes) -> ErrorCodes:
    """Send what ends a connection, and tell why it was ended."""
    async with connected(local) as (reader, writer):
        writer.write(data)
        *_, (kind, payload) = frames_of(await reader.read())
        assert kind == GOAWAY
        return ErrorCodes(int.from_bytes(payload[4:8]))


def frames_of(data: bytes) -> Iterator[tuple[int, bytes]]:
    while data:
        end = 9 + int.from_bytes(data[:3])
        yield data[3], data[9:end]
        data = data[end:]


@pytest.mark.parametrize("case", FRAMES)
async def test_bad_frames_get_their_one_answer(local: Local, case: str):
    data, error = FRAMES[case]
    async with RawClient.connect(local.port) as other, RawClient.connect(local.port) as client:
        await serves(other, 1)
        await client.flush()
        if error is LIVES:
            client.writer.write(data)
            await serves(client, 2)
        else:
            assert await ending(local, data) == error
        await serves(other, 3 if error is LIVES else 2)


@pytest.mark.parametrize("case", FLOODS)
async def test_who_floods_is_sent_away_and_nothing_of_it_stays(
    local: Local, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "IDLE_FRAMES_A_SECOND", 0)  # on a slow machine the flood takes seconds to be taken in
    flood, count, error = FLOODS[case]
    async with RawClient.connect(local.port) as other:
        await serves(other, 1)
        assert await ending(local, b"".join(flood(each) for each in range(count))) == error
        await serves(other, 2)
        await until(lambda: len(local.server._connections) == 1)
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("case", [case for case, (_, count, _) in FLOODS.items() if count == MANY])
async def test_as_many_as_a_busy_client_may_send_are_no_flood(local: Local, case: str):
    flood, count, _ = FLOODS[case]
    async with connected(local) as (reader, writer):
        writer.write(b"".join(flood(each) for each in range(count * 7 // 10)) + frame(PING, b"the end!"))
        await reader.readuntil(b"the end!")
