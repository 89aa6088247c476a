"""The periods and archives of a board, each with its standings."""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from goboard.adapters.memory.standings import Standings
from goboard.domain.periods import Period


@dataclass
class Place:
    """The standings of a period, and what goes with them."""

    standings: Standings
    expiry: float
    """Until when they can be read."""
    attempts: Counter[str] = field(default_factory=Counter)
    """How often each member has submitted, where the rules count it; also of members who were cut off."""


class Places:
    """All the places of a board. What takes some away names the members who stood there, for their traces' sake."""

    def __init__(self) -> None:
        self._places: dict[Period, Place] = {}
        self._next_expiry = math.inf

    def __iter__(self) -> Iterator[tuple[Period, Place]]:
        return iter(self._places.items())

    def __contains__(self, period: Period) -> bool:
        return period in self._places

    def get(self, period: Period) -> Place | None:
        """Give the place of a period; None: there is none yet."""
        return self._places.get(period)

    def put(self, period: Period, place: Place) -> None:
        """Keep the place until it expires."""
        self._places[period] = place
        self._next_expiry = min(self._next_expiry, place.expiry)

    def take(self, period: Period) -> Place | None:
        """Give the place away."""
        return self._places.pop(period, None)

    def holds(self, member: str) -> bool:
        """Tell whether the member stands anywhere."""
        return any(member in place.standings for place in self._places.values())

    def expire(self, at: float) -> list[str]:
        """Drop what cannot be read any more at `at`."""
        if at < self._next_expiry:
            return []
        gone = self.drop(lambda _, place: place.expiry <= at)
        self._next_expiry = min((place.expiry for place in self._places.values()), default=math.inf)
        return gone

    def drop(self, condition: Callable[[Period, Place], bool]) -> list[str]:
        """Drop the places for which `condition` is true."""
        dropped = [period for period, place in self._places.items() if condition(period, place)]
        return [member for period in dropped for member in self._places.pop(period).standings]

    def remove(self, member: str) -> bool:
        """Take the member off all standings and its attempts too; False: it stood on none."""
        found = [place.standings.discard(member) for place in self._places.values()]
        for place in self._places.values():
            place.attempts.pop(member, None)
        self.drop(lambda _, place: not place.standings and not place.attempts)
        return any(found)
