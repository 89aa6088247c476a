"""Where Redis keeps what updates with keys were answered, and how it goes."""

import time
from collections.abc import AsyncIterator, Callable

import pytest
import redis
from servers import Server

from goboard.adapters.redis import RedisBoardStore
from goboard.domain.errors import IdempotencyFull
from goboard.domain.idempotency import Retention
from goboard.domain.standings import Entry
from goboard.leaderboards import Leaderboards


class World:
    """A board, the keys beside it, and an eye on the clock."""

    def __init__(self, server: Server, prefix: str, client: redis.Redis) -> None:
        self.url = server.url
        self.prefix = prefix
        self.client = client
        self.begun = time.monotonic()
        self.sent = 0

    def boards(self, seconds: float, most: int = 1_000_000) -> Leaderboards:
        retention = Retention(seconds, most)
        return Leaderboards(RedisBoardStore.from_url(self.url, prefix=self.prefix, retention=retention))

    def stretches(self) -> list[bytes]:
        return list(self.client.scan_iter(f"{{{self.prefix}b}}:operations:*"))

    async def until(self, boards: Leaderboards, condition: Callable[[], bool]) -> None:
        """Send updates, each with a key of its own, until the condition holds."""
        while not condition():
            assert time.monotonic() < self.begun + 20
            self.sent += 1
            await boards.increment("b", "bob", 1, key=f"filler-{self.sent}")


@pytest.fixture
async def world(server: Server, prefix: str) -> AsyncIterator[World]:
    with server.client() as client:
        yield World(server, prefix, client)


async def test_a_key_is_known_when_others_came_since_in_later_stretches(world: World) -> None:
    async with world.boards(2.0) as boards:
        await boards.increment("b", "ada", 1, key="first")
        await world.until(boards, lambda: len(world.stretches()) > 2)
        assert time.monotonic() < world.begun + 2, "too slow a machine to tell"
        assert await boards.increment("b", "ada", 1, key="first") == Entry("ada", 1.0, 1)


async def test_stretches_that_are_over_go_while_others_come(world: World) -> None:
    async with world.boards(0.2) as boards:
        await boards.increment("b", "ada", 1, key="first")
        [first] = world.stretches()
        await world.until(boards, lambda: len(world.stretches()) > 1)
        world.client.persist(first)  # so that what lets go of it is no expiry
        await world.until(boards, lambda: first not in world.stretches())
        assert len(world.stretches()) <= 7  # a time's four, those that begin and end in it, and one that is over


async def test_all_goes_by_itself_when_nothing_comes_any_more(world: World) -> None:
    async with world.boards(0.2) as boards:
        await boards.increment_many("b", [("ada", 1)] * 300, key="first")
        assert world.stretches()
    left = list(world.client.scan_iter(f"{{{world.prefix}b}}:operations*"))
    assert all(0 < world.client.pttl(key) <= 200 * 1.5 for key in left)  # type: ignore[operator] # an integer


@pytest.mark.parametrize(("before", "after"), [(100.0, 1.0), (1.0, 100.0)])
async def test_a_key_is_known_after_the_time_has_been_changed(world: World, before: float, after: float) -> None:
    async with world.boards(before) as boards:
        await boards.increment("b", "ada", 1, key="first")
    async with world.boards(after) as boards:
        await boards.increment("b", "ada", 5, key="second")
        assert len(world.stretches()) == 2, "the second is kept for another time"
        for _ in range(20):
            await boards.increment("b", "bob", 1, key="third")
        assert len(world.stretches()) == 2
        assert await boards.increment("b", "ada", 1, key="first") == Entry("ada", 1.0, 1)
        assert await boards.increment("b", "ada", 5, key="second") == Entry("ada", 6.0, 1)


async def test_the_most_counts_all_stretches(world: World) -> None:
    async with world.boards(5.0, most=2) as boards, world.boards(50.0, most=2) as others:
        await boards.increment("b", "ada", 1, key="first")
        await others.increment("b", "ada", 1, key="second")
        assert len(world.stretches()) == 2
        with pytest.raises(IdempotencyFull):
            await boards.increment("b", "ada", 1, key="third")


async def test_keys_leave_nothing_but_what_says_so(world: World) -> None:
    """A board of updates with keys alone is in Redis as go-board keeps it."""
    async with world.boards(50.0) as boards:
        await boards.increment("b", "ada", 1.5, key="first")
        assert world.client.zrange(f"{world.prefix}b", 0, -1, withscores=True) == [(b"ada", 1.5)]
        assert await boards.delete("b")
        keys = set(world.client.scan_iter(f"{{{world.prefix}b}}:*"))
        assert keys == {f"{{{world.prefix}b}}:operations".encode(), *world.stretches()}
