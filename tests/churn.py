"""Callers of all kinds that come and go for as long as it is asked, on every way in; what they hear is checked."""

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import grpc.aio
import httpx
import junk
import made_tokens
import operations
import pytest
import websockets
from callers import Caller
from drivers import DRIVERS, Place, Problem, Rest, rich_problem
from grpc_watching import Watcher
from operations import OPEN, SERVER, Kind
from services import Service
from sole_writer import SoleWriter
from vanishing import Vanishing, reset
from watch_events import events
from watch_socket import opened

VISITORS = 24
"""So many are there at the same time."""
BETWEEN = 0.1
"""Seconds that pass on average until the next comes in the place of one that has gone."""
ARENA = "arena"
"""The board on which all play, and which is watched."""
AWAY = {"store_unavailable", "outcome_unknown", "timeout", "dashboard_busy"}
"""What anybody may hear while the store's connections are cut."""
OPERATED = {"ok", "200", "archive_exists", "rules_conflict"}
"""What an operation may come to on a board that others operate on too."""
PLAYERS = 500
BOARDS = 200
"""How many are made and deleted again and again: what is remembered of a board's rules levels out at so many."""
DELETED = 0.2
"""How likely it is that a board is deleted after an operation."""
LIFETIME = 5.0
"""Seconds for which a token is good that ends while it is used: connecting can take long where all are busy."""
LATE = 5.0
"""Seconds after which nothing of a caller that has gone can come to be applied."""
LOCAL = (("grpc.use_local_subchannel_pool", 1),)
"""Lets a channel have a connection of its own."""


