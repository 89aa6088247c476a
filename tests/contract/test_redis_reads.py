"""Reads that are sent together: what one call carries, and that nobody sees the past."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from boards import AT, NOW, put_many, top
from servers import Server

from goboard.adapters.redis import RedisBoardStore
from goboard.domain.errors import StoreCorrupt, StoreUnavailable
from goboard.domain.names import BoardName, MemberName
from goboard.domain.standings import Entry

BOARD = BoardName.parse("board")
MEMBERS = [MemberName.parse(f"m{number}") for number in range(1200)]


@pytest.fixture
async def store(server: Server, prefix: str) -> AsyncIterator[RedisBoardStore]:
    opened = RedisBoardStore.from_url(server.url, prefix=prefix)
    await put_many(opened, BOARD, [(member, float(number)) for number, member in enumerate(MEMBERS)])
    yield opened
    await opened.close()


def script_calls(server: Server) -> int:
    with server.client() as client:
        stats = client.info("commandstats")
    assert isinstance(stats, dict)
    return sum(int(stats.get(f"cmdstat_{name}", {"calls": 0})["calls"]) for name in ("evalsha", "eval"))


async def test_reads_that_wait_together_are_one_call_and_each_gets_its_own(
    store: RedisBoardStore, server: Server
) -> None:
    await store.count(BOARD, NOW)  # the script is known from here on
    before = script_calls(server)
    tops, ranks, counts, absent = await asyncio.gather(
        asyncio.gather(*[top(store, BOARD, limit) for limit in range(1, 101)]),
        asyncio.gather(*[store.rank(BOARD, member, NOW) for member in MEMBERS[:400]]),
        asyncio.gather(*[store.count(BOARD, NOW) for _ in range(50)]),
        store.rank(BOARD, MemberName.parse("nobody"), NOW),
    )
    assert script_calls(server) - before == 1
    standings = [Entry(f"m{1199 - place}", float(1199 - place), place + 1) for place in range(100)]
    assert tops == [standings[:limit] for limit in range(1, 101)]
    assert ranks == [Entry(MEMBERS[number], float(number), 1200 - number) for number in range(400)]
    assert counts == [1200] * 50
    assert absent is None


async def test_more_ranks_than_a_call_carries_are_all_answered(store: RedisBoardStore) -> None:
    ranks = await asyncio.gather(*[store.rank(BOARD, member, NOW) for member in MEMBERS])
    assert [entry.rank if entry else None for entry in ranks] == list(range(1200, 0, -1))


async def test_a_caller_may_change_its_list_and_harms_no_other(store: RedisBoardStore) -> None:
    one, other = await asyncio.gather(top(store, BOARD, 3), top(store, BOARD, 3))
    one.clear()
    assert [entry.rank for entry in other] == [1, 2, 3]


async def test_a_read_never_joins_one_that_was_sent_before_it(
    store: RedisBoardStore, server: Server, prefix: str
) -> None:
    with server.client() as foreign:
        for round_ in range(1, 200):
            earlier = asyncio.ensure_future(top(store, BOARD, 1))
            for _ in range(round_ % 8):  # let the earlier read be on its way, more or less far
                await asyncio.sleep(0)
            foreign.zadd(f"{prefix}board", {"leader": 1e6 + round_})
            entries, entry = await asyncio.gather(
                top(store, BOARD, 1), store.rank(BOARD, MemberName.parse("leader"), NOW)
            )
            assert entries == [Entry("leader", 1e6 + round_, 1)] == [entry]
            await earlier


async def test_who_leaves_while_waiting_harms_no_other(store: RedisBoardStore) -> None:
    leaving = [asyncio.ensure_future(store.rank(BOARD, member, NOW)) for member in MEMBERS[:20]]
    staying = [asyncio.ensure_future(store.rank(BOARD, member, NOW)) for member in MEMBERS[20:40]]
    for turns in range(3):
        await asyncio.sleep(0)
        leaving[turns].cancel()
    for task in leaving:
        task.cancel()
    assert [entry.score if entry else None for entry in await asyncio.gather(*staying)] == [*map(float, range(20, 40))]
    assert await store.count(BOARD, NOW) == 1200


async def test_a_corrupt_board_is_told_to_each_reader_and_to_no_reader_of_another(
    store: RedisBoardStore, server: Server, prefix: str
) -> None:
    bad = BoardName.parse("bad")
    with server.client() as client:
        client.set(f"{prefix}bad", "no board")
    outcomes = await asyncio.gather(
        *[top(store, bad, 10) for _ in range(5)], store.count(bad, NOW), store.count(BOARD, NOW), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [StoreCorrupt] * 6 + [int]
    assert len({id(outcome) for outcome in outcomes}) == 7


async def test_a_snapshot_spares_the_server_and_is_had_only_where_it_is_asked_for(
    store: RedisBoardStore, server: Server, prefix: str
) -> None:
    lenient = RedisBoardStore.from_url(server.url, prefix=prefix, top_snapshot=3600)
    try:
        first = await top(lenient, BOARD, 10)
        before = script_calls(server)
        await store.increment(BOARD, MEMBERS[0], 1e6, AT)
        assert await top(lenient, BOARD, 5) == first[:5]
        assert script_calls(server) - before == 1  # the increment
        assert (await top(store, BOARD, 1))[0].member == "m0"
        assert (await top(lenient, BOARD, 11))[0].member == "m0"  # more places than the snapshot has: read anew
        assert (await top(lenient, BOARD, 1))[0].member == "m0"
    finally:
        await lenient.close()


class SlowServer:
    """Answers the first script call after a while and none after it: a server that is slow, to the millisecond."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.calls = 0
        self.asked = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(65_536):  # a whole command: the store waits for the answer before it sends more
            self.calls += 1
            self.asked.set()
            if self.calls == 1:
                await asyncio.sleep(self.seconds)
                writer.write(b"*2\r\n:0\r\n*0\r\n")  # READ's reply for the first places of an empty board
        writer.close()


async def test_a_reader_behind_a_slow_read_hears_within_2_s_all_the_same() -> None:
    slow = SlowServer(1.2)
    server = await asyncio.start_server(slow.serve, "127.0.0.1", 0)
    store = RedisBoardStore.from_url(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    try:
        first = asyncio.create_task(top(store, BOARD, 1))
        await slow.asked.wait()
        begun = time.monotonic()
        with pytest.raises(StoreUnavailable):
            await top(store, BOARD, 2)
        assert time.monotonic() - begun < 2
        assert await first == []
        assert slow.calls == 2
    finally:
        await store.close()
        server.close()
