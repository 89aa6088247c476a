"""Gathers the writes that wait for a board and sends them as one script call, one batch of a board at a time."""

import asyncio
from asyncio import Future
from collections import deque
from collections.abc import Sequence
from typing import Any

from goboard.adapters.redis.arguments import key_arguments, rule_arguments
from goboard.adapters.redis.connection import ANSWER_WITHIN, STORE_TIMEOUT, Connections, Link
from goboard.adapters.redis.index import BoardIndex
from goboard.adapters.redis.keys import standings_key
from goboard.adapters.redis.lanes import MAX_LISTS, MAX_WAITING, Lanes
from goboard.adapters.redis.replies import PlainReplies, Replies, RuledReplies
from goboard.adapters.redis.rulebook import UNRULED, KnownRules, Rulebook
from goboard.adapters.redis.scripts import SUBMIT, WRITE
from goboard.adapters.redis.writes import (
    INCREMENT,
    Increments,
    KeyedIncrements,
    OneIncrement,
    OneWrite,
    ReadReply,
    Submissions,
    Taken,
    Write,
    shortest,
)
from goboard.domain.errors import (
    BoardBusy,
    BoardOverloaded,
    OutcomeUnknown,
    StoreError,
    StoreUnavailable,
    UpdateRefused,
)
from goboard.domain.idempotency import IdempotencyKey, Keys, Retention
from goboard.domain.names import BoardName
from goboard.domain.rules import Ties
from goboard.domain.standings import Entry, Outcome, Submission

# A change costs Redis 2-6 µs, so a call holds other clients up for 3 ms at most; 500 names are 128 KB at most.
MAX_CHANGES = 500
MAX_MICROSECONDS = 1000
"""What a call by rules may take of Redis's time on a board of 10,000; on one of a million it is twice as much."""
MICROSECONDS = {Ties.MEMBER: 5, Ties.SHARED: 5, Ties.EARLIEST: 8, Ties.DENSE: 8}
"""What a change by rules takes for each window: docs/performance.md."""
BUSY_PAUSE = 0.02
"""Seconds until a board is tried again whose rules are being changed."""
BUSY_PATIENCE = 1.0
"""Seconds for which a write waits for such a board."""

_Waiting = deque[Write]


