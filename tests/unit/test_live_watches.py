"""Watches begin and end: their limits, what is left of them (nothing), and how many are woken."""

import asyncio

import pytest
from boards import ADA, AT, BOARD, rule, submit
from live_client import Watcher, until
from live_hub import NOTHING, POLL, TOP, live_hub

from goboard.domain.errors import InvalidArgument, StoreUnavailable, TooManyWatches
from goboard.domain.views import View
from goboard.live import Watch, WatchLimits
from goboard.live.watches import SLICE


async def test_a_watch_that_ends_leaves_nothing() -> None:
    async with live_hub() as live:
        watches = [await live.watch(Watcher(), view) for view in (TOP, TOP, View.around("ada"))]
        assert live.left == (1, 2, 0, 1)
        for watch in watches:
            watch.end()
            watch.end()
        await until(lambda: live.left == NOTHING)


async def test_a_watch_that_ended_is_woken_no_more() -> None:
    async with live_hub() as live:
        left, stays = Watcher(), Watcher()
        watch = await live.watch(left)
        await live.watch(stays)
        watch.end()
        before = left.wakes
        await submit(live.store, "ada", 1.0)
        await until(lambda: stays.shown)
        assert left.wakes == before


async def test_who_comes_when_the_last_has_just_left_is_sent_what_changes() -> None:
    async with live_hub() as live:
        watcher = Watcher()
        for _ in range(3):
            (await live.watch(Watcher())).end()
        await live.watch(watcher)
        await submit(live.store, "ada", 1.0)
        await until(lambda: watcher.shown == {"ada": 1})
        await until(lambda: live.left == (1, 1, 0, 1))


async def test_where_the_store_is_away_watching_is_refused_and_nothing_is_left() -> None:
    async with live_hub() as live:
        live.store.away = True
        asked = [live.hub.watch(BOARD, TOP, lambda _: None, "ann") for _ in range(3)]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [StoreUnavailable] * 3
        await until(lambda: live.left == NOTHING)
        live.store.away = False
        await live.watch(Watcher())


async def test_a_window_that_is_not_there_is_refused_and_harms_nobody() -> None:
    async with live_hub() as live:
        watcher = Watcher()
        await live.watch(watcher)
        with pytest.raises(InvalidArgument, match="no window 'daily'"):
            await live.watch(Watcher(), TOP.within("daily", None))
        assert live.left == (1, 1, 0, 1)
        await submit(live.store, "ada", 1.0)
        await until(lambda: watcher.shown)


async def test_a_name_that_is_none_is_refused_and_nothing_is_left() -> None:
    async with live_hub() as live:
        with pytest.raises(InvalidArgument, match="dashboard is empty"):
            await live.hub.watch("", TOP, lambda _: None, "ann")
        assert live.left == NOTHING


async def test_a_watch_that_is_given_up_before_it_begins_leaves_nothing_and_others_go_on() -> None:
    async with live_hub() as live:
        live.store.answers.clear()
        asking = [asyncio.create_task(live.hub.watch(BOARD, TOP, lambda _: None, "ann")) for _ in range(2)]
        await until(lambda: live.store.reads)
        asking[0].cancel()
        live.store.answers.set()
        watch = await asking[1]
        assert asking[0].cancelled()
        assert live.left == (1, 1, 1, 1)
        watch.end()
        await until(lambda: live.left == NOTHING)


async def test_all_who_ask_give_up() -> None:
    async with live_hub() as live:
        live.store.answers.clear()
        asking = [asyncio.create_task(live.hub.watch(BOARD, TOP, lambda _: None, "ann")) for _ in range(2)]
        await until(lambda: live.store.reads)
        for each in asking:
            each.cancel()
        await asyncio.wait(asking)
        await until(lambda: live.left == NOTHING)
        live.store.answers.set()
        await live.watch(Watcher())


async def test_an_end_is_final_also_where_its_view_had_ended() -> None:
    async with live_hub() as live:
        await rule(live.store, windows=["daily", "all"])
        watcher = Watcher()
        watch = await live.watch(watcher, TOP.within("daily", None))
        await rule(live.store, windows=["all"])
        await until(lambda: watcher.ended)
        assert live.left == (1, 1, 0, 1)  # as long as it is not ended by who watches
        watch.end()
        await until(lambda: live.left == NOTHING)


async def test_no_more_views_are_watched_than_the_limit_but_by_as_many_as_like() -> None:
    async with live_hub(limits=WatchLimits(views=2)) as live:
        await live.watch(Watcher(), View.top(1))
        second = await live.watch(Watcher(), View.top(2))
        await live.watch(Watcher(), View.top(1))
        with pytest.raises(TooManyWatches, match="this server has 2 different views, which is the most allowed"):
            await live.watch(Watcher(), View.top(3))
        with pytest.raises(TooManyWatches):
            await live.hub.watch("another board", View.top(1), lambda _: None)
        assert live.left == (1, 2, 0, 1)
        second.end()
        await live.watch(Watcher(), View.top(3))


