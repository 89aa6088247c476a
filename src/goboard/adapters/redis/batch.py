"""Gathers the writes that wait for a board and sends them as one script call, one batch of a board at a time."""

import asyncio
from asyncio import Future
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from goboard.adapters.redis.connection import ANSWER_WITHIN, STORE_TIMEOUT, Connections, Link
from goboard.adapters.redis.keys import standings_key
from goboard.adapters.redis.lanes import Lanes
from goboard.adapters.redis.scripts import WRITE
from goboard.adapters.redis.writes import ManyWrites, OneWrite, ReadReply, Write
from goboard.domain.errors import OutcomeUnknown, ScoreOutOfRange, StoreError, StoreUnavailable
from goboard.domain.names import BoardName
from goboard.domain.standings import Entry

# A change costs Redis 2-6 µs, so a call holds other clients up for 3 ms at most; 500 names are 128 KB at most.
MAX_CHANGES = 500

_Waiting = deque[Write]


class Batcher:
    """The writes of all boards."""

    def __init__(self, connections: Connections, prefix: str) -> None:
        self._connections = connections
        self._prefix = prefix
        self._lanes: Lanes[_Waiting] = Lanes(deque, self._send_batches, _refuse)

    def put_one(self, board: BoardName, member: str, change: str, read: ReadReply) -> Future[Any]:
        """Let a change wait its turn; the future brings what `read` makes of its reply."""
        waiting, loop = self._lanes.of(board)
        write = OneWrite(loop, member, change, read)
        waiting.append(write)
        return write.future

    def put_many(
        self, board: BoardName, numbers: Sequence[tuple[str, float]], word: Callable[[float], str]
    ) -> Future[list[Entry | ScoreOutOfRange]]:
        """Let a list of changes wait its turn; the future brings the outcome of each."""
        waiting, loop = self._lanes.of(board)
        write = ManyWrites(loop, numbers, word)
        if numbers:
            waiting.append(write)
        return write.future

    async def close(self) -> None:
        """Refuse what waits and see out what was sent."""
        await self._lanes.close()

    async def _send_batches(self, board: BoardName, waiting: _Waiting) -> None:
        batch = _Batch()
        try:
            async with self._connections.lease(board=board, lost=OutcomeUnknown) as link:
                await self._send(board, batch, waiting, link)
                # A lease takes 60 µs, a batch's share of 4-6 % of a loaded worker's time: kept while nobody lacks it.
                while waiting and self._connections.spare:
                    batch = _Batch()
                    await link.renew()
                    await self._send(board, batch, waiting, link)
        except StoreError as error:
            batch.fail(error)
            if isinstance(error, StoreUnavailable | OutcomeUnknown):
                _refuse(waiting, error)  # at once: each would wait in vain for as long again
        except BaseException:  # the loop is shutting down: whoever still waits shall not wait for ever
            batch.fail(OutcomeUnknown())
            raise

    async def _send(self, board: BoardName, batch: "_Batch", waiting: _Waiting, link: Link) -> None:
        # Only now: whoever gave up, or joined, while a connection was made is heeded.
        batch.fill(waiting, asyncio.get_running_loop().time())
        if batch.members:
            link.answer_by(batch.oldest + ANSWER_WITHIN)
            key = standings_key(self._prefix, board)
            batch.settle(await link.run(WRITE, key, *batch.members, *batch.changes))


class _Batch:
    """What one script call carries."""

    def __init__(self) -> None:
        self.members: list[str] = []
        self.changes: list[str] = []
        self.oldest = float("inf")
        self._parts: list[tuple[Write, int]] = []

    def fill(self, waiting: _Waiting, now: float) -> None:
        """Take from the front of `waiting` as much as the batch holds."""
        _refuse_late(waiting, now - STORE_TIMEOUT)
        while waiting and (room := MAX_CHANGES - len(self.members)):
            write = waiting[0]
            if write.future.done():
                waiting.popleft()
            else:
                self._take(write, room)
                if write.taken_up:
                    waiting.popleft()

    def _take(self, write: Write, room: int) -> None:
        self.oldest = min(self.oldest, write.since)
        self._parts.append((write, write.take(room, self.members, self.changes)))

    def settle(self, replies: list[bytes | int | None]) -> None:
        """Give each write its part of the script's reply."""
        at = 0
        for write, count in self._parts:
            write.settle(replies, at, count)
            at += 2 * count

    def fail(self, error: StoreError) -> None:
        for write, _ in self._parts:
            write.fail(error)


def _refuse_late(waiting: _Waiting, since: float) -> None:
    """Refuse what has waited from before `since`: an answer in time is no longer sure."""
    # Oldest first, save that a long list under way keeps the front; then the next is the oldest.
    for front in (0, 1):
        while len(waiting) > front and waiting[front].since < since:
            waiting[front].fail(StoreUnavailable("the store is overloaded; nothing was changed, try again"))
            del waiting[front]


def _refuse(waiting: _Waiting, cause: StoreError | None = None) -> None:
    refusal = cause if isinstance(cause, StoreUnavailable) else StoreUnavailable()
    while waiting:
        waiting.popleft().fail(refusal)
