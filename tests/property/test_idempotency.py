"""The law of keys: whatever is sent, however often and in whatever order, each key counts once."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from servers import STORES, Server

from goboard.adapters.memory import MemoryBoardStore
from goboard.adapters.redis import RedisBoardStore
from goboard.domain.errors import IdempotencyMismatch
from goboard.domain.rules import Rules
from goboard.domain.standings import Entry
from goboard.leaderboards import Leaderboards
from goboard.ports.store import BoardStore

Update = tuple[str, int, str | None]
UPDATES = st.tuples(st.sampled_from("ab"), st.integers(-3, 3), st.none() | st.sampled_from(["k", "l", "m", "n"]))
CALLS = st.lists(st.lists(UPDATES, min_size=1, max_size=12), min_size=1, max_size=8)
TIES = st.none() | st.sampled_from(["earliest", "shared", "dense"])


@pytest.mark.parametrize("kind", STORES)
def test_each_key_counts_once(kind: str, server_of: Callable[[str], Server], prefix: str) -> None:
    with asyncio.Runner() as runner:

        @settings(max_examples=60, deadline=None, database=None)
        @given(calls=CALLS, ties=TIES)
        def law(calls: list[list[Update]], ties: str | None) -> None:
            runner.run(_sent(_open(kind, server_of, prefix), calls, ties))

        law()


def _open(kind: str, server_of: Callable[[str], Server], prefix: str) -> BoardStore:
    if kind == "memory":
        return MemoryBoardStore()
    server = server_of(kind)
    with server.client() as client:
        for key in client.scan_iter(f"*{prefix}*"):
            client.delete(key)
    return RedisBoardStore.from_url(server.url, prefix=prefix)


async def _sent(store: BoardStore, calls: list[list[Update]], ties: str | None) -> None:
    async with Leaderboards(store) as boards:
        if ties:
            await boards.set_rules("b", Rules.parse({"ties": ties}))
        # All calls are under way at once; a store does them in the order in which they were made.
        running = [
            boards.increment_many("b", [update[:2] for update in call], key=[key for *_, key in call]) for call in calls
        ]
        answered = [answer for call in running for answer in await call]
        scores: dict[str, float] = {}
        first: dict[str, tuple[Update, object]] = {}
        for update, answer in zip([update for call in calls for update in call], answered, strict=True):
            member, delta, key = update
            if key in first and first[key][0] != update:
                assert isinstance(answer, IdempotencyMismatch)
                continue
            if key in first:
                assert answer == first[key][1]
                continue
            scores[member] = scores.get(member, 0.0) + delta
            assert isinstance(answer, Entry)
            assert (answer.member, answer.score) == (member, scores[member])
            if key:
                first[key] = update, answer
        assert {entry.member: entry.score for entry in await boards.top("b")} == scores
