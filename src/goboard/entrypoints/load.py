"""How much a worker does at once, and where it says no: a refusal at once costs little, and nobody waits for it."""

from goboard.domain.errors import Overloaded


class Load:
    """How much of one kind is under way in a worker, and the most that may be."""

    __slots__ = ("_most", "_what", "count")

    def __init__(self, what: str, most: int) -> None:
        self._what = what
        self._most = most
        self.count = 0

    @property
    def full(self) -> bool:
        """Whether no more may begin."""
        return self.count >= self._most

    def refusal(self) -> Overloaded:
        """Give the error of what may not begin."""
        return Overloaded(self._what, self._most)
