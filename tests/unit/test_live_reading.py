"""When a watched board is read: once a tick while it changes, else once a poll, and when its period ends."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from boards import ADA, AT, BOARD, instant, m, rule, submit, submit_all
from live_client import Watcher, until
from live_hub import POLL, TOP, Live, ReadStore, live_hub

from goboard.adapters.memory import MemoryEventBus
from goboard.domain.names import BoardName
from goboard.domain.views import Sight, View
from goboard.live import LiveStandings
from goboard.live.boards import MAX_SHARE, SECONDS_AN_ENTRY

VIEWS = [View.top(1), View.around("ada"), View.members(["ada", "bob"])]


@pytest.fixture
async def live() -> AsyncIterator[Live]:
    async with live_hub() as opened:
        await submit(opened.store, "ada", 1.0)
        yield opened


async def settled(live: Live, *watchers: Watcher, board: BoardName = BOARD) -> None:
    """Wait until nothing is left to be read of what has happened so far."""
    await live.store.increment(board, ADA, 1.0, AT)
    await until(lambda: all(watcher.changes == 1 for watcher in watchers))
    live.store.reads.clear()


async def test_any_number_who_watch_a_view_cost_one_read(live: Live) -> None:
    watchers = [Watcher() for _ in range(60)]
    for number, watcher in enumerate(watchers):
        await live.watch(watcher, VIEWS[number % 3])
    await settled(live, *watchers)
    for _ in range(500):  # all within one tick
        live.store.increment(BOARD, ADA, 1.0, AT)
    await until(lambda: all(watcher.changes == 2 for watcher in watchers))
    assert Counter(live.store.reads) == dict.fromkeys(VIEWS, 1)


async def test_a_board_that_changes_all_the_time_is_read_once_a_tick() -> None:
    tick = 0.05
    async with live_hub(tick=tick) as live:
        watcher = Watcher()
        await live.watch(watcher)
        begun = time.monotonic()
        async with asyncio.timeout(10):
            while watcher.changes < 6:
                await live.store.increment(BOARD, ADA, 1.0, AT)
                await asyncio.sleep(0.001)
        assert len(live.store.reads) <= (time.monotonic() - begun) / tick + 2  # and the very first, and one just begun


async def test_a_board_of_many_views_is_read_less_often() -> None:
    begun: list[float] = []

    class ClockedStore(ReadStore):
        async def see(self, board: BoardName, view: View, at: float) -> Sight:
            if view == views[0]:
                begun.append(asyncio.get_running_loop().time())
            return await super().see(board, view, at)

    views = [View.around(f"member {number}", 50, 50) for number in range(100)]
    bus = MemoryEventBus()
    store = ClockedStore(bus)
    hub = LiveStandings(store, bus, lambda: AT, tick=0.001)
    watchers = [Watcher() for _ in views]
    for view, watcher in zip(views, watchers, strict=True):
        await hub.watch(BOARD, view, watcher.wake)
    begun.clear()
    async with asyncio.timeout(10):
        while len(begun) < 4:
            await store.increment(BOARD, m("member 0"), 1.0, AT)
            await asyncio.sleep(0.001)
    await hub.close()
    entries = sum(view.size for view in views)
    pauses = [later - earlier for earlier, later in itertools.pairwise(begun)]
    assert entries * SECONDS_AN_ENTRY / MAX_SHARE > 0.2
    assert min(pauses) > 0.1  # a reading is begun a little before its views are asked for


async def test_who_comes_to_a_view_that_is_watched_costs_no_read(live: Live) -> None:
    first, newcomer = Watcher(), Watcher()
    await live.watch(first)
    await settled(live, first)
    await live.watch(newcomer)
    assert newcomer.snapshots == 1
    assert live.store.reads == []


async def test_a_new_view_is_read_at_once_and_alone() -> None:
    async with live_hub(tick=30.0) as live:
        await live.watch(Watcher())
        first = Watcher()
        async with asyncio.timeout(10):
            await live.watch(first, View.around("ada"))
        assert live.store.reads == [TOP, View.around("ada")]


@asynccontextmanager
async def crowd_that_comes(live: Live, every: float) -> AsyncIterator[None]:
    """Let somebody come with a view of its own again and again."""

    async def come() -> None:
        for number in itertools.count():
            await live.watch(Watcher(), View.around(f"member {number}"))
            await asyncio.sleep(every)

    coming = asyncio.create_task(come())
    yield
    coming.cancel()
    await asyncio.wait([coming])


async def test_who_comes_does_not_put_off_what_others_are_to_be_sent() -> None:
    async with live_hub(tick=0.05) as live:
        watcher = Watcher()
        await submit(live.store, "ada", 1.0)
        await live.watch(watcher)
        async with crowd_that_comes(live, every=0.01):
            await settled(live, watcher)


async def test_who_comes_does_not_put_off_the_poll() -> None:
    async with live_hub(poll=0.2) as live:
        watcher = Watcher()
        await submit(live.store, "ada", 1.0)
        await live.watch(watcher)
        await settled(live, watcher)
        async with crowd_that_comes(live, every=0.05):
            live.write_past("ada", 1.0)
            await until(lambda: watcher.changes == 2)


async def test_nothing_is_read_of_what_nobody_watches_any_more(live: Live) -> None:
    left, stays = Watcher(), Watcher()
    watch = await live.watch(left, View.top(1))
    await live.watch(stays)
    await settled(live, left, stays)
    watch.end()
    before = left.wakes
    await submit(live.store, "ada", 1.0)
    await until(lambda: stays.changes == 2)
    assert live.store.reads == [TOP]
    assert left.wakes == before


async def test_boards_are_read_apart(live: Live) -> None:
    other = BoardName.parse("another board")
    here, there = Watcher(), Watcher()
    await live.watch(here)
    await live.store.increment(other, ADA, 1.0, AT)
    await live.hub.watch(other, TOP, there.wake)
    await settled(live, here)
    await settled(live, there, board=other)
    await live.store.increment(other, ADA, 1.0, AT)
    await until(lambda: there.changes == 2)
    assert here.changes == 1
    assert len(live.store.reads) == 1


async def test_what_raised_no_event_is_found_by_the_poll() -> None:
    async with live_hub(poll=POLL) as live:
        watcher = Watcher()
        await submit_all(live.store, {"ada": 2.0, "bob": 1.0})
        await live.watch(watcher)
        before = watcher.version
        live.write_past("bob", 5.0)
        await until(lambda: watcher.shown == {"bob": 1, "ada": 2})
        assert (watcher.version, watcher.changes) == (before, 1)


async def test_a_period_ends_when_its_time_comes_whatever_the_poll() -> None:
    loop = asyncio.get_running_loop()
    bus = MemoryEventBus()
    store = ReadStore(bus)
    midnight = instant("2026-11-25T00:00:00+00:00")
    begun = loop.time()

    def now() -> float:
        return midnight - 0.2 + loop.time() - begun

    await rule(store, windows=["daily"])
    await submit(store, "ada", 1.0, now())
    hub = LiveStandings(store, bus, now, tick=0.005, poll=60.0)
    watcher = Watcher()
    await hub.watch(BOARD, TOP, watcher.wake)
    assert watcher.shown == {"ada": 1}
    await until(lambda: watcher.snapshots == 2)
    await hub.close()
    assert watcher.period is not None
    assert (watcher.period.name, watcher.shown) == ("2026-11-25", {})
    assert len(store.reads) < 10  # it is not asked all the time whether midnight has come


async def test_while_the_store_is_away_watchers_keep_what_they_have_and_come_right_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with live_hub(poll=POLL) as live:
        watcher = Watcher()
        await submit(live.store, "ada", 1.0)
        await live.watch(watcher)
        live.store.away = True
        live.store.reads.clear()
        await submit(live.store, "bob", 2.0)
        await until(lambda: len(live.store.reads) > 3)
        assert (watcher.shown, watcher.ended) == ({"ada": 1}, None)
        [warning] = [record.getMessage() for record in caplog.records]
        assert warning.startswith("a watched board cannot be read, and is tried again: the store cannot be reached")
        live.store.away = False
        await until(lambda: watcher.shown == {"bob": 1, "ada": 2})
        assert (watcher.snapshots, watcher.changes) == (1, 1)


async def test_an_outage_is_logged_again_after_the_store_was_back(caplog: pytest.LogCaptureFixture) -> None:
    async with live_hub(poll=POLL) as live:
        watcher = Watcher()
        await submit(live.store, "ada", 1.0)
        await live.watch(watcher)
        await an_outage(live, watcher)
        await an_outage(live, watcher)
        assert caplog.text.count("cannot be read") == 2


async def an_outage(live: Live, watcher: Watcher) -> None:
    """Let the store be away until that was noticed, and be back until that was."""
    live.store.away = True
    live.store.reads.clear()
    await until(lambda: len(live.store.reads) > 2)
    live.store.away = False
    before = watcher.changes
    await submit(live.store, "ada", 1.0)
    await until(lambda: watcher.changes > before)
