"""A simulation: a crowd plays on a board, and what comes of it is shown until it is over."""

import asyncio
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, Self

from goboard.domain.errors import StoreError
from goboard.domain.names import BoardName
from goboard.domain.standings import Entry
from goboard.entrypoints.simulation.crowd import Crowd
from goboard.entrypoints.simulation.handles import handle
from goboard.entrypoints.simulation.happenings import most_notable
from goboard.entrypoints.simulation.playing import Playing, Tally, pause
from goboard.entrypoints.simulation.scoring import Scoring
from goboard.entrypoints.simulation.view import PLACES, Scene, View
from goboard.leaderboards import Leaderboards

MAX_MEMBERS = 1000
"""Asked for in one question at the beginning: see `MAX_LOOKUP`."""

LOOK_SECONDS = 0.25
"""The board is read this often."""


class Plan(NamedTuple):
    """What is to be simulated."""

    board: BoardName
    members: int
    """How many take part in the end, up to MAX_MEMBERS."""
    rate: int
    """Updates a second."""
    seconds: float | None
    """How long; None: until it is stopped."""
    seed: int

    def __str__(self) -> str:
        return f"{self.members} members play on {self.board}, {self.rate:,} updates a second (seed {self.seed})"


class Simulation:
    """One run of a plan; made by `begun`."""

    def __init__(self, boards: Leaderboards, plan: Plan, playing: Playing) -> None:
        self._boards = boards
        self._plan = plan
        self._playing = playing
        self._entries: Sequence[Entry] = ()

    @classmethod
    async def begun(cls, boards: Leaderboards, plan: Plan) -> Self:
        """Read what the board is like, and gather the crowd.

        Raises:
            StoreError: the store cannot be read.
        """
        scoring = Scoring((await boards.rules(plan.board)).rules)
        there = await boards.lookup(plan.board, map(handle, range(plan.members)))
        standing = {entry.member: scoring.points(entry.score) for entry in there.entries}
        crowd = Crowd(plan.members, plan.rate, plan.seed, standing)
        return cls(boards, plan, Playing(boards, plan.board, crowd, scoring, plan.rate))

    async def run(self, view: View) -> str:
        """Play and show until the plan's time is over, or SIGINT or SIGTERM comes; give a summary.

        A store that fails meanwhile is shown, and the play goes on.
        """
        with _stopped_by_signals() as stop:
            play = asyncio.create_task(self._playing.run(stop))
            play.add_done_callback(lambda _: stop.set())
            try:
                seconds = await self._show(view, stop)
            finally:
                stop.set()
                await play
        return self._summary(seconds)

    async def _show(self, view: View, stop: asyncio.Event) -> float:
        """Show a scene again and again; give how many seconds it went on."""
        clock = asyncio.get_running_loop().time
        begun = clock()
        while not stop.is_set():
            await pause(stop, LOOK_SECONDS)
            seconds = clock() - begun
            view.show(await self._scene(seconds))
            if self._plan.seconds is not None and seconds >= self._plan.seconds:
                break
        return clock() - begun

    async def _scene(self, seconds: float) -> Scene:
        tally = self._playing.tally
        before, trouble = self._entries, tally.trouble
        try:
            self._entries = await self._boards.top(self._plan.board, PLACES)
        except StoreError as exc:
            trouble = str(exc)
        status = f"{tally.rate(seconds):,.1f} updates a second, {_counts(tally)}"
        return Scene(seconds, self._entries, most_notable(before, self._entries), status, trouble)

    def _summary(self, seconds: float) -> str:
        first = f"; {self._entries[0].member} leads" if self._entries else ""
        return f"simulated {seconds:.0f} s on {self._plan.board}: {_counts(self._playing.tally)}{first}"


def _counts(tally: Tally) -> str:
    failed = f", {tally.failed:,} failed" if tally.failed else ""
    return f"{tally.sent:,} sent, {tally.refused:,} refused{failed}"


@contextmanager
def _stopped_by_signals() -> Iterator[asyncio.Event]:
    """Give what is set when the process is told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
