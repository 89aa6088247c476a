"""Watchers that are slow or stuck: what they get, when they are given up, and that others do not notice."""

import asyncio
import socket

import grpc.aio
import pytest
from drivers import Problem
from grpc_local import Local, RawClient, framed, served, until
from grpc_watching import Hand, Watcher, events, grant, nothing_is_watched, places, stuck, watch
from grpclib.const import Status
from h2.settings import SettingCodes

from goboard.entrypoints.grpc.connection import CallProtocol

PATIENCE = 0.5
TOO_SLOW = Problem(408, "watcher_too_slow", f"nothing was taken for {PATIENCE} s; watch again")


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
    here = deaf.writer.get_extra_info("sockname")
    (connection,) = (each for each in local.server._connections if each.transport.get_extra_info("peername") == here)
    # Both of the kernel's buffers small, the flow-control windows large.
    connection.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32 * 1024)
    deaf.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
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
