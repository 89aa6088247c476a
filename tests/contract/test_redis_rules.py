"""What holds for Redis alone where boards have rules: the layout, what expires, and changes while others write."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from boards import ADA, AT, BOARD, DAY, NOW, page, put_many, rule, standings, submit, submit_all
from servers import Server

from goboard.adapters.redis import RedisBoardStore
from goboard.adapters.redis.changes import SLICE
from goboard.arguments import submission
from goboard.domain.errors import BoardBusy, InvalidArgument, RulesConflict, StoreCorrupt
from goboard.domain.names import ArchiveName, BoardName
from goboard.domain.pages import Cursor
from goboard.domain.periods import PeriodChoice
from goboard.domain.rules import Rules
from goboard.domain.standings import BoardSize, Entry

MANY = [(f"m{number}", float(number % 100)) for number in range(2 * SLICE + 7)]
TIES = ("member", "earliest", "shared", "dense")


@pytest.fixture
async def store(server: Server, prefix: str) -> AsyncIterator[RedisBoardStore]:
    opened = RedisBoardStore.from_url(server.url, prefix=prefix)
    yield opened
    await opened.close()


@pytest.fixture
async def other(server: Server, prefix: str) -> AsyncIterator[RedisBoardStore]:
    """Another process's store: it knows nothing of the rules that the first one sets."""
    opened = RedisBoardStore.from_url(server.url, prefix=prefix)
    yield opened
    await opened.close()


def keys(server: Server, prefix: str) -> dict[str, int]:
    """The keys beside the board's own, and for how many ms each is kept (-1: for ever)."""
    with server.client() as client:
        beside = f"{{{prefix}{BOARD}}}:"
        found = [key.decode() for key in client.keys("*") if key.startswith(beside.encode())]
        return {key.removeprefix(beside): client.pttl(key) for key in found}


def all_keys(server: Server, prefix: str) -> list[bytes]:
    with server.client() as client:
        return [key for key in client.keys("*") if prefix.encode() in key]


def script_calls(server: Server) -> int:
    with server.client() as client:
        stats = client.info("commandstats")
    assert isinstance(stats, dict)
    return sum(int(stats.get(f"cmdstat_{name}", {"calls": 0})["calls"]) for name in ("evalsha", "eval"))


async def test_a_board_by_score_alone_stays_where_go_board_finds_it(
    store: RedisBoardStore, server: Server, prefix: str
) -> None:
    await rule(store, ties="dense", order="asc", windows=["all", "daily"])
    await submit_all(store, {"ada": 3.0, "bob": 5.0})
    with server.client() as client:
        assert client.zrange(f"{prefix}{BOARD}", 0, -1, withscores=True) == [(b"ada", 3.0), (b"bob", 5.0)]


@pytest.mark.parametrize("ties", TIES)
async def test_every_key_of_a_board_is_in_its_cluster_slot(
    store: RedisBoardStore, server: Server, prefix: str, ties: str
) -> None:
    said = {"ties": ties, "windows": ["all", "daily"], "operator": "best", "capacity": 2, "track": True}
    await rule(store, **said, attempts={"max": 9, "window": "daily"})
    for member, score in (("ada", 1.0), ("bob", 2.0), ("cyd", 3.0)):
        await submit(store, member, score, metadata={"of": member})
    await store.archive(BOARD, ArchiveName.parse("spring"), PeriodChoice(AT, "daily"))
    of_the_board = {key for key in all_keys(server, prefix) if key != f"{{{prefix}}}boards".encode()}
    beside = f"{{{prefix}{BOARD}}}:".encode()
    assert {key for key in of_the_board if not key.startswith(beside)} <= {f"{prefix}{BOARD}".encode()}
    assert len(of_the_board) > 5


