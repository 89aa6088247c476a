"""Where a board lies in Redis: nothing else knows a key.

The standings of a board are the sorted set `<prefix><board>`, as go-board keeps them. Any other key of a board begins
`{<prefix><board>}`, so that Redis Cluster puts it in the same slot. There is none yet.
"""

from goboard.domain.errors import InvalidArgument
from goboard.domain.names import BoardName


def checked_prefix(prefix: str) -> str:
    """Give the prefix back.

    Raises:
        InvalidArgument: it has a brace, which would change the hash tag that the keys of a board share.
    """
    if "{" in prefix or "}" in prefix:
        raise InvalidArgument(f"the key prefix {prefix!r} has one of the characters {{ }}")
    return prefix


def standings_key(prefix: str, board: BoardName) -> str:
    """Name the sorted set that holds the board's standings."""
    return prefix + board
