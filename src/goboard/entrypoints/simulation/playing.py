"""The crowd's updates on their way to the board: at an even pace, a bounded number of them at once."""

import asyncio
from asyncio import Future
from collections import deque
from collections.abc import Sequence
from typing import Any

from goboard.arguments import submission
from goboard.domain.errors import StoreError, UpdateRefused
from goboard.entrypoints.simulation.crowd import Crowd, Play
from goboard.entrypoints.simulation.scoring import Scoring
from goboard.leaderboards import Leaderboards

CALLS_UNDER_WAY = 4
MOST_AT_ONCE = 1000
"""Updates in one call."""

_TICK = 0.05
_RATE_SECONDS = 3.0  # over which the rate is told
_LATE_SECONDS = 1.0  # how far behind what is still made up for; the rest falls away


class Tally:
    """What has come of the updates."""

    def __init__(self) -> None:
        self.sent = 0
        self.refused = 0
        """The board's rules did not allow them."""
        self.failed = 0
        """The store did not take them, or did not say so."""
        self.trouble: str | None = None
        """Why the last that were answered failed, or were refused; None: they were applied."""
        self._answered = 0
        self._seen: deque[tuple[float, int]] = deque([(0.0, 0)])

    def rate(self, at: float) -> float:
        """Tell how many updates a second were answered lately; `at` is how long the play has gone on, in seconds."""
        while len(self._seen) > 1 and at - self._seen[0][0] > _RATE_SECONDS:
            self._seen.popleft()
        since, answered = self._seen[0]
        self._seen.append((at, self._answered))
        return (self._answered - answered) / (at - since) if at > since else 0.0

    def count(self, outcomes: Sequence[object]) -> None:
        """Count answers."""
        refusals = [outcome for outcome in outcomes if isinstance(outcome, UpdateRefused)]
        self._answered += len(outcomes)
        self.refused += len(refusals)
        self.trouble = str(refusals[-1]) if refusals else None

    def count_failed(self, updates: int, error: StoreError) -> None:
        """Count updates that the store did not answer."""
        self.failed += updates
        self.trouble = str(error)


class Playing:
    """Lets a crowd play on a board, `rate` updates a second.

    The pace is even. What a store or this process cannot keep up with falls away: `tally` tells the rate achieved.
    """

    def __init__(self, boards: Leaderboards, board: str, crowd: Crowd, scoring: Scoring, rate: float) -> None:
        self._boards = boards
        self._board = board
        self._crowd = crowd
        self._scoring = scoring
        self._rate = rate
        self._under_way: set[Future[Any]] = set()
        self.tally = Tally()

    async def run(self, stop: asyncio.Event) -> None:
        """Play until `stop` is set and all that is under way has been answered."""
        clock = asyncio.get_running_loop().time
        begun, passed = clock(), 0.0
        while not stop.is_set():
            due = (clock() - begun) * self._rate + 1
            passed = max(passed, due - self._rate * _LATE_SECONDS - 1)
            updates = min(int(due - passed), MOST_AT_ONCE)
            if updates and len(self._under_way) < CALLS_UNDER_WAY:
                self._send([self._crowd.play() for _ in range(updates)])
                passed += updates
            await pause(stop, _TICK)
        if self._under_way:
            await asyncio.wait(self._under_way)

    def _send(self, plays: Sequence[Play]) -> None:
        call: Future[Any] = self._call(plays)
        self.tally.sent += len(plays)
        self._under_way.add(call)
        call.add_done_callback(lambda answered: self._settle(answered, len(plays)))

    def _call(self, plays: Sequence[Play]) -> Future[Any]:
        if self._scoring.adds:
            increments = [(play.member, self._scoring.increment(play)) for play in plays]
            return self._boards.increment_many(self._board, increments)
        scores = [submission(play.member, self._scoring.score(play.total)) for play in plays]
        return self._boards.submit_many(self._board, scores)

    def _settle(self, answered: Future[Any], updates: int) -> None:
        self._under_way.discard(answered)
        try:
            self.tally.count(answered.result())
        except StoreError as exc:
            self.tally.count_failed(updates, exc)


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait for so long, or until `stop` is set."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
