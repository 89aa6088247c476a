"""Updates as a transport takes them in: for whom a caller may act, and many of them in one message."""

import asyncio
from asyncio import Future
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Generic, NamedTuple, Self, TypeVar

from goboard.domain.errors import (
    GoboardError,
    InvalidArgument,
    MemberForbidden,
    MissingToken,
    RateLimited,
    RoleRequired,
    UpdateRefused,
)
from goboard.domain.idempotency import IdempotencyKey
from goboard.domain.identity import Identity, Role
from goboard.domain.names import BoardName, MemberName
from goboard.domain.scores import parse_number
from goboard.domain.standings import Entry
from goboard.entrypoints.gate import Gate
from goboard.leaderboards import Leaderboards

MAX_UPDATES = 1000
"""Updates in one message."""

Item = TypeVar("Item")
Parsed = TypeVar("Parsed")
Result = TypeVar("Result")


class Caller(NamedTuple):
    """An identity, and the gate that says for whom it may act."""

    identity: Identity
    gate: Gate

    def member(self, named: str) -> MemberName:
        """Give the member that a request naming `named` acts for.

        Raises:
            InvalidArgument: it is no valid name.
            MemberForbidden: the caller may not act for it, and MEMBER_ID_MISMATCH is `reject`.
        """
        return self.gate.member_for(self.identity, MemberName.parse(named))

    def count_update(self) -> None:
        """Count one update of the caller.

        Raises:
            RateLimited: it has made as many as it may for now.
        """
        self.gate.count_update(self.identity)

    def key(self, text: str | None) -> IdempotencyKey | None:
        """Give the caller's idempotency key that is written as `text`; None: there is none.

        Raises:
            InvalidArgument: it breaks a rule.
        """
        return None if text is None else IdempotencyKey.parse(text, self.identity.member)

    @property
    def name(self) -> str | None:
        """Whose watches the caller's are; None: a visitor's are nobody's."""
        return None if self.is_visitor else self.identity.member

    @property
    def lifetime(self) -> float | None:
        """In how many seconds the caller's token ends; None: never."""
        return self.gate.lifetime(self.identity)

    @property
    def is_visitor(self) -> bool:
        """Whether the caller has shown no token."""
        return self.identity.role is Role.VISITOR

    def require_token(self) -> None:
        """Raise MissingToken where the caller has shown no token."""
        if self.is_visitor:
            raise MissingToken

    def require_server(self) -> None:
        """Raise RoleRequired where the caller does not have the role server."""
        if self.identity.role is not Role.SERVER:
            raise RoleRequired


async def settle_each(
    items: Sequence[Item | GoboardError],
    read: Callable[[Item], Parsed],
    start: Callable[[list[Parsed]], Future[list[Result]]],
) -> list[Result | GoboardError]:
    """Start what `read` makes of the items, and give each one's outcome in its place.

    An item that is a refusal, and one of which `read` raises one, has the refusal in its place, and is not started.
    """
    outcomes: list[Result | GoboardError] = []
    parsed: list[Parsed] = []
    places: list[int] = []
    for place, item in enumerate(items):
        try:
            if isinstance(item, GoboardError):
                raise item
            parsed.append(read(item))
            places.append(place)
        except GoboardError as refusal:
            outcomes.append(refusal)
        else:
            outcomes.append(_STARTED)
    for place, result in zip(places, await start(parsed), strict=True):
        outcomes[place] = result
    return outcomes


_STARTED = GoboardError("under way")
"""Stands for an outcome that is not there yet."""


class Update(NamedTuple):
    """One update that was understood; whether its delta is a finite number is looked at when it is made."""

    board: BoardName
    member: MemberName
    delta: float
    key: IdempotencyKey | None = None

    @classmethod
    def asked(
        cls,
        caller: Caller,
        dashboard: str | None,
        member_id: str | None,
        increment: float | None,
        op_id: str | None = None,
    ) -> Self:
        """Read an update as a stream's message says it.

        Raises:
            InvalidArgument: something is missing or breaks a rule.
            MemberForbidden: as `Caller.member`.
            RateLimited: as `Caller.count_update`.
        """
        if not dashboard or not member_id:
            raise InvalidArgument("missing dashboard or member_id")
        key = None if op_id is None else caller.key(op_id)
        update = cls(board_name(dashboard), caller.member(member_id), required(increment), key)
        caller.count_update()
        return update


_OF_ONE = (InvalidArgument, MemberForbidden, RateLimited, UpdateRefused)
"""What can be wrong with one update of many; anything else befalls all of a board's."""


