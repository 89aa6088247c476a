"""What a caller hears when the server is down, hangs, refuses, or comes back."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio
from boards import AT, NOW, put, put_many, top
from servers import SERVERS, Server, start_server

from goboard.adapters.redis import RedisBoardStore, questions
from goboard.adapters.redis.lanes import MAX_LISTS, MAX_WAITING, Lanes
from goboard.adapters.redis.rulebook import UNRULED
from goboard.domain.errors import BoardOverloaded, OutcomeUnknown, StoreError, StoreUnavailable
from goboard.domain.names import BoardName, MemberName
from goboard.domain.pages import PageRequest
from goboard.domain.rules import Rules
from goboard.domain.standings import Entry, Submission

BOARD, OTHER = BoardName.parse("board"), BoardName.parse("other")
ADA, BOB = MemberName.parse("ada"), MemberName.parse("bob")


@pytest.fixture(params=SERVERS)
def own(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A server of this test alone, durable over a kill."""
    with start_server(
        SERVERS[request.param], tmp_path, "--appendonly", "yes", "--appendfsync", "always", tcp=True
    ) as server:
        yield server


@pytest.fixture
async def store(own: Server) -> AsyncIterator[RedisBoardStore]:
    opened = RedisBoardStore.from_url(own.url)
    yield opened
    await opened.close()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    begin = time.monotonic()
    yield
    assert time.monotonic() - begin < seconds


async def on_their_way(lanes: Lanes[Any]) -> None:
    """Wait until all that was asked of BOARD is sent; what comes now waits behind it."""
    while BOARD not in lanes._lanes or lanes._lanes[BOARD].waiting:  # noqa: ASYNC110 -- the store has no such event
        await asyncio.sleep(0)


async def applied(store: RedisBoardStore, board: BoardName = BOARD) -> float:
    entry = await store.rank(board, ADA, NOW)
    return 0.0 if entry is None else entry.score


async def test_a_server_that_is_down_is_told_at_once_and_used_again_when_back(
    own: Server, store: RedisBoardStore
) -> None:
    await store.increment(BOARD, ADA, 1.0, AT)
    own.kill()
    with within(2):
        for call in (
            store.increment(BOARD, ADA, 1.0, AT),
            put(store, BOARD, ADA, 1.0),
            put_many(store, BOARD, [(ADA, 1.0)]),
            top(store, BOARD, 1),
            store.rank(BOARD, ADA, NOW),
            store.count(BOARD, NOW),
            store.page(BOARD, PageRequest(10), NOW),
            store.lookup(BOARD, [ADA], NOW, metadata=True),
            store.stats(BOARD, [50.0], 10, NOW),
            store.rules(BOARD),
            store.set_rules(BOARD, Rules(), AT, force=True),
            store.boards("", 10, AT),
            store.discover(),
            store.delete(BOARD, AT),
            store.check(),
        ):
            with pytest.raises(StoreUnavailable):
                await call
    own.restart()
    with within(2):
        assert await store.increment(BOARD, ADA, 1.0, AT) == Entry("ada", 2.0, 1)


async def test_a_restart_between_two_calls_goes_unnoticed(own: Server, store: RedisBoardStore) -> None:
    """The event loop does not turn meanwhile, so nothing has told it that its connections are dead."""
    await asyncio.gather(store.increment(BOARD, ADA, 1.0, AT), store.increment(OTHER, ADA, 1.0, AT))
    for expected in (2.0, 3.0):
        own.kill()
        own.restart()
        assert (await store.increment(BOARD, ADA, 1.0, AT)).score == expected
        assert await store.rank(OTHER, ADA, NOW) == Entry("ada", 1.0, 1)


