"""What the Python peers share: their environment, the check of the token, and the update as people write it.

A peer is told by the environment where to listen (`PEER_HTTP_PORT`, `PEER_GRPC_PORT`), which token to accept
(`PEER_TOKEN`) and where Redis is (`REDIS_URL`). It prints the line `ready` once it accepts connections.
"""

import os
import secrets
from typing import Any

from redis.asyncio import Redis

HOST = "127.0.0.1"

# One connection a waiting caller, as Redis.from_url gives it. The most callers the benchmark has at once are a few
# hundred; redis-py's own limit is 100, and it raises past that instead of waiting.
_MAX_CONNECTIONS = 1_000


def port(name: str) -> int:
    """Give the port that the environment variable `name` sets."""
    return int(os.environ[name])


def is_the_token(given: str) -> bool:
    """Whether `given` is the token of this run, told in constant time."""
    return secrets.compare_digest(given.encode(), os.environ["PEER_TOKEN"].encode())


def open_redis() -> Redis:
    """Make a client with a pool of connections, each opened when it is first needed."""
    return Redis.from_url(os.environ["REDIS_URL"], max_connections=_MAX_CONNECTIONS)


async def update(redis: Redis, board: str, member: str, increment: float) -> tuple[int, float]:
    """Add to the member's score and ask for its place, in two round trips; gives rank and score."""
    key = f"prod:{board}"
    score: Any = await redis.zincrby(key, increment, member)  # Any: redis-py's types span all of its options
    rank: Any = await redis.zrevrank(key, member)
    if rank is None:
        raise LookupError(f"{member} was removed from {board} between the two calls")
    return rank + 1, score


def say_ready() -> None:
    """Tell the benchmark that every port accepts."""
    print("ready", flush=True)