@lru_cache(1024)
def board_name(text: str) -> BoardName:
    """Parse a board's name; those in use are few, and remembering them takes a sixth of the time.

    Raises:
        InvalidArgument: it breaks a rule.
    """
    return BoardName.parse(text)


class Batch:
    """Many updates in one message. Each is taken or refused on its own, and answered in its place."""

    def __init__(self, boards: Leaderboards) -> None:
        self._boards = boards
        self._outcomes: list[Entry | Exception | None] = []
        self._places: dict[BoardName, list[int]] = {}
        self._deltas: dict[BoardName, list[tuple[MemberName, float]]] = {}
        self._keys: dict[BoardName, list[IdempotencyKey | None]] = {}
        self._running: list[tuple[list[int], Future[list[Entry | UpdateRefused]]]] = []

    def __len__(self) -> int:
        return len(self._outcomes)

    def add(self, update: Update) -> None:
        """Put the next update.

        Raises:
            InvalidArgument: its delta is not finite.
        """
        board, member, increment, key = update
        delta = parse_number(increment, "increment")
        if board not in self._places:
            self._places[board], self._deltas[board], self._keys[board] = [], [], []
        self._places[board].append(len(self._outcomes))
        self._deltas[board].append((member, delta))
        self._keys[board].append(key)
        self._outcomes.append(None)

    def fill(self, items: Sequence[Item | GoboardError], read: Callable[[Item], Update]) -> Self:
        """Put what `read` makes of each item; where it raises, and where an item is a refusal, that has its place."""
        for item in items:
            if isinstance(item, GoboardError):
                self._outcomes.append(item)
                continue
            try:
                self.add(read(item))
            except GoboardError as refusal:
                self._outcomes.append(refusal)
        return self

    def start(self) -> Self:
        """Let the store be asked: from here on the updates are under way, those of one board in their order."""
        for board, places in self._places.items():
            keys = self._keys[board]
            keyed = None if all(key is None for key in keys) else keys
            self._running.append((places, self._boards.increment_many(board, self._deltas[board], key=keyed)))
        return self

    async def outcomes_of_one_board(self) -> Sequence[Entry | Exception]:
        """Wait until all is settled.

        Raises:
            Exception: what befell all updates, such as `StoreUnavailable`; none of them has an answer of its own then.
        """
        outcomes = await self.outcomes()
        for outcome in outcomes:
            if isinstance(outcome, Exception) and not isinstance(outcome, _OF_ONE):
                raise outcome
        return outcomes

    async def outcomes(self, deadline: float | None = None) -> Sequence[Entry | Exception]:
        """Wait until all is settled, or the loop's time is `deadline`; what is late then counts as timed out."""
        for places, running in self._running:
            results: Sequence[Entry | Exception]
            try:
                async with asyncio.timeout_at(deadline):
                    results = await running
            except Exception as error:  # noqa: BLE001 -- each transport says it in its own way, at each place
                results = [error] * len(places)
            for place, result in zip(places, results, strict=True):
                self._outcomes[place] = result
        return self._outcomes  # type: ignore[return-value] # none is None any more


class Keyed(NamedTuple, Generic[Item]):
    """One update among many, and its idempotency key."""

    item: Item
    key: IdempotencyKey | None


def with_keys(
    items: Sequence[Item | GoboardError], caller: Caller, key: str | None, own: Callable[[Item], str | None]
) -> Sequence[Keyed[Item] | GoboardError]:
    """Give each item its key: its `own`, or where it has none what `key`, that of the whole message, is for its place.

    Raises:
        InvalidArgument: `key` breaks a rule; an item whose own does is a refusal in its place.
    """
    whole = caller.key(key)

    def with_key(place: int, item: Item | GoboardError) -> Keyed[Item] | GoboardError:
        if isinstance(item, GoboardError):
            return item
        try:
            named = caller.key(own(item))
        except InvalidArgument as refusal:
            return refusal
        return Keyed(item, named or (whole and whole.of_item(place)))

    return [with_key(place, item) for place, item in enumerate(items)]


def required(increment: float | None) -> float:
    """Give `increment` back.

    Raises:
        InvalidArgument: it is missing or null.
    """
    if increment is None:
        raise InvalidArgument("increment is required")
    return increment


def check_size(count: int) -> None:
    """Raise InvalidArgument where a message has more updates than it may."""
    if count > MAX_UPDATES:
        raise InvalidArgument(f"the message has {count} updates; at most {MAX_UPDATES} are allowed")