async def test_no_identity_watches_more_than_its_limit() -> None:
    async with live_hub(limits=WatchLimits(per_identity=2)) as live:
        watches = [await live.hub.watch(BOARD, view, lambda _: None, "ann") for view in (TOP, View.top(1))]
        with pytest.raises(TooManyWatches, match="'ann' has 2 watches, which is the most allowed; end one first"):
            await live.hub.watch(BOARD, TOP, lambda _: None, "ann")
        await live.hub.watch(BOARD, TOP, lambda _: None, "bob")
        for _ in range(3):
            await live.hub.watch(BOARD, TOP, lambda _: None)
        watches[0].end()
        watches[0].end()
        await live.hub.watch(BOARD, TOP, lambda _: None, "ann")
        with pytest.raises(TooManyWatches):
            await live.hub.watch(BOARD, TOP, lambda _: None, "ann")


async def test_who_was_refused_counts_for_nothing() -> None:
    async with live_hub(limits=WatchLimits(views=1, per_identity=1)) as live:
        await live.watch(Watcher())
        with pytest.raises(TooManyWatches):
            await live.hub.watch(BOARD, View.top(1), lambda _: None, "ann")
        live.store.away = True
        await live.hub.watch(BOARD, TOP, lambda _: None, "ann")


async def test_after_close_nothing_is_read_or_sent() -> None:
    async with live_hub(poll=POLL) as live:
        watcher = Watcher()
        watch = await live.watch(watcher)
        await live.hub.watch("another board", TOP, watcher.wake)
        before = watcher.wakes
        await live.hub.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        assert not tasks
        assert live.bus._listening == {}
        await submit(live.store, "ada", 1.0)
        assert watcher.wakes == before
        watch.end()
        with pytest.raises(StoreUnavailable, match="has ended here"):
            await live.watch(Watcher())


async def test_close_ends_the_waiting_of_who_is_about_to_watch() -> None:
    async with live_hub() as live:
        live.store.answers.clear()
        asking = asyncio.create_task(live.hub.watch(BOARD, TOP, lambda _: None, "ann"))
        await until(lambda: live.store.reads)
        await live.hub.close()
        with pytest.raises(StoreUnavailable, match="watching has ended"):
            async with asyncio.timeout(10):
                await asking
        assert live.left == NOTHING


async def test_a_wake_that_raises_harms_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    async with live_hub() as live:
        ending = Watcher()
        await rule(live.store, windows=["daily", "all"])
        await live.watch(ending, TOP.within("daily", None))
        watchers = [Watcher() for _ in range(6)]
        for number, watcher in enumerate(watchers):
            await live.watch(watcher, View.top(1 + number % 2))
            await live.hub.watch(BOARD, View.top(1 + number % 2), raises)
        await live.hub.watch(BOARD, TOP.within("daily", None), raises)
        await submit(live.store, "ada", 1.0)
        await until(lambda: all(watcher.shown for watcher in watchers))
        await submit(live.store, "ada", 1.0)
        await until(lambda: all(watcher.changes for watcher in watchers))
        await rule(live.store, windows=["all"], force=True)
        await until(lambda: ending.ended)
        assert "a waker that is broken" in caplog.text


def raises(_: Watch) -> None:
    raise RuntimeError("a waker that is broken")


async def test_many_are_woken_in_slices_between_which_others_have_their_turn() -> None:
    async with live_hub() as live:
        woken: list[Watch] = []
        watches = [await live.hub.watch(BOARD, TOP, woken.append) for _ in range(4 * SLICE + 1)]
        woken.clear()
        seen = {0}
        await live.store.increment(BOARD, ADA, 1.0, AT)
        async with asyncio.timeout(10):
            while len(woken) < len(watches):
                await asyncio.sleep(0)
                seen.add(len(woken))
        assert sorted(seen) == [0, SLICE, 2 * SLICE, 3 * SLICE, 4 * SLICE, len(watches)]
        assert set(woken) == set(watches)


async def test_who_leaves_or_comes_while_others_are_woken_harms_nobody() -> None:
    async with live_hub() as live:
        watchers = [Watcher() for _ in range(2 * SLICE)]
        watches = [await live.watch(watcher) for watcher in watchers]
        leaving = iter(watches[::2])

        def wake_and_leave(_: Watch) -> None:
            for watch in leaving:
                watch.end()
                break

        for _ in range(SLICE):
            await live.hub.watch(BOARD, TOP, wake_and_leave)
        await submit(live.store, "ada", 1.0)
        await until(lambda: all(watcher.shown for watcher in watchers[1::2]))
