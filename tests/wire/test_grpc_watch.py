"""WatchStandings as grpcio sees it: what is sent, what is refused, and how a view ends."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import grpc.aio
import pytest
from drivers import Problem
from grpc_local import Local, served
from grpc_watching import Hand, Watcher, moves, nothing_is_watched, passed, places
from servers import Server

from goboard.adapters.redis import RedisBoardStore, RedisEventBus

DAY = 86_400
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()
CROWD = {"ann": 50, "bob": 40, "cleo": 30, "dan": 20, "eve": 10}


class Clock:
    """Tells the time that the test says."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def local(clock: Clock) -> AsyncIterator[Local]:
    async with served(now=clock) as running:
        yield running


@pytest.fixture
async def channel(local: Local) -> AsyncIterator[grpc.aio.Channel]:
    async with grpc.aio.insecure_channel(local.target) as opened:
        yield opened


@pytest.fixture
def hand(channel: grpc.aio.Channel) -> Hand:
    return Hand(channel)


async def test_the_first_places(channel: grpc.aio.Channel, hand: Hand):
    await hand.set_all(ann=10, bob=5)
    watcher = Watcher(channel, top=2)
    shown = await watcher.snapshot()
    assert (shown.dashboard, shown.window, shown.period, shown.version) == ("b", "all", "all", 2)
    assert places(shown.members) == [("ann", 1, 10), ("bob", 2, 5)]
    await hand.set("cleo", 7)
    change = await watcher.change()
    assert (change.dashboard, change.epoch, change.from_version, change.to_version) == ("b", shown.epoch, 2, 3)
    assert (places(change.entered), list(change.left), moves(change)) == ([("cleo", 2, 7)], ["bob"], [])
    await hand.set("cleo", 20)
    change = await watcher.change()
    assert (change.from_version, change.to_version) == (3, 4)
    assert (moves(change), change.moved[0].score) == ([("cleo", 2, 1), ("ann", 1, 2)], 20)
    assert not change.HasField("overtaken")
    assert not change.HasField("overtook")


async def test_the_run_around_a_member_and_who_passes_whom(channel: grpc.aio.Channel, hand: Hand):
    await hand.set_all(**CROWD)
    watcher = Watcher(channel, around={"member_id": "cleo", "above": 2, "below": 1})
    assert places((await watcher.snapshot()).members) == [
        ("ann", 1, 50),
        ("bob", 2, 40),
        ("cleo", 3, 30),
        ("dan", 4, 20),
    ]
    await hand.set("cleo", 45)
    change = await watcher.change()
    assert (moves(change), list(change.left)) == ([("cleo", 3, 2), ("bob", 2, 3)], ["dan"])
    assert (passed(change.overtaken), passed(change.overtook)) == ((["bob"], 0), ([], 0))
    await hand.set("bob", 60)
    change = await watcher.change()
    assert (passed(change.overtaken), passed(change.overtook)) == (([], 0), (["bob"], 0))
    await hand.set("cleo", 5)  # eve comes into view only now
    assert passed((await watcher.change()).overtook) == (["dan"], 1)


async def test_members_alone_and_together(channel: grpc.aio.Channel, hand: Hand):
    await hand.set_all(**CROWD)
    alone = Watcher(channel, members={"member_ids": ["eve"]})
    several = Watcher(channel, members={"member_ids": ["eve", "zoe", "ann", "ann"]})
    assert places((await alone.snapshot()).members) == [("eve", 5, 10)]
    assert places((await several.snapshot()).members) == [("ann", 1, 50), ("eve", 5, 10)]
    await hand.set("eve", 45)
    change, together = await alone.change(), await several.change()
    assert (moves(change), passed(change.overtaken)) == ([("eve", 5, 2)], ([], 3))
    assert moves(together) == [("eve", 5, 2)]
    assert not together.HasField("overtaken")
    await hand.set("zoe", 1)
    assert places((await several.change()).entered) == [("zoe", 6, 1)]


async def test_what_is_left_out(channel: grpc.aio.Channel, hand: Hand):
    await hand.set_all(**{f"m{number:02}": number for number in range(12)}, admin_user=5.5)
    assert len((await Watcher(channel).snapshot()).members) == 10
    for own in ({"around": {}}, {"around": {"member_id": "admin_user", "above": 5, "below": 5}}):
        around = await Watcher(channel, **own).snapshot()
        assert [record.member_id for record in around.members][5] == "admin_user"
        assert len(around.members) == 11
    assert len((await Watcher(channel, around={"above": 0, "below": 0}).snapshot()).members) == 1
    own = await Watcher(channel, members={"member_ids": ["", "m01"]}).snapshot()
    assert [record.member_id for record in own.members] == ["admin_user", "m01"]


async def test_metadata_where_it_is_asked_for_and_has_changed(channel: grpc.aio.Channel, hand: Hand):
    await hand.set("ann", 1, '{"flag": "pt"}')
    plain, full = Watcher(channel), Watcher(channel, metadata=True)
    assert (await plain.snapshot()).members[0].metadata == ""
    assert (await full.snapshot()).members[0].metadata == '{"flag":"pt"}'
    await hand.set("ann", 2)
    for watcher in (plain, full):
        assert not (await watcher.change()).moved[0].HasField("metadata")
    await hand.set("ann", 2, "{}")
    assert (await full.change()).moved[0].metadata == "{}"


