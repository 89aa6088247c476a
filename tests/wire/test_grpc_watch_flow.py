"""Watchers that are idle, gone, or many; and the stop of the server."""

import asyncio
import time

import grpc.aio
from grpc_local import RawClient, served, until
from grpc_watching import Hand, Watcher, events, nothing_is_watched, stuck, watch
from grpclib.const import Status
from h2.settings import SettingCodes


async def test_an_idle_connection_is_pinged_while_it_watches():
    async with served(ping_seconds=0.05) as local, RawClient.connect(local.port) as client:
        await client.ping()
        first, second = await watch(client), await watch(client)
        while client.pings < 3:
            await client.receive()
        (connection,) = local.server._connections
        client.h2.reset_stream(first)
        await client.flush()
        await until(lambda: len(connection.handler.running) == 1)
        so_far = client.pings
        while client.pings == so_far:
            await client.receive()
        client.h2.reset_stream(second)
        await client.flush()
        await until(lambda: not connection.handler.running)
        assert connection.handler.watchers._timer is None


async def test_watchers_that_vanish_leave_nothing_behind():
    async with served() as local, grpc.aio.insecure_channel(local.target) as channel:
        cancelled = Watcher(channel)
        await cancelled.snapshot()
        async with RawClient.connect(local.port) as client, RawClient.connect(local.port) as slow:
            slow.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 10})
            slow.reads = False
            kept = [await watch(each, around={"member_id": "ann"}) for each in (client, slow, client)]
            client.open("WatchStandings")  # and never says what
            while not slow.answers[kept[1]].data:
                await slow.receive()
        cancelled.stream.cancel()
        await nothing_is_watched(local)


async def test_many_watchers_on_one_connection_all_get_every_state():
    async with (
        served() as local,
        RawClient.connect(local.port) as client,
        grpc.aio.insecure_channel(local.target) as channel,
    ):
        await client.ping()
        streams = [await watch(client) for _ in range(300)]
        for stream in streams:
            await client.replies(stream, "WatchStandingsResponse", 1)
        hand = Hand(channel)
        for score in range(1, 6):
            await hand.set("ann", score)
        for stream in streams:
            while latest(client, stream) != 5:
                await client.receive()


def latest(client: RawClient, stream: int) -> int:
    last = events(client, stream)[-1]
    return int(last.change.to_version or last.snapshot.version)


async def test_a_stop_waits_for_no_watcher():
    async with (
        served() as local,
        grpc.aio.insecure_channel(local.target) as channel,
        RawClient.connect(local.port) as slow,
    ):
        watcher, hand = Watcher(channel), Hand(channel)
        await watcher.snapshot()
        stream = await stuck(slow, hand, watcher, 1000)
        begun = time.monotonic()
        stop = asyncio.create_task(local.server.stop())
        answer = await slow.answer(stream)
        assert (answer.status, answer.problem.detail) == (
            Status.UNAVAILABLE.value,
            "the server is stopping; nothing was changed, connect again",
        )
        refused = await watcher.refusal()
        assert (refused.status, refused.detail) == (503, "the server is stopping; nothing was changed, connect again")
        await stop
        assert time.monotonic() - begun < 3
        await nothing_is_watched(local)
