"""Who is updated: a seeded draw over all members of the board."""

import random
from collections.abc import Iterator
from itertools import cycle, islice

DISTINCT = 32_768
"""So many members are drawn. With 4,096 their places in the sorted set would stay in the processor's cache, and a
board of 10 million would look as quick as one of 10,000."""

_LONG_NAMES_FROM = 1_000_000


def member_name(index: int, members: int) -> str:
    """The name of a member of a board of so many; 13 bytes for any index.

    Example:
        >>> member_name(7, 10_000), member_name(7, 10_000_000)
        ('member-000007', 'm-00000000007')
    """
    return f"m-{index:011d}" if members > _LONG_NAMES_FROM else f"member-{index:06d}"


def drawn_members(members: int, seed: int) -> list[str]:
    """Up to `DISTINCT` members of the board, in an order that is the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 -- to be repeated, not to be secret
    return [member_name(index, members) for index in chance.sample(range(members), min(members, DISTINCT))]


def batches(names: list[str], size: int) -> Iterator[list[str]]:
    """The names in lists of `size`, each name at least once."""
    endless = cycle(names)
    for _ in range(-(-len(names) // size)):
        yield list(islice(endless, size))
