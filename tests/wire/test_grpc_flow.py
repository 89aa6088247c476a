"""Pipelining, back-pressure, deadlines and the stop of the gRPC server."""

import asyncio
import socket
import time
from asyncio import Future

import dashboard_pb
import grpc
import grpc.aio
import pytest
from drivers import rich_problem
from grpc_local import AUTHORIZED, HeldStore, RawClient, framed, served, until, update
from grpclib.const import Status
from grpclib.health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from h2.settings import SettingCodes

from goboard.domain.names import BoardName, MemberName
from goboard.domain.standings import Entry
from goboard.entrypoints.grpc.updates import MAX_IN_FLIGHT

TIMED_OUT = "the request took longer than the time allowed; an update may have been applied"


async def test_updates_are_read_while_earlier_ones_wait_and_answered_in_order():
    store = HeldStore()
    async with served(store, request_timeout=60) as local, RawClient.connect(local.port) as client:
        stream = client.open("StreamUpdates")
        await client.send(stream, framed(update()) + framed(update(member="")) + framed(update()) * 3, end=True)
        await until(lambda: len(store.held) == 4)
        store.held[1].set_result(Entry("m", 1.0, 2))
        await client.ping()
        assert client.answers[stream].data == b""  # the second is done, and waits for the first
        store.release()
        answer = await client.answer(stream)
    first, refused, second, *_ = replies = answer.messages("UpdateResponse")
    assert (first.rank, second.rank, len(replies)) == (1, 2, 5)
    assert refused.problem.detail == "missing dashboard or member_id"
    assert answer.status == 0


async def test_a_stream_is_accepted_before_anything_is_sent():
    async with served() as local, grpc.aio.insecure_channel(local.target) as channel:
        stream = dashboard_pb.method(channel, "StreamUpdates")(metadata=AUTHORIZED)
        await asyncio.wait_for(stream.wait_for_connection(), 5)
        stream.cancel()


async def test_a_stream_that_waits_for_the_store_is_not_read_on():
    store = HeldStore()
    async with served(store) as local, RawClient.connect(local.port) as client:
        stream = client.open("StreamUpdates")
        await client.send(stream, framed(update()) * 1000)
        await client.ping()
        await until(lambda: len(store.held) >= MAX_IN_FLIGHT)
        await client.ping()
        assert len(store.held) == MAX_IN_FLIGHT
        store.release()
        await until(lambda: len(store.held) == MAX_IN_FLIGHT)
        assert len(await client.replies(stream, "UpdateResponse", MAX_IN_FLIGHT)) == MAX_IN_FLIGHT


async def test_a_client_that_reads_no_replies_is_not_read_either():
    async with served() as local, RawClient.connect(local.port) as client, RawClient.connect(local.port) as other:
        client.reads = False
        stream = client.open("StreamUpdates")
        batch = framed(update()) * 1000
        sent = 0
        while client.h2.local_flow_control_window(stream) > len(batch):
            await client.send(stream, batch)
            await client.ping()
            sent += 1000
        asked = dashboard_pb.message("GetMemberRankRequest")(dashboard="b", member_id="m")
        applied = await other.call("GetMemberRank", framed(asked))
        # 65,535 bytes of replies, and the batch in hand; the client's own window is what ends its sending.
        assert applied.messages("GetMemberRankResponse")[0].score < 65_535 / 12 + 2 * MAX_IN_FLIGHT < sent
        (busy,) = (each for each in local.server._connections if each.handler.running)
        client.h2.reset_stream(stream)
        await client.flush()
        await until(lambda: not busy.handler.running)


@pytest.mark.parametrize("method", ["IncrementScore", "StreamUpdates"])
async def test_a_deadline_that_passes(method: str):
    async with served(HeldStore()) as local, RawClient.connect(local.port) as client:
        answer = await client.call(method, framed(update()), ("grpc-timeout", "50m"))
        assert answer.status == Status.DEADLINE_EXCEEDED.value
        assert (answer.problem.detail, answer.problem.status) == (TIMED_OUT, 504)


async def test_a_deadline_that_is_past_when_it_comes():
    async with served() as local, RawClient.connect(local.port) as client:
        for value in ("0S", "1n"):
            answer = await client.call("IncrementScore", framed(update()), ("grpc-timeout", value))
            assert answer.status == Status.DEADLINE_EXCEEDED.value
        asked = dashboard_pb.message("GetDashboardStatsRequest")(dashboard="b")
        answer = await client.call("GetDashboardStats", framed(asked))
        assert answer.messages("GetDashboardStatsResponse")[0].total_members == 0  # nothing was applied


@pytest.mark.parametrize(
    "value", ["", "5", "S", "5x", "-1S", "1.5S", "123456789S", "\u0663S".encode().decode("latin-1")]
)
async def test_a_deadline_that_is_none(value: str):
    async with served() as local, RawClient.connect(local.port) as client:
        answer = await client.call("IncrementScore", framed(update()), ("grpc-timeout", value))
        assert answer.status == Status.INVALID_ARGUMENT.value
        assert "grpc-timeout" in answer.problem.detail