class Batcher:
    """The writes of all boards."""

    def __init__(
        self, connections: Connections, prefix: str, rulebook: Rulebook, index: BoardIndex, retention: Retention
    ) -> None:
        self._connections = connections
        self._prefix = prefix
        self._rulebook = rulebook
        self._index = index
        self._retention = retention
        self._lanes: Lanes[_Waiting] = Lanes(deque, self._send_batches, _refuse, connections.spans)

    def put_increment(
        self, board: BoardName, member: str, delta: float, at: float, key: IdempotencyKey | None
    ) -> Future[Entry]:
        """Let an increment wait its turn."""
        waiting, loop = self._lanes.of(board)
        write: Write
        if key is None:
            write = OneIncrement(loop, member, delta, at)
        else:
            write = OneWrite(loop, member, INCREMENT, shortest(delta), RuledReplies.entry, at, key)
        if len(waiting) < MAX_WAITING:
            waiting.append(write)
        else:
            write.fail(BoardOverloaded(board, MAX_WAITING))
        return write.future

    def put_one(  # noqa: PLR0913, PLR0917 -- what is done to whom, how its reply is read, and when
        self, board: BoardName, member: str, kind: str, said: str, read: ReadReply, at: float
    ) -> Future[Any]:
        """Let a change wait its turn that takes submit.lua; the future brings what `read` makes of its reply."""
        waiting, loop = self._lanes.of(board)
        write = OneWrite(loop, member, kind, said, read, at)
        _queue(write, waiting, board, MAX_WAITING)
        return write.future

    def put_increments(
        self, board: BoardName, deltas: Sequence[tuple[str, float]], at: float, keys: Keys | None
    ) -> Future[list[Entry | UpdateRefused]]:
        """Let a list of increments wait its turn; the future brings the outcome of each."""
        waiting, loop = self._lanes.of(board)
        write: Increments | KeyedIncrements
        if keys is None:
            write = Increments(loop, deltas, at)
        else:
            keyed = [(member, delta, key) for (member, delta), key in zip(deltas, keys, strict=True)]
            write = KeyedIncrements(loop, keyed, at)
        if deltas:
            _queue(write, waiting, board, MAX_LISTS)
        return write.future

    def put_submissions(
        self, board: BoardName, submissions: Sequence[Submission], at: float
    ) -> Future[list[Outcome | UpdateRefused]]:
        """Let a list of submissions wait its turn; the future brings the outcome of each."""
        waiting, loop = self._lanes.of(board)
        write = Submissions(loop, submissions, at)
        if submissions:
            _queue(write, waiting, board, MAX_WAITING if len(submissions) == 1 else MAX_LISTS)
        return write.future

    async def close(self) -> None:
        """Refuse what waits and see out what was sent."""
        await self._lanes.close()

    async def _send_batches(self, board: BoardName, waiting: _Waiting) -> None:
        batch = self._batch(board)
        key = standings_key(self._prefix, board)
        try:
            async with self._connections.lease(key, board=board, lost=OutcomeUnknown) as link:
                await self._index.enter(board, link)
                await self._send(batch, waiting, link)
                # A lease takes 60 µs, a batch's share of 4-6 % of a loaded worker's time: kept while nobody lacks it.
                while waiting and link.spare and not batch.busy:
                    batch = self._batch(board)
                    await link.renew()
                    await self._send(batch, waiting, link)
        except StoreError as error:
            batch.fail(error)
            if not batch.parts or isinstance(error, StoreUnavailable | OutcomeUnknown):
                _refuse(waiting, error)  # at once: each would wait in vain for as long again
        except BaseException:  # the loop is shutting down: whoever still waits shall not wait for ever
            batch.fail(OutcomeUnknown())
            raise
        if batch.busy:
            await asyncio.sleep(BUSY_PAUSE)

    def _batch(self, board: BoardName) -> "Batch":
        return Batch(board, self._rulebook.get(board), self._retention)

    async def _send(self, batch: "Batch", waiting: _Waiting, link: Link) -> None:
        # Only now: whoever gave up, or joined, while a connection was made is heeded.
        batch.fill(waiting, asyncio.get_running_loop().time())
        if not batch.parts:
            return
        link.answer_by(batch.oldest + ANSWER_WITHIN)
        script, arguments = (SUBMIT, batch.ruled_arguments()) if batch.ruled else (WRITE, batch.plain_arguments())
        key = standings_key(self._prefix, batch.board)
        reply = await link.run(script, key, *arguments, size=batch.size, answers=batch.answers)
        if reply[0] == b"stale":
            self._rulebook.learn(batch.board, reply[1])
            batch.give_back(waiting)
        elif reply[0] == b"busy":
            if asyncio.get_running_loop().time() - batch.oldest > BUSY_PATIENCE:
                raise BoardBusy(batch.board)
            batch.busy = True
            batch.give_back(waiting)
        else:
            await self._settle(batch, reply, link)

    async def _settle(self, batch: "Batch", reply: Sequence[bytes | int | None], link: Link) -> None:
        if batch.deletes:
            self._rulebook.learn(batch.board, b"")
        try:
            if reply[0]:
                link.sent = False  # what is still to be sent is no update
                await self._index.enter_again(batch.board, link)
        finally:
            batch.settle(reply)
            if batch.replays:
                self._connections.measures.replayed(batch.replays)


