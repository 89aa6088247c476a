"""What the scripts reply to the changes of a batch."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from goboard.adapters.redis.rulebook import KnownRules
from goboard.domain.errors import (
    AttemptsExhausted,
    IdempotencyFull,
    IdempotencyMismatch,
    IncrementTooLarge,
    OperatorMismatch,
    ScoreOutOfRange,
    UpdateRefused,
)
from goboard.domain.names import BoardName
from goboard.domain.scores import MAX_SCORE
from goboard.domain.standings import Entry, Outcome

Reply = bytes | int | None


_IMPROVED = (1, 3)
_REPLAYED = (2, 3)
"""What submit.lua says of a change in the third place: whether it improved, and 2 more where it was done before."""


class Replies(ABC):
    """The values that a script has replied: for each change as many as `width` says."""

    __slots__ = ("_values",)
    width: int

    def __init__(self, values: Sequence[Reply]) -> None:
        self._values = values

    @abstractmethod
    def entry(self, member: str, at: int) -> Entry:
        """Read the reply to an increment, which begins at `at`.

        Raises:
            UpdateRefused: the script refused it.
        """

    @abstractmethod
    def outcome(self, member: str, at: int) -> Outcome:
        """Read the reply to a submission, which begins at `at`.

        Raises:
            UpdateRefused: the script refused it.
        """


class PlainReplies(Replies):
    """What write.lua replies: score and position."""

    __slots__ = ()
    width = 2

    def entry(self, member: str, at: int) -> Entry:
        score = self._values[at]
        if score is None:
            raise ScoreOutOfRange(member, -MAX_SCORE, MAX_SCORE)
        return Entry(member, float(score), self._values[at + 1] + 1)  # type: ignore[operator] # an integer

    def outcome(self, member: str, at: int) -> Outcome:
        score, position = self._values[at], self._values[at + 1]
        if score is None:
            raise ScoreOutOfRange(member, -MAX_SCORE, MAX_SCORE)
        unchanged = position < 0  # type: ignore[operator] # an integer
        rank = -position if unchanged else position + 1  # type: ignore[operator] # the same
        return Outcome(member, float(score), rank, not unchanged)


class RuledReplies(Replies):
    """What submit.lua replies: score, rank, and whether it improved or why it was refused."""

    __slots__ = ("board", "known", "most_keys")
    width = 3

    def __init__(self, values: Sequence[Reply], board: BoardName, known: KnownRules, most_keys: int) -> None:
        super().__init__(values)
        self.most_keys = most_keys
        self.board = board
        self.known = known

    def entry(self, member: str, at: int) -> Entry:
        score, rank = self._values[at], self._values[at + 1]
        if score is None:
            raise self._refusal(member, at)
        return Entry(member, float(score), rank)  # type: ignore[arg-type] # an integer: there is no capacity

    def outcome(self, member: str, at: int) -> Outcome:
        score, rank, improved = self._values[at : at + self.width]
        if score is None:
            raise self._refusal(member, at)
        return Outcome(member, float(score), rank, improved in _IMPROVED, rank is not None)  # type: ignore[arg-type] # an integer or None

    def number(self, at: int) -> int | None:
        """Read how many members something was done to; None: it was refused."""
        return self._values[at]  # type: ignore[return-value] # an integer or None

    def word(self, at: int) -> bytes:
        """Read why something was refused."""
        return self._values[at + 2]  # type: ignore[return-value] # a word then

    @property
    def replays(self) -> int:
        """How many of the changes were done before, and only answered again."""
        return sum(each in _REPLAYED for each in self._values[self.width :: self.width])

    def _refusal(self, member: str, at: int) -> UpdateRefused:
        rules, why = self.known.rules, self.word(at)
        if why == b"mismatch":
            return IdempotencyMismatch(member)
        if why == b"full":
            return IdempotencyFull(self.board, self.most_keys)
        if why == b"operator":
            return OperatorMismatch(self.board, rules.operator.value)
        if why == b"increment" and rules.max_increment is not None:
            return IncrementTooLarge(member, rules.max_increment)
        if why == b"attempts" and rules.attempts is not None:
            return AttemptsExhausted(member, *rules.attempts)
        return ScoreOutOfRange(member, rules.lowest, rules.highest)
