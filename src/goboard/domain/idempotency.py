"""Keys by which an update is applied once, however often it is sent."""

from collections.abc import Sequence
from typing import NamedTuple, Self

from goboard.domain.errors import InvalidArgument

MAX_KEY_CHARS = 255


class IdempotencyKey(NamedTuple):
    """Names one update to a board, among all that one identity sends there."""

    text: str
    by: str = ""
    """Whose it is: the same text of another names another update. Empty: a library's user has no identity."""

    @classmethod
    def parse(cls, text: str, by: str = "") -> Self:
        """Check `text` against the rules: 1 to 255 printable ASCII characters.

        Raises:
            InvalidArgument: it breaks them.
        """
        if not 0 < len(text) <= MAX_KEY_CHARS:
            raise InvalidArgument(f"the idempotency key has {len(text)} characters; it must have 1 to {MAX_KEY_CHARS}")
        if not (text.isascii() and text.isprintable()):
            raise InvalidArgument("the idempotency key has a character that is not printable ASCII")
        return cls(text, by)

    def of_item(self, number: int) -> Self:
        """Give the key that this one, said of a list, is for its item `number` (from 0): K/0, K/1 and so on."""
        return self._replace(text=f"{self.text}/{number}")


Keys = Sequence[IdempotencyKey | None]
"""The key of each update in a list; None: it has none."""


class Retention(NamedTuple):
    """How long the answers to updates with keys are remembered, and how many a board."""

    seconds: float = 3600.0
    """At least so long; at most a quarter longer."""
    most: int = 1_000_000
    """A board that remembers so many refuses new keys with `IdempotencyFull`, rather than fill the store."""
