"""The updates that a socket's messages ask for, and what is answered."""

import asyncio
from abc import ABC, abstractmethod
from asyncio import Future
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from goboard.domain.errors import GoboardError
from goboard.domain.standings import Entry
from goboard.entrypoints.http import wire
from goboard.entrypoints.http.deadlines import Deadlines
from goboard.entrypoints.updates import Batch, Caller, Update, check_size
from goboard.leaderboards import Leaderboards

PATH = "/ws"


class Many(NamedTuple):
    """An array of updates that is under way."""

    batch: Batch
    deadline: float
    ids: Sequence[wire.MessageId | None] | None
    """Of each update; None: none has one."""


class Identified(NamedTuple):
    """What came of an update that has an id."""

    started: Future[Entry] | GoboardError
    id: wire.MessageId


class Operation(ABC):
    """Something else than an update, done when it is its turn to be answered."""

    @abstractmethod
    async def answer(self) -> bytes:
        """Do it, and give what is answered."""

    @abstractmethod
    def answered(self) -> None:
        """Go on: the answer is on its way."""


Started = Future[Entry] | Many | GoboardError | Identified | Operation
"""What came of a message: an update or an array of them that is under way, a refusal, or something to be done."""


def weight(started: Started | None) -> int:
    """Tell how many updates it counts for; an empty array is answered, too."""
    return max(1, len(started.batch)) if isinstance(started, Many) else 1


class Updates:
    """What one caller may update, and how long an update may take."""

    def __init__(self, boards: Leaderboards, caller: Caller, deadlines: Deadlines) -> None:
        self._boards = boards
        self._caller = caller
        self._deadlines = deadlines

    def start(self, message: wire.UpdateMessage) -> Started:
        """Start the update that a message asks for; or tell why not."""
        started = self._start(message)
        return started if message.id is None else Identified(started, message.id)

    def start_many(self, text: str) -> Started:
        """Start the array of updates that a message asks for; or tell why not."""
        try:
            messages = wire.read_updates(text)
            check_size(len(messages))
        except GoboardError as refusal:
            return refusal
        deadline = asyncio.get_running_loop().time() + self._deadlines.seconds
        return Many(Batch(self._boards).fill(messages, self._read).start(), deadline, wire.ids_of(messages, text))

    def _start(self, message: wire.UpdateMessage) -> Future[Entry] | GoboardError:
        try:
            board, member, delta, key = self._read(message)
            entry = self._boards.increment(board, member, delta, key=key)
        except GoboardError as refusal:
            return refusal
        self._deadlines.watch(entry)
        return entry

    def _read(self, message: wire.UpdateMessage) -> Update:
        self._caller.require_token()
        return Update.asked(self._caller, message.dashboard, message.member_id, message.increment, message.op_id)


async def settle(started: Started) -> bytes:
    """Wait for what a message has started, and give what is answered."""
    if isinstance(started, Future):
        try:
            return wire.encode(wire.member_reply(await started))
        except Exception as error:  # noqa: BLE001 -- every failure is answered; the unforeseen is logged
            return wire.encode(wire.outcome_reply(error, PATH))
    if isinstance(started, Many):
        return await _settle_many(started)
    if isinstance(started, Identified):
        return wire.with_id(await settle(started.started), started.id)
    if isinstance(started, GoboardError):
        return wire.encode(wire.outcome_reply(started, PATH))
    return await started.answer()


async def _settle_many(many: Many) -> bytes:
    replies = [wire.outcome_reply(outcome, PATH) for outcome in await many.batch.outcomes(many.deadline)]
    if many.ids is None:
        return wire.encode(replies)
    said = [wire.with_id(wire.encode(reply), each) for reply, each in zip(replies, many.ids, strict=True)]
    return wire.encode([msgspec.Raw(each) for each in said])