@pytest.mark.parametrize("ties", TIES)
async def test_a_deleted_board_leaves_no_key(store: RedisBoardStore, server: Server, prefix: str, ties: str) -> None:
    said = {"ties": ties, "windows": ["all", "daily", "0 */6 * * *"], "track": True}
    await rule(store, **said, attempts={"max": 9, "window": "daily"})
    for at in (AT - DAY, AT):
        await submit(store, "ada", 1.0, at, metadata={"a": 1})
    await store.archive(BOARD, ArchiveName.parse("a/b"), PeriodChoice(AT))
    await submit(store, "bob", 1.0)
    assert await store.delete(BOARD, AT) is True
    assert all_keys(server, prefix) == []


async def test_a_removed_member_leaves_no_trace(store: RedisBoardStore, server: Server, prefix: str) -> None:
    await rule(store, ties="earliest", windows=["daily"], track=True, attempts={"max": 9, "window": "daily"})
    for at in (AT - DAY, AT):
        await submit(store, "ada", 1.0, at, metadata={"a": 1})
        await submit(store, "bob", 1.0, at)
    await store.archive(BOARD, ArchiveName.parse("spring"), PeriodChoice(AT))
    assert await store.remove(BOARD, ADA, AT) is True
    with server.client() as client:
        for key in all_keys(server, prefix):
            kind = client.type(key)
            held = {b"zset": client.zrange, b"hash": client.hgetall}.get(kind, client.get)
            assert b"ada" not in repr(held(key, 0, -1) if kind == b"zset" else held(key)).encode(), key


@pytest.mark.parametrize("ties", TIES)
async def test_what_belongs_to_a_period_expires_with_it(
    store: RedisBoardStore, server: Server, prefix: str, ties: str
) -> None:
    """AT is 18:30: a day has 5.5 h left, and is kept for another; its keys outlive it by a day."""
    await rule(store, ties=ties, windows=["daily"], keep=1, track=True, attempts={"max": 9, "window": "daily"})
    await submit(store, "ada", 1.0, metadata={"a": 1})
    left = {key: ms for key, ms in keys(server, prefix).items() if key not in {"rules", "places", "version"}}
    assert {"standings:daily/2026-11-24", "attempts:daily/2026-11-24", "metadata", "track", "until"} <= set(left)
    hours = {key: ms / 3_600_000 for key, ms in left.items()}
    assert all(53.4 < each <= 53.5 for each in hours.values()), hours


async def test_what_a_board_for_ever_keeps_does_not_expire(store: RedisBoardStore, server: Server, prefix: str) -> None:
    await rule(store, ties="earliest", windows=["all", "daily"], track=True)
    await submit(store, "ada", 1.0, metadata={"a": 1})
    left = keys(server, prefix)
    assert {left[key] for key in ("standings:all", "reached:all", "metadata", "track", "rules")} == {-1}
    assert left["standings:daily/2026-11-24"] > 0


async def test_an_archived_period_does_not_expire(store: RedisBoardStore, server: Server, prefix: str) -> None:
    await rule(store, ties="earliest", windows=["daily"], track=True)
    await submit(store, "ada", 1.0, metadata={"a": 1})
    await store.archive(BOARD, ArchiveName.parse("spring"), NOW)
    await submit(store, "bob", 1.0, metadata={"b": 1})
    left = keys(server, prefix)
    kept = ("standings:archive/spring", "reached:archive/spring", "metadata", "track")
    assert {left[key] for key in kept} == {-1}


async def test_longer_kept_periods_expire_later(store: RedisBoardStore, server: Server, prefix: str) -> None:
    await rule(store, windows=["daily"], keep=1)
    await submit(store, "ada", 1.0)
    await rule(store, windows=["daily"], keep=3)
    hours = keys(server, prefix)["standings:daily/2026-11-24"] / 3_600_000
    assert 53.4 + 48 < hours <= 53.5 + 48


async def test_periods_that_are_over_are_let_go_of(store: RedisBoardStore, server: Server, prefix: str) -> None:
    """By the time that the updates carry, where the server's clock is behind it."""
    await rule(store, windows=["daily"], keep=1, ties="dense")
    for day in range(5):
        await submit(store, "ada", 1.0, AT + day * DAY)
    left = {key for key in keys(server, prefix) if key.startswith(("standings", "scores"))}
    assert left == {f"{kind}:daily/2026-11-{day}" for kind in ("standings", "scores") for day in (27, 28)}


