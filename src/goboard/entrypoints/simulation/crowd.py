"""A crowd that plays: who plays next, and how well. Pure: the same seed gives the same play."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from random import Random
from typing import NamedTuple

from goboard.entrypoints.simulation.handles import handle

STEP = 5
"""Points come in whole steps, so that members often have the same."""
JOIN_SECONDS = 30
"""After this long all have joined, where the rate allows it."""

_RUNS = 6  # how many play at once, while the others wait for their turn
_RUN_PLAYS = (4, 12)
_MORE_STEPS = 4  # beside the one that every play earns
_CALM, _EAGER = 0.1, 4.0  # how eager the leader is to play, and who is far behind
_SPREAD = 150  # how many points behind the leader make one more of that
_BREAK_CHANCE = 0.12
_BREAK_SECONDS = (15, 60)


class Play(NamedTuple):
    """What a member does next."""

    member: str
    points: int
    """What it earns: a positive multiple of STEP."""
    total: int
    """What it has then."""


@dataclass(slots=True)
class _Player:
    name: str
    skill: float
    """How likely each further step of a play is."""
    zeal: float
    """How often it plays, against the others."""
    total: int
    plays_left: int = 0
    """Of its run; 0: it is not playing."""
    away_until: int = 0
    """The play before which it does not come back."""


class Crowd:
    """Members who join, play in runs, tie, overtake, leave off and come back.

    Who is behind plays more and so catches up: however long it goes on, the lead changes hands.
    """

    def __init__(self, members: int, rate: float, seed: int, standing: Mapping[str, int] | None = None) -> None:
        """Gather `members` (up to `handles.MOST`) who play `rate` times a second, all together.

        `standing` has the points of those who are there already; the others join one by one.
        """
        self._random = Random(seed)  # noqa: S311 -- a game, no secret
        self._members = members
        self._rate = rate
        self._played = 0
        self._joining = max(JOIN_SECONDS * rate, 4.0 * members)
        there = standing or {}
        players = [self._player(name, there.get(name, 0)) for name in map(handle, range(members))]
        self._here = [player for player in players if player.name in there]
        self._waiting = [player for player in players if player.name not in there]
        self._random.shuffle(self._waiting)
        self._running: list[_Player] = []

    @property
    def joined(self) -> int:
        """How many members have joined by now."""
        return len(self._here)

    def play(self) -> Play:
        """Give the next play."""
        player = self._next()
        self._played += 1
        player.plays_left -= 1
        if not player.plays_left:
            self._end_run(player)
        points = STEP * (1 + sum(self._random.random() < player.skill for _ in range(_MORE_STEPS)))
        player.total += points
        return Play(player.name, points, player.total)

    def _player(self, name: str, total: int) -> _Player:
        return _Player(name, self._random.uniform(0.2, 0.6), self._random.uniform(0.5, 1.5), total)

    def _next(self) -> _Player:
        # By the root, so that many join at once: whoever played alone would be out of reach for a minute.
        if self._waiting and self.joined <= self._members * sqrt(self._played / self._joining):
            self._here.append(self._waiting.pop())
            return self._begin_run(self._here[-1])
        while len(self._running) < min(_RUNS, max(1, self.joined // 3)):
            self._begin_run(self._who_wants_to_play())
        return self._random.choice(self._running)

    def _begin_run(self, player: _Player) -> _Player:
        player.plays_left = self._random.randint(*_RUN_PLAYS)
        self._running.append(player)
        return player

    def _end_run(self, player: _Player) -> None:
        self._running.remove(player)
        if self._random.random() < _BREAK_CHANCE:
            player.away_until = self._played + int(self._rate * self._random.uniform(*_BREAK_SECONDS))

    def _who_wants_to_play(self) -> _Player:
        idle = [player for player in self._here if not player.plays_left]
        back = [player for player in idle if player.away_until <= self._played] or idle
        best = max(player.total for player in self._here)
        wishes = [player.zeal * min(_EAGER, _CALM + (best - player.total) / _SPREAD) for player in back]
        return self._random.choices(back, wishes)[0]
