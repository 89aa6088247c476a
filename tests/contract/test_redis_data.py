"""What holds for Redis alone: the layout, scripts, and how many calls the writes take."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from boards import AT, NOW, put, put_many, top
from servers import Server

from goboard.adapters.redis import RedisBoardStore
from goboard.domain.errors import InvalidArgument, ScoreOutOfRange, StoreCorrupt
from goboard.domain.names import BoardName, MemberName
from goboard.domain.scores import MAX_SCORE
from goboard.domain.standings import Entry

BOARD = BoardName.parse("board")
ADA, BOB = MemberName.parse("ada"), MemberName.parse("bob")


@pytest.fixture
async def store(server: Server, prefix: str) -> AsyncIterator[RedisBoardStore]:
    opened = RedisBoardStore.from_url(server.url, prefix=prefix)
    yield opened
    await opened.close()


def calls(server: Server, command: str) -> int:
    with server.client() as client:
        stats = client.info("commandstats")
    assert isinstance(stats, dict)
    return int(stats.get(f"cmdstat_{command}", {"calls": 0})["calls"])


async def test_a_data_set_of_go_board_is_read_as_it_stands(server: Server) -> None:
    board = BoardName.parse("world cup:2026")
    store = RedisBoardStore.from_url(server.url)
    with server.client() as client:
        key = "prod:world cup:2026"
        scores = {b"ada": 12.5, b"bad \xff\xfe name": 7.0, b"inf": float("inf"), b"low": float("-inf"), b"big": 1e300}
        client.zadd(key, scores | {b"nul\x00": -0.0, "é".encode(): 0.1})
        try:
            assert await top(store, board, 10) == [
                Entry("inf", MAX_SCORE, 1),
                Entry("big", MAX_SCORE, 2),
                Entry("ada", 12.5, 3),
                Entry("bad \ufffd\ufffd name", 7.0, 4),
                Entry("é", 0.1, 5),
                Entry("nul\x00", 0.0, 6),
                Entry("low", -MAX_SCORE, 7),
            ]
            assert str((await top(store, board, 10))[5].score) == "0.0"
            assert await store.rank(board, MemberName.parse("big"), NOW) == Entry("big", MAX_SCORE, 2)
            assert await store.rank(board, MemberName.parse("low"), NOW) == Entry("low", -MAX_SCORE, 7)
            assert await store.count(board, NOW) == 7
        finally:
            await store.close()
            client.delete(key)


async def test_scores_stored_beyond_the_range_cannot_be_added_to_but_set(
    store: RedisBoardStore, server: Server, prefix: str
) -> None:
    with server.client() as client:
        client.zadd(f"{prefix}board", {"ada": float("inf"), "bob": 1e300})
    for member in (ADA, BOB):
        for delta in (1.0, -1.0, -1e308):
            with pytest.raises(ScoreOutOfRange):
                await store.increment(BOARD, member, delta, AT)
    assert await store.increment(BOARD, BOB, -1e300, AT) == Entry("bob", 0.0, 2)
    assert await put(store, BOARD, ADA, 5.0) == Entry("ada", 5.0, 1)


async def test_minus_zero_that_somebody_stored_counts_as_zero(
    store: RedisBoardStore, server: Server, prefix: str
) -> None:
    with server.client() as client:
        client.zadd(f"{prefix}board", {"ada": -0.0})
    assert str((await store.increment(BOARD, ADA, 0.0, AT)).score) == "0.0"


async def test_a_board_is_one_sorted_set_at_prefix_and_name(
    store: RedisBoardStore, server: Server, prefix: str
) -> None:
    await put_many(store, BOARD, [(ADA, 1.5), (BOB, 2.0)])
    with server.client() as client:
        beside = {f"{{{prefix}}}boards".encode(), f"{{{prefix}board}}:version".encode()}
        assert set(client.keys(f"*{prefix}*")) == {f"{prefix}board".encode(), *beside}
        assert client.zrange(f"{prefix}board", 0, -1, withscores=True) == [(b"ada", 1.5), (b"bob", 2.0)]
        await store.delete(BOARD, AT)
        assert client.keys(f"*{prefix}*") == []


async def test_a_key_of_another_kind_is_told_and_left_alone(
    store: RedisBoardStore, server: Server, prefix: str
) -> None:
    with server.client() as client:
        client.set(f"{prefix}board", "text")
        for call in (
            store.increment(BOARD, ADA, 1.0, AT),
            store.increment_many(BOARD, [(ADA, 1.0)] * 1200, AT),
            put(store, BOARD, ADA, 1.0),
            put_many(store, BOARD, [(ADA, 1.0)]),
            store.remove(BOARD, ADA, AT),
            store.delete(BOARD, AT),
            top(store, BOARD, 1),
            store.rank(BOARD, ADA, NOW),
            store.count(BOARD, NOW),
        ):
            with pytest.raises(StoreCorrupt, match="'board'"):
                await call
        assert client.get(f"{prefix}board") == b"text"
    assert await store.increment(BoardName.parse("other"), ADA, 1.0, AT) == Entry("ada", 1.0, 1)


async def test_scripts_that_the_server_forgot_are_sent_again_and_apply_once(
    store: RedisBoardStore, server: Server
) -> None:
    assert (await store.increment(BOARD, ADA, 1.0, AT)).score == 1.0
    for expected in (2.0, 3.0):
        with server.client() as client:
            client.script_flush()
        assert (await store.increment(BOARD, ADA, 1.0, AT)).score == expected
        assert await store.rank(BOARD, ADA, NOW) == Entry("ada", expected, 1)


async def test_what_waits_for_a_board_goes_out_as_one_script_call(store: RedisBoardStore, server: Server) -> None:
    await store.increment(BOARD, ADA, 0.0, AT)  # the script is known from here on
    before = calls(server, "evalsha")
    futures = [store.increment(BOARD, ADA, 1.0, AT) for _ in range(200)]
    tasks = [asyncio.create_task(put(store, BOARD, BOB, 3.0)), asyncio.create_task(store.remove(BOARD, BOB, AT))]
    await asyncio.gather(*futures, *tasks)
    # The tasks start in the turn of the loop in which the first call leaves, so they may take a second one, and the
    # removal takes another script.
    assert calls(server, "evalsha") - before <= 3


async def test_what_comes_while_a_batch_is_under_way_waits_for_the_next(store: RedisBoardStore, server: Server) -> None:
    await store.increment(BOARD, ADA, 0.0, AT)
    before = calls(server, "evalsha")

    async def caller() -> None:
        for _ in range(20):
            await store.increment(BOARD, ADA, 1.0, AT)

    await asyncio.gather(*[caller() for _ in range(100)])
    # 2,000 updates of 100 callers: 20 calls where all are in step, and a few more where they are not.
    assert 20 <= calls(server, "evalsha") - before <= 60
    assert await store.rank(BOARD, ADA, NOW) == Entry("ada", 2000.0, 1)


async def test_batches_are_bounded(store: RedisBoardStore, server: Server) -> None:
    await store.increment(BOARD, ADA, 0.0, AT)
    before = calls(server, "evalsha")
    await store.increment_many(BOARD, [(ADA, 1.0)] * 1001, AT)
    assert calls(server, "evalsha") - before == 3


async def test_cancelled_before_it_was_sent_applies_nothing(store: RedisBoardStore) -> None:
    futures = [store.increment(BOARD, ADA, 1.0, AT) for _ in range(20)]
    for future in futures[::2]:
        future.cancel()
    assert [entry.score for entry in await asyncio.gather(*futures[1::2])] == [*map(float, range(1, 11))]


async def test_all_cancelled_sends_nothing(store: RedisBoardStore, server: Server) -> None:
    await store.increment(BOARD, ADA, 0.0, AT)
    before = calls(server, "zincrby")
    for future in [store.increment(BOARD, ADA, 1.0, AT) for _ in range(5)]:
        future.cancel()
    assert await store.delete(BOARD, AT) is True
    assert calls(server, "zincrby") == before


async def test_an_idle_board_leaves_nothing_behind(store: RedisBoardStore) -> None:
    await asyncio.gather(*[store.increment(BoardName.parse(f"b{i}"), ADA, 1.0, AT) for i in range(100)])
    await asyncio.gather(*[store.rank(BoardName.parse(f"b{i}"), ADA, NOW) for i in range(100)])
    await asyncio.sleep(0)
    for lanes in (store._batcher._lanes, store._reader._lanes):
        assert (lanes._lanes, lanes._tasks) == ({}, set())


@pytest.mark.parametrize("prefix", ["{a}", "a{", "}"])
def test_a_prefix_has_no_braces(prefix: str) -> None:
    with pytest.raises(InvalidArgument, match="prefix"):
        RedisBoardStore.from_url("redis://localhost", prefix=prefix)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost",
        "localhost:6379",
        "redis://:hidden@localhost:port",
        "redis://:hidden/x@localhost",
        "redis://:hidden@h?no_such_option=1",
        "redis+sentinel://:hidden@h:1",
        "redis+sentinel://:hidden@h:port/boards",
        "redis+sentinel://:hidden@h/boards?no_such_option=1",
        "redis+cluster://:hidden@h/1",
        "redis+cluster://:hidden@h?no_such_option=1",
        "http+cluster://:hidden@h",
        "redis+nothing://:hidden@h",
    ],
)
def test_a_url_that_is_not_understood_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(InvalidArgument, match="redis://, rediss:// or unix://") as caught:
        RedisBoardStore.from_url(url)
    assert "hidden" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_options_in_the_url_cannot_undo_what_the_store_relies_on(server: Server, prefix: str) -> None:
    url = server.url + "?protocol=3&decode_responses=1&retry_on_timeout=1&db=1"
    store = RedisBoardStore.from_url(url, prefix=prefix)
    await put(store, BOARD, ADA, 1.5)
    assert await top(store, BOARD, 1) == [Entry("ada", 1.5, 1)]
    await store.close()
    with server.client() as client:
        assert client.exists(f"{prefix}board") == 0  # it lies in database 1
