"""A Cluster whose nodes and slots change places under load: refusals only while that lasts, and every update once."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from ensembles import Cluster, Node, eventually, node_id, start_cluster
from live_client import Watcher, until
from redis.crc import key_slot
from steady_load import SteadyLoad, steady_load

from goboard import Leaderboards
from goboard.adapters.redis import RedisBoardStore, RedisEventBus
from goboard.domain.rules import Rules
from goboard.domain.views import View
from goboard.live import LiveStandings

pytestmark = pytest.mark.faults

BOARD = "board 0"
SLOT = key_slot(b"prod:board 0")
TAKEOVER = 10.0
"""Seconds until a replica is voted for: the node timeout of 2 s, twice at most, and the vote."""


@asynccontextmanager
async def opened(cluster: Cluster) -> AsyncIterator[tuple[Leaderboards, LiveStandings]]:
    store = RedisBoardStore.from_url(cluster.url)
    events = RedisEventBus.from_url(cluster.url)
    live = LiveStandings(store, events, time.time)
    yield Leaderboards(store), live
    await live.close()
    await events.close()
    await store.close()


def key_by_key(slot: int, source: Node, target: Node) -> None:
    """Move a slot as `redis-cli --cluster reshard` does, with time in between in which it lies on both."""
    with source.client() as at_source, target.client() as at_target:
        at_target.execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", node_id(source))
        at_source.execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", node_id(target))
        while keys := at_source.execute_command("CLUSTER", "GETKEYSINSLOT", slot, 1):
            at_source.execute_command("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *keys)
            time.sleep(0.05)
        for node in (at_target, at_source):
            node.execute_command("CLUSTER", "SETSLOT", slot, "NODE", node_id(target))


def at_once(slot: int, source: Node, target: Node) -> None:
    """Move a slot as Valkey 9 does by itself."""
    with source.client() as client:
        client.execute_command("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", slot, slot, "NODE", node_id(target))


async def moved(cluster: Cluster, slot: int, how: Callable[[int, Node, Node], None]) -> None:
    source = cluster.node_of(slot)
    [target, *_] = [node for node in cluster.nodes[:3] if node is not source]
    await asyncio.to_thread(how, slot, source, target)
    await asyncio.to_thread(eventually, lambda: cluster.node_of(slot) is target, "the slot has moved")


async def killed(cluster: Cluster, slot: int) -> None:
    """Kill the primary of a slot, and wait until its replica has taken over."""
    old = cluster.node_of(slot)
    old.kill()
    async with asyncio.timeout(TAKEOVER):
        while await asyncio.to_thread(cluster.node_of, slot) is old:  # noqa: ASYNC110 -- it tells nobody
            await asyncio.sleep(0.02)


async def settled(load: SteadyLoad) -> None:
    """See every board answered in time again, and without a refusal from then on."""
    await load.until_all_are_answered_again(within=2)
    quiet = time.monotonic()
    await load.until_all_are_answered_again(within=1)
    assert all(refusal.at <= quiet for refusal in load.refusals)
    assert all(refusal.seconds < 2 for refusal in load.refusals)


async def test_slots_and_nodes_change_places_under_load(tmp_path: Path) -> None:
    """One Cluster for all of it: to make one takes seconds."""
    with start_cluster("valkey", tmp_path) as cluster:
        async with opened(cluster) as (boards, live), steady_load(boards) as load:
            ruled = await boards.set_rules("ruled", Rules.parse({"windows": ["all", "daily"], "ties": "earliest"}))
            watcher = Watcher()
            watcher.take(await live.watch(BOARD, View.top(3), watcher.wake))
            assert load.refusals == []

            await moved(cluster, SLOT, at_once)
            await settled(load)
            assert load.refusals == [], "a slot that moves at once refuses nothing"

            await moved(cluster, SLOT, key_by_key)
            await settled(load)
            assert {refusal.kind for refusal in load.refusals} <= {"StoreUnavailable"}, "nothing was half done"

            await killed(cluster, SLOT)
            await settled(load)
            await load.end()
            assert await load.scores() == load.acknowledged
            await until(lambda: watcher.state and watcher.state["m"].score == load.acknowledged[BOARD], 5)
            assert len(await boards.boards()) == len(load.acknowledged) + 1
            assert await boards.rules("ruled") == ruled


async def test_a_board_on_its_way_between_two_nodes_is_never_seen_or_written_in_part(tmp_path: Path) -> None:
    """Its rules lie on one node, its standings on the other: it is refused until it is whole."""
    with start_cluster("valkey", tmp_path) as cluster:
        async with opened(cluster) as (boards, _):
            await boards.set_rules(BOARD, Rules.parse({"order": "asc", "operator": "best"}))
            for member, score in (("ada", 3), ("bob", 2)):
                await boards.submit(BOARD, member, score)
            source = cluster.node_of(SLOT)
            [target, *_] = [node for node in cluster.nodes[:3] if node is not source]
            with source.client() as at_source, target.client() as at_target:
                at_target.execute_command("CLUSTER", "SETSLOT", SLOT, "IMPORTING", node_id(source))
                at_source.execute_command("CLUSTER", "SETSLOT", SLOT, "MIGRATING", node_id(target))
                at_source.execute_command("MIGRATE", "127.0.0.1", target.port, f"prod:{BOARD}", 0, 5000)
                calls = [boards.submit(BOARD, "cyd", 1), boards.top(BOARD), boards.rank(BOARD, "ada")]
                answers = await asyncio.gather(*calls, return_exceptions=True)
                assert [type(answer).__name__ for answer in answers] == ["StoreUnavailable"] * 3

                late = asyncio.gather(boards.submit(BOARD, "cyd", 1), boards.top(BOARD))
                await asyncio.sleep(0.1)
                keys = at_source.execute_command("CLUSTER", "GETKEYSINSLOT", SLOT, 10)
                at_source.execute_command("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *keys)
                for node in (at_target, at_source):
                    node.execute_command("CLUSTER", "SETSLOT", SLOT, "NODE", node_id(target))
                await late  # who asks while it is on its way waits for it, for up to 1.5 s
            assert [(entry.member, entry.rank) for entry in await boards.top(BOARD)] == [
                ("cyd", 1),
                ("bob", 2),
                ("ada", 3),
            ]
