"""A first look at speed: goboard's store against what one writes by hand over redis-py, in turns on one server.

    python bench/quick.py

Prints a Markdown table: updates a second and their ratio, medians over the rounds. Figures of one machine and one
minute: compare ratios, never absolute numbers.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import redis.asyncio
import uvloop

from goboard import Leaderboards
from goboard.adapters.embedded import EmbeddedServer
from goboard.adapters.redis import RedisBoardStore

CALLERS = 200
UPDATES = 50
ROUNDS = 5
MEMBERS = 10_000

Update = Callable[[str], Awaitable[object]]


async def updates_a_second(update: Update) -> float:
    """Let every caller make its updates one after the other, all callers at once."""

    async def caller(number: int) -> None:
        for step in range(UPDATES):
            await update(f"member-{(number * UPDATES + step) % MEMBERS}")

    begun = time.perf_counter()
    await asyncio.gather(*(caller(number) for number in range(CALLERS)))
    return CALLERS * UPDATES / (time.perf_counter() - begun)


async def measure(url: str) -> dict[str, list[float]]:
    """Run the contenders in turns on boards of the same members."""
    client = redis.asyncio.Redis.from_url(url, max_connections=CALLERS, protocol=2, legacy_responses=True)
    async with Leaderboards(RedisBoardStore.from_url(url)) as boards:
        await boards.set_many("goboard", [(f"member-{number}", number) for number in range(MEMBERS)])
        await client.copy("prod:goboard", "by-hand")

        async def goboard(member: str) -> object:
            return await boards.increment("goboard", member, 1)

        async def by_hand(member: str) -> object:
            await client.zincrby("by-hand", 1, member)
            return await client.zrevrank("by-hand", member)

        figures: dict[str, list[float]] = {"goboard": [], "two redis-py calls": []}
        for turn in range(ROUNDS + 1):
            for name, update in (("goboard", goboard), ("two redis-py calls", by_hand)):
                sys.stderr.write(f"round {turn} of {ROUNDS}: {name}\n")
                figures[name].append(await updates_a_second(update))
        await client.aclose()
    return {name: rounds[1:] for name, rounds in figures.items()}  # the first round warms up


def main() -> None:
    """Measure on a Valkey of the benchmark's own, and print the table."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedServer.start(Path(folder)) as server:
        figures = uvloop.run(measure(server.url))
    ratios = [ours / theirs for ours, theirs in zip(*figures.values(), strict=True)]
    print(f"Increment and rank, {CALLERS} callers, {MEMBERS} members, {ROUNDS} rounds in turns:\n")
    print("| what | updates/s (median) | least | most |\n|---|---|---|---|")
    for name, rounds in figures.items():
        print(f"| {name} | {statistics.median(rounds):,.0f} | {min(rounds):,.0f} | {max(rounds):,.0f} |")
    print(f"| goboard ÷ two calls | {statistics.median(ratios):.1f} | {min(ratios):.1f} | {max(ratios):.1f} |")


if __name__ == "__main__":
    main()
