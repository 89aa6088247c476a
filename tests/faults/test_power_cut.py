"""A power cut, after which the disk has what was synced: what was acknowledged is there, as far as was promised.

The disk is tests/volatile_disk.c in front of a real server. Twenty seeds each: another moment, another mix of writes,
another disk, and in half of them the append-only file is being rewritten meanwhile.
"""

import asyncio
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil
import pytest
import redis.asyncio
import volatile_disk
from recorded_load import RecordedLoad, seen
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from servers import SERVERS, Server, start_server
from volatile_disk import VolatileDisk

from goboard.adapters.redis import RedisBoardStore
from goboard.domain.rules import Rules

pytestmark = pytest.mark.faults

SEEDS = range(20)
EVERYSEC_LOSES = 2.0
"""Seconds."""
RULES = {
    "plain": None,
    "by rules": Rules.parse({"ties": "earliest", "operator": "best", "windows": ["all", "daily"]}),
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return volatile_disk.built(tmp_path_factory.mktemp("library"))


class Machine:
    """A server on a disk of its own, and what is written to it until the power goes."""

    def __init__(self, seed: int, folder: Path, library: Path, longest: float) -> None:
        self.rng = random.Random(seed)
        self.data = folder / "data"
        self.data.mkdir(parents=True)
        self.disk = VolatileDisk(library, folder, self.rng)
        self.loads = [RecordedLoad(name, rules, self.rng) for name, rules in RULES.items()]
        self.runs_for = self.rng.uniform(0.1, longest)
        self.rewrites = seed % 2 == 1
        self.cut = float("inf")
        """When the power went, by the monotonic clock."""

    async def run(self, server: Server) -> None:
        store = RedisBoardStore.from_url(server.url)
        playing = [asyncio.create_task(load.play(store, self._is_off)) for load in self.loads]
        rewriting = asyncio.create_task(self._rewrite(server))
        await asyncio.sleep(self.runs_for)
        self.cut = time.monotonic()
        pull_the_plug(server)
        await asyncio.gather(*playing)
        await rewriting
        await store.close()

    async def lost(self, server: Server, within: float) -> float:
        """Tell how many seconds before the cut the first acknowledgement came whose write is gone: at most `within`."""
        store, oldest = RedisBoardStore.from_url(server.url), 0.0
        for load in self.loads:
            before = load.acknowledged_by(self.cut - within if within else float("inf"))
            kept = await load.survivors(await seen(store, load.board), before)
            assert kept is not None, f"{load.board}: of {len(load.calls)} calls {before} must be there, and are not"
            gone = [call.acknowledged for call in load.calls[kept:] if call.acknowledged]
            oldest = max([oldest, *[self.cut - each for each in gone]])
        await store.close()
        return oldest

    def _is_off(self) -> bool:
        return time.monotonic() >= self.cut

    async def _rewrite(self, server: Server) -> None:
        async with redis.asyncio.Redis.from_url(server.url, retry=Retry(NoBackoff(), 0)) as client:
            while self.rewrites and not self._is_off():
                with suppress(redis.RedisError):  # one is running, or the power is gone
                    await client.bgrewriteaof()
                await asyncio.sleep(self.rng.uniform(0, 0.3))


def pull_the_plug(server: Server) -> None:
    server.pause()  # it starts no more children
    for child in psutil.Process(server.pid).children():
        child.kill()
    server.kill()


async def losses(
    kind: str, policy: str, library: Path, folder: Path, *, within: float, longest: float, power_goes: bool = True
) -> list[float]:
    """Run all seeds at once: they mostly wait. Tell what each lost, as `Machine.lost` does.

    Where the power stays, the server alone is killed.
    """
    machines = [Machine(seed, folder / str(seed), library, longest) for seed in SEEDS]
    args = ("--appendonly", "yes", "--appendfsync", policy)

    @contextmanager
    def servers(*, on_the_disk: bool) -> Iterator[list[Server]]:
        with ExitStack() as running:
            yield [
                running.enter_context(
                    start_server(SERVERS[kind], each.data, *args, inside=each.disk.command if on_the_disk else ())
                )
                for each in machines
            ]

    with servers(on_the_disk=True) as started:
        await asyncio.gather(*[each.run(server) for each, server in zip(machines, started, strict=True)])
    for each in machines if power_goes else ():
        each.disk.after_power_cut(each.data)
    with servers(on_the_disk=False) as started:
        return [await each.lost(server, within) for each, server in zip(machines, started, strict=True)]


@pytest.mark.parametrize("kind", SERVERS)
async def test_with_always_nothing_acknowledged_is_lost(kind: str, library: Path, tmp_path: Path) -> None:
    lost = await losses(kind, "always", library, tmp_path, within=0, longest=1.5)
    assert lost == [0.0] * len(SEEDS)


@pytest.mark.parametrize("kind", SERVERS)
async def test_with_everysec_at_most_two_seconds_are_lost(kind: str, library: Path, tmp_path: Path) -> None:
    lost = await losses(kind, "everysec", library, tmp_path, within=EVERYSEC_LOSES, longest=4.0)
    assert max(lost) <= EVERYSEC_LOSES


async def test_with_everysec_a_kill_alone_may_cost_what_came_during_a_sync(library: Path, tmp_path: Path) -> None:
    """While the disk is busy the server puts off writing, for two seconds at most, and answers all the same."""
    lost = await losses("valkey", "everysec", library, tmp_path, within=EVERYSEC_LOSES, longest=3.0, power_goes=False)
    assert max(lost) <= EVERYSEC_LOSES


async def test_with_no_syncing_more_is_lost_so_this_disk_can_tell(library: Path, tmp_path: Path) -> None:
    lost = await losses("valkey", "no", library, tmp_path, within=1000, longest=4.0)
    assert max(lost) > EVERYSEC_LOSES
