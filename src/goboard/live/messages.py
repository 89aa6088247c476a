"""What a watcher is sent: the state once, then what has changed, and the state again where a change was missed."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from goboard.domain.changes import Difference
from goboard.domain.errors import GoboardError
from goboard.domain.names import BoardName
from goboard.domain.views import Sight, Version, View

_Encoded = TypeVar("_Encoded")


class Message:
    """Something about a watched view, the same for all who watch it."""

    __slots__ = ("_encoded", "board", "view")

    def __init__(self, board: BoardName, view: View) -> None:
        self.board = board
        self.view = view
        self._encoded: dict[Callable[[Any], Any], Any] = {}

    def encoded(self, encode: Callable[[Any], _Encoded]) -> _Encoded:
        """Give what `encode` makes of the message; it is made once, however many watchers there are."""
        made = self._encoded.get(encode)
        if made is None:
            made = self._encoded[encode] = encode(self)
        return cast("_Encoded", made)


class Snapshot(Message):
    """All that the view shows."""

    __slots__ = ("sight",)

    def __init__(self, board: BoardName, view: View, sight: Sight) -> None:
        super().__init__(board, view)
        self.sight = sight


class Change(Message):
    """What leads from the state at version `since` to `sight`; both are of one epoch and one period."""

    __slots__ = ("difference", "sight", "since")

    def __init__(self, board: BoardName, view: View, since: Version, sight: Sight, difference: Difference) -> None:
        super().__init__(board, view)
        self.since = since
        self.sight = sight
        self.difference = difference


class Ended(Message):
    """The view is no more: its window or its period is gone. Nothing comes after it."""

    __slots__ = ("error",)

    def __init__(self, board: BoardName, view: View, error: GoboardError) -> None:
        super().__init__(board, view)
        self.error = error
