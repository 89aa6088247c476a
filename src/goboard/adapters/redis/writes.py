"""The writes that wait for a board: one change, or a list of them that may fill several batches."""

from abc import ABC, abstractmethod
from asyncio import AbstractEventLoop, Future
from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from goboard.adapters.redis.failures import bring, each_its_own
from goboard.adapters.redis.rulebook import KnownRules
from goboard.domain.errors import (
    AttemptsExhausted,
    GoboardError,
    IncrementTooLarge,
    OperatorMismatch,
    OutcomeUnknown,
    ScoreOutOfRange,
    StoreError,
    StoreUnavailable,
    UpdateRefused,
)
from goboard.domain.names import BoardName
from goboard.domain.standings import Entry, Outcome, Submission

INCREMENT, SUBMIT, OVERWRITE, REMOVE, DELETE, ARCHIVE, NOTHING = "i", "s", "=", "x", "!", "a", "n"
"""What is done to a member, as submit.lua names it."""

Reply = bytes | int | None


class Replies:
    """What a script has replied to a batch's changes, each change's replies under the number of its first."""

    __slots__ = ("board", "known", "ruled", "values")

    def __init__(self, values: Sequence[Reply], board: BoardName, known: KnownRules, *, ruled: bool) -> None:
        self.values = values
        self.board = board
        self.known = known
        self.ruled = ruled

    @property
    def width(self) -> int:
        """How many values there are for a change."""
        return 3 if self.ruled else 2

    def entry(self, member: str, at: int) -> Entry:
        """Read the reply to an increment.

        Raises:
            UpdateRefused: the script refused it.
        """
        score, place = self.values[at], self.values[at + 1]
        if score is None:
            raise self._refusal(member, at)
        return Entry(member, float(score), place if self.ruled else place + 1)  # type: ignore[arg-type,operator] # an integer then

    def outcome(self, member: str, at: int) -> Outcome:
        """Read the reply to a submission.

        Raises:
            UpdateRefused: the script refused it.
        """
        score, place = self.values[at], self.values[at + 1]
        if score is None:
            raise self._refusal(member, at)
        if self.ruled:
            return Outcome(member, float(score), place, bool(self.values[at + 2]), place is not None)  # type: ignore[arg-type] # an integer or None
        unchanged = place < 0  # type: ignore[operator] # an integer
        rank = -place if unchanged else place + 1  # type: ignore[operator]
        return Outcome(member, float(score), rank, not unchanged)

    def number(self, at: int) -> int | None:
        """Read how many members something was done to; None: it was refused."""
        return self.values[at]  # type: ignore[return-value] # an integer or None

    def _refusal(self, member: str, at: int) -> UpdateRefused:
        rules = self.known.rules
        why = self.values[at + 2] if self.ruled else b"range"
        if why == b"operator":
            return OperatorMismatch(self.board, rules.operator.value)
        if why == b"increment" and rules.max_increment is not None:
            return IncrementTooLarge(member, rules.max_increment)
        if why == b"attempts" and rules.attempts is not None:
            return AttemptsExhausted(member, *rules.attempts)
        return ScoreOutOfRange(member, rules.lowest, rules.highest)


ReadReply = Callable[[Replies, str, int], Any]
"""Reads the reply to a change of a member that begins at a number."""


class Taken(NamedTuple):
    """The changes that a batch has taken."""

    members: list[str]
    words: list[str]
    """As write.lua words changes."""
    arguments: list[str]
    """As submit.lua takes them, four for each."""

    def rule(self, member: str, done: str, metadata: str, at: float) -> None:
        """Append a change for submit.lua."""
        self.arguments.extend((member, done, metadata, str(int(at * 1000))))


class Write(Protocol):
    """Something that waits for its board's next batch."""

    future: Future[Any]
    since: float
    """When it last had something happen to it, on the loop's clock."""
    at: float
    """The instant of the update."""

    @property
    def plain(self) -> bool:
        """Whether write.lua can do what comes next of it, on a board without rules."""
        ...

    @property
    def last(self) -> bool:
        """Whether a batch ends with it: after a deletion the board has no rules."""
        ...

    @property
    def taken_up(self) -> bool:
        """Whether batches have taken all of it."""
        ...

    def take(self, room: int, taken: Taken, *, ruled: bool) -> int:
        """Append at most `room` (≥ 1) changes, and tell how many."""
        ...

    def give_back(self, count: int) -> None:
        """Take back the last `count` changes: they were not done, and are to be sent again."""
        ...

    def settle(self, replies: Replies, at: int, count: int) -> None:
        """Read the outcome of `count` changes, from the reply `at` on."""
        ...

    def fail(self, error: StoreError) -> None:
        """Bring an error of its own, with the message of `error`, unless the outcome is known."""
        ...