async def test_metadata_of_members_of_bygone_periods_is_let_go_of(
    store: RedisBoardStore, server: Server, prefix: str
) -> None:
    await rule(store, windows=["daily"], keep=0, track=True)
    for member in ("ada", "bob"):
        await submit(store, member, 1.0, metadata={"of": member})
    await submit(store, "bob", 1.0, AT + DAY)
    with server.client() as client:
        beside = f"{{{prefix}{BOARD}}}:"
        assert client.hkeys(f"{beside}metadata") == []  # bob was nowhere when the day began
        assert client.hkeys(f"{beside}track") == [b"bob"]


async def test_another_process_writes_by_rules_that_it_did_not_know(
    store: RedisBoardStore, other: RedisBoardStore
) -> None:
    await rule(store, operator="best", order="asc")
    assert (await submit(other, "ada", 3.0)).score == 3.0
    assert (await submit(other, "ada", 5.0)).score == 3.0
    await rule(store, operator="set", order="asc", force=True)
    assert (await submit(other, "ada", 5.0)).score == 5.0
    await store.delete(BOARD, AT)
    assert await other.increment(BOARD, ADA, 2.0, AT) == Entry("ada", 2.0, 1)


async def test_a_board_made_anew_is_not_taken_for_the_one_of_the_same_revision(
    store: RedisBoardStore, other: RedisBoardStore
) -> None:
    await rule(store, order="asc")
    await submit_all(other, {"ada": 1.0, "bob": 2.0})
    await store.delete(BOARD, AT)
    assert (await rule(store, order="desc")).revision == 1
    await submit_all(other, {"ada": 1.0, "bob": 2.0})
    assert await standings(other) == [("bob", 2.0, 1), ("ada", 1.0, 2)]


async def test_reads_of_another_process_follow_the_rules(store: RedisBoardStore, other: RedisBoardStore) -> None:
    await put_many(store, BOARD, [("ada", 1.0), ("bob", 2.0)])
    assert await standings(other) == [("bob", 2.0, 1), ("ada", 1.0, 2)]
    await rule(store, order="asc", windows=["all", "daily"], force=True)
    assert await standings(other) == [("ada", 1.0, 1), ("bob", 2.0, 2)]
    assert await other.rank(BOARD, ADA, NOW) == Entry("ada", 1.0, 1)
    assert await other.count(BOARD, PeriodChoice(AT, "daily")) == 0


async def test_a_process_that_never_met_the_board_reads_its_windows_and_goes_on_from_its_cursors(
    store: RedisBoardStore, other: RedisBoardStore
) -> None:
    await rule(store, windows=["daily"], ties="earliest")
    await submit_all(store, {"ada": 1.0, "bob": 2.0})
    first = await page(store, 1)
    second = await page(other, 1, first.next)
    assert [entry.member for entry in second.entries] == ["ada"]
    fresh = PeriodChoice(AT, "daily", "2026-11-24")
    await store.delete(BOARD, AT)
    await rule(store, windows=["all", "daily"])
    await submit_all(store, {"ada": 1.0, "bob": 2.0})
    assert await other.count(BOARD, fresh) == 2


async def test_all_that_was_written_before_a_change_counts_by_the_old_rules(store: RedisBoardStore) -> None:
    """Eight calls' worth, none of which is awaited before the rules are set."""
    await rule(store, ties="shared")
    before = store.increment_many(BOARD, [(ADA, 1.0)] * 1500, AT)
    await rule(store, ties="shared", max_score=10.0)
    assert {type(outcome) for outcome in await before} == {Entry}


