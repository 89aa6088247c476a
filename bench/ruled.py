"""Fills a board with rules through the library, which alone knows how such a board is kept."""

import itertools
from collections.abc import Callable

from bench.boards import Board
from goboard import Leaderboards, Rules
from goboard.adapters.redis import RedisBoardStore

CHUNK = 5_000


async def fill_by_rules(url: str, board: Board, rules: Rules, progress: Callable[[int], None]) -> None:
    """Put the members on the board, in the current period of each of its windows, telling how many there are so far."""
    async with Leaderboards(RedisBoardStore.from_url(url)) as boards:
        await boards.set_rules(board.name, rules)
        standings = board.standings()
        done = 0
        while chunk := list(itertools.islice(standings, CHUNK)):
            await boards.set_many(board.name, chunk)
            done += len(chunk)
            progress(done)
