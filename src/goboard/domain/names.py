"""The names of boards and members: 1 to 256 bytes of UTF-8 without control characters, compared byte for byte."""

import unicodedata
from typing import ClassVar, Self

from goboard.domain.errors import InvalidArgument

MAX_NAME_BYTES = 256


class Name(str):
    """A text that has passed the rules; made by `parse` alone, so that holding one is the proof."""

    __slots__ = ()

    WHAT: ClassVar[str]
    FORBIDDEN: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Check `text` against the rules.

        Raises:
            InvalidArgument: it is empty, over 256 bytes, no valid UTF-8, or has a forbidden character.
        """
        if type(text) is cls:
            return text
        # Printable ASCII is nearly every name there is, and one C-level test decides it.
        if text.isascii() and text.isprintable() and 0 < len(text) <= MAX_NAME_BYTES:
            if cls.FORBIDDEN and not cls.FORBIDDEN.isdisjoint(text):
                raise InvalidArgument(cls._forbidden())
            return cls(text)
        cls._check(text)
        return cls(text)

    @classmethod
    def _check(cls, text: str) -> None:
        if not text:
            raise InvalidArgument(f"{cls.WHAT} is empty; a name has 1 to {MAX_NAME_BYTES} bytes")
        try:
            size = len(text.encode())
        except UnicodeEncodeError as exc:  # a lone surrogate
            raise InvalidArgument(f"{cls.WHAT} is not valid UTF-8") from exc
        if size > MAX_NAME_BYTES:
            raise InvalidArgument(f"{cls.WHAT} has {size} bytes; at most {MAX_NAME_BYTES} are allowed")
        if any(unicodedata.category(char) == "Cc" for char in text):
            raise InvalidArgument(f"{cls.WHAT} has a control character")
        if not cls.FORBIDDEN.isdisjoint(text):
            raise InvalidArgument(cls._forbidden())

    @classmethod
    def _forbidden(cls) -> str:
        return f"{cls.WHAT} has one of the characters {' '.join(sorted(cls.FORBIDDEN))}"


class BoardName(Name):
    """A board's name. Braces are kept out because a Redis Cluster hash tag is made of it."""

    __slots__ = ()
    WHAT = "dashboard"
    FORBIDDEN = frozenset("{}")


class MemberName(Name):
    """A member's name."""

    __slots__ = ()
    WHAT = "member_id"


class ArchiveName(Name):
    """The name under which standings are set aside."""

    __slots__ = ()
    WHAT = "name"