class Batch:
    """What one script call carries."""

    def __init__(self, board: BoardName, known: KnownRules, retention: Retention) -> None:
        self.board = board
        self.oldest = float("inf")
        self.ruled = known is not UNRULED
        self.deletes = False
        self.replays = 0
        """How many of its changes were done before, and only answered again."""
        self.busy = False
        self.parts: list[tuple[Write, int]] = []
        self._known = known
        self._retention = retention
        self._taken = Taken([], [], [], [])
        self._at = 0.0
        self._start = self._end = 0.0

    def fill(self, waiting: _Waiting, now: float) -> None:
        """Take from the front of `waiting` what fits together, as much as the batch holds."""
        _refuse_late(waiting, now - STORE_TIMEOUT)
        room = 0
        while waiting:
            write = waiting[0]
            if write.future.done():
                waiting.popleft()
                continue
            if not self.parts:
                room = self._begin(write)
            elif not (self._start <= write.at < self._end if self.ruled else write.plain):
                return
            count = write.take(room, self._taken, ruled=self.ruled)
            self.parts.append((write, count))
            self.oldest = min(self.oldest, write.since)
            room -= count
            if not write.taken_up:
                return
            waiting.popleft()
            if write.last or not room:
                self.deletes = write.last
                return

    @property
    def size(self) -> int:
        """How many changes it carries."""
        return sum([count for _, count in self.parts])

    def answers(self) -> list[Future[Any]]:
        """Give what the callers wait for whose writes it carries."""
        return [write.future for write, _ in self.parts]

    def plain_arguments(self) -> list[str | bytes]:
        """Give what write.lua is called with."""
        return [*self._taken.members, *self._taken.words]

    def ruled_arguments(self) -> list[str | bytes]:
        """Give what submit.lua is called with."""
        return [
            *rule_arguments(self._known, self._at),
            *key_arguments(len(self._taken.keyed) // 2, self._retention),
            *self._taken.arguments,
            *self._taken.keyed,
        ]

    def settle(self, reply: Sequence[bytes | int | None]) -> None:
        """Give each write its part of the script's reply."""
        replies: Replies = PlainReplies(reply)
        if self.ruled:
            replies = ruled = RuledReplies(reply, self.board, self._known, self._retention.most)
            self.replays = ruled.replays
        at, width = 1, replies.width
        for write, count in self.parts:
            write.settle(replies, at, count)
            at += width * count

    def give_back(self, waiting: _Waiting) -> None:
        """Put all that was taken back to the front of `waiting`: nothing of it was done."""
        for write, count in reversed(self.parts):
            if write.taken_up:
                waiting.appendleft(write)
            write.give_back(count)
        self.parts = []

    def fail(self, error: StoreError) -> None:
        """Bring each write an error of its own."""
        for write, _ in self.parts:
            write.fail(error)

    def _begin(self, first: Write) -> int:
        """Settle what the batch is for: changes that the first one's script can do, in its periods. Gives the room."""
        self.ruled = self.ruled or not first.plain
        self._at = first.at
        if not self.ruled:
            return MAX_CHANGES
        self._start, self._end = self._known.span(first.at)
        rules = self._known.rules
        return max(1, MAX_MICROSECONDS // (MICROSECONDS[rules.ties] * len(rules.windows)))


def _queue(write: Write, waiting: _Waiting, board: BoardName, most: int) -> None:
    """Let a write wait behind the others, or refuse it where they are too many."""
    if len(waiting) < most:
        waiting.append(write)
    else:
        write.fail(BoardOverloaded(board, most))


def _refuse_late(waiting: _Waiting, since: float) -> None:
    """Refuse what has waited from before `since`: an answer in time is no longer sure."""
    # Oldest first, save that a long list under way keeps the front; then the next is the oldest.
    for front in (0, 1):
        while len(waiting) > front and waiting[front].since < since:
            waiting[front].fail(StoreUnavailable("the store is overloaded; nothing was changed, try again"))
            del waiting[front]


def _refuse(waiting: _Waiting, cause: StoreError | None = None) -> None:
    refusal = StoreUnavailable() if cause is None or isinstance(cause, OutcomeUnknown) else cause
    while waiting:
        waiting.popleft().fail(refusal)
