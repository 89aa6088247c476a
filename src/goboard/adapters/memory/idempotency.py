"""The answers to updates with keys."""

from collections import Counter
from collections.abc import Callable, Hashable
from typing import NamedTuple, TypeVar

from goboard.domain.errors import IdempotencyFull, IdempotencyMismatch
from goboard.domain.idempotency import IdempotencyKey, Retention
from goboard.domain.names import BoardName

_Answer = TypeVar("_Answer")


class _Remembered(NamedTuple):
    update: tuple[Hashable, ...]
    answer: object
    until: float


class Answers:
    """What updates with keys were answered. It outlives the boards, so that no retry finds a board begun afresh."""

    def __init__(self, retention: Retention) -> None:
        self._retention = retention
        self._remembered: dict[tuple[BoardName, IdempotencyKey], _Remembered] = {}
        """The oldest first."""
        self._counts: Counter[BoardName] = Counter()

    def once(
        self,
        board: BoardName,
        key: IdempotencyKey | None,
        update: tuple[Hashable, ...],
        at: float,
        apply: Callable[[], _Answer],
    ) -> _Answer:
        """Give what `apply` gives, or where it was applied with this key before, what it gave then.

        `update` is what is applied, its member first.

        Raises:
            IdempotencyMismatch, IdempotencyFull: as the port.
            UpdateRefused: `apply` raised it; that is not remembered.
        """
        if key is None:
            return apply()
        self._expire(at)
        before = self._remembered.get((board, key))
        if before is not None:
            if before.update != update:
                raise IdempotencyMismatch(str(update[0]))
            return before.answer  # type: ignore[return-value] # it is of the same update
        if self._counts[board] >= self._retention.most:
            raise IdempotencyFull(board, self._retention.most)
        answer = apply()
        self._remembered[board, key] = _Remembered(update, answer, at + self._retention.seconds)
        self._counts[board] += 1
        return answer

    def _expire(self, at: float) -> None:
        """Let go of what has been kept long enough."""
        while self._remembered and self._remembered[oldest := next(iter(self._remembered))].until <= at:
            del self._remembered[oldest]
            self._counts[oldest[0]] -= 1
            if not self._counts[oldest[0]]:
                del self._counts[oldest[0]]
