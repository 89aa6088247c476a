"""The hot reads of boards without rules: those that wait for a board go out as one script call.

A read never joins one that was sent before it was asked for, so nobody sees the past; snapshots, which are older, are
had only where they are asked for.
"""

import sys
from asyncio import Future, get_running_loop
from collections.abc import Sequence
from typing import Any

from goboard.adapters.redis.connection import ANSWER_WITHIN, Connections, Link
from goboard.adapters.redis.failures import bring, each_its_own
from goboard.adapters.redis.keys import standings_key
from goboard.adapters.redis.lanes import MAX_WAITING, Lane, Lanes
from goboard.adapters.redis.rulebook import Rulebook, Stale
from goboard.adapters.redis.scripts import READ
from goboard.adapters.redis.shown import clamped, shown
from goboard.adapters.redis.snapshots import TopSnapshots
from goboard.domain.errors import BoardOverloaded, StoreError, StoreUnavailable
from goboard.domain.names import BoardName, MemberName
from goboard.domain.standings import Entry

MAX_RANKS = 500  # as many as writes of one batch, for the same reason


class _Reads:
    """What is asked of one board."""

    def __init__(self, since: float = 0.0) -> None:
        self.since = since
        """When the first of them was asked, on the loop's clock."""
        self.tops: list[tuple[int, Future[list[Entry]]]] = []
        self.ranks: list[tuple[MemberName, Future[Entry | None]]] = []
        self.counts: list[Future[int]] = []

    def __len__(self) -> int:
        return len(self.tops) + len(self.ranks) + len(self.counts)

    def take(self) -> "_Reads":
        """Take out what one call may carry, without those whose callers have left."""
        taken = _Reads(self.since)
        taken.tops = [(limit, future) for limit, future in self.tops if not future.done()]
        taken.counts = [future for future in self.counts if not future.done()]
        taken.ranks = [(member, future) for member, future in self.ranks[:MAX_RANKS] if not future.done()]
        self.tops, self.counts = [], []
        del self.ranks[:MAX_RANKS]
        return taken

    @property
    def limit(self) -> int:
        """The most places that are asked for; 0: none are."""
        return min(max((limit for limit, _ in self.tops), default=0), sys.maxsize)

    def settle(self, count: int, top: list[Entry], places: Sequence[Any]) -> None:
        """Answer each: `places` holds a score and a position for each rank that is asked for."""
        for future in self.counts:
            _answer(future, count)
        for limit, asked in self.tops:
            _answer(asked, top[:limit])  # a copy of its own, that a caller may change
        for (member, wanted), score, position in zip(self.ranks, places[::2], places[1::2], strict=True):
            _answer(wanted, None if score is None else Entry(member, clamped(score), position + 1))

    def fail(self, error: StoreError) -> None:
        """Bring each caller an error of its own."""
        for future in self.answers():
            bring(future, each_its_own(error))

    def turn_away(self) -> None:
        """Tell each caller that the board has rules."""
        for future in self.answers():
            bring(future, Stale())

    def answers(self) -> list[Future[Any]]:
        """Give what the callers wait for that are still there."""
        futures = [future for _, future in self.tops] + [future for _, future in self.ranks] + self.counts
        return [future for future in futures if not future.done()]


class Reader:
    """Reads of all boards; each brings `Stale` where the board has rules, which are known then."""

    def __init__(self, connections: Connections, prefix: str, rulebook: Rulebook, snapshots: TopSnapshots) -> None:
        self._connections = connections
        self._rulebook = rulebook
        self._prefix = prefix
        self._snapshots = snapshots
        self._lanes = Lanes(_Reads, self._send, _refuse, connections.spans)

    def top(self, board: BoardName, limit: int) -> Future[list[Entry]]:
        """Ask for the first places."""
        known = self._snapshots.get(board, limit, get_running_loop().time()) if self._snapshots else None
        if known is not None:
            future: Future[list[Entry]] = get_running_loop().create_future()
            future.set_result(known)
            return future
        waiting, loop = self._lane(board)
        future = loop.create_future()
        waiting.tops.append((limit, future))
        return future

    def rank(self, board: BoardName, member: MemberName) -> Future[Entry | None]:
        """Ask for a member's place."""
        waiting, loop = self._lane(board)
        future: Future[Entry | None] = loop.create_future()
        waiting.ranks.append((member, future))
        return future

    def count(self, board: BoardName) -> Future[int]:
        """Ask how many members there are."""
        waiting, loop = self._lane(board)
        future: Future[int] = loop.create_future()
        waiting.counts.append(future)
        return future

    async def close(self) -> None:
        """Refuse what waits and see out what was sent."""
        await self._lanes.close()

    def _lane(self, board: BoardName) -> Lane[_Reads]:
        lane = self._lanes.of(board)
        if not lane.waiting:
            lane.waiting.since = lane.loop.time()
        elif len(lane.waiting) >= MAX_WAITING:
            raise BoardOverloaded(board, MAX_WAITING)
        return lane

    async def _send(self, board: BoardName, waiting: _Reads) -> None:
        reads = _Reads()
        key = standings_key(self._prefix, board)
        try:
            async with self._connections.lease(key, board=board, lost=StoreUnavailable) as link:
                reads = waiting.take()  # only now: whoever gave up, or joined, while a connection was made is heeded
                if reads:
                    await self._read(board, reads, link)
        except StoreError as error:
            reads.fail(error)
            _refuse(waiting, error)  # at once: each would wait in vain for as long again
        except BaseException:  # the loop is shutting down: whoever still waits shall not wait for ever
            reads.fail(StoreUnavailable())
            raise

    async def _read(self, board: BoardName, reads: _Reads, link: Link) -> None:
        begun = get_running_loop().time()
        link.answer_by(reads.since + ANSWER_WITHIN)
        last = str(reads.limit - 1) if reads.limit else ""
        members = [member for member, _ in reads.ranks]
        key = standings_key(self._prefix, board)
        reply = await link.run(READ, key, last, *members, size=len(reads), answers=reads.answers)
        if reply[0] == b"stale":
            self._rulebook.learn(board, reply[1])
            reads.turn_away()
            return
        top = _entries(reply[1])
        if reads.limit:
            self._snapshots.put(board, reads.limit, top, begun)
        reads.settle(reply[0], top, reply[2:])


def _entries(flat: Sequence[bytes]) -> list[Entry]:
    pairs = zip(flat[::2], flat[1::2], strict=True)
    return [Entry(shown(member), clamped(score), rank) for rank, (member, score) in enumerate(pairs, 1)]


def _answer(future: Future[Any], value: Any) -> None:
    if not future.done():  # else its caller has left
        future.set_result(value)


def _refuse(waiting: _Reads, cause: StoreError | None = None) -> None:
    taken = waiting
    while taken:
        taken.take().fail(cause or StoreUnavailable())