async def test_a_hanging_server_is_told_within_2_s_and_applies_at_most_once(
    own: Server, store: RedisBoardStore
) -> None:
    await store.increment(BOARD, ADA, 1.0, AT)
    own.pause()
    with within(2):
        sent = [store.increment(BOARD, ADA, 1.0, AT) for _ in range(3)]
        await on_their_way(store._batcher._lanes)
        waiting = [store.increment(BOARD, ADA, 100.0, AT) for _ in range(3)]
        reads = [top(store, BOARD, 1), store.rank(BOARD, ADA, NOW), store.count(BOARD, NOW), store.check()]
        reads += [store.page(BOARD, PageRequest(10), NOW), store.rules(BOARD), store.boards("", 10, AT)]
        outcomes = await asyncio.gather(*sent, *waiting, *reads, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [OutcomeUnknown] * 3 + [StoreUnavailable] * 10
    own.resume()
    with within(2):
        assert (await store.increment(OTHER, ADA, 1.0, AT)).score == 1.0
        # What was sent is in the server's buffer, and may yet be applied: whole, once, or not at all.
        assert await applied(store) in (1.0, 4.0)
    assert (await store.increment(BOARD, ADA, 1.0, AT)).score in (2.0, 5.0)


async def test_whoever_queued_late_behind_a_hanging_call_hears_within_2_s_too(
    own: Server, store: RedisBoardStore
) -> None:
    await store.increment(BOARD, ADA, 0.0, AT)
    own.pause()
    first = store.increment(BOARD, ADA, 1.0, AT)
    await asyncio.sleep(1.3)  # of the 1.5 s that a call may take: lateness itself is what is tested
    with within(1):
        with pytest.raises(StoreUnavailable):
            await store.increment(BOARD, ADA, 1.0, AT)
        with pytest.raises(OutcomeUnknown):
            await first


async def test_a_server_killed_while_it_owes_an_answer_leaves_the_outcome_unknown(
    own: Server, store: RedisBoardStore
) -> None:
    await store.increment(BOARD, ADA, 1.0, AT)
    own.pause()
    sent, read = store.increment(BOARD, ADA, 1.0, AT), asyncio.create_task(store.count(BOARD, NOW))
    await on_their_way(store._batcher._lanes)
    await on_their_way(store._reader._lanes)
    with within(1):
        own.kill()
        with pytest.raises(OutcomeUnknown):
            await sent
        with pytest.raises(StoreUnavailable):
            await read
    own.restart()
    assert await applied(store) == 1.0


async def test_a_long_list_that_breaks_off_says_that_the_outcome_is_unknown(
    own: Server, store: RedisBoardStore
) -> None:
    task = store.increment_many(BOARD, [(ADA, 1.0)] * 400_000, AT)
    while not await applied(store):
        pass
    own.kill()
    with within(2), pytest.raises(OutcomeUnknown):
        await task


async def test_a_cancelled_caller_in_a_batch_under_way_harms_no_other(own: Server, store: RedisBoardStore) -> None:
    await store.increment(BOARD, ADA, 0.0, AT)
    own.pause()
    futures = [store.increment(BOARD, ADA, 1.0, AT) for _ in range(10)]
    tasks = [asyncio.ensure_future(asyncio.shield(future)) for future in futures[:2]]
    await on_their_way(store._batcher._lanes)
    for future in [*futures[::3], *tasks]:
        future.cancel()
    own.resume()
    survivors = [future for future in futures if not future.cancelled()]
    assert [entry.score for entry in await asyncio.gather(*survivors)] == [2.0, 3.0, 5.0, 6.0, 8.0, 9.0]
    assert await applied(store) == 10.0


async def test_a_reader_who_leaves_mid_answer_takes_nobody_else_s_answer(own: Server, store: RedisBoardStore) -> None:
    """Each of a hundred readers is cancelled while the server owes it an answer; later calls get their own."""
    await put_many(store, BOARD, [(ADA, 1.0), (BOB, 2.0)])
    own.pause()
    tasks = [asyncio.create_task(top(store, BOARD, 1 + i % 2)) for i in range(100)]
    await on_their_way(store._reader._lanes)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    own.resume()
    for _ in range(50):
        calls = store.count(BOARD, NOW), store.rank(BOARD, ADA, NOW), top(store, BOARD, 1)
        assert await asyncio.gather(*calls) == [2, Entry("ada", 1.0, 2), [Entry("bob", 2.0, 1)]]


async def test_a_slow_board_holds_up_no_other(store: RedisBoardStore) -> None:
    """A long list keeps its board busy; another board's update is answered while it runs."""
    long = asyncio.create_task(put_many(store, BOARD, [(ADA, float(i)) for i in range(100_000)]))
    while not await applied(store):
        pass
    assert (await store.increment(OTHER, ADA, 1.0, AT)).score == 1.0
    assert not long.done()
    await long


async def test_whoever_waits_behind_a_long_list_for_too_long_is_refused_in_time(store: RedisBoardStore) -> None:
    long = store.increment_many(BOARD, [(BOB, 1.0)] * 2_000_000, AT)
    while await store.rank(BOARD, BOB, NOW) is None:
        pass
    with within(2), pytest.raises(StoreUnavailable, match="overloaded"):
        await store.increment(BOARD, ADA, 1.0, AT)
    assert not long.done()
    long.cancel()
    assert (await store.increment(BOARD, ADA, 1.0, AT)).score == 1.0


WAITING: dict[str, tuple[int, Callable[[RedisBoardStore, BoardName], Any]]] = {
    "increments": (MAX_WAITING, lambda store, board: store.increment(board, ADA, 1.0, AT)),
    "lists of increments": (MAX_LISTS, lambda store, board: store.increment_many(board, [(ADA, 1.0)] * 2, AT)),
    "lists of submissions": (MAX_LISTS, lambda store, board: store.submit_many(board, [Submission(ADA, 1.0)] * 2, AT)),
    "ranks": (MAX_WAITING, lambda store, board: store._reader.rank(board, ADA)),
    "questions": (MAX_WAITING, lambda store, board: store._queries.ask(board, UNRULED, questions.count("all"))),
}


@pytest.mark.parametrize("what", WAITING)
async def test_more_than_may_wait_for_a_board_is_refused_at_once(store: RedisBoardStore, what: str) -> None:
    most, ask = WAITING[what]
    waiting = [ask(store, BOARD) for _ in range(most)]  # nothing is sent before the loop's next turn
    assert not any(each.done() for each in waiting)
    assert f"{most} calls wait for the dashboard 'board', the most allowed" in refusal(lambda: ask(store, BOARD))
    waiting.append(ask(store, OTHER))
    for each in waiting:
        each.cancel()
    assert (await store.increment(OTHER, ADA, 1.0, AT)).score == 1.0
    lane = store._batcher._lanes.of(BOARD).waiting
    while lane:  # noqa: ASYNC110 -- what is cancelled goes at the next call, of which there is no event
        await asyncio.sleep(0)
    assert (await store.increment(BOARD, ADA, 1.0, AT)).score == 1.0


def refusal(ask: Callable[[], Any]) -> str:
    """Ask for what is refused before anything is awaited."""
    try:
        asked = ask()
    except BoardOverloaded as error:
        return str(error)
    assert isinstance(asked.exception(), BoardOverloaded)
    return str(asked.exception())


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0")),
        (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),
        (("CONFIG", "SET", "min-replicas-to-write", "1"), ("CONFIG", "SET", "min-replicas-to-write", "0")),
        (("ACL", "SETUSER", "default", "-evalsha"), ("ACL", "SETUSER", "default", "+@all")),
    ],
)
async def test_a_server_that_refuses_is_unavailable_and_has_applied_nothing(
    own: Server, store: RedisBoardStore, broken: tuple[str, ...], mended: tuple[str, ...]
) -> None:
    await put(store, BOARD, ADA, 1.0)
    async with redis.asyncio.Redis.from_url(own.url) as admin:
        await admin.execute_command(*broken)
        with pytest.raises(StoreUnavailable):
            await store.increment(BOARD, ADA, 1.0, AT)
        await admin.execute_command(*mended)
    assert (await store.increment(BOARD, ADA, 1.0, AT)).score == 2.0


