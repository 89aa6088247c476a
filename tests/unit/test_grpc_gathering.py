"""Writes that are joined: what is bounded, and what is kept."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import pytest

from goboard.entrypoints.grpc.gathering import MAX_GATHERED, GatheringTransport


class Writer(asyncio.Protocol):
    """Knows whether it is to pause."""

    paused = False

    def pause_writing(self) -> None:
        self.paused = True


@pytest.fixture
async def pair() -> AsyncIterator[tuple[Writer, GatheringTransport, asyncio.StreamReader]]:
    """A protocol, its transport, and the other end, on a real socket."""
    loop = asyncio.get_running_loop()
    readers: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    server = await asyncio.start_server(lambda *ends: readers.put_nowait(ends), "127.0.0.1", 0)
    transport, protocol = await loop.create_connection(Writer, *server.sockets[0].getsockname())
    reader, writer = await readers.get()
    yield protocol, GatheringTransport(cast("asyncio.Transport", transport)), reader
    transport.abort()
    writer.close()
    server.close()
    await asyncio.sleep(0)


async def test_what_is_written_in_one_turn_goes_out_together_and_in_order(
    pair: tuple[Writer, GatheringTransport, asyncio.StreamReader],
) -> None:
    _, transport, reader = pair
    for number in range(1000):
        transport.write(b"%04d" % number)
    assert await reader.readexactly(4000) == b"".join(b"%04d" % number for number in range(1000))


async def test_much_at_once_makes_the_writer_pause_at_once(
    pair: tuple[Writer, GatheringTransport, asyncio.StreamReader],
) -> None:
    writer, transport, reader = pair
    written = 0
    while not writer.paused:
        assert written < 64 * 1024 * 1024
        transport.write(bytes(MAX_GATHERED // 4))
        written += MAX_GATHERED // 4
    assert len(await reader.readexactly(written)) == written
