"""Watchers that are slow, stuck, idle or gone; many of them, and the stop of the server."""

import asyncio
import socket
import time
from typing import Any

import grpc.aio
import pytest
from drivers import Problem
from grpc_local import Local, RawClient, framed, served, until
from grpc_watching import Hand, Watcher, asked, nothing_is_watched, places
from grpclib.const import Status
from h2.settings import SettingCodes

from goboard.entrypoints.grpc.connection import CallProtocol

PATIENCE = 0.5
TOO_SLOW = Problem(408, "watcher_too_slow", f"nothing was taken for {PATIENCE} s; watch again")


async def watch(client: RawClient, **fields: Any) -> int:
    """Begin to watch, by hand."""
    stream = client.open("WatchStandings")
    await client.send(stream, framed(asked(**fields)), end=True)
    return stream


def events(client: RawClient, stream: int) -> list[Any]:
    return client.answers[stream].messages("WatchStandingsResponse")


def grant(client: RawClient, stream: int, size: int) -> None:
    """Give so much of the window back."""
    client.h2.increment_flow_control_window(size, stream)
    client.h2.increment_flow_control_window(size)


async def stuck(client: RawClient, hand: Hand, watcher: Watcher, window: int) -> int:
    """Watch with a small window until it is full; `watcher`, who is another one, has seen as much then."""
    client.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: window})
    client.reads = False
    stream = await watch(client)
    for score in range(1, 100):
        await hand.set("ann", score)
        event = await watcher.next()
        if event.change.to_version > len(events(client, stream)) + 10:  # conflated for long
            return stream
        await client.ping()
    raise AssertionError("the window was never full")


async def test_a_slow_watcher_gets_the_latest_state_and_others_all_that_was_between():
    async with (
        served() as local,
        grpc.aio.insecure_channel(local.target) as channel,
        RawClient.connect(local.port) as slow,
    ):
        watcher, hand = Watcher(channel), Hand(channel)
        await watcher.snapshot()
        stream = await stuck(slow, hand, watcher, 1000)
        taken = len(events(slow, stream))
        await hand.set("ann", 500)
        assert (await watcher.change()).moved[0].score == 500
        grant(slow, stream, 1000)
        *_, last = await slow.replies(stream, "WatchStandingsResponse", taken + 1)
        assert places(last.snapshot.members) == [("ann", 1, 500)]
        assert last.snapshot.version > taken + 5
        await hand.set("ann", 501)
        *_, last = await slow.replies(stream, "WatchStandingsResponse", taken + 2)
        assert last.change.moved[0].score == 501


async def test_a_watcher_that_takes_nothing_is_given_up_and_others_do_not_notice():
    async with (
        served(patience=PATIENCE) as local,
        grpc.aio.insecure_channel(local.target) as channel,
        RawClient.connect(local.port) as slow,
    ):
        watcher, hand = Watcher(channel), Hand(channel)
        await watcher.snapshot()
        stream = await stuck(slow, hand, watcher, 1000)
        neighbour = await watch(slow, top=5)  # over the same connection
        await slow.replies(neighbour, "WatchStandingsResponse", 1)
        answer = await slow.answer(stream)
        assert answer.status == Status.RESOURCE_EXHAUSTED.value
        problem = answer.problem
        assert Problem(problem.status, problem.code, problem.detail) == TOO_SLOW
        whole = events(slow, stream)
        assert len(whole) > 3
        assert sum(len(framed(event)) for event in whole) == len(answer.data)
        await hand.set("ann", 500)
        assert (await watcher.change()).moved[0].score == 500
        *_, last = await slow.replies(neighbour, "WatchStandingsResponse", 2)
        assert last.change.moved[0].score == 500


async def test_a_watcher_who_has_nothing_to_take_is_not_slow():
    async with served(patience=0.1) as local, grpc.aio.insecure_channel(local.target) as channel:
        watcher = Watcher(channel)
        await watcher.snapshot()
        await asyncio.sleep(0.5)  # five times as long as it may take nothing of what there is
        await Hand(channel).set("ann", 1)
        assert places((await watcher.snapshot()).members) == [("ann", 1, 1)]


