"""A stop under load loses nothing that was acknowledged; and peers that are stuck do not hold it up."""

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import httpx
import psutil
import pytest
import websockets
from dashboard_pb import message, method
from services import TOKEN, Service, goboard_serve, until_both_serve, workers_of

pytestmark = pytest.mark.faults

HEADERS = {"Authorization": f"Bearer {TOKEN}"}
METADATA = [("authorization", TOKEN)]
EXIT_SECONDS = 10.0
EACH = 4
"""Connections of each kind."""
IN_FLIGHT = 16
"""Updates of a socket or stream that are not answered yet."""


class Player:
    """Adds 1 to a member of its own until the server ends it; counts what it sent, and what it heard."""

    def __init__(self, service: Service, member: str) -> None:
        self.service = service
        self.update: dict[str, Any] = {"dashboard": "b", "member_id": member, "increment": 1}
        self.sent = self.acknowledged = 0
        self.end: Any = None

    async def play(self) -> None:
        raise NotImplementedError


class RestPlayer(Player):
    async def play(self) -> None:
        url = f"{self.service.api}/dashboards/b/members/{self.update['member_id']}/increment"
        async with httpx.AsyncClient(headers=HEADERS, timeout=EXIT_SECONDS, verify=False) as http:
            with contextlib.suppress(httpx.TransportError):
                while True:
                    self.sent += 1
                    reply = await http.post(url, json={"increment": 1})
                    if reply.status_code != 200:
                        self.end = reply.json()["code"]
                        return
                    self.acknowledged += 1


class UnaryPlayer(Player):
    async def play(self) -> None:
        async with grpc.aio.insecure_channel(self.service.grpc) as channel:
            call = method(channel, "IncrementScore")
            request = message("IncrementScoreRequest")(**self.update)
            try:
                while True:
                    self.sent += 1
                    await call(request, metadata=METADATA)
                    self.acknowledged += 1
            except grpc.aio.AioRpcError as error:
                self.end = error.code()


class StreamPlayer(Player):
    """On grpcio's blocking side: grpc.aio says INTERNAL where a write meets the end of the stream."""

    async def play(self) -> None:
        await asyncio.to_thread(self._play)

    def _play(self) -> None:
        with grpc.insecure_channel(self.service.grpc) as channel:
            stream = method(channel, "StreamUpdates")(self._updates(), metadata=METADATA)
            try:
                for reply in stream:
                    self.acknowledged += not reply.HasField("problem")
            except grpc.RpcError as error:
                self.end = error.code()  # type: ignore[attr-defined]  # it is a call, too

    def _updates(self) -> Iterator[Any]:
        request = message("UpdateRequest")(**self.update)
        while self.end is None:
            if self.sent - self.acknowledged < IN_FLIGHT:
                self.sent += 1
                yield request
            else:
                time.sleep(0.001)


class SocketPlayer(Player):
    async def play(self) -> None:
        text = json.dumps(self.update)
        async with websockets.connect(f"{self.service.ws}?token={TOKEN}") as socket:

            async def send() -> None:
                with contextlib.suppress(websockets.ConnectionClosed):
                    while True:
                        if self.sent - self.acknowledged < IN_FLIGHT:
                            self.sent += 1
                            await socket.send(text)
                        else:
                            await asyncio.sleep(0.001)

            sending = asyncio.create_task(send())
            with contextlib.suppress(websockets.ConnectionClosed):
                async for reply in socket:
                    self.acknowledged += "score" in json.loads(reply)
            await socket.wait_closed()
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            self.end = socket.close_code


async def until_all_play(players: list[Player]) -> None:
    async with asyncio.timeout(30):
        while not all(player.acknowledged > IN_FLIGHT for player in players):  # noqa: ASYNC110 -- there is no event
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("pause", [0, 0.5])
async def test_what_was_acknowledged_is_there_after_a_stop_under_load(tmp_path: Path, pause: float) -> None:
    store = {"STORE": "embedded", "WORKERS": "2", "AUTH_STATIC_ROLE": "server"}
    with goboard_serve(tmp_path, **store) as service:
        until_both_serve(service)
        kinds = (RestPlayer, UnaryPlayer, StreamPlayer, SocketPlayer)
        players = [kind(service, f"{kind.__name__}-{number}") for kind in kinds for number in range(EACH)]
        playing = asyncio.gather(*[player.play() for player in players])
        await until_all_play(players)
        await asyncio.sleep(pause)
        service.process.terminate()
        await asyncio.wait_for(playing, EXIT_SECONDS)
        assert await asyncio.to_thread(service.process.wait, EXIT_SECONDS) == 0
    ends = {kind: [player.end for player in players if isinstance(player, kind)] for kind in kinds}
    assert ends[SocketPlayer] == [1001] * EACH
    assert ends[UnaryPlayer] == ends[StreamPlayer] == [grpc.StatusCode.UNAVAILABLE] * EACH
    assert set(ends[RestPlayer]) <= {None, "server_stopping"}  # None: the connection was closed before it was asked

    with goboard_serve(tmp_path, **store) as again:
        reply = httpx.get(f"{again.api}/dashboards/b/top", params={"limit": 100}, headers=HEADERS)
    stored = {entry["id"]: entry["score"] for entry in reply.json()["members"]}
    for player in players:
        assert player.acknowledged <= stored[player.update["member_id"]] <= player.sent, (player.update, player.end)


