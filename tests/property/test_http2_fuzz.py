"""Whatever frames come over a connection, the gRPC server makes no error of its own, and serves everybody else."""

import asyncio
from typing import Any

from fuzzing import fuzzed
from grpc_local import TOKEN, RawClient, framed, served, update
from hpack import Encoder
from hypothesis import given
from hypothesis import strategies as st

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"
HEAD = [
    (":method", "POST"),
    (":scheme", "http"),
    (":path", "/dashboard.DashboardService/StreamUpdates"),
    ("content-type", "application/grpc"),
    ("authorization", TOKEN),
]
BLOCKS = st.sampled_from([Encoder().encode(HEAD, huffman=False)] * 4 + [b"\x82\x86\x84"]) | st.binary(max_size=40)
MESSAGES = st.sampled_from([framed(update()), framed(b"\xff"), framed(b"", flag=1), b"\0\0\0\0"])
PAYLOADS = (
    BLOCKS | MESSAGES | st.binary(max_size=20) | st.sampled_from([b"", b"\0\0\0\1", b"12345678", b"\0\4\0\0\0\0"])
)
STREAMS = st.sampled_from([0, 1, 1, 1, 3, 3, 5, 2, 2**31 - 1])


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    payload = draw(PAYLOADS)
    kind = draw(st.sampled_from([0, 0, 0, 1, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16]))
    flags = draw(st.sampled_from([0, 1, 4, 4, 5, 5, 8, 32, 255]))
    return len(payload).to_bytes(3) + bytes([kind, flags]) + draw(STREAMS).to_bytes(4) + payload


@fuzzed
@given(st.lists(st.lists(frames() | st.binary(max_size=30), max_size=15), min_size=1, max_size=8))
async def test_any_frames_harm_nobody(connections: list[list[bytes]]) -> None:
    errors: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
    async with served(request_timeout=0.5) as local, RawClient.connect(local.port) as other:
        await asyncio.gather(*(send(local.port, b"".join(each)) for each in connections))
        asked = framed(update(member="other", dashboard="others"))
        assert [(await other.call("IncrementScore", asked)).status for _ in range(2)] == [0, 0]
    assert errors == []


async def send(port: int, data: bytes) -> None:
    """Send, and wait until the server has taken it in: it closes, or answers a ping (unless that is within a frame)."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(PREFACE + data + b"\0\0\x08\6\0\0\0\0\0the end!")
    try:
        async with asyncio.timeout(0.1):
            await reader.readuntil(b"the end!")
    except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
        pass
    writer.close()
