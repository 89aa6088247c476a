"""What a watcher is sent: the state once, then changes that fit, and the state again where one would not."""

from collections.abc import AsyncIterator

import pytest
from boards import ADA, AT, BOARD, DAY, rule, submit, submit_all
from live_client import Watcher, state_of, until
from live_hub import POLL, TOP, Live, live_hub

from goboard.domain.errors import InvalidArgument, PeriodNotFound
from goboard.domain.standings import Entry
from goboard.domain.views import View
from goboard.live import Change, Ended, Message, Snapshot

CROWD = {"ada": 50.0, "bob": 40.0, "cyd": 30.0, "dan": 20.0, "eve": 10.0}


@pytest.fixture
async def live() -> AsyncIterator[Live]:
    async with live_hub() as opened:
        await submit_all(opened.store, CROWD)
        yield opened


async def changed(watcher: Watcher, times: int) -> None:
    await until(lambda: watcher.changes == times)


async def test_the_first_state_can_be_taken_at_once_and_once(live: Live) -> None:
    watch = await live.hub.watch(BOARD, TOP, lambda _: None)
    message = watch.take()
    assert isinstance(message, Snapshot)
    assert message.sight == await live.store.see(BOARD, TOP, AT)
    assert (message.board, message.view, watch.board, watch.view) == (BOARD, TOP, BOARD, TOP)
    assert watch.take() is None


async def test_what_changes_is_sent_as_what_leads_there(live: Live) -> None:
    watcher = Watcher()
    await live.watch(watcher)
    before = watcher.version
    await submit(live.store, "eve", 100.0)
    await until(lambda: watcher.changes)
    message = watcher.heard[-1]
    assert isinstance(message, Change)
    assert message.since == before
    assert [*message.difference.entered, *message.difference.left] == [Entry("eve", 110.0, 1), "cyd"]
    after = await live.store.see(BOARD, TOP, AT)
    assert (watcher.state, watcher.version) == (state_of(after.entries), after.version)


async def test_a_board_that_is_not_there_can_be_watched_and_comes_to_be(live: Live) -> None:
    watcher = Watcher()
    await live.store.delete(BOARD, AT)
    await live.watch(watcher)
    assert (watcher.shown, watcher.snapshots) == ({}, 1)
    await submit(live.store, "ada", 1.0)
    await until(lambda: watcher.shown == {"ada": 1})


@pytest.mark.parametrize("view", [View.top(2), View.around("cyd", 1, 1), View.members(["ada", "eve"])])
async def test_every_kind_of_view_is_kept_up(live: Live, view: View) -> None:
    watcher = Watcher()
    await live.watch(watcher, view.with_metadata())
    await submit(live.store, "cyd", 100.0, metadata={"flag": "pt"})
    await live.store.remove(BOARD, ADA, AT)
    after = await live.store.see(BOARD, view.with_metadata(), AT)
    await until(lambda: watcher.state == state_of(after.entries))
    assert watcher.changes


async def test_what_a_view_does_not_show_is_not_sent(live: Live) -> None:
    first, all_five = Watcher(), Watcher()
    await live.watch(first, View.top(1))
    await live.watch(all_five, View.top(5))
    await submit(live.store, "eve", 1.0)
    await until(lambda: all_five.changes == 1)
    await submit(live.store, "ada", 1.0)
    await until(lambda: first.changes == 1)
    assert first.wakes == 2  # the first state, and what Ada scored


async def test_who_watches_a_view_gets_the_same_messages_which_are_encoded_once(live: Live) -> None:
    first, second = Watcher(), Watcher()
    encoded: list[Message] = []

    def encode(message: Message) -> int:
        encoded.append(message)
        return len(encoded)

    await live.watch(first)
    await live.watch(second, View.top(3))
    await submit(live.store, "ada", 1.0)
    await until(lambda: first.changes and second.changes)
    assert [message.encoded(encode) for message in first.heard] == [1, 2]
    assert [message.encoded(encode) for message in second.heard] == [1, 2]


async def test_what_was_not_taken_is_replaced_by_the_latest_state(live: Live) -> None:
    steady, slow = Watcher(), Watcher()
    await live.watch(steady)
    watch = await live.watch(slow)
    slow.stalled = True
    for taken in range(1, 6):
        await submit(live.store, "cyd", 10.0)
        await changed(steady, taken)
    assert (slow.snapshots, slow.changes) == (1, 0)
    slow.take(watch)
    assert (slow.snapshots, slow.changes, slow.state) == (2, 0, steady.state)
    await submit(live.store, "dan", 100.0)
    await until(lambda: steady.changes == 6)
    slow.take(watch)
    assert (slow.snapshots, slow.changes, slow.state) == (2, 1, steady.state)


async def test_one_change_that_waits_is_taken_as_it_is(live: Live) -> None:
    steady, slow = Watcher(), Watcher()
    await live.watch(steady)
    watch = await live.watch(slow)
    slow.stalled = True
    await submit(live.store, "cyd", 100.0)
    await until(lambda: steady.changes)
    slow.take(watch)
    assert (slow.snapshots, slow.changes, slow.state) == (1, 1, steady.state)


