"""The writes that wait for a board: one change, or a list of them that may fill several batches."""

from asyncio import AbstractEventLoop, Future
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from goboard.adapters.redis.failures import bring, each_its_own
from goboard.domain.errors import OutcomeUnknown, ScoreOutOfRange, StoreError, StoreUnavailable
from goboard.domain.standings import Entry

Reply = bytes | int | None
Replies = Sequence[Reply]
ReadReply = Callable[[str, Reply, Reply], Any]
"""Reads the reply to one change: of the member, the two values that the script replies."""

REMOVE = "x"
DELETE = "!"


def increase(delta: float) -> str:
    """Word an increment for the script; the shortest text that reads back as the same double, -0 as 0."""
    return repr(delta + 0.0)


def setting(score: float) -> str:
    """Word a new score for the script."""
    return "=" + repr(score + 0.0)


def entry(member: str, score: Reply, position: Reply) -> Entry:
    """Read the script's reply to an increment or a new score.

    Raises:
        ScoreOutOfRange: the script refused it.
    """
    if score is None or position is None:
        raise ScoreOutOfRange(member)
    return Entry(member, float(score), position + 1)  # type: ignore[operator] # the script replies an integer


def found(_member: str, count: Reply, _unused: Reply) -> bool:
    """Read the script's reply to a removal."""
    return bool(count)


class Write(Protocol):
    """Something that waits for its board's next batch."""

    future: Future[Any]
    since: float
    """When it last had something happen to it, on the loop's clock."""

    @property
    def taken_up(self) -> bool:
        """Whether batches have taken all of it."""
        ...

    def take(self, room: int, members: list[str], changes: list[str]) -> int:
        """Append at most `room` (≥ 1) changes, and tell how many."""
        ...

    def settle(self, replies: Replies, at: int, count: int) -> None:
        """Read the outcome of `count` changes: two replies each, from index `at` on."""
        ...

    def fail(self, error: StoreError) -> None:
        """Bring an error of its own, with the message of `error`, unless the outcome is known."""
        ...


class OneWrite:
    """One change, and how its reply is read."""

    __slots__ = ("_change", "_member", "_read", "future", "since")
    taken_up = True

    def __init__(self, loop: AbstractEventLoop, member: str, change: str, read: ReadReply) -> None:
        self.future: Future[Any] = loop.create_future()
        self.since = loop.time()
        self._member = member
        self._change = change
        self._read = read

    def take(self, _room: int, members: list[str], changes: list[str]) -> int:
        members.append(self._member)
        changes.append(self._change)
        return 1

    def settle(self, replies: Replies, at: int, _count: int) -> None:
        if self.future.done():  # its caller has left
            return
        try:
            self.future.set_result(self._read(self._member, replies[at], replies[at + 1]))
        except ScoreOutOfRange as refusal:
            bring(self.future, refusal)

    def fail(self, error: StoreError) -> None:
        if not self.future.done():
            bring(self.future, each_its_own(error))


class ManyWrites:
    """A list of changes in order. It is read slice by slice, so that a long one is not copied."""

    def __init__(
        self, loop: AbstractEventLoop, numbers: Sequence[tuple[str, float]], word: Callable[[float], str]
    ) -> None:
        self.future: Future[list[Entry | ScoreOutOfRange]] = loop.create_future()
        self.since = loop.time()
        self._numbers = numbers
        self._word = word
        self._taken = 0
        self._outcomes: list[Entry | ScoreOutOfRange] = []
        if not numbers:
            self.future.set_result(self._outcomes)

    @property
    def taken_up(self) -> bool:
        return self._taken == len(self._numbers)

    def take(self, room: int, members: list[str], changes: list[str]) -> int:
        part = self._numbers[self._taken : self._taken + room]
        members += [member for member, _ in part]
        changes += [self._word(number) for _, number in part]
        self._taken += len(part)
        return len(part)

    def settle(self, replies: Replies, at: int, count: int) -> None:
        first = len(self._outcomes)
        for i in range(count):
            member = self._numbers[first + i][0]
            self._outcomes.append(_outcome(member, replies[at + 2 * i], replies[at + 2 * i + 1]))
        self.since = self.future.get_loop().time()
        if len(self._outcomes) == len(self._numbers) and not self.future.done():
            self.future.set_result(self._outcomes)

    def fail(self, error: StoreError) -> None:
        if self.future.done():
            return
        part_is_applied = bool(self._outcomes) and isinstance(error, StoreUnavailable)
        bring(self.future, each_its_own(OutcomeUnknown() if part_is_applied else error))


def _outcome(member: str, score: Reply, position: Reply) -> Entry | ScoreOutOfRange:
    try:
        return entry(member, score, position)
    except ScoreOutOfRange as refusal:
        return refusal
