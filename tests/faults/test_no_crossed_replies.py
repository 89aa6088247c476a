"""Thousands of clients vanish in the middle of what they ask, before a store that is slow at times.

Nobody hears another's answer, and nothing of them is left.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from drivers import DRIVERS, Place, Rest
from levels import STORE_CONNECTIONS, Level, level
from moody_proxy import MoodyProxy, moody_proxy
from servers import SERVERS, Server, start_server
from services import TOKEN, Service, goboard_serve, until_both_serve, workers_of
from sole_writer import SoleWriter
from vanishing import Vanishing

pytestmark = pytest.mark.faults

BOARD = "crowd"
SLOTS = 40
"""So many vanish at the same time."""
VANISH = 6000
STEADY = 8
MOST_OPEN = 8
"""How many amounts of unknown outcome a member may have before the caller takes another one."""
PATIENCE, COMING_AND_GOING = 30.0, 120.0


class Crowd:
    """All callers, and the members that they had."""

    def __init__(self, service: Service, seed: int) -> None:
        self.service = service
        self.rng = random.Random(seed)
        self.members: list[SoleWriter] = []
        self.left = 0
        self.steady_answers = 0

    async def come_and_go(self, count: int) -> None:
        """Let so many come and vanish, beside some who stay, and hear every answer."""
        self.left = count
        vanishing = Vanishing(self.service, TOKEN, BOARD, self.rng)
        try:
            async with asyncio.timeout(COMING_AND_GOING), asyncio.TaskGroup() as tasks:
                for _ in range(SLOTS):
                    tasks.create_task(self._vanish(vanishing))
                for number in range(STEADY):
                    tasks.create_task(self._stay(list(DRIVERS)[number % len(DRIVERS)]))
        finally:
            await vanishing.close()

    async def check_scores(self) -> None:
        async with Rest(self.service, TOKEN) as reader:
            for member in self.members:
                place = await reader.rank(BOARD, member.name)
                if isinstance(place, Place):
                    member.is_at(place.score)
                else:
                    assert (place.code, member.score) == ("member_not_found", 0.0)

    def _member(self) -> SoleWriter:
        self.members.append(SoleWriter(self.rng))
        return self.members[-1]

    async def _vanish(self, vanishing: Vanishing) -> None:
        member = self._member()
        while self.left > 0:
            self.left -= 1
            await self.rng.choice(vanishing.ways)(member)
            if len(member.open) > MOST_OPEN:
                member = self._member()

    async def _stay(self, kind: str) -> None:
        member = self._member()
        async with DRIVERS[kind](self.service, TOKEN) as driver:
            while self.left > 0:
                amount = member.amount()
                member.answered(await driver.increment(BOARD, member.name, amount), amount)
                place = await driver.rank(BOARD, member.name)
                if isinstance(place, Place):
                    assert place.member == member.name
                    member.is_at(place.score)
                else:
                    assert place.code in {"store_unavailable", "timeout", "member_not_found"}, place
                self.steady_answers += 1
                if len(member.open) > MOST_OPEN:
                    member = self._member()


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[tuple[Service, Server, MoodyProxy]]:
    """Run two workers before a store that is slow at times."""
    with start_server(SERVERS["valkey"], folder, tcp=True) as server:
        port = urlsplit(server.url).port
        assert port
        with moody_proxy(port) as proxy:
            where = {"REDIS_URL": f"redis://127.0.0.1:{proxy.port}", "WORKERS": "2", "AUTH_STATIC_ROLE": "server"}
            with goboard_serve(folder, **where) as service:
                until_both_serve(service)
                proxy.calm = False
                yield service, server, proxy


def levels(service: Service, proxy: MoodyProxy) -> list[Level]:
    return [level(worker, proxy.port) for worker in workers_of(service)]


async def test_nobody_hears_another_s_answer_and_nothing_is_left(tmp_path: Path) -> None:
    async with served(tmp_path) as (service, server, proxy):
        crowd = Crowd(service, seed=7)
        await crowd.come_and_go(100)
        await asyncio.sleep(1)
        before = levels(service, proxy)
        await crowd.come_and_go(VANISH)
        proxy.calm = True
        await crowd.check_scores()
        deadline = time.monotonic() + PATIENCE
        while not all(map(Level.is_back_at, levels(service, proxy), before)):
            assert time.monotonic() < deadline, (before, levels(service, proxy))
            await asyncio.sleep(0.1)
        assert "Traceback" not in "".join(service.log)
        with server.client() as client:
            assert len(client.client_list()) <= 2 * STORE_CONNECTIONS + 1
