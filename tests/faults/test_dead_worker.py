"""Workers are killed under load: each is replaced, and what was acknowledged is counted, once."""

import asyncio
import time
from pathlib import Path

import grpc.aio
import httpx
import psutil
import pytest
import websockets
from drivers import Place, Rest, Socket, Unary
from services import TOKEN, Service, goboard_serve, until_both_serve, workers_of
from watch_socket import opened

pytestmark = pytest.mark.faults

BOARD = "race"
PLAYERS, WATCHERS = 24, 6
GONE = (httpx.TransportError, websockets.WebSocketException, grpc.aio.AioRpcError, OSError)
"""What a client of a killed worker meets: it connects anew, and asks again with the same key."""
ANSWERED_AGAIN_WITHIN = 10.0
"""Seconds: the other worker is there all the time."""


class Player:
    """Adds one to a member of its own, again and again, each time with a key."""

    def __init__(self, service: Service, number: int) -> None:
        self.name = f"player {number}"
        self.sum = 0
        self.reconnects = 0
        self.longest_wait = 0.0
        """Seconds from one answer to the next, at most."""
        self.kind: type[Rest | Unary] = [Rest, Socket, Unary][number % 3]
        self._service = service
        self._heard = time.monotonic()

    async def play(self, is_over: asyncio.Event) -> None:
        """Play until it is over, and the last call is answered."""
        while True:
            try:
                async with self.kind(self._service, TOKEN) as driver:
                    return await self._play_on(driver, is_over)
            except GONE:
                self.reconnects += 1
                await asyncio.sleep(0.05)

    async def _play_on(self, driver: Rest | Unary, is_over: asyncio.Event) -> None:
        while True:
            place = await driver.increment(BOARD, self.name, 1, key=f"{self.name}: {self.sum}")
            assert isinstance(place, Place), place
            assert (place.member, place.score) == (self.name, self.sum + 1)
            self.sum += 1
            self.longest_wait = max(self.longest_wait, time.monotonic() - self._heard)
            self._heard = time.monotonic()
            if is_over.is_set():
                return


class Watcher:
    """Watches, and watches again where its connection is lost."""

    def __init__(self, service: Service) -> None:
        self.connections = 0
        self.knows: list[tuple[str, float]] = []
        self._service = service

    async def watch(self) -> None:
        while True:
            try:
                async with opened(self._service) as socket:
                    view = await socket.watch(BOARD, top=PLAYERS)
                    self.connections += 1
                    while True:
                        self.knows = [(member, score) for member, _, score in view.places]
                        await socket.next()
            except GONE:
                await asyncio.sleep(0.05)


async def replaced(service: Service, dead: psutil.Process) -> None:
    """Kill a worker, and wait until another serves in its place."""
    dead.kill()
    deadline = time.monotonic() + 20
    while dead in workers_of(service) or len(workers_of(service)) < 2:
        assert time.monotonic() < deadline, "".join(service.log)
        await asyncio.sleep(0.05)
    await asyncio.to_thread(until_both_serve, service)


async def test_killed_workers_are_replaced_and_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    with goboard_serve(tmp_path, STORE="embedded", WORKERS="2", AUTH_STATIC_ROLE="server") as service:
        until_both_serve(service)
        players = [Player(service, number) for number in range(PLAYERS)]
        watchers = [Watcher(service) for _ in range(WATCHERS)]
        is_over = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            watching = [tasks.create_task(watcher.watch()) for watcher in watchers]
            playing = [tasks.create_task(player.play(is_over)) for player in players]
            first, second = workers_of(service)
            for worker in (first, second):
                await replaced(service, worker)
            is_over.set()
            await asyncio.wait(playing)
            expected = sorted((player.name, float(player.sum)) for player in players)
            deadline = time.monotonic() + 10
            while (known := [sorted(watcher.knows) for watcher in watchers]) != [expected] * WATCHERS:
                assert time.monotonic() < deadline, (expected, known)
                await asyncio.sleep(0.05)
            for task in watching:
                task.cancel()
        assert service.process.poll() is None
    # Who had no call under way finds the connection gone and opens another, without an error; a socket always hears it.
    assert all(player.reconnects for player in players if player.kind is Socket)
    assert sum(watcher.connections for watcher in watchers) > WATCHERS
    assert max(player.longest_wait for player in players) < ANSWERED_AGAIN_WITHIN
