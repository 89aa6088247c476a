"""A member that one caller alone writes to: every answer that is not the caller's own shows."""

import itertools
import random
from collections.abc import Iterable

from drivers import Place, Problem

_numbers = itertools.count()


class SoleWriter:
    """Keeps what the member's score can be. No two amounts are the same, so a score tells which of them are in it."""

    def __init__(self, rng: random.Random) -> None:
        self.name = f"member-{next(_numbers)}"
        self.score = 0.0
        self.open: list[float] = []
        """Amounts that may be in the score, or may yet come to be in it."""
        self._rng = rng

    def amount(self) -> float:
        return float(self._rng.getrandbits(40) | 1)

    def answered(self, answer: Place | Problem, amount: float) -> None:
        """Take the answer to an increment."""
        if isinstance(answer, Problem):
            self.refused(answer, amount)
            return
        assert answer.member == self.name, f"{self.name} was given the answer of {answer.member}"
        self.is_at(answer.score - amount)
        self.score += amount

    def refused(self, problem: Problem, amount: float) -> None:
        assert problem.code in {"outcome_unknown", "store_unavailable", "timeout"}, problem
        if problem.code != "store_unavailable":
            self.open.append(amount)

    def is_at(self, score: float) -> None:
        """Take what the score is: the open amounts of which it is made are open no more."""
        inside = next((some for some in _subsets(self.open) if self.score + sum(some) == score), None)
        assert inside is not None, f"{self.name} is told {score}, and has {self.score} and some of {self.open}"
        self.score = score
        self.open = [amount for amount in self.open if amount not in inside]


def _subsets(amounts: list[float]) -> Iterable[tuple[float, ...]]:
    return itertools.chain.from_iterable(itertools.combinations(amounts, count) for count in range(len(amounts) + 1))