async def test_a_wrong_password_is_unavailable_and_stays_hidden(own: Server) -> None:
    async with redis.asyncio.Redis.from_url(own.url) as admin:
        await admin.config_set("requirepass", "made-up-one")
    for credentials in ("", ":made-up-two@"):
        store = RedisBoardStore.from_url(own.url.replace("://", f"://{credentials}"))
        for call in (store.increment(BOARD, ADA, 1.0, AT), top(store, BOARD, 1), store.check()):
            with pytest.raises(StoreUnavailable) as caught:
                await call
            assert "made-up" not in str(caught.value)
        await store.close()
    right = RedisBoardStore.from_url(own.url.replace("://", "://:made-up-one@"))
    assert (await right.increment(BOARD, ADA, 1.0, AT)).score == 1.0
    await right.close()


async def test_an_answer_that_nobody_expected_is_a_store_error(
    own: Server, store: RedisBoardStore, caplog: pytest.LogCaptureFixture
) -> None:
    async with redis.asyncio.Redis.from_url(own.url) as admin:
        await admin.execute_command("ACL", "SETUSER", "default", "-zincrby")
    with pytest.raises(StoreError) as caught:
        await store.increment(BOARD, ADA, 1.0, AT)
    assert type(caught.value) is StoreError
    assert "script" not in str(caught.value)
    assert "on @user_script" in caplog.text


async def test_more_callers_than_connections_share_them(store: RedisBoardStore) -> None:
    boards = [BoardName.parse(f"b{i}") for i in range(200)]
    await asyncio.gather(*[store.increment(board, ADA, 1.0, AT) for board in boards for _ in range(5)])
    assert await asyncio.gather(*[applied(store, board) for board in boards]) == [5.0] * 200


async def test_closing_answers_what_is_under_way_and_refuses_the_rest(own: Server, store: RedisBoardStore) -> None:
    await store.increment(BOARD, ADA, 0.0, AT)
    own.pause()
    sent = store.increment(BOARD, ADA, 1.0, AT)
    await on_their_way(store._batcher._lanes)
    waiting = store.increment(BOARD, ADA, 1.0, AT)
    closing = asyncio.create_task(store.close())
    with pytest.raises(StoreUnavailable):
        await waiting
    own.resume()
    assert (await sent).score == 1.0
    await closing
    for call in (store.increment(BOARD, ADA, 1.0, AT), top(store, BOARD, 1), store.check()):
        with within(0.5), pytest.raises(StoreUnavailable, match="closed"):
            await call


async def test_callers_who_vanish_leave_no_noise(
    own: Server, store: RedisBoardStore, caplog: pytest.LogCaptureFixture
) -> None:
    own.kill()
    for _ in range(5):
        store.increment(BOARD, ADA, 1.0, AT)
    with pytest.raises(StoreUnavailable):
        await store.increment(BOARD, ADA, 1.0, AT)
    await store.close()
    assert caplog.text == ""
