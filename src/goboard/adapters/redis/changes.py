"""Changes of a board's rules: its standings are brought into the form that the new ones ask for, slice by slice."""

import asyncio
import secrets
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from goboard.adapters.redis.arguments import milliseconds
from goboard.adapters.redis.connection import Connections
from goboard.adapters.redis.failures import Lost
from goboard.adapters.redis.index import BoardIndex
from goboard.adapters.redis.keys import standings_key
from goboard.adapters.redis.rulebook import KnownRules, Rulebook, written
from goboard.adapters.redis.scripts import RULES
from goboard.domain.errors import BoardBusy, OutcomeUnknown, RulesConflict, StoreError, StoreUnavailable
from goboard.domain.names import BoardName
from goboard.domain.periods import ALL, window_and_name
from goboard.domain.rules import BoardRules, Rules, Ties

SLICE = 125
"""Members that one step moves: at up to 10 µs each, little over a millisecond of the server's time."""
BY_NAME = {Ties.MEMBER, Ties.SHARED}
"""Ties whose standings are kept in the same form."""


class Place(NamedTuple):
    """The standings of a period, as they are before the change."""

    name: str
    order: str
    ties: str
    members: int


class Fate(NamedTuple):
    """What becomes of a place."""

    place: Place
    fate: str
    """`stays`, `anew` (in another form), `fewer` (anew, the best alone) or `goes`."""
    expiry: str
    """When it can be read no more, in milliseconds since the epoch, or `never`."""


class RuleChanges:
    """Changes the rules of boards."""

    def __init__(self, connections: Connections, prefix: str, rulebook: Rulebook, index: BoardIndex) -> None:
        self._connections = connections
        self._prefix = prefix
        self._rulebook = rulebook
        self._index = index
        self._running: set[asyncio.Task[BoardRules]] = set()

    async def set_rules(self, board: BoardName, rules: Rules, at: float, *, force: bool) -> BoardRules:
        """Do what the port says; a change that is under way is finished, also where its caller leaves."""
        change = _Change(self, board, rules, at, force=force)
        task = asyncio.get_running_loop().create_task(change.make())
        self._running.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """See out what is under way."""
        if self._running:
            await asyncio.wait(self._running)

    async def step(self, board: BoardName, lost: Lost, step: str, *arguments: str) -> Any:
        """Run one step of rules.lua."""
        key = standings_key(self._prefix, board)
        async with self._connections.lease(key, board=board, lost=lost) as link:
            await self._index.enter(board, link)
            return await link.run(RULES, key, step, *arguments)

    def learn(self, board: BoardName, stored: bytes) -> KnownRules:
        """Take in what is stored of a board's rules."""
        return self._rulebook.learn(board, stored)

    def _done(self, task: asyncio.Task[BoardRules]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # seen, also where the caller has left


class _Change:
    """One change of one board's rules."""

    def __init__(self, changes: RuleChanges, board: BoardName, rules: Rules, at: float, *, force: bool) -> None:
        self._changes = changes
        self._board = board
        self._new = rules
        self._at = at
        self._force = force
        self._token = secrets.token_hex(8)

    async def make(self) -> BoardRules:
        found = await self._step(StoreUnavailable, "begin")
        try:
            known = self._changes.learn(self._board, found[0])
            if known.revision and known.rules == self._new:
                await self._step(StoreUnavailable, "end")
                return known.board_rules
            fates = list(self._fates(known.rules, _places(found[1:])))
            self._check(known.rules, fates)
            for fate in fates:
                if fate.fate in {"anew", "fewer"}:
                    await self._make_anew(fate)
        except (RulesConflict, StoreError):
            await self._step(StoreUnavailable, "end")
            raise
        known = await self._put(known.revision + 1, fates)
        await self._sweep(fates)
        return known.board_rules

    def _fates(self, old: Rules, places: Sequence[Place]) -> Iterator[Fate]:
        moved = bool({"timezone", "week_starts"} & set(old.falsified_by(self._new)))
        for place in places:
            if place.name == ALL:
                yield self._fate(place, "never", stays=ALL in self._new.windows)
                continue
            window, name = window_and_name(place.name)
            if moved or window not in self._new.windows:
                yield self._fate(place, "0", stays=False)
                continue
            expiry = self._new.expiry(self._new.calendar.period_named(window, name))
            yield self._fate(place, milliseconds(expiry), stays=expiry > self._at)

    def _fate(self, place: Place, expiry: str, *, stays: bool) -> Fate:
        if not stays:
            return Fate(place, "goes", expiry)
        new = self._new
        if new.capacity is not None and new.capacity < place.members:
            return Fate(place, "fewer", expiry)
        reordered = Ties.EARLIEST in {Ties(place.ties), new.ties} and place.order != new.order.value
        reformed = Ties(place.ties) is not new.ties and not {Ties(place.ties), new.ties} <= BY_NAME
        return Fate(place, "anew" if place.members and (reordered or reformed) else "stays", expiry)

    def _check(self, old: Rules, fates: Sequence[Fate]) -> None:
        if self._force or not any(fate.place.members for fate in fates):
            return
        names = old.falsified_by(self._new)
        if any(fate.fate == "fewer" for fate in fates):
            names.append("capacity")
        if names:
            raise RulesConflict(self._board, names)

    async def _make_anew(self, fate: Fate) -> None:
        name, order, ties, members = fate.place
        form = (self._new.order.value, self._new.ties.value)
        for first in range(0, members, SLICE):
            await self._step(StoreUnavailable, "copy", name, order, ties, *form, str(first), str(SLICE))
        trim = (name, *form, str(self._new.capacity), str(SLICE))
        while fate.fate == "fewer" and (await self._step(StoreUnavailable, "trim", *trim))[0]:
            pass

    async def _put(self, revision: int, fates: Sequence[Fate]) -> KnownRules:
        new = self._new
        stored = written(new, revision)
        arguments = [stored, new.order.value, new.ties.value, _flag(ALL in new.windows), _flag(new.track)]
        for place, fate, expiry in fates:
            arguments += (place.name, place.order, place.ties, fate, expiry)
        await self._step(OutcomeUnknown, "put", *arguments)
        return self._changes.learn(self._board, stored.encode())

    async def _sweep(self, fates: Sequence[Fate]) -> None:
        new = self._new
        form = (new.order.value, new.ties.value, _flag(ALL in new.windows))
        for fate in fates:
            arguments = (fate.place.name, fate.place.ties, str(SLICE), *form)
            while fate.fate in {"fewer", "goes"} and (await self._step(StoreUnavailable, "sweep", *arguments))[0]:
                pass

    async def _step(self, lost: Lost, step: str, *arguments: str) -> Any:
        now = milliseconds(self._at)
        reply = await self._changes.step(self._board, lost, step, self._token, now, *arguments)
        if reply[0] == b"busy":
            raise BoardBusy(self._board)
        return reply


def _places(flat: Sequence[Any]) -> list[Place]:
    return [
        Place(flat[i].decode(), flat[i + 1].decode(), flat[i + 2].decode(), flat[i + 3]) for i in range(0, len(flat), 4)
    ]


def _flag(said: bool) -> str:  # noqa: FBT001 -- it is the value itself
    return "1" if said else ""