@pytest.mark.parametrize("ties", TIES)
async def test_updates_under_way_while_rules_change_count_once(
    store: RedisBoardStore, other: RedisBoardStore, ties: str
) -> None:
    """Two processes write, a third changes the form again and again; a write that is told to be busy is not applied."""
    await put_many(store, BOARD, MANY)
    applied = 0
    stop = asyncio.Event()

    async def write(writer: RedisBoardStore) -> None:
        nonlocal applied
        while not stop.is_set():
            try:
                await writer.increment(BOARD, ADA, 1.0, AT)
            except BoardBusy:
                continue
            applied += 1

    writers = [asyncio.create_task(write(writer)) for writer in (store, other) for _ in range(3)]
    for said in (
        {"ties": ties},
        {"ties": "member", "order": "asc"},
        {"ties": ties, "order": "asc"},
        {"ties": "member"},
    ):
        before = applied
        await rule(store, force=True, **said)
        while applied < before + 10:  # noqa: ASYNC110 -- a counter has no event
            await asyncio.sleep(0)
    stop.set()
    await asyncio.gather(*writers)
    found = await store.rank(BOARD, ADA, NOW)
    assert found is not None
    assert found.score == applied
    assert await store.count(BOARD, NOW) == len(MANY) + 1


async def test_a_second_change_at_the_same_time_waits_or_is_told(
    store: RedisBoardStore, other: RedisBoardStore
) -> None:
    await put_many(store, BOARD, MANY)
    said = ((store, "earliest"), (other, "dense"), (store, "shared"), (other, "member"))
    changes = [rule(each, force=True, ties=ties) for each, ties in said]
    done = await asyncio.gather(*changes, return_exceptions=True)
    revisions = [each.revision for each in done if not isinstance(each, BaseException)]
    assert {type(each) for each in done if isinstance(each, BaseException)} <= {BoardBusy}
    assert sorted(revisions) == list(range(1, len(revisions) + 1))
    assert len(await standings(store)) == len(MANY)


async def test_a_change_that_broke_off_leaves_the_board_as_it_was_and_is_forgotten(
    store: RedisBoardStore, server: Server, prefix: str
) -> None:
    """A process that died after it had made the half of the standings anew."""
    await put_many(store, BOARD, MANY)
    before = await standings(store)
    with server.client() as client:
        beside = f"{{{prefix}{BOARD}}}:"
        client.set(f"{beside}moving", "of a process that is gone", px=300)
        client.zadd(f"{beside}new:standings:all", {"half": 1.0})
        client.pexpire(f"{beside}new:standings:all", 300)
    assert await standings(store) == before
    assert (await store.increment(BOARD, ADA, 1.0, AT)).score == 1.0  # after the wait for those 0.3 s
    assert (await rule(store, ties="earliest", force=True)).revision == 1
    assert len(await standings(store)) == len(before) + 1
    assert not [key for key in keys(server, prefix) if key.startswith(("new:", "old:", "moving"))]


async def test_a_change_that_took_too_long_stops_where_another_has_begun(
    store: RedisBoardStore, server: Server, prefix: str
) -> None:
    await put_many(store, BOARD, [(f"m{number}", 1.0) for number in range(20_000)])
    moving = f"{{{prefix}{BOARD}}}:moving"
    change = asyncio.create_task(rule(store, ties="earliest", force=True))
    with server.client() as client:
        while not client.exists(moving):  # noqa: ASYNC110 -- the key is another process's to see
            await asyncio.sleep(0)
        client.set(moving, "of another change", px=60_000)
        with pytest.raises(BoardBusy):
            await change
        assert client.get(moving) == b"of another change"
        client.delete(moving)
    assert (await store.rules(BOARD)).revision == 0


async def test_a_caller_who_leaves_does_not_break_a_change_off(store: RedisBoardStore) -> None:
    await put_many(store, BOARD, MANY)
    change = asyncio.create_task(rule(store, ties="earliest", force=True))
    while not store._changes._running:  # noqa: ASYNC110 -- the store has no such event
        await asyncio.sleep(0)
    change.cancel()
    await asyncio.gather(*store._changes._running)
    assert (await store.rules(BOARD)).rules == Rules.parse({"ties": "earliest"})