class Churn:
    """All callers of a service with AUTH_MODE=jwt and ALLOW_SELF_DELETE."""

    def __init__(self, service: Service, rng: random.Random) -> None:
        self.service = service
        self.rng = rng
        self.visits: Counter[str] = Counter()
        self._numbers = itertools.count()
        self._ends = False
        self._players = [f"player-{number}" for number in range(PLAYERS)]
        """Who is not playing."""
        self._tokens = {name: token(name) for name in (*self._players, "ann", "bob", "watcher", "rascal")}
        self._server = token("operator", scope="goboard:server")

    async def come_and_go(self, seconds: float) -> None:
        """Let them; all have gone when it returns."""
        self._ends = False
        async with asyncio.TaskGroup() as tasks:
            for _ in range(VISITORS):
                tasks.create_task(self._visit())
            await asyncio.sleep(seconds)
            self._ends = True

    @property
    def ways(self) -> dict[Callable[[], Awaitable[None]], int]:
        """Give the kinds of visit, and how often each is made."""
        return {
            self.plays: 8,
            self.operates: 10,
            self.watches_a_socket: 2,
            self.watches_events: 2,
            self.watches_by_grpc: 2,
            self.outstays_its_token: 1,
            self.misbehaves: 6,
            self.vanishes: 1,
        }

    async def plays(self) -> None:
        """Add 1 some times, each with a key and sent twice, hear the sum, and leave nothing."""
        name = self._players.pop(self.rng.randrange(len(self._players)))
        own, visit = self._tokens[name], next(self._numbers)
        async with self.rng.choice(list(DRIVERS.values()))(self.service, own) as driver:
            for turn in range(1, self.rng.randint(2, 8)):
                first = await self._acknowledged(driver, name, f"{visit}/{turn}")
                assert (first.member, first.score) == (name, turn)
                assert await self._acknowledged(driver, name, f"{visit}/{turn}") == first
        async with Rest(self.service, own) as driver:
            await self._deleted(driver, f"/dashboards/{ARENA}/members/{name}")
        self._players.append(name)

    async def operates(self) -> None:
        """Call an operation, in any role, with a good token, a bad one or none."""
        role = self.rng.choice(["server", "member", "none", "expired", "bad"])
        shown = {
            "server": self._server,
            "member": self._tokens["bob"],
            "none": "",
            "expired": token("ann", -1),
            "bad": self._tokens["ann"] + "x",
        }[role]
        board = f"board-{self.rng.randrange(BOARDS)}"
        caller = Caller(self.service, shown, board, heard=[])
        call = self.rng.choice([self._calls_rest, self._calls_grpc, self._opens_events, self._opens_a_socket])
        for kind, code in await call(caller):
            assert code in _expected(role, kind), (call, role, kind, code)
        if self.rng.random() < DELETED:
            async with Rest(self.service, self._server) as operator:
                await self._deleted(operator, f"/dashboards/{board}")

    async def watches_a_socket(self) -> None:
        async with unless_away(), opened(self.service, self._tokens["watcher"]) as client:
            await client.watch(ARENA, top=5)
            await self._for_a_while(client.next)
            if self.rng.random() < 0.5:
                reset(client.socket.transport)

    async def watches_events(self) -> None:
        async with unless_away(), events(self.service, ARENA, token=self._tokens["watcher"], top=5) as stream:
            await self._for_a_while(stream.next)

    async def watches_by_grpc(self) -> None:
        async with unless_away(), grpc.aio.insecure_channel(self.service.grpc, LOCAL) as channel:
            watcher = Watcher(channel, _metadata(self._tokens["watcher"]), dashboard=ARENA, top=5)
            await self._for_a_while(watcher.next)
            if self.rng.random() < 0.5:
                watcher.stream.cancel()

    async def outstays_its_token(self) -> None:
        """Watch for longer than the token is good for."""
        async with unless_away():
            await self.rng.choice([self._socket_ends, self._events_end, self._call_ends])(token("guest", LIFETIME))

    async def misbehaves(self) -> None:
        """Send what is none of ours, wait for a word or for nothing, and go."""
        http, grpc_port = urlsplit(self.service.base).port, int(self.service.grpc.rpartition(":")[2])
        port, sent = self.rng.choice([(http, junk.HTTP), (grpc_port, junk.GRPC), (0, junk.SOCKET)])
        data = self.rng.choice(sent)
        if not port:
            async with opened(self.service, self._tokens["rascal"]) as client:
                client.socket.transport.write(data)
                await self._goes(client.socket.transport, client.socket.wait_closed())
            return
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(data)
        await self._goes(writer.transport, reader.read())

    async def vanishes(self) -> None:
        """Ask and be gone before the answer, 30 times, on a board of its own, and see that every sum is right."""
        board = f"crowd-{next(self._numbers)}"
        vanishing = Vanishing(self.service, self._server, board, self.rng)
        members = [SoleWriter(self.rng) for _ in range(6)]
        try:
            for number in range(30):
                await self.rng.choice(vanishing.ways)(members[number % len(members)])
            await asyncio.sleep(LATE)
            for member in members:
                place = await vanishing.rest.rank(board, member.name)
                if isinstance(place, Place):
                    member.is_at(place.score)
                else:
                    assert place.code in AWAY or (place.code, member.score) == ("member_not_found", 0.0)
            await self._deleted(vanishing.rest, f"/dashboards/{board}")
        finally:
            await vanishing.close()

    async def _visit(self) -> None:
        ways = self.ways
        while not self._ends:
            [way] = self.rng.choices(list(ways), list(ways.values()))
            async with asyncio.timeout(60):
                await way()
            self.visits[way.__name__] += 1
            await asyncio.sleep(self.rng.expovariate(1 / BETWEEN))

    async def _acknowledged(self, driver: Rest, name: str, key: str) -> Place:
        while isinstance(answer := await driver.increment(ARENA, name, 1, key), Problem):
            assert answer.code in AWAY, answer
        return answer

    async def _deleted(self, rest: Rest, path: str) -> None:
        while (reply := await rest.http.delete(path)).status_code >= 500:
            assert reply.json()["code"] in AWAY, reply.text

    async def _calls_rest(self, caller: Caller) -> list[tuple[Kind, str]]:
        route, operation = self.rng.choice(list({**operations.REST, **operations.NOT_DOCUMENTED}.items()))
        origin = {"Origin": "http://localhost:3000"} if self.rng.random() < 0.3 else {}
        async with httpx.AsyncClient(timeout=20, verify=False) as client:
            return [(operation.kind, await caller.rest(client, route, operation, **origin))]

    async def _calls_grpc(self, caller: Caller) -> list[tuple[Kind, str]]:
        name, operation = self.rng.choice(list(operations.GRPC.items()))
        async with grpc.aio.insecure_channel(self.service.grpc, LOCAL) as channel:
            return [(operation.kind, await caller.grpc(channel, name, operation))]

    async def _opens_events(self, caller: Caller) -> list[tuple[Kind, str]]:
        async with httpx.AsyncClient(timeout=20, verify=False) as client:
            return [(operations.READ, await caller.events(client, in_query=self.rng.random() < 0.5))]

    async def _opens_a_socket(self, caller: Caller) -> list[tuple[Kind, str]]:
        answers = await caller.socket(operations.SOCKET, in_query=self.rng.random() < 0.5)
        return [(operations.SOCKET[name].kind, code) for name, code in answers.items()]

    async def _for_a_while(self, take: Callable[[], Awaitable[object]]) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self.rng.choice([0.01, 0.2, 1, 3])):
                while True:
                    await take()

    async def _socket_ends(self, shown: str) -> None:
        async with opened(self.service, shown) as client:
            await client.watch(ARENA, top=5)
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await client.until(lambda: False)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4401

    async def _events_end(self, shown: str) -> None:
        async with events(self.service, ARENA, token=shown, top=5) as stream:
            last = [event for event in await stream.rest() if event.kind][-1]
            assert (last.kind, last.data["problem"]["code"]) == ("ended", "auth_token_expired")

    async def _call_ends(self, shown: str) -> None:
        async with grpc.aio.insecure_channel(self.service.grpc, LOCAL) as channel:
            watcher = Watcher(channel, _metadata(shown), dashboard=ARENA, top=5)
            problem = await watcher.refusal()
            assert problem.code == "auth_token_expired", problem

    async def _goes(self, transport: asyncio.WriteTransport, heard: Awaitable[object]) -> None:
        """Wait for the end, not for long, and be gone in one of two ways."""
        with suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(self.rng.choice([0.01, 0.5])):
                await heard
        if self.rng.random() < 0.5:
            reset(transport)
        else:
            transport.close()


@asynccontextmanager
async def unless_away() -> AsyncIterator[None]:
    """Let a watch be refused where the store's connections were just cut."""
    try:
        yield
    except AssertionError as refused:
        if "store_unavailable" not in str(refused):
            raise
    except grpc.aio.AioRpcError as refused:
        if rich_problem(refused).code != "store_unavailable":
            raise


def token(name: str, lifetime: float = 86_400, **claims: str) -> str:
    return made_tokens.claiming(user_id=name, exp=time.time() + lifetime, **claims)


def _metadata(shown: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {shown}"),)


def _expected(role: str, kind: Kind) -> set[str]:
    if role in {"expired", "bad"} and kind is not OPEN:
        return {"auth_invalid_token"}
    if role == "none" and kind is not OPEN:
        return {"auth_missing_token"}
    if role == "member" and kind is SERVER:
        return {"role_required"}
    return OPERATED | AWAY