async def test_windows_periods_and_the_end_of_one(channel: grpc.aio.Channel, hand: Hand, clock: Clock):
    await hand.rules(windows=["daily", "all"], keep=1)
    await hand.set("ann", 1)
    daily, ever = Watcher(channel, window="daily"), Watcher(channel, window="all")
    closed = Watcher(channel, window="daily", period="2026-11-24")
    shown = await daily.snapshot()
    assert (shown.window, shown.period, places(shown.members)) == ("daily", "2026-11-24", [("ann", 1, 1)])
    assert ((await ever.snapshot()).window, (await closed.snapshot()).period) == ("all", "2026-11-24")
    clock.time += DAY
    shown = await daily.snapshot()
    assert (shown.period, places(shown.members)) == ("2026-11-25", [])
    await hand.set("bob", 2)
    assert places((await daily.change()).entered) == [("bob", 1, 2)]
    assert places((await ever.change()).entered) == [("bob", 1, 2)]
    clock.time += 2 * DAY  # what is kept no more ends its watch, and no other
    gone = Problem(
        404, "period_not_found", "the daily period 2026-11-24 cannot be read: it has not begun, or is not kept any more"
    )
    assert [await closed.refusal(), await Watcher(channel, window="daily", period="2026-11-24").refusal()] == [gone] * 2
    assert (await daily.snapshot()).period == "2026-11-27"


async def test_a_window_that_the_board_loses(channel: grpc.aio.Channel, hand: Hand):
    await hand.rules(windows=["daily", "all"])
    watcher = Watcher(channel, window="daily")
    await watcher.snapshot()
    await hand.rules(windows=["all"], force=True)
    assert await watcher.refusal() == Problem(
        400, "invalid_argument", "the dashboard has no window 'daily'; it has all"
    )


@pytest.mark.parametrize(
    ("fields", "code", "detail"),
    [
        ({"dashboard": ""}, "invalid_argument", "dashboard is empty"),
        ({"top": 0}, "invalid_argument", "top is 0; it must be from 1 to 100"),
        ({"top": 101}, "invalid_argument", "top is 101; it must be from 1 to 100"),
        ({"top": -1}, "invalid_argument", "top is -1"),
        ({"around": {"member_id": "ann", "above": 51}}, "invalid_argument", "above is 51; it must be from 0 to 50"),
        ({"around": {"member_id": "ann", "below": -1}}, "invalid_argument", "below is -1; it must be from 0 to 50"),
        ({"around": {"member_id": "a\x07"}}, "invalid_argument", "control character"),
        ({"members": {}}, "invalid_argument", "the number of members is 0; it must be from 1 to 100"),
        ({"members": {"member_ids": [f"m{n}" for n in range(101)]}}, "invalid_argument", "members is 101"),
        ({"members": {"member_ids": ["x" * 257]}}, "invalid_argument", "257 bytes"),
        ({"window": "weekly"}, "invalid_argument", "no window 'weekly'"),
        ({"period": "2026-11-24"}, "invalid_argument", "2026-11-24"),
    ],
)
async def test_what_cannot_be_watched(
    local: Local, channel: grpc.aio.Channel, fields: dict[str, Any], code: str, detail: str
):
    refused = await Watcher(channel, **fields).refusal()
    assert refused.code == code
    assert detail in refused.detail
    await nothing_is_watched(local)


async def test_snapshots_that_are_larger_than_the_client_s_window(channel: grpc.aio.Channel, hand: Hand):
    text = json.dumps({"motto": "x" * 1000})
    await asyncio.gather(*(hand.set(f"m{number:03}", number, text) for number in range(100)))
    for _ in range(5):  # over one connection, whose window is never given back whole
        watcher = Watcher(channel, top=100, metadata=True)
        shown = await watcher.snapshot()
        assert (len(shown.members), shown.ByteSize() > 100_000) == (100, True)
        watcher.stream.cancel()


async def test_watchers_of_a_redis_store_see_what_another_server_writes(server: Server, prefix: str):
    async with AsyncExitStack() as stack:
        channels = []
        for _ in range(2):
            store = RedisBoardStore.from_url(server.url, prefix=prefix)
            events = RedisEventBus.from_url(server.url, prefix=prefix)
            stack.push_async_callback(store.close)
            stack.push_async_callback(events.close)
            local = await stack.enter_async_context(served(store, events=events))
            channels.append(await stack.enter_async_context(grpc.aio.insecure_channel(local.target)))
        watchers = [Watcher(channels[0], **view) for view in ({"top": 2}, {"around": {"member_id": "bob"}})]
        for watcher in watchers:
            assert places((await watcher.snapshot()).members) == []
        hand = Hand(channels[1])
        await hand.set("ann", 10)
        assert places((await watchers[0].snapshot()).members) == [("ann", 1, 10)]  # a new board is a new epoch
        await hand.set("bob", 20)
        change = await watchers[0].change()
        assert (places(change.entered), moves(change)) == ([("bob", 1, 20)], [("ann", 1, 2)])
