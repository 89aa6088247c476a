"""A key of another type in the place of each key that a board has: told as such, or of no account, and never half."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from boards import ADA, AT, BOARD, BOB, NOW, put, rule, submit
from redis import Redis
from servers import SERVERS, Server, start_server

from goboard.adapters.redis import RedisBoardStore
from goboard.domain.errors import BoardBusy, CursorStale, InvalidArgument, PeriodNotFound, StoreCorrupt, UpdateRefused
from goboard.domain.names import ArchiveName
from goboard.domain.pages import PageRequest
from goboard.domain.periods import PeriodChoice
from goboard.domain.rules import Rules

FORMS: dict[str, dict[str, Any] | None] = {
    "without rules": None,
    "earliest": {
        "windows": ["all", "daily"],
        "ties": "earliest",
        "attempts": {"max": 9, "window": "daily"},
        "track": True,
    },
    "dense": {"windows": ["all", "daily"], "ties": "dense", "operator": "best", "capacity": 10},
}
Call = Callable[[RedisBoardStore], Awaitable[Any]]
WRITES: dict[str, Call] = {
    "increment": lambda store: store.increment(BOARD, ADA, 1.0, AT),
    "submit": lambda store: submit(store, ADA, 2.0, AT, {"team": "red"}),
    "set": lambda store: put(store, BOARD, BOB, 3.0),
    "archive": lambda store: store.archive(BOARD, ArchiveName.parse("second"), NOW),
    "remove": lambda store: store.remove(BOARD, ADA, AT),
    "delete": lambda store: store.delete(BOARD, AT),
    "rules": lambda store: store.set_rules(BOARD, Rules.parse({"track": True}), AT, force=True),
}
READS: dict[str, Call] = {
    "top": lambda store: store.top(BOARD, 3, NOW, metadata=True),
    "rank": lambda store: store.rank(BOARD, ADA, NOW),
    "member": lambda store: store.member(BOARD, ADA, NOW),
    "count": lambda store: store.count(BOARD, PeriodChoice(AT, "daily")),
    "page": lambda store: store.page(BOARD, PageRequest(2), NOW),
    "stats": lambda store: store.stats(BOARD, [50.0], 2, NOW),
    "periods": lambda store: store.periods(BOARD, "daily", AT),
    "boards": lambda store: store.boards("", 10, AT),
}
TOLD = (StoreCorrupt, BoardBusy, InvalidArgument, PeriodNotFound, CursorStale, UpdateRefused)
"""What may come of it: no error that nobody foresaw, and nothing that asks to try again as if the store were away."""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Server]:
    """A server of this test alone, which it may flush."""
    with start_server(SERVERS["valkey"], tmp_path) as server:
        yield server


@pytest.fixture
async def store(own: Server) -> AsyncIterator[RedisBoardStore]:
    """A store that knows nothing of the board."""
    opened = RedisBoardStore.from_url(own.url)
    yield opened
    await opened.close()


def dumped(client: Redis) -> dict[bytes, Any]:
    # A stream's dump tells when it was last looked at, so the key that is in the wrong is asked for its length.
    return {key: client.dump(key) if client.type(key) != b"stream" else client.xlen(key) for key in client.keys("*")}


def that_counts(dump: dict[bytes, Any]) -> dict[bytes, Any]:
    """Leave out the version, and what a change of rules that broke off leaves for ten seconds."""
    return {key: value for key, value in dump.items() if not re.search(rb":(version|moving|new:.*)$", key)}


async def furnished(server: Server, form: dict[str, Any] | None) -> None:
    """Have a board with all keys that this form of a board has."""
    store = RedisBoardStore.from_url(server.url)
    if form:
        await rule(store, **form)
    for member in (ADA, BOB):
        await submit(store, member, 1.0, AT, {"team": "blue"})
    await store.archive(BOARD, ArchiveName.parse("first"), NOW)
    for member in (ADA, BOB):
        await submit(store, member, 1.0, AT, {"team": "blue"})
    await store.close()


@pytest.mark.parametrize("form", FORMS)
async def test_a_key_of_another_type_is_told_and_no_write_is_half_done(own: Server, form: str) -> None:
    await furnished(own, FORMS[form])
    with own.client() as client:
        whole = {key: client.dump(key) for key in client.keys("*")}
        assert len(whole) >= 6
        for key in sorted({*whole, b"{prod:world cup}:until"}):
            told = []
            for name, call in {**WRITES, **READS}.items():
                client.flushall()
                for other, value in whole.items():
                    client.restore(other, 0, value)
                client.delete(key)
                client.xadd(key, {"what": "something else"})
                before = that_counts(dumped(client))
                store = RedisBoardStore.from_url(own.url)
                try:
                    await call(store)
                except TOLD as error:
                    told += [name] * isinstance(error, StoreCorrupt)
                    if name in WRITES:
                        assert that_counts(dumped(client)) == before, (key, name)
                finally:
                    await store.close()
            assert told, f"nobody hears of {key!r}"


async def test_an_index_of_another_type_fails_what_needs_it_alone(own: Server, store: RedisBoardStore) -> None:
    await store.increment(BOARD, ADA, 1.0, AT)
    with own.client() as client:
        client.set("{prod:}boards", "something else")
        with pytest.raises(StoreCorrupt):
            await store.boards("", 10, AT)
        assert (await store.increment(BOARD, ADA, 1.0, AT)).score == 2.0
        client.delete("{prod:}boards")
        await store.discover()
        assert [size.board for size in await store.boards("", 10, AT)] == [BOARD]