def deaf(port: int) -> socket.socket:
    """Open a connection with little room for what the server sends."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", port))
    connection.settimeout(1)
    return connection


def send_until_stuck(connection: socket.socket, data: bytes) -> None:
    """Send until the server, which cannot send its answers, reads no more."""
    with contextlib.suppress(TimeoutError):
        while True:
            connection.sendall(data)


UPGRADE = (
    f"GET /ws?token={TOKEN} HTTP/1.1\r\nHost: b\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
).encode()
GET = f"GET /api/v1/dashboards/b/top?limit=1000 HTTP/1.1\r\nHost: b\r\nAuthorization: {TOKEN}\r\n\r\n".encode()
POST = (
    "POST /api/v1/dashboards/b/members/m/increment HTTP/1.1\r\nHost: b\r\n"
    f"Authorization: {TOKEN}\r\nContent-Length: 100\r\n\r\n"
).encode()
EVENTS = f"GET /api/v1/dashboards/b/live?top=100&token={TOKEN} HTTP/1.1\r\nHost: b\r\n\r\n".encode()


def frame(text: bytes) -> bytes:
    """Mask a text of 126 to 65,535 bytes with zeros, and put it in a frame."""
    return bytes([0x81, 0x80 | 126]) + len(text).to_bytes(2, "big") + bytes(4) + text


def stuck_peers(service: Service) -> list[socket.socket]:
    """Open what can be stuck, each in its own way."""
    http, grpc_port = int(service.base.rpartition(":")[2]), int(service.grpc.rpartition(":")[2])
    peers = [deaf(http) for _ in range(7)] + [deaf(grpc_port) for _ in range(3)]
    silent, half_head, half_body, reader, events, updates, half_frame, no_preface, preface, half_preface = peers
    half_head.sendall(GET[:40])
    half_body.sendall(POST + b'{"incr')
    send_until_stuck(reader, GET * 10)
    events.sendall(EVENTS)
    updates.sendall(UPGRADE)
    array = json.dumps([{"dashboard": "b", "member_id": "m" * 200, "increment": 1}] * 200).encode()
    send_until_stuck(updates, frame(array))
    half_frame.sendall(UPGRADE + frame(array)[:100])
    preface.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
    half_preface.sendall(b"PRI * HT")
    assert silent
    assert no_preface
    return peers


def test_stuck_peers_do_not_hold_up_a_stop(tmp_path: Path) -> None:
    with goboard_serve(tmp_path, "--store", "embedded", AUTH_STATIC_ROLE="server") as service:
        names = [{"member_id": f"{'a long name ' * 8}{number}", "increment": 1} for number in range(1000)]
        assert httpx.post(
            f"{service.api}/dashboards/b/increments", json={"increments": names}, headers=HEADERS
        ).is_success
        peers = stuck_peers(service)
        begun = time.monotonic()
        service.process.terminate()
        assert service.process.wait(EXIT_SECONDS) == 0
        assert time.monotonic() - begun < EXIT_SECONDS
        for peer in peers:
            peer.close()
    assert not [line for line in service.log if "refused to gracefully stop" in line or "Traceback" in line]


async def code_of(socket: websockets.ClientConnection) -> int | None:
    """Give the code with which the server has closed the socket; None: it is answered."""
    try:
        await socket.send('{"op": "ping"}')
        assert json.loads(await socket.recv()) == {"op": "pong"}
    except websockets.ConnectionClosed:
        return socket.close_code
    return None


async def test_a_worker_that_is_told_to_stop_says_goodbye_and_another_takes_its_place(tmp_path: Path) -> None:
    with goboard_serve(tmp_path, "--store", "embedded", WORKERS="2") as service:
        first, second = until_both_serve(service)
        url = f"{service.ws}?token={TOKEN}"
        async with contextlib.AsyncExitStack() as stack:
            sockets = [await stack.enter_async_context(websockets.connect(url)) for _ in range(20)]
            first.terminate()
            gone, _ = await asyncio.to_thread(psutil.wait_procs, [first], EXIT_SECONDS)
            assert gone == [first]
            assert {await code_of(each) for each in sockets} == {None, 1001}  # the kernel spread them over both
        async with asyncio.timeout(30):
            while first in workers_of(service) or len(workers_of(service)) != 2:  # noqa: ASYNC110 -- there is no event
                await asyncio.sleep(0.1)
        assert second in until_both_serve(service)
