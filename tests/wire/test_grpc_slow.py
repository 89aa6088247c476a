"""Who sends slowly over gRPC, or stops halfway, is timed out; whoever is only quiet is not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import NamedTuple

import dashboard_pb
import pytest
from grpc_local import Local, RawClient, framed, served, until, update
from h2.errors import ErrorCodes

from goboard.entrypoints.grpc.bounds import Bounds

ENDLESS = Bounds(opening_seconds=600, message_seconds=600, idle_seconds=600, look_seconds=0.05)
SOON = ENDLESS._replace(message_seconds=0.3)
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = b"\0\0\0\4\0\0\0\0\0"
UPDATE = framed(update())
WATCH = framed(dashboard_pb.message("WatchStandingsRequest")(dashboard="b"))


def headers_frame(block: int, *, end: bool) -> bytes:
    return block.to_bytes(3) + bytes([1, 4 if end else 0, 0, 0, 0, 1]) + b"\x82"


UNFINISHED = {
    "nothing": b"",
    "half the preface": PREFACE[:10],
    "no settings": PREFACE,
    "half the settings": PREFACE + SETTINGS[:5],
    "half of a call's headers": PREFACE + SETTINGS + headers_frame(40, end=True),
    "headers without their end": PREFACE + SETTINGS + headers_frame(1, end=False),
}


async def closes(port: int, sent: bytes) -> bytes:
    """Say so much, and read until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        async with asyncio.timeout(10):
            return await reader.read()
    finally:
        writer.close()


async def until_closed(client: RawClient) -> None:
    """Wait for the server to close the connection."""
    with suppress(ConnectionResetError):
        while True:
            await client.receive()


@pytest.mark.parametrize("name", UNFINISHED)
async def test_who_does_not_begin_is_sent_away(name: str) -> None:
    async with served(bounds=ENDLESS._replace(opening_seconds=0.2)) as local:
        told = await closes(local.port, UNFINISHED[name])
        assert told.endswith(int(ErrorCodes.SETTINGS_TIMEOUT).to_bytes(4))  # of the GOAWAY


async def test_a_connection_without_a_call_is_closed_in_order() -> None:
    async with served(bounds=ENDLESS._replace(idle_seconds=0.2)) as local, RawClient.connect(local.port) as client:
        assert (await client.call("IncrementScore", UPDATE)).status == 0
        await until_closed(client)
        assert client.goaway_code == ErrorCodes.NO_ERROR


class Row(NamedTuple):
    """A call whose message does not come to its end."""

    method: str
    data: bytes


STALLED = {
    "half a prefix": Row("StreamUpdates", UPDATE[:3]),
    "half a message": Row("StreamUpdates", UPDATE[:-1]),
    "a message, and half of another": Row("StreamUpdates", UPDATE + UPDATE[:-1]),
    "no message": Row("WatchStandings", b""),
    "half of the only message": Row("WatchStandings", WATCH[:-1]),
    "no unary message": Row("IncrementScore", b""),
    "half a unary message": Row("IncrementScore", UPDATE[:-1]),
}


@pytest.fixture
async def local() -> AsyncIterator[Local]:
    async with served(request_timeout=60, bounds=SOON) as running:
        yield running


@pytest.fixture
async def client(local: Local) -> AsyncIterator[RawClient]:
    async with RawClient.connect(local.port) as connected:
        yield connected


@pytest.mark.parametrize("name", STALLED)
async def test_a_message_that_does_not_come_ends_its_call_alone(client: RawClient, name: str) -> None:
    method, data = STALLED[name]
    stream = client.open(method)
    if data:
        await client.send(stream, data)
    answer = await client.answer(stream)
    assert answer.problem.code == "sent_too_slowly"
    assert answer.problem.detail == "the message did not come within 0.3 s; nothing of it was applied, send it again"
    if name == "a message, and half of another":
        assert answer.messages("UpdateResponse")[0].score == 1
    assert (await client.call("IncrementScore", UPDATE)).status == 0


async def test_drips_do_not_help(client: RawClient) -> None:
    stream = client.open("StreamUpdates")
    for each in UPDATE[:-1]:
        if not client.answers[stream].ended:
            await client.send(stream, bytes([each]))
            await client.ping()
            await asyncio.sleep(0.2)
    assert (await client.answer(stream)).problem.code == "sent_too_slowly"


async def test_a_stream_that_is_quiet_between_messages_goes_on() -> None:
    async with served(bounds=SOON._replace(idle_seconds=0.4)) as local, RawClient.connect(local.port) as quiet:
        stream = quiet.open("StreamUpdates")
        await quiet.send(stream, UPDATE)
        assert (await quiet.replies(stream, "UpdateResponse", 1))[0].score == 1
        async with RawClient.connect(local.port) as slow:  # is timed out twice in a row meanwhile
            looks = [await slow.answer(slow.open("WatchStandings")) for _ in range(2)]
        await quiet.send(stream, UPDATE)
        assert (await quiet.replies(stream, "UpdateResponse", 2))[1].score == 2
    assert [each.problem.code for each in looks] == ["sent_too_slowly"] * 2


async def test_too_many_calls_are_refused_at_once_and_others_answered() -> None:
    bounds = ENDLESS._replace(calls=2, streams=1)
    async with served(request_timeout=60, bounds=bounds) as local, RawClient.connect(local.port) as busy:
        held = [busy.open("IncrementScore") for _ in range(2)]
        watching = busy.open("StreamUpdates")
        await busy.ping()
        unary = await busy.call("GetMemberRank", b"")
        streaming = await busy.call("WatchStandings", WATCH)
        for answer, most in ((unary, "2 calls"), (streaming, "1 streams")):
            assert (answer.status, answer.headers["retry-after"]) == (8, "1")
            said = f"the server has {most} under way, the most that it takes on; nothing was changed, try again"
            assert (answer.problem.code, answer.problem.detail) == ("overloaded", said)
        health = await busy.call("/grpc.health.v1.Health/Check", b"\0\0\0\0\0", authorization="")
        assert health.status == 0
        for stream in held:
            await busy.send(stream, UPDATE, end=True)
            assert (await busy.answer(stream)).status == 0
        assert (await busy.call("IncrementScore", UPDATE)).status == 0
        await busy.send(watching, b"", end=True)
        assert (await busy.answer(watching)).status == 0


async def test_calls_that_are_reset_make_room() -> None:
    async with served(bounds=ENDLESS._replace(calls=1)) as local, RawClient.connect(local.port) as client:
        for _ in range(5):
            stream = client.open("IncrementScore")
            await client.ping()
            client.h2.reset_stream(stream)
            await client.ping()
        assert (await client.call("IncrementScore", UPDATE)).status == 0


async def test_too_many_connections_are_sent_away_and_others_stay() -> None:
    async with served(bounds=ENDLESS._replace(connections=1)) as local, RawClient.connect(local.port) as first:
        await first.ping()
        async with RawClient.connect(local.port) as second:
            await until_closed(second)
            assert second.goaway_code == ErrorCodes.ENHANCE_YOUR_CALM
        assert (await first.call("IncrementScore", UPDATE)).status == 0
        await until(lambda: len(local.server._connections) == 1)
        first.writer.close()
        await until(lambda: not local.server._connections)
        async with RawClient.connect(local.port) as third:
            assert (await third.call("IncrementScore", UPDATE)).status == 0
