"""Where a board lies in Redis: nothing else knows a key, save scripts/standings.lua, which makes them in the same way.

The standings of a board without rules are the sorted set `<prefix><board>`, as go-board keeps them. Whatever else there
is of a board stands beside it, under keys that begin `{<prefix><board>}:`, which Redis Cluster puts in the same slot.
A script names only the first; the others it makes itself.

    rules                     its revision and digest, and, in a second line, the rules
    moving                    there while the standings are brought into another form
    places                    for each period and archive: its form, and when it can be read no more; an empty name
                              where there are archives
    standings:<place>         the standings of a period or archive; those of `all` too, where ties go by `earliest`
    reached:<place>           (earliest) each member's prefix, and under the empty name the last number given
    scores:<place>            (dense) each score that somebody has, once
    attempts:<place>          how often each member has submitted
    metadata, track           of each member; `track` in milliseconds since the epoch, the first and the last
    version                   its number, which rises with each call that writes, and the epoch in which it counts
    operations                the stretches of time for which answers to updates with keys are remembered, by their end
    operations:<end>          what the updates of a stretch were answered
    until                     when it is to be looked whether a member's metadata and track can go

`{<prefix>}boards` is the index of all boards: names, in byte order. `{<prefix><board>}:changes` is no key but the shard
channel on which each call that writes tells the version's number.
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
    """Name the sorted set that holds the board's standings; it is what every script is given."""
    return prefix + board


def index_key(prefix: str) -> str:
    """Name the sorted set that holds the names of all boards."""
    return f"{{{prefix}}}boards"


def changes_channel(prefix: str, board: BoardName) -> str:
    """Name the shard channel on which the board's changes are told; version.lua makes it in the same way."""
    return f"{{{prefix}{board}}}:changes"