class OneWrite:
    """One change, and how its reply is read."""

    __slots__ = ("_kind", "_member", "_number", "_read", "at", "future", "last", "plain", "since")
    taken_up = True

    def __init__(  # noqa: PLR0913, PLR0917 -- made for every increment: keywords would cost a tenth of a microsecond
        self, loop: AbstractEventLoop, member: str, kind: str, number: str, read: ReadReply, at: float
    ) -> None:
        self.future: Future[Any] = loop.create_future()
        self.since = loop.time()
        self.at = at
        self.plain = kind == INCREMENT
        self.last = kind == DELETE
        self._member = member
        self._kind = kind
        self._number = number
        self._read = read

    def take(self, _room: int, taken: Taken, *, ruled: bool) -> int:
        if ruled:
            taken.rule(self._member, self._kind + self._number, "", self.at)
        else:
            taken.members.append(self._member)
            taken.words.append(self._number)
        return 1

    def give_back(self, count: int) -> None:
        """It is whole either way."""

    def settle(self, replies: Replies, at: int, _count: int) -> None:
        if self.future.done():  # its caller has left
            return
        try:
            self.future.set_result(self._read(replies, self._member, at))
        except GoboardError as refusal:
            bring(self.future, refusal)

    def fail(self, error: StoreError) -> None:
        if not self.future.done():
            bring(self.future, each_its_own(error))


Item = TypeVar("Item", bound=Sequence[Any])


class _ManyWrites(ABC, Generic[Item]):
    """A list of changes in order. It is read slice by slice, so that a long one is not copied."""

    last = False

    def __init__(self, loop: AbstractEventLoop, items: Sequence[Item], read: ReadReply, at: float) -> None:
        self.future: Future[list[Any]] = loop.create_future()
        self.since = loop.time()
        self.at = at
        self._items = items
        self._read = read
        self._taken = 0
        self._outcomes: list[Any] = []
        if not items:
            self.future.set_result(self._outcomes)

    @property
    @abstractmethod
    def plain(self) -> bool:
        """Whether write.lua can do the next change, on a board without rules."""

    @abstractmethod
    def _take(self, items: Sequence[Item], taken: Taken, *, ruled: bool) -> int:
        """Append changes for the first of `items`, all that may be done in the same way, and tell how many."""

    @property
    def taken_up(self) -> bool:
        return self._taken == len(self._items)

    def take(self, room: int, taken: Taken, *, ruled: bool) -> int:
        count = self._take(self._items[self._taken : self._taken + room], taken, ruled=ruled)
        self._taken += count
        return count

    def give_back(self, count: int) -> None:
        self._taken -= count

    def settle(self, replies: Replies, at: int, count: int) -> None:
        first = len(self._outcomes)
        for i in range(count):
            try:
                self._outcomes.append(self._read(replies, self._items[first + i][0], at + replies.width * i))
            except UpdateRefused as refusal:
                self._outcomes.append(refusal)
        self.since = self.future.get_loop().time()
        if len(self._outcomes) == len(self._items) and not self.future.done():
            self.future.set_result(self._outcomes)

    def fail(self, error: StoreError) -> None:
        if self.future.done():
            return
        part_is_applied = bool(self._outcomes) and isinstance(error, StoreUnavailable)
        bring(self.future, each_its_own(OutcomeUnknown() if part_is_applied else error))


class Increments(_ManyWrites[tuple[str, float]]):
    """Pairs of a member and what is added."""

    plain = True

    def _take(self, items: Sequence[tuple[str, float]], taken: Taken, *, ruled: bool) -> int:
        if ruled:
            for member, delta in items:
                taken.rule(member, INCREMENT + shortest(delta), "", self.at)
        else:
            taken.members.extend([member for member, _ in items])
            taken.words.extend([shortest(delta) for _, delta in items])
        return len(items)


class Submissions(_ManyWrites[Submission]):
    """Submissions, of which some take submit.lua."""

    @property
    def plain(self) -> bool:
        return _is_plain(self._items[self._taken])

    def _take(self, items: Sequence[Submission], taken: Taken, *, ruled: bool) -> int:
        for count, item in enumerate(items):
            if ruled:
                kind = OVERWRITE if item.overwrite else SUBMIT
                taken.rule(item.member, kind + shortest(item.score), item.metadata or "", self.at)
            elif _is_plain(item):
                taken.members.append(item.member)
                taken.words.append((OVERWRITE if item.overwrite else "") + shortest(item.score))
            else:
                return count
        return len(items)


def shortest(number: float) -> str:
    """Write a number as the shortest text that reads back as the same double, -0 as 0."""
    return repr(number + 0.0)


def _is_plain(item: Submission) -> bool:
    # Whether adding nothing has put a new member on the board is for submit.lua to tell.
    return item.metadata is None and (item.overwrite or item.score != 0)