@pytest.mark.parametrize("window", [1, 7, 60])
async def test_a_window_smaller_than_a_message_is_no_hindrance(window: int):
    async with (
        served() as local,
        grpc.aio.insecure_channel(local.target) as channel,
        RawClient.connect(local.port) as client,
    ):
        await Hand(channel).set_all(**{f"member-{number}": number for number in range(10)})
        client.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: window})
        stream = await watch(client)
        (snapshot,) = await client.replies(stream, "WatchStandingsResponse", 1)
        assert len(snapshot.snapshot.members) == 10


async def test_a_watcher_that_stops_within_a_message_is_reset():
    async with served(patience=0.2) as local, RawClient.connect(local.port) as client:
        client.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 10})
        client.reads = False
        answer = await client.answer(await watch(client))
        assert (answer.was_reset, len(answer.data), "grpc-status" in answer.headers) == (True, 10, False)
        await nothing_is_watched(local)


async def clogged(local: Local, deaf: RawClient, hand: Hand) -> tuple[CallProtocol, list[int]]:
    """Watch often over a connection that is not read: only TCP holds the messages up."""
    await hand.set_all(**{f"{number:03}-{'x' * 250}": number for number in range(100)})
    await deaf.ping()
    (connection,) = (each for each in local.server._connections if not each.handler.running)
    # Both of the kernel's buffers small, the flow-control windows large.
    connection.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    deaf.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 2**30})
    deaf.h2.increment_flow_control_window(2**30)
    streams = [await watch(deaf, top=100) for _ in range(20)]
    deaf.writer.transport.pause_reading()
    await until(lambda: connection.handler.watchers.waiting)
    return connection, streams


async def test_a_connection_that_takes_nothing_at_all_is_dropped():
    async with (
        served(patience=PATIENCE) as local,
        grpc.aio.insecure_channel(local.target) as channel,
        RawClient.connect(local.port) as deaf,
    ):
        hand, watcher = Hand(channel), Watcher(channel, top=1)
        await watcher.snapshot()
        connection, _ = await clogged(local, deaf, hand)
        await until(lambda: connection not in local.server._connections)
        await hand.set("ann", 500)
        while (event := await watcher.next()).change.to_version != 101:
            pass
        assert places(event.change.entered) == [("ann", 1, 500)]
        watcher.stream.cancel()
        await nothing_is_watched(local)


async def test_a_connection_that_takes_more_again_gets_it():
    async with (
        served() as local,
        grpc.aio.insecure_channel(local.target) as channel,
        RawClient.connect(local.port) as deaf,
    ):
        _, streams = await clogged(local, deaf, Hand(channel))
        deaf.writer.transport.resume_reading()
        for stream in streams:
            await deaf.replies(stream, "WatchStandingsResponse", 1)


async def test_who_has_waited_longest_for_the_connection_s_window_is_served_first():
    async with (
        served() as local,
        grpc.aio.insecure_channel(local.target) as channel,
        RawClient.connect(local.port) as slow,
    ):
        hand = Hand(channel)
        await hand.set_all(**{f"{number:03}-{'x' * 250}": number for number in range(100)})
        slow.reads = False
        first, second = await watch(slow, top=100), await watch(slow, top=100)
        for stream in (first, second):  # 26 KB each, of 64
            await slow.replies(stream, "WatchStandingsResponse", 1)
        (connection,) = (each for each in local.server._connections if each.handler.running)
        waiting = connection.handler.watchers.waiting
        last = await watch(slow, top=100)
        await until(lambda: len(waiting) == 1)
        await hand.set("ann", 500)
        await until(lambda: len(waiting) == 3)
        slow.h2.increment_flow_control_window(20_000)
        await slow.replies(last, "WatchStandingsResponse", 1)
        await slow.ping()
        assert [len(events(slow, stream)) for stream in (first, second)] == [1, 1]


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
        assert (answer.status, answer.problem.detail) == (14, "the server is stopping; connect again")
        refused = await watcher.refusal()
        assert (refused.status, refused.detail) == (503, "the server is stopping; connect again")
        await stop
        assert time.monotonic() - begun < 3
        await nothing_is_watched(local)