@pytest.mark.parametrize("said", [{}, {"ties": "earliest"}])
async def test_a_write_that_would_wait_long_for_a_change_is_told_that_nothing_was_written(
    store: RedisBoardStore, server: Server, prefix: str, said: dict[str, str]
) -> None:
    if said:
        await rule(store, **said)
    await submit(store, "ada", 1.0)
    with server.client() as client:
        client.set(f"{{{prefix}{BOARD}}}:moving", "of another process", px=60_000)
        waiting = [store.increment(BOARD, ADA, 1.0, AT), store.submit_many(BOARD, [submission("bob", 1.0)], AT)]
        outcomes = await asyncio.gather(*waiting, store.remove(BOARD, ADA, AT), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [BoardBusy] * 3
        assert await standings(store) == [("ada", 1.0, 1)]
        client.delete(f"{{{prefix}{BOARD}}}:moving")
    assert (await store.increment(BOARD, ADA, 1.0, AT)).score == 2.0


async def test_a_forged_cursor_is_no_cursor(store: RedisBoardStore) -> None:
    await submit_all(store, {"ada": 2.0, "bob": 1.0})
    first = await page(store, 1)
    assert first.next is not None
    with pytest.raises(InvalidArgument, match="malformed"):
        await page(store, 1, first.next._replace(tie="no hexadecimal digits"))


async def test_a_refused_change_lets_the_board_go_on_at_once(
    store: RedisBoardStore, server: Server, prefix: str
) -> None:
    await submit(store, "ada", 1.0)
    with pytest.raises(RulesConflict, match="order, ties"):
        await rule(store, ties="earliest", order="asc")
    assert "moving" not in keys(server, prefix)
    assert (await submit(store, "ada", 1.0)).score == 2.0


async def test_a_change_is_made_in_slices(store: RedisBoardStore, server: Server) -> None:
    """What a call takes of the server's time is a row of the benchmark; that it is a slice's is shown here."""
    members = 40 * SLICE
    await put_many(store, BOARD, [(f"m{number}", float(number % 977)) for number in range(members)])
    for said, slices in (
        ({"ties": "earliest"}, 40),
        ({"ties": "dense"}, 40),
        ({"ties": "dense", "operator": "best", "capacity": SLICE}, 40 + 39),
        ({"ties": "dense", "operator": "best", "capacity": SLICE, "keep": 2}, 0),
    ):
        before = script_calls(server)
        await rule(store, force=True, **said)
        assert slices <= script_calls(server) - before <= slices + 10


async def test_members_that_a_change_cuts_off_leave_nothing(
    store: RedisBoardStore, server: Server, prefix: str
) -> None:
    for member, score in (("ada", 1.0), ("bob", 2.0), ("cyd", 3.0)):
        await submit(store, member, score, metadata={"of": member})
    await rule(store, force=True, operator="best", capacity=1)
    with server.client() as client:
        assert client.hkeys(f"{{{prefix}{BOARD}}}:metadata") == [b"cyd"]
    await rule(store, force=True, operator="best", windows=["daily"])
    assert sorted(keys(server, prefix)) == ["rules", "version"]


async def test_members_that_capacity_cuts_off_leave_nothing(
    store: RedisBoardStore, server: Server, prefix: str
) -> None:
    await rule(store, operator="best", capacity=2, ties="dense")
    for member, score in (("ada", 1.0), ("bob", 2.0), ("cyd", 3.0), ("dan", 0.5)):
        await submit(store, member, score, metadata={"of": member})
    with server.client() as client:
        beside = f"{{{prefix}{BOARD}}}:"
        assert sorted(client.hkeys(f"{beside}metadata")) == [b"bob", b"cyd"]
        assert client.zrange(f"{beside}scores:all", 0, -1) == [b"2", b"3"]


async def test_a_key_of_another_kind_in_a_period_s_place_is_told(
    store: RedisBoardStore, server: Server, prefix: str
) -> None:
    await rule(store, windows=["all", "daily"])
    with server.client() as client:
        client.set(f"{{{prefix}{BOARD}}}:standings:daily/2026-11-24", "text")
    with pytest.raises(StoreCorrupt):
        await submit(store, "ada", 1.0)
    assert await store.count(BOARD, NOW) == 0  # nothing was written in `all` either


async def test_boards_that_others_wrote_are_found_in_slices(
    store: RedisBoardStore, server: Server, prefix: str
) -> None:
    with server.client() as client:
        pipeline = client.pipeline(transaction=False)
        for number in range(2500):
            pipeline.zadd(f"{prefix}b{number:04}", {"ada": 1.0})
        pipeline.zadd(f"{prefix}{prefix}", {"ada": 1.0})
        pipeline.set(f"{prefix}a text", "no board")
        pipeline.zadd(f"{prefix}bad\xff".encode("latin-1"), {"ada": 1.0})
        pipeline.execute()
        await rule(store, ties="earliest")
        await submit(store, "ada", 1.0)
        assert await store.boards("", 10, AT) == [BoardSize(BOARD, 1)]
        before = int(client.info("commandstats").get("cmdstat_keys", {"calls": 0})["calls"])
        await store.discover()
        assert int(client.info("commandstats").get("cmdstat_keys", {"calls": 0})["calls"]) == before
    listed = await store.boards("", 3000, AT)
    assert [each.board for each in listed] == [*[f"b{number:04}" for number in range(2500)], prefix, BOARD]
    assert {each.members for each in listed} == {1}


async def test_a_board_that_is_gone_leaves_the_index(store: RedisBoardStore, server: Server, prefix: str) -> None:
    await put_many(store, BOARD, [("ada", 1.0)])
    with server.client() as client:
        client.delete(f"{prefix}{BOARD}")  # not by goboard
        assert await store.boards("", 10, AT) == []
        assert client.zrange(f"{{{prefix}}}boards", 0, -1) == []
    await put_many(store, BOARD, [("ada", 1.0)])  # by the same store, which entered it once
    assert await store.boards("", 10, AT) == [BoardSize(BOARD, 1)]


async def test_a_board_is_in_the_index_before_it_is_written(server: Server, prefix: str) -> None:
    """Where the first write fails, the index names a board that is not there; never the other way round."""
    store = RedisBoardStore.from_url(server.url, prefix=prefix)
    with server.client() as client:
        client.set(f"{prefix}text", "no board")
        with pytest.raises(StoreCorrupt):
            await store.increment(BoardName.parse("text"), ADA, 1.0, AT)
        assert client.zrange(f"{{{prefix}}}boards", 0, -1) == [b"text"]
    assert await store.boards("", 10, AT) == []
    await store.close()


async def test_a_long_cursor_of_a_foreign_name_leads_on(store: RedisBoardStore, server: Server, prefix: str) -> None:
    """go-board takes names of any length and of any bytes."""
    with server.client() as client:
        client.zadd(f"{prefix}{BOARD}", {b"\xff" * 900: 2.0, b"ada": 1.0})
    first = await page(store, 1)
    assert first.next is not None
    second = await page(store, 1, Cursor.parse(first.next.text()))
    assert [entry.member for entry in second.entries] == ["ada"]


async def test_an_emptied_board_leaves_nothing_once_boards_are_listed(
    store: RedisBoardStore, server: Server, prefix: str
) -> None:
    await submit(store, "ada", 1.0)
    await store.remove(BOARD, ADA, AT)
    assert await store.boards("", 10, AT) == []
    assert all_keys(server, prefix) == []


async def test_something_else_at_the_version_refuses_the_write_whole(
    store: RedisBoardStore, server: Server, prefix: str
) -> None:
    with server.client() as client:
        client.set(f"{{{prefix}{BOARD}}}:version", "mine")
    with pytest.raises(StoreCorrupt):
        await submit(store, "ada", 1.0)
    with pytest.raises(StoreCorrupt):
        await submit(store, "ada", 1.0, metadata={"a": 1})
    assert [key for key in all_keys(server, prefix) if b"boards" not in key] == [
        f"{{{prefix}{BOARD}}}:version".encode()
    ]
