"""The writes that wait for a board: one change, or a list of them that may fill several batches."""

from abc import ABC, abstractmethod
from asyncio import Future
from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from goboard.adapters.redis.failures import bring, each_its_own
from goboard.adapters.redis.lanes import Loop
from goboard.adapters.redis.operations import named
from goboard.adapters.redis.replies import Replies, RuledReplies
from goboard.domain.errors import GoboardError, OutcomeUnknown, StoreError, StoreUnavailable, UpdateRefused
from goboard.domain.idempotency import IdempotencyKey
from goboard.domain.standings import Entry, Outcome, Submission

INCREMENT, SUBMIT, OVERWRITE, REMOVE, DELETE, ARCHIVE, NOTHING = "i", "s", "=", "x", "!", "a", "n"
"""What is done to a member, as submit.lua names it."""

ReadReply = Callable[[RuledReplies, str, int], Any]
"""Reads the reply to a change of a member that begins at a number."""


class Taken(NamedTuple):
    """The changes that a batch has taken."""

    members: list[str]
    words: list[str]
    """As write.lua words changes."""
    arguments: list[str]
    """As submit.lua takes them, four for each."""
    keyed: list[str | bytes]
    """Two for each of them that has a key: its number, from 1, and its name."""

    def rule(self, member: str, done: str, metadata: str, at: float, key: IdempotencyKey | None = None) -> None:
        """Append a change for submit.lua."""
        self.arguments.extend((member, done, metadata, str(int(at * 1000))))
        if key is not None:
            self.keyed.extend((str(len(self.arguments) // 4), named(key, member, done, metadata)))


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

    __slots__ = ("_done", "_key", "_member", "_read", "at", "future", "last", "since")
    taken_up = True
    plain = False

    def __init__(  # noqa: PLR0913, PLR0917 -- as `Batcher.put_one`
        self,
        loop: Loop,
        member: str,
        kind: str,
        said: str,
        read: ReadReply,
        at: float,
        key: IdempotencyKey | None = None,
    ) -> None:
        self.future: Future[Any] = loop.create_future()
        self.since = loop.time()
        self.at = at
        self.last = kind == DELETE
        self._member = member
        self._done = kind + said
        self._read = read
        self._key = key

    def take(self, _room: int, taken: Taken, *, ruled: bool) -> int:  # noqa: ARG002 -- it takes rules
        taken.rule(self._member, self._done, "", self.at, self._key)
        return 1

    def give_back(self, count: int) -> None:
        """It is whole either way."""

    def settle(self, replies: Replies, at: int, _count: int) -> None:
        if self.future.done():  # its caller has left
            return
        try:
            self.future.set_result(self._read(replies, self._member, at))  # type: ignore[arg-type] # it takes rules
        except GoboardError as refusal:
            bring(self.future, refusal)

    def fail(self, error: StoreError) -> None:
        if not self.future.done():
            bring(self.future, each_its_own(error))


class OneIncrement:
    """One increment: nearly every write there is, so that it has a class of its own, a twentieth faster."""

    __slots__ = ("_delta", "_member", "at", "future", "since")
    taken_up = True
    plain = True
    last = False

    def __init__(self, loop: Loop, member: str, delta: float, at: float) -> None:
        self.future: Future[Entry] = loop.create_future()
        self.since = loop.time()
        self.at = at
        self._member = member
        self._delta = shortest(delta)

    def take(self, _room: int, taken: Taken, *, ruled: bool) -> int:
        if ruled:
            taken.rule(self._member, INCREMENT + self._delta, "", self.at)
        else:
            taken.members.append(self._member)
            taken.words.append(self._delta)
        return 1

    def give_back(self, count: int) -> None:
        """It is whole either way."""

    def settle(self, replies: Replies, at: int, _count: int) -> None:
        if self.future.done():  # its caller has left
            return
        try:
            self.future.set_result(replies.entry(self._member, at))
        except UpdateRefused as refusal:
            bring(self.future, refusal)

    def fail(self, error: StoreError) -> None:
        if not self.future.done():
            bring(self.future, each_its_own(error))


Item = TypeVar("Item", bound=Sequence[Any])


class _ManyWrites(ABC, Generic[Item]):
    """A list of changes in order. It is read slice by slice, so that a long one is not copied."""

    last = False

    def __init__(self, loop: Loop, items: Sequence[Item], at: float) -> None:
        self.future: Future[list[Any]] = loop.create_future()
        self.since = loop.time()
        self.at = at
        self._items = items
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

    @abstractmethod
    def _outcome(self, replies: Replies, member: str, at: int) -> Any:
        """Read the reply to one change."""

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
                self._outcomes.append(self._outcome(replies, self._items[first + i][0], at + replies.width * i))
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
    """Pairs of a member and what is added; none has a key."""

    plain = True

    def _take(self, items: Sequence[tuple[str, float]], taken: Taken, *, ruled: bool) -> int:
        if ruled:
            for member, delta in items:
                taken.rule(member, INCREMENT + shortest(delta), "", self.at)
        else:
            taken.members.extend([member for member, _ in items])
            taken.words.extend([shortest(delta) for _, delta in items])
        return len(items)

    def _outcome(self, replies: Replies, member: str, at: int) -> Entry:
        return replies.entry(member, at)


class KeyedIncrements(_ManyWrites[tuple[str, float, IdempotencyKey | None]]):
    """Members, what is added to each, and by which key it is known; all take submit.lua."""

    plain = False

    def _take(
        self,
        items: Sequence[tuple[str, float, IdempotencyKey | None]],
        taken: Taken,
        *,
        ruled: bool,  # noqa: ARG002 -- it takes rules
    ) -> int:
        for member, delta, key in items:
            taken.rule(member, INCREMENT + shortest(delta), "", self.at, key)
        return len(items)

    def _outcome(self, replies: Replies, member: str, at: int) -> Entry:
        return replies.entry(member, at)


class Submissions(_ManyWrites[Submission]):
    """Submissions, of which some take submit.lua."""

    @property
    def plain(self) -> bool:
        return _is_plain(self._items[self._taken])

    def _take(self, items: Sequence[Submission], taken: Taken, *, ruled: bool) -> int:
        for count, item in enumerate(items):
            if ruled:
                kind = OVERWRITE if item.overwrite else SUBMIT
                taken.rule(item.member, kind + shortest(item.score), item.metadata or "", self.at, item.key)
            elif _is_plain(item):
                taken.members.append(item.member)
                taken.words.append((OVERWRITE if item.overwrite else "") + shortest(item.score))
            else:
                return count
        return len(items)

    def _outcome(self, replies: Replies, member: str, at: int) -> Outcome:
        return replies.outcome(member, at)


def shortest(number: float) -> str:
    """Write a number as the shortest text that reads back as the same double, -0 as 0."""
    return repr(number + 0.0)


def _is_plain(item: Submission) -> bool:
    # Whether adding nothing has put a new member on the board is for submit.lua to tell.
    return item.metadata is None and item.key is None and (item.overwrite or item.score != 0)
