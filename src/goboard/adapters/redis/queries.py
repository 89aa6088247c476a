"""Questions to boards with rules, and the rarer ones to all: those that wait for a board go out as one script call."""

from asyncio import Future
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from goboard.adapters.redis.connection import ANSWER_WITHIN, Connections
from goboard.adapters.redis.failures import bring, each_its_own
from goboard.adapters.redis.keys import standings_key
from goboard.adapters.redis.lanes import MAX_WAITING, Lanes
from goboard.adapters.redis.rulebook import KnownRules, Rulebook, Stale
from goboard.adapters.redis.scripts import QUERY
from goboard.domain.errors import BoardOverloaded, StoreError, StoreUnavailable
from goboard.domain.names import BoardName

MAX_COST = 1000
"""Entries that the questions of one call ask for together (each for one at least): a few ms of the server's time."""


class Question(NamedTuple):
    """What is asked, as query.lua takes it."""

    asked: str
    place: str
    arguments: Sequence[str | bytes]
    cost: int
    read: Callable[[Any], Any]
    """Makes the answer of what the script replies."""


class _Waiting(NamedTuple):
    question: Question
    known: KnownRules
    future: Future[Any]
    since: float


class Queries:
    """Questions to all boards; each brings `Stale` where the rules are others than it was asked under."""

    def __init__(self, connections: Connections, prefix: str, rulebook: Rulebook) -> None:
        self._connections = connections
        self._prefix = prefix
        self._rulebook = rulebook
        self._lanes: Lanes[deque[_Waiting]] = Lanes(deque, self._send, _refuse, connections.spans)

    def ask(self, board: BoardName, known: KnownRules, question: Question) -> Future[Any]:
        """Let a question wait its turn."""
        waiting, loop = self._lanes.of(board)
        if len(waiting) >= MAX_WAITING:
            raise BoardOverloaded(board, MAX_WAITING)
        future: Future[Any] = loop.create_future()
        waiting.append(_Waiting(question, known, future, loop.time()))
        return future

    async def close(self) -> None:
        """Refuse what waits and see out what was sent."""
        await self._lanes.close()

    async def _send(self, board: BoardName, waiting: deque[_Waiting]) -> None:
        taken: list[_Waiting] = []
        key = standings_key(self._prefix, board)
        try:
            async with self._connections.lease(key, board=board, lost=StoreUnavailable) as link:
                taken = _take(waiting)
                if taken:
                    link.answer_by(taken[0].since + ANSWER_WITHIN)
                    arguments = _arguments(taken, await link.server_run())
                    reply = await link.run(
                        QUERY, key, *arguments, size=len(taken), answers=lambda: [each.future for each in taken]
                    )
                    self._settle(board, taken, reply)
        except StoreError as error:
            _fail(taken, error)
            _refuse(waiting, error)  # at once: each would wait in vain for as long again
        except BaseException:  # the loop is shutting down: whoever still waits shall not wait for ever
            _fail(taken, StoreUnavailable())
            raise

    def _settle(self, board: BoardName, taken: list[_Waiting], reply: Sequence[Any]) -> None:
        if reply and reply[0] == b"stale":
            self._rulebook.learn(board, reply[1])
            for each in taken:
                if not each.future.done():
                    bring(each.future, Stale())
            return
        for each, answer in zip(taken, reply, strict=True):
            if not each.future.done():
                each.future.set_result(each.question.read(answer))


def _take(waiting: deque[_Waiting]) -> list[_Waiting]:
    """Take what one call may carry: under the same rules, and of bounded cost, though one at least."""
    taken: list[_Waiting] = []
    cost = 0
    while waiting:
        first = waiting[0]
        if not first.future.done():
            cost += first.question.cost
            if taken and (cost > MAX_COST or first.known.tag != taken[0].known.tag):
                break
            taken.append(first)
        waiting.popleft()
    return taken


def _arguments(taken: list[_Waiting], server_run: str) -> list[str | bytes]:
    arguments: list[str | bytes] = [taken[0].known.tag, server_run]
    for question, known, _, _ in taken:
        form = (known.rules.order.value, known.rules.ties.value)
        arguments += (question.asked, question.place, *form, str(len(question.arguments)), *question.arguments)
    return arguments


def _fail(taken: list[_Waiting], error: StoreError) -> None:
    for each in taken:
        if not each.future.done():
            bring(each.future, each_its_own(error))


def _refuse(waiting: deque[_Waiting], cause: StoreError | None = None) -> None:
    _fail(list(waiting), cause or StoreUnavailable())
    waiting.clear()
