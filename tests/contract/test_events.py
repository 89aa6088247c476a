"""Events: the same over every bus, with the store that publishes on it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from boards import ADA, AT, BOARD, rule, submit, submit_all
from servers import SERVERS, STORES, Server, free_port, start_server

from goboard.adapters.memory import MemoryBoardStore, MemoryEventBus
from goboard.adapters.redis import RedisBoardStore, RedisEventBus
from goboard.domain.names import ArchiveName, BoardName
from goboard.domain.periods import PeriodChoice
from goboard.domain.views import View
from goboard.ports.events import EventBus
from goboard.ports.store import BoardStore

ELSEWHERE = BoardName.parse("another board")
PATIENCE = 10.0


class Pair(NamedTuple):
    """A store, and a bus on which its writes are heard."""

    store: BoardStore
    events: EventBus


class Ear:
    """What was heard of a board."""

    def __init__(self, events: EventBus, board: BoardName = BOARD) -> None:
        self.heard: list[int | None] = []
        self.end = events.listen(board, self.heard.append)

    async def until(self, condition: Callable[[list[int | None]], bool]) -> None:
        ends = time.monotonic() + PATIENCE
        while not condition(self.heard):
            assert time.monotonic() < ends, self.heard
            await asyncio.sleep(0.005)

    async def ready(self) -> "Ear":
        await self.until(lambda heard: None in heard)
        self.heard.clear()
        return self


@pytest.fixture(params=STORES)
async def pair(request: pytest.FixtureRequest, server_of: Callable[[str], Server], prefix: str) -> AsyncIterator[Pair]:
    if request.param == "memory":
        bus = MemoryEventBus()
        opened = Pair(MemoryBoardStore(bus), bus)
    else:
        url = server_of(request.param).url
        opened = Pair(RedisBoardStore.from_url(url, prefix=prefix), RedisEventBus.from_url(url, prefix=prefix))
    yield opened
    await opened.events.close()
    await opened.store.close()


async def test_every_kind_of_write_is_heard_once_with_its_version(pair: Pair) -> None:
    store = pair.store
    ear = await Ear(pair.events).ready()
    writes = [
        lambda: store.increment(BOARD, ADA, 1.0, AT),
        lambda: submit(store, "bob", 2.0, metadata={"a": 1}),
        lambda: rule(store, ties="shared", force=True),
        lambda: store.archive(BOARD, ArchiveName.parse("spring"), PeriodChoice(AT)),
        lambda: submit(store, "cyd", 2.0),
        lambda: store.remove(BOARD, ADA, AT),
        lambda: store.delete(BOARD, AT),
    ]
    for write in writes:
        before = len(ear.heard)
        await write()
        await ear.until(lambda heard, before=before: len(heard) == before + 1)
        seen = (await store.see(BOARD, View.top(1), AT)).version.number
        assert ear.heard[-1] == seen or seen == 0  # a deleted board has no version


async def test_what_is_written_together_is_heard_once(pair: Pair) -> None:
    ear = await Ear(pair.events).ready()
    await pair.store.increment_many(BOARD, [(ADA, 1.0)] * 100, AT)
    await submit(pair.store, "the last", 1.0)
    seen = (await pair.store.see(BOARD, View.top(1), AT)).version.number
    await ear.until(lambda heard: seen in heard)
    assert len(ear.heard) == 2


async def test_only_the_board_that_is_listened_to_is_heard(pair: Pair) -> None:
    ear, other = await Ear(pair.events).ready(), await Ear(pair.events, ELSEWHERE).ready()
    await submit_all(pair.store, {"ada": 1.0})
    await ear.until(bool)
    await pair.store.increment(ELSEWHERE, ADA, 1.0, AT)
    await other.until(bool)
    assert (len(ear.heard), len(other.heard)) == (1, 1)


async def test_all_who_listen_hear_and_who_has_ended_does_not(pair: Pair) -> None:
    first, second = await Ear(pair.events).ready(), Ear(pair.events)
    await submit(pair.store, "ada", 1.0)
    await first.until(bool)
    await second.until(any)
    first.end()
    first.end()
    before = list(first.heard)
    await submit(pair.store, "ada", 1.0)
    await second.until(lambda heard: sum(1 for each in heard if each) == 2)
    assert first.heard == before


async def test_listening_goes_on_after_all_had_ended(pair: Pair) -> None:
    for _ in range(3):
        ear = await Ear(pair.events).ready()
        await submit(pair.store, "ada", 1.0)
        await ear.until(bool)
        ear.end()


async def test_who_writes_past_the_store_can_publish(pair: Pair) -> None:
    ear = await Ear(pair.events).ready()
    await pair.events.publish(BOARD, 41)
    await ear.until(lambda heard: heard == [41])


async def test_a_closed_bus_is_silent(pair: Pair) -> None:
    ear = await Ear(pair.events).ready()
    await pair.events.close()
    await submit(pair.store, "ada", 1.0)
    assert ear.heard == []


@pytest.mark.parametrize("kind", SERVERS)
async def test_an_interruption_is_told_and_listening_goes_on(kind: str, tmp_path: Path, prefix: str) -> None:
    with start_server(SERVERS[kind], tmp_path) as server:
        store = RedisBoardStore.from_url(server.url, prefix=prefix)
        events = RedisEventBus.from_url(server.url, prefix=prefix)
        ear = await Ear(events).ready()
        with server.client() as client:
            client.client_kill_filter(_type="pubsub")
        await ear.until(lambda heard: None in heard)
        await submit(store, "ada", 1.0)
        await ear.until(lambda heard: 1 in heard)
        await events.close()
        await store.close()


@pytest.mark.parametrize("kind", SERVERS)
async def test_another_run_of_the_server_is_another_epoch(kind: str, tmp_path: Path, prefix: str) -> None:
    """What it lost, its numbers count again: AOF is off here, and the snapshot it comes back with is old."""
    with start_server(SERVERS[kind], tmp_path) as server:
        store = RedisBoardStore.from_url(server.url, prefix=prefix)
        await submit(store, "ada", 1.0)
        with server.client() as client:
            client.save()
        await submit(store, "ada", 1.0)
        before = await store.see(BOARD, View.top(1), AT)
        server.kill()
        server.restart()
        await submit(store, "bob", 7.0)
        after = await store.see(BOARD, View.top(1), AT)
        assert before.version.number == after.version.number
        assert before.entries != after.entries
        assert before.version.epoch != after.version.epoch
        await store.close()


@pytest.mark.parametrize("kind", SERVERS)
async def test_who_may_write_but_not_publish_or_ask_writes_and_sees(kind: str, tmp_path: Path, prefix: str) -> None:
    with start_server(SERVERS[kind], tmp_path) as server:
        with server.client() as client:
            client.execute_command("ACL", "SETUSER", "clerk", "on", ">pass", "~*", "resetchannels", "+@all", "-info")
        store = RedisBoardStore.from_url(server.url.replace("://", "://clerk:pass@"), prefix=prefix)
        await submit(store, "ada", 1.0)
        await rule(store, ties="shared", force=True)
        before = (await store.see(BOARD, View.top(1), AT)).version.number
        await submit(store, "ada", 1.0)
        assert (await store.see(BOARD, View.top(1), AT)).version.number > before
        await store.close()


@pytest.mark.parametrize("kind", SERVERS)
async def test_a_node_of_a_cluster_tells_of_writes(kind: str, tmp_path: Path, prefix: str) -> None:
    """It refuses a script, and a shard channel, whose slot is another's; one node has all of them here."""
    # By default its bus is at the port plus 10,000, which may be beyond the last one.
    clustered = ("--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-port", str(free_port()))
    with start_server(SERVERS[kind], tmp_path, *clustered, tcp=True) as server:
        with server.client() as client:
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
            ends = time.monotonic() + PATIENCE
            while b"cluster_state:ok" not in client.execute_command("CLUSTER", "INFO"):
                assert time.monotonic() < ends
                await asyncio.sleep(0.02)
        store = RedisBoardStore.from_url(server.url, prefix=prefix)
        events = RedisEventBus.from_url(server.url, prefix=prefix)
        ear = await Ear(events).ready()
        await submit(store, "ada", 1.0, metadata={"a": 1})
        await rule(store, ties="earliest", force=True)
        await submit(store, "bob", 2.0)
        seen = await store.see(BOARD, View.top(2), AT)
        await ear.until(lambda heard: seen.version.number in heard)
        assert [entry.member for entry in seen.entries] == ["bob", "ada"]
        await events.close()
        await store.close()