async def test_who_took_nothing_yet_or_comes_later_begins_with_the_latest_state(live: Live) -> None:
    steady, slow, late = Watcher(), Watcher(), Watcher()
    slow.stalled = True
    await live.watch(steady)
    watch = await live.watch(slow)
    await submit(live.store, "cyd", 100.0)
    await until(lambda: steady.changes)
    slow.take(watch)
    await live.watch(late)
    for watcher in (slow, late):
        assert (watcher.snapshots, watcher.changes, watcher.state) == (1, 0, steady.state)
    await submit(live.store, "dan", 100.0)
    await until(lambda: slow.wakes and late.changes)
    slow.take(watch)
    assert slow.changes == 1
    assert slow.state == late.state == steady.state


async def test_who_has_the_latest_state_already_goes_on_from_there(live: Live) -> None:
    first, again = Watcher(), Watcher()
    await live.watch(first)
    again.state, again.version, again.period = first.state, first.version, first.period
    watch = await live.hub.watch(BOARD, TOP, again.wake)
    assert watch.resume(lambda snapshot: snapshot.sight.version == again.version)
    assert watch.take() is None
    assert not watch.resume(lambda _: True)
    await submit(live.store, "cyd", 100.0)
    await until(lambda: again.changes)
    assert (again.snapshots, again.state) == (0, first.state)


async def test_who_has_another_state_is_sent_the_latest(live: Live) -> None:
    watch = await live.hub.watch(BOARD, TOP, lambda _: None)
    assert not watch.resume(lambda _: False)
    assert isinstance(watch.take(), Snapshot)
    assert not watch.resume(lambda _: True)


async def test_a_board_that_is_deleted_and_begun_anew_comes_as_a_snapshot() -> None:
    async with live_hub() as live:
        watcher = Watcher()
        await submit(live.store, "ada", 1.0)
        await live.watch(watcher)
        await live.store.delete(BOARD, AT)
        await submit(live.store, "bob", 1.0)
        await until(lambda: watcher.shown == {"bob": 1})
        assert (watcher.snapshots, watcher.changes) == (2, 0)
        assert watcher.version is not None
        assert watcher.version.number == 1  # as before


async def test_a_new_period_comes_as_a_snapshot_that_names_it() -> None:
    async with live_hub(poll=POLL) as live:
        await rule(live.store, windows=["daily", "all"])
        await submit_all(live.store, CROWD)
        today, always, named = Watcher(), Watcher(), Watcher()
        await live.watch(today, TOP.within("daily", None))
        await live.watch(always)
        await live.watch(named, TOP.within("daily", "2026-11-24"))
        live.clock.at += DAY
        await until(lambda: today.snapshots == 2)
        assert today.period is not None
        assert (today.period.name, today.state) == ("2026-11-25", {})
        await submit(live.store, "eve", 100.0, live.clock.at)
        await until(lambda: today.shown == {"eve": 1} and always.changes)
        assert (today.changes, always.snapshots, len(named.heard)) == (1, 1, 1)


async def test_a_window_that_goes_ends_its_views_and_no_other(live: Live) -> None:
    await rule(live.store, windows=["daily", "all"], force=True)
    await submit_all(live.store, CROWD)
    gone, stays = Watcher(), Watcher()
    watch = await live.watch(gone, TOP.within("daily", None))
    await live.watch(stays, TOP.within("all", None))
    await rule(live.store, windows=["all"], force=True)
    await until(lambda: gone.ended)
    assert isinstance(gone.ended, InvalidArgument)
    assert isinstance(gone.heard[-1], Ended)
    await submit(live.store, "eve", 200.0)
    await until(lambda: stays.changes)
    assert watch.take() is None
    assert stays.ended is None
    with pytest.raises(InvalidArgument):
        await live.watch(Watcher(), TOP.within("daily", None))


async def test_a_period_that_is_kept_no_more_ends_its_view_also_for_who_was_slow() -> None:
    async with live_hub(poll=POLL) as live:
        await rule(live.store, windows=["daily"], keep=1)
        await submit_all(live.store, CROWD)
        steady, slow = Watcher(), Watcher()
        view = TOP.within("daily", "2026-11-24")
        await live.watch(steady, view)
        watch = await live.watch(slow, view)
        slow.stalled = True
        await submit(live.store, "eve", 100.0)
        await until(lambda: steady.changes)
        live.clock.at += 2 * DAY
        await until(lambda: steady.ended)
        slow.take(watch)
        assert isinstance(slow.ended, PeriodNotFound)
        assert len(slow.heard) == 2


async def test_a_window_that_comes_back_can_be_watched_again(live: Live) -> None:
    await rule(live.store, windows=["daily", "all"], force=True)
    before, after = Watcher(), Watcher()
    view = TOP.within("daily", None)
    old = await live.watch(before, view)
    await rule(live.store, windows=["all"], force=True)
    await until(lambda: before.ended)
    await rule(live.store, windows=["daily", "all"], force=True)
    await live.watch(after, view)
    old.end()  # the new view of the same name stays
    await submit(live.store, "ada", 1.0)
    await until(lambda: after.shown == {"ada": 1})
    assert before.heard[-1] is not after.heard[-1]
