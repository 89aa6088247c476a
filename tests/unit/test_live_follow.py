"""Following a view: one message after another, and no more of them than the follower asks for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from boards import AT, BOARD, rule, submit, submit_all
from live_client import Client, Watcher, state_of, until
from live_hub import NOTHING, TOP, Live, live_hub

from goboard.domain.errors import InvalidArgument, TooManyWatches
from goboard.live import Change, Ended, Message, Snapshot, WatchLimits


async def following(live: Live) -> tuple[AsyncIterator[Message], Client]:
    """Begin to follow, and have the first state."""
    messages, client = live.hub.follow(BOARD, TOP), Client()
    client.hear(await anext(messages))
    return messages, client


async def test_a_follower_is_given_the_state_and_then_what_changes() -> None:
    async with live_hub() as live, asyncio.timeout(10):
        await submit_all(live.store, {"ada": 2.0, "bob": 1.0})
        messages, client = await following(live)
        for score in (5.0, 7.0):
            await submit(live.store, "bob", score)
            message = await anext(messages)
            assert isinstance(message, Change)
            client.hear(message)
        assert client.state == state_of((await live.store.see(BOARD, TOP, AT)).entries)


async def test_a_slow_follower_is_given_the_latest_state_and_not_what_lay_between() -> None:
    async with live_hub() as live, asyncio.timeout(10):
        await submit_all(live.store, {"ada": 2.0, "bob": 1.0})
        messages, client = await following(live)
        steady = Watcher()
        await live.watch(steady)
        await submit(live.store, "bob", 5.0)
        await until(lambda: steady.changes == 1)
        await submit(live.store, "bob", 5.0)
        await until(lambda: steady.changes == 2)
        message = await anext(messages)
        assert isinstance(message, Snapshot)
        client.hear(message)
        assert client.state == steady.state


async def test_who_follows_no_more_leaves_nothing() -> None:
    async with live_hub() as live, asyncio.timeout(10):
        async with aclosing(live.hub.follow(BOARD, TOP)) as messages:
            await anext(messages)
            assert live.left == (1, 1, 0, 1)
        await until(lambda: live.left == NOTHING)


async def test_it_ends_with_what_is_followed() -> None:
    async with live_hub() as live, asyncio.timeout(10):
        await rule(live.store, windows=["daily", "all"])
        messages = live.hub.follow(BOARD, TOP.within("daily", None))
        await anext(messages)
        await rule(live.store, windows=["all"], force=True)
        rest = [message async for message in messages]
        assert [type(message) for message in rest] == [Ended]
        await until(lambda: live.left == NOTHING)


async def test_what_cannot_be_watched_cannot_be_followed() -> None:
    async with live_hub(limits=WatchLimits(views=0)) as live:
        with pytest.raises(TooManyWatches):
            await anext(live.hub.follow(BOARD, TOP))
        with pytest.raises(InvalidArgument):
            await anext(live.hub.follow("", TOP))