@pytest.mark.parametrize("extra", [(), (("grpc-timeout", "99999999H"),)])
async def test_a_unary_call_is_bounded_also_without_a_deadline(extra: tuple[tuple[str, str], ...]):
    async with served(HeldStore(), request_timeout=0.1) as local, RawClient.connect(local.port) as client:
        answer = await client.call("IncrementScore", framed(update()), *extra)
        assert answer.status == Status.DEADLINE_EXCEEDED.value
        silent = client.open("IncrementScore", *extra)
        assert (await client.answer(silent)).status == Status.DEADLINE_EXCEEDED.value


async def test_an_update_is_bounded_and_its_stream_is_not():
    store = HeldStore()
    async with served(store, request_timeout=0.1) as local, RawClient.connect(local.port) as client:
        stream = client.open("StreamUpdates")
        await client.send(stream, framed(update()) * 2)
        late = await client.replies(stream, "UpdateResponse", 2)
        assert [reply.problem.code for reply in late] == ["timeout", "timeout"]
        assert all(future.cancelled() for future in store.held)
        store.held.clear()
        await client.send(stream, framed(update()), end=True)
        await until(lambda: store.held)
        store.release()
        answer = await client.answer(stream)
        assert answer.messages("UpdateResponse")[2].rank == 1
        assert answer.status == 0


class BrokenStore(HeldStore):
    """Fails where it should give a future."""

    def increment(self, board: BoardName, member: MemberName, delta: float, *more: object) -> Future[Entry]:
        if delta == 0:
            raise RuntimeError("the-inner-text")
        return super().increment(board, member, delta, *more)


async def test_an_unforeseen_error_ends_no_stream(caplog: pytest.LogCaptureFixture):
    store = BrokenStore()
    async with served(store) as local, RawClient.connect(local.port) as client:
        stream = client.open("StreamUpdates")
        await client.send(stream, framed(update()) + framed(update(increment=0)) + framed(update()), end=True)
        await until(lambda: len(store.held) == 2)
        store.release()
        answer = await client.answer(stream)
    first, failed, last = answer.messages("UpdateResponse")
    assert (first.rank, last.rank, answer.status) == (1, 2, 0)
    assert (failed.problem.status, failed.problem.detail) == (500, "internal server error")
    assert "the-inner-text" in caplog.text


async def test_a_stop_answers_what_is_in_flight_and_ends_streams():
    store = HeldStore()
    async with served(store) as local, RawClient.connect(local.port) as client, RawClient.connect(local.port) as idle:
        unary, stream = client.open("IncrementScore"), client.open("StreamUpdates")
        waiting, silent = client.open("StreamUpdates"), client.open("IncrementScore")
        await client.send(unary, framed(update()), end=True)
        await client.send(stream, framed(update()))
        await until(lambda: len(store.held) == 2)
        await idle.ping()
        stop = asyncio.create_task(local.server.stop())
        assert (await client.answer(waiting)).status == Status.UNAVAILABLE.value
        assert (await client.answer(silent)).status == Status.UNAVAILABLE.value
        late = await client.call("IncrementScore", framed(update()))
        assert (late.status, late.problem.code) == (Status.UNAVAILABLE.value, "server_stopping")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", local.port))
        assert not stop.done()
        store.release()
        assert (await client.answer(unary)).status == 0
        assert len((await client.answer(stream)).messages("UpdateResponse")) == 1
        assert client.answers[stream].status == Status.UNAVAILABLE.value
        for each in (client, idle):
            while not each.goaway:
                await each.receive()
        await asyncio.wait_for(stop, 2)


async def test_a_stop_does_not_wait_for_the_stuck():
    async with served(HeldStore(), request_timeout=60) as local, grpc.aio.insecure_channel(local.target) as channel:
        stuck = dashboard_pb.method(channel, "IncrementScore")(update(), metadata=AUTHORIZED)
        await until(lambda: any(each.handler.running for each in local.server._connections))
        await local.server.stop(answer_seconds=0.1)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stuck
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert rich_problem(caught.value).status == 503


async def test_a_stop_drops_a_client_that_takes_nothing_in():
    async with served() as local, RawClient.connect(local.port) as deaf:
        await deaf.ping()
        (connection,) = local.server._connections
        # Both of the kernel's buffers small, the flow-control windows large: then only TCP holds the replies up.
        connection.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        deaf.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 2**30})
        deaf.h2.increment_flow_control_window(2**30)
        stream = deaf.open("StreamUpdates")
        deaf.writer.transport.pause_reading()
        await deaf.send(stream, framed(update(member="")) * 12_000)
        await until(lambda: not connection.connection.write_ready.is_set())
        start = time.monotonic()
        await local.server.stop(answer_seconds=0.1)
        assert time.monotonic() - start < 4
        assert local.server._connections == set()


async def test_a_watcher_of_health_hears_of_the_stop():
    async with served() as local, grpc.aio.insecure_channel(local.target) as channel:
        watch = channel.unary_stream(
            "/grpc.health.v1.Health/Watch", HealthCheckRequest.SerializeToString, HealthCheckResponse.FromString
        )(HealthCheckRequest())
        assert (await watch.read()).status == HealthCheckResponse.SERVING
        start = time.monotonic()
        await local.server.stop()
        assert time.monotonic() - start < 1
        assert (await watch.read()).status == HealthCheckResponse.NOT_SERVING
        with pytest.raises(grpc.aio.AioRpcError, match="stopping"):
            await watch.read()
