"""Writes to a board: when each was acknowledged, and how many of them a board that is found later has seen."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from boards import AT

from goboard import submission
from goboard.adapters.memory import MemoryBoardStore
from goboard.domain.errors import OutcomeUnknown, StoreUnavailable
from goboard.domain.names import BoardName, MemberName
from goboard.domain.periods import PeriodChoice
from goboard.domain.rules import Rules
from goboard.domain.standings import Submission
from goboard.ports.store import BoardStore

MEMBERS = [MemberName.parse(f"m{number}") for number in range(30)]

Ask = Callable[[BoardStore], Awaitable[Any]]


@dataclass
class Call:
    """A write; `acknowledged` is when its answer came, by the monotonic clock."""

    ask: Ask
    steps: Sequence[Ask]
    """What it does one by one: a list may be done in parts."""
    acknowledged: float | None = None
    failure: BaseException | None = None

    @classmethod
    def single(cls, ask: Ask) -> "Call":
        return cls(ask, [ask])

    def heed(self, answer: "asyncio.Future[Any]") -> None:
        self.failure = None if answer.cancelled() else answer.exception()
        if not isinstance(self.failure, StoreUnavailable | OutcomeUnknown):
            self.acknowledged = time.monotonic()


class RecordedLoad:
    """What is written to one board."""

    def __init__(self, name: str, rules: Rules | None, rng: random.Random) -> None:
        self.board = BoardName.parse(name)
        self.calls: list[Call] = []
        self._rules = rules
        self._rng = rng
        self._mix = [rng.random() for _ in range(4)]

    async def play(self, store: BoardStore, until: Callable[[], bool]) -> None:
        """Write, a burst of calls at a time, and wait for all answers."""
        answers = []
        if self._rules is not None:
            await asyncio.wait([self._begin(Call.single(self._set_rules), store)])
        while not until():
            for _ in range(self._rng.randint(1, 10)):
                answers.append(self._begin(self._any_write(), store))
                await asyncio.sleep(0)  # a coroutine takes its place in the line with its first step
            await asyncio.sleep(self._rng.uniform(0, 0.1))
        if answers:
            await asyncio.wait(answers)

    def _begin(self, call: Call, store: BoardStore) -> "asyncio.Future[Any]":
        self.calls.append(call)
        answer = asyncio.ensure_future(call.ask(store))
        answer.add_done_callback(call.heed)
        return answer

    def acknowledged_by(self, when: float) -> int:
        """Tell how many calls there are up to the last that was acknowledged by then."""
        counts = [n for n, call in enumerate(self.calls, 1) if call.acknowledged and call.acknowledged <= when]
        return max(counts, default=0)

    async def survivors(self, found: object, at_least: int) -> int | None:
        """Tell how many calls are there, on a board that is as it was found; None: not the first `at_least`.

        A call of which a part is there is none.
        """
        matching = None
        async for whole, replay in self._states():
            if whole >= at_least and await seen(replay, self.board) == found:
                matching = whole
        return matching

    async def _states(self) -> AsyncIterator[tuple[int, BoardStore]]:
        """Do all again on a store of another kind; tell after each step how many calls are done, and show it."""
        replay = MemoryBoardStore()
        yield 0, replay
        for whole, call in enumerate(self.calls):
            for step in call.steps:
                await asyncio.wait([asyncio.ensure_future(step(replay))])
                yield whole + (step is call.steps[-1]), replay

    async def _set_rules(self, store: BoardStore) -> None:
        assert self._rules is not None
        await store.set_rules(self.board, self._rules, AT, force=True)

    def _any_write(self) -> Call:
        board, rng = self.board, self._rng
        some = rng.sample(MEMBERS, rng.randint(1, 5))
        number = float(rng.randint(1, 1000))
        [kind] = rng.choices(["increment", "many", "remove", "delete"], [*self._mix[:3], self._mix[3] / 100])
        if kind == "remove":
            return Call.single(lambda store: store.remove(board, some[0], AT))
        if kind == "delete":
            return Call.single(lambda store: store.delete(board, AT))
        if kind == "increment" and self._rules is None:
            return Call.single(lambda store: store.increment(board, some[0], number, AT))
        items = [submission(member, number, {"at": number} if rng.random() < 0.2 else None) for member in some]
        return Call(_submit(board, items), [_submit(board, [item]) for item in items])


def _submit(board: BoardName, items: list[Submission]) -> Ask:
    return lambda store: store.submit_many(board, items, AT)


async def seen(store: BoardStore, board: BoardName) -> object:
    """Give all that can be seen of a board, in each of its windows."""
    windows = (await store.rules(board)).rules.windows
    choices = [PeriodChoice(AT, window) for window in windows]
    return [await store.top(board, len(MEMBERS), choice, metadata=True) for choice in choices]
