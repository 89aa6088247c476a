"""Takes a large board through all that is done to it in slices: each slice must be over soon, since all others wait."""

import asyncio

from bench.boards import Board
from bench.meter import Meter, MeteredConnections
from bench.redis_side import RedisSide
from bench.results import Results
from goboard import Leaderboards, Rules, Ties
from goboard.adapters.redis import RedisBoardStore

IMPORTED = 100_000
PAGE = 1_000
# The costliest form of standings and, in the end, one that loses a window: what it held is looked through.
RULES = Rules(ties=Ties.EARLIEST, windows=("all", "daily"), track=True)
LAST_RULES = Rules(ties=Ties.DENSE, track=True)


def measure_longest(redis: RedisSide, board: Board, results: Results, imported: int = IMPORTED) -> None:
    """Fill the board, change its rules, import, export, change its rules again, and delete it."""
    redis.fill(board, lambda _: None)
    redis.forget()
    connections = MeteredConnections.from_url(redis.url)
    connections.meter = Meter(redis.pid)
    asyncio.run(_go_through(Leaderboards(RedisBoardStore(connections)), board, imported))
    results.longest_ms.append(connections.meter.longest_ms)
    results.longest_ms_by_clock.append(redis.longest_ms())


async def _go_through(boards: Leaderboards, board: Board, imported: int) -> None:
    async with boards:
        await boards.set_rules(board.name, RULES, force=True)
        await boards.set_many(board.name, [(f"new-{number:09d}", number) for number in range(imported)])
        await _export(boards, board)
        await boards.set_rules(board.name, LAST_RULES, force=True)
        await boards.delete(board.name)


async def _export(boards: Leaderboards, board: Board) -> None:
    page = await boards.entries(board.name, PAGE)
    while page.next:
        page = await boards.entries(board.name, PAGE, cursor=page.next)
