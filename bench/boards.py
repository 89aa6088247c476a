"""The boards that updates go to: how large they are and who is on them."""

from collections.abc import Iterator
from dataclasses import dataclass

from bench.load.members import member_name
from goboard import Rules, Ties

PREFIX = "prod:"

# The permutation i -> i * STRIDE mod N scatters the scores 0 to N-1 over the members. They lie one apart, so that an
# update by 1 moves its member: far apart, Redis would find each still in place and skip half of its work.
STRIDE = 2_654_435_761


@dataclass(frozen=True, slots=True)
class Board:
    """A board, and how many members it is filled with."""

    name: str
    members: int
    pattern: str = ""
    """How its members are named, where not as the load generators name them."""
    rules: Rules | None = None
    """By which it ranks, where not as go-board does."""

    @property
    def key(self) -> str:
        """The sorted set that holds it."""
        return PREFIX + self.name

    def standings(self) -> Iterator[tuple[str, int]]:
        """Give every member and its score, the scores scattered and no two the same."""
        return ((self._member(number), number * STRIDE % self.members) for number in range(self.members))

    def _member(self, number: int) -> str:
        return self.pattern.format(number) if self.pattern else member_name(number, self.members)


SMALL = Board("bench", 10_000)
# redis-benchmark can write a number of twelve digits into a command, and nothing else that varies.
DIGITS = Board("bench-digits", 10_000, "{:012d}")
# Memory is measured where nothing larger is filled: on 1e4 members, tables of fixed size add 15 B a member.
HUNDRED_THOUSAND = Board("bench5", 100_000)
MILLION = Board("bench6", 1_000_000)
TEN_MILLION = Board("bench7", 10_000_000)

# So few that updates change the first ten with every tick.
WATCHED = Board("bench-watched", 200)
WATCHED_AROUND = Board("bench-watched-around", 10_000)

EARLIEST = Board("bench-earliest", 10_000, rules=Rules(ties=Ties.EARLIEST))
SHARED = Board("bench-shared", 10_000, rules=Rules(ties=Ties.SHARED))
DENSE = Board("bench-dense", 10_000, rules=Rules(ties=Ties.DENSE))
TWO_WINDOWS = Board("bench-two", 10_000, rules=Rules(windows=("all", "daily")))
THREE_WINDOWS = Board("bench-three", 10_000, rules=Rules(windows=("all", "daily", "weekly")))
HUNDRED_THOUSAND_EARLIEST = Board("bench5-earliest", 100_000, rules=Rules(ties=Ties.EARLIEST))
HUNDRED_THOUSAND_DENSE = Board("bench5-dense", 100_000, rules=Rules(ties=Ties.DENSE))

# Whose rules are changed, and which is gone in the end.
MOVED = Board("bench5-moved", 100_000)
MILLION_MOVED = Board("bench6-moved", 1_000_000)
