"""Boards on Redis 7.0 or Valkey 7.2 and newer: one sorted set a board, writes gathered into script calls."""

from goboard.adapters.redis.advice import Remark, advice
from goboard.adapters.redis.events import RedisEventBus
from goboard.adapters.redis.store import RedisBoardStore

__all__ = ["RedisBoardStore", "RedisEventBus", "Remark", "advice"]
