"""What others than goboard write is found, whatever they call their members."""

from collections.abc import AsyncIterator

import pytest
from boards import AT, BOARD
from live_client import Watcher, until
from live_hub import POLL, TOP
from servers import Server

from goboard.adapters.redis import RedisBoardStore, RedisEventBus
from goboard.live import LiveStandings


@pytest.fixture
async def far(server: Server, prefix: str) -> AsyncIterator[LiveStandings]:
    """A hub over a server, which others write to as well."""
    store = RedisBoardStore.from_url(server.url, prefix=prefix)
    events = RedisEventBus.from_url(server.url, prefix=prefix)
    hub = LiveStandings(store, events, lambda: AT, poll=POLL)
    yield hub
    await hub.close()
    await events.close()
    await store.close()


async def test_what_others_write_to_redis_is_found(far: LiveStandings, server: Server, prefix: str) -> None:
    watcher, key = Watcher(), prefix + BOARD
    await far.watch(BOARD, TOP, watcher.wake)
    with server.client() as client:
        client.zadd(key, {"ada": 1.0, "bob": 2.0})
        await until(lambda: watcher.shown == {"bob": 1, "ada": 2})
        client.zincrby(key, 5.0, "ada")
        await until(lambda: watcher.shown == {"ada": 1, "bob": 2})
        client.delete(key)
        await until(lambda: watcher.shown == {})
    assert watcher.changes == 3


async def test_members_that_are_shown_alike_come_in_snapshots(far: LiveStandings, server: Server, prefix: str) -> None:
    """What go-board stored outside UTF-8 is shown with U+FFFD; a change could not tell two of them apart."""
    watcher, key = Watcher(), prefix + BOARD
    with server.client() as client:
        client.zadd(key, {b"a\xff": 5.0, b"a\xfe": 3.0, b"ada": 1.0})
        await far.watch(BOARD, TOP, watcher.wake)
        client.zadd(key, {b"ada": 2.0})
        await until(lambda: watcher.snapshots == 2)
        assert watcher.shown == {"a\ufffd": 2, "ada": 3}  # as a list has them, and a map the last of both
        client.zrem(key, b"a\xff")
        await until(lambda: watcher.shown == {"a\ufffd": 1, "ada": 2})
        client.zadd(key, {b"ada": 9.0})
        await until(lambda: watcher.shown == {"ada": 1, "a\ufffd": 2})
    assert (watcher.snapshots, watcher.changes) == (3, 1)
