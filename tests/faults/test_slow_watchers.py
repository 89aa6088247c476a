"""A watcher that takes nothing for a minute is cut off, on each way; the others do not notice."""

import asyncio
import json
import random
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest
import websockets
from dashboard_pb import message, method
from services import TOKEN, Service, goboard_serve, workers_of

pytestmark = pytest.mark.faults

EARLIEST, LATEST = 55.0, 85.0
"""Seconds: nothing was taken for 60, which is looked at every 10; a few states are on their way before that."""
BUFFERED = 20.0
"""Seconds for which grpcio may read ahead, on this board: it has room for some MiB."""
PATIENCE = 10.0
UPGRADE = (
    "GET /ws?token={} HTTP/1.1\r\nHost: b\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
WATCH = json.dumps({"op": "watch", "dashboard": "b", "top": 100}).encode()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with goboard_serve(tmp_path, "--store", "embedded", AUTH_STATIC_ROLE="server") as running:
        yield running


def address(service: Service) -> tuple[str, int]:
    host, _, port = service.base.removeprefix("http://").partition(":")
    return host, int(port)


def deaf(service: Service, *said: bytes) -> socket.socket:
    """Open a connection that is never read from."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(address(service))
    for each in said:
        connection.sendall(each)
    return connection


def frame(text: bytes) -> bytes:
    return bytes([0x81, 0x80 | len(text)]) + bytes(4) + text  # masked with zeros


@asynccontextmanager
async def busy_board(service: Service) -> AsyncIterator[list[int]]:
    """Let a board move all the time, in front of a watcher who reads; the list has the versions that it was told."""
    told: list[int] = []

    async def play(socket: websockets.ClientConnection) -> None:
        while True:
            names = [f"{'a member with a long name ' * 4}{random.randrange(100)}" for _ in range(100)]
            updates = [{"dashboard": "b", "member_id": name, "increment": random.random()} for name in names]
            await socket.send(json.dumps(updates))
            await socket.recv()
            await asyncio.sleep(0.03)

    async def watch(socket: websockets.ClientConnection) -> None:
        await socket.send(WATCH.decode())
        async for text in socket:
            said = json.loads(text)
            if "type" in said:
                assert said["type"] == "snapshot" or said["from"] == told[-1]
                told.append(said.get("to", said.get("version")))

    url = f"{service.ws}?token={TOKEN}"
    async with websockets.connect(url) as player, websockets.connect(url) as watcher, asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(play(player)), tasks.create_task(watch(watcher))]
        yield told
        for task in running:
            task.cancel()


async def until_dropped(service: Service, connection: socket.socket) -> float:
    """Wait until the worker has let go of the connection (its end would reach nobody); tell how long that took."""
    [worker] = workers_of(service)
    begun, port = time.monotonic(), connection.getsockname()[1]
    while any(each.raddr and each.raddr.port == port for each in worker.net_connections("tcp")):
        assert time.monotonic() - begun < LATEST, "the server still holds a watcher who takes nothing"
        await asyncio.sleep(0.25)
    return time.monotonic() - begun


async def test_who_takes_nothing_for_a_minute_is_cut_off(service: Service) -> None:
    events = f"GET /api/v1/dashboards/b/live?top=100&token={TOKEN} HTTP/1.1\r\nHost: b\r\n\r\n".encode()
    async with busy_board(service) as told:
        watchers = [deaf(service, UPGRADE.format(TOKEN).encode(), frame(WATCH)), deaf(service, events)]
        ends = await asyncio.gather(*[until_dropped(service, each) for each in watchers])
        assert all(EARLIEST < each < LATEST for each in ends), ends
        before = len(told)
        await asyncio.sleep(2)
        assert len(told) - before > 10  # of 40 ticks: the other one goes on
        for each in watchers:
            each.close()


async def read_on(messages: AsyncIterator[object]) -> None:
    async for _ in messages:
        pass


async def test_a_stream_that_is_not_read_ends_with_resource_exhausted(service: Service) -> None:
    """A client of grpcio learns how its call has ended only when it reads on."""
    async with busy_board(service), grpc.aio.insecure_channel(service.grpc) as channel:
        request = message("WatchStandingsRequest")(dashboard="b", top=100)
        call = method(channel, "WatchStandings")(request, metadata=[("authorization", TOKEN)])
        messages = aiter(call)
        assert (await anext(messages)).WhichOneof("event") == "snapshot"
        await asyncio.sleep(LATEST + BUFFERED)
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await asyncio.wait_for(read_on(messages), PATIENCE)
        assert ended.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert ended.value.details() == "nothing was taken for 60 s; watch again"
