"""What a well-behaved client library cannot send: gRPC by hand, over HTTP/2 frames."""

from collections.abc import AsyncIterator

import dashboard_pb
import pytest
from grpc_local import Local, RawClient, framed, served, update
from grpclib.const import Status

GOOD = framed(dashboard_pb.message("IncrementScoreRequest")(dashboard="b", member_id="m", increment=1))
LARGE = 5 * 1024 * 1024
SHORT_INCREMENT = b"\x0a\x01b\x12\x01m\x18\x05"  # `increment` as a varint
NO_UTF8 = b"\x0a\x02\xff\xfe"


@pytest.fixture
async def local() -> AsyncIterator[Local]:
    async with served() as running:
        yield running


@pytest.fixture
async def client(local: Local) -> AsyncIterator[RawClient]:
    async with RawClient.connect(local.port) as connected:
        yield connected


async def still_serves(client: RawClient) -> None:
    answer = await client.call("IncrementScore", GOOD)
    assert answer.status == 0
    assert answer.messages("IncrementScoreResponse")[0].member_id == "m"


@pytest.mark.parametrize(
    ("data", "status", "detail"),
    [
        (b"", Status.INVALID_ARGUMENT, "the call carries no message"),
        (GOOD[:3], Status.INVALID_ARGUMENT, "the stream ends within a message, after 3 of its bytes"),
        (GOOD[:-1], Status.INVALID_ARGUMENT, f"the stream ends within a message, after {len(GOOD) - 1} of its bytes"),
        (framed(b"\xff\xff\xff"), Status.INVALID_ARGUMENT, "no valid message of type dashboard.IncrementScoreRequest"),
        (framed(GOOD[5:-1]), Status.INVALID_ARGUMENT, "no valid message"),
        (framed(NO_UTF8), Status.INVALID_ARGUMENT, "no valid message"),
        (framed(SHORT_INCREMENT), Status.INVALID_ARGUMENT, "no valid message"),
        (framed(GOOD[5:], flag=1), Status.UNIMPLEMENTED, "compressed messages are not read"),
        (framed(GOOD[5:], flag=2), Status.INVALID_ARGUMENT, "the message's flag byte is 2; it must be 0"),
        (framed(GOOD[5:], flag=255), Status.INVALID_ARGUMENT, "the message's flag byte is 255; it must be 0"),
        (b"\0\x40\0\0\0", Status.RESOURCE_EXHAUSTED, "the message has 1073741824 bytes; at most 4194304 are allowed"),
    ],
)
async def test_a_bad_message_is_refused_and_the_connection_serves_on(
    client: RawClient, data: bytes, status: Status, detail: str
):
    answer = await client.call("IncrementScore", data)
    assert answer.status == status.value
    assert detail in answer.problem.detail
    assert answer.problem.instance == "/dashboard.DashboardService/IncrementScore"
    assert answer.headers.get("grpc-accept-encoding") == ("identity" if status is Status.UNIMPLEMENTED else None)
    await still_serves(client)


async def test_an_unknown_field_is_no_fault(client: RawClient):
    answer = await client.call("IncrementScore", framed(GOOD[5:] + b"\x48\x05"))
    assert answer.status == 0


@pytest.mark.parametrize("method", ["IncrementScore", "StreamUpdates"])
async def test_large_messages_do_not_use_up_the_connection(client: RawClient, method: str):
    for _ in range(6):
        answer = await client.call(method, framed(b"x" * LARGE))
        assert answer.status == Status.RESOURCE_EXHAUSTED.value
        assert answer.problem.status == 413
    await still_serves(client)


async def test_a_message_larger_than_the_window_is_read(client: RawClient):
    request = dashboard_pb.message("IncrementScoreRequest")(dashboard="b" * 3_000_000, member_id="m")
    answer = await client.call("IncrementScore", framed(request))
    assert answer.problem.detail == "dashboard has 3000000 bytes; at most 256 are allowed"


async def test_a_bad_message_in_a_stream_is_answered_and_the_stream_lives(client: RawClient):
    stream = client.open("StreamUpdates")
    bad = [framed(b"\xff\xff\xff"), framed(NO_UTF8), framed(SHORT_INCREMENT), framed(b"")]
    await client.send(stream, b"".join(bad) + framed(update()), end=True)
    answer = await client.answer(stream)
    *refused, last = answer.messages("UpdateResponse")
    assert [reply.problem.code for reply in refused] == ["invalid_argument"] * 4
    assert refused[3].problem.detail == "missing dashboard or member_id"
    assert (last.member_id, last.rank, last.score) == ("m", 1, 1.0)
    assert answer.status == 0


async def test_a_broken_frame_ends_a_stream_after_what_came_before_is_answered(client: RawClient):
    answer = await client.call("StreamUpdates", framed(update()) + framed(update(), flag=1) + framed(update()))
    assert len(answer.messages("UpdateResponse")) == 1
    assert answer.status == Status.UNIMPLEMENTED.value
    await still_serves(client)


async def test_frames_may_be_cut_anywhere_and_be_empty(client: RawClient):
    stream = client.open("StreamUpdates")
    for byte in framed(update()) * 2:
        await client.send(stream, b"")
        await client.send(stream, bytes([byte]))
    await client.send(stream, b"")
    await client.send(stream, b"", end=True)
    answer = await client.answer(stream)
    assert [reply.score for reply in answer.messages("UpdateResponse")] == [1.0, 2.0]
    assert answer.status == 0


async def test_of_several_messages_in_a_unary_call_the_first_is_answered(client: RawClient):
    stream = client.open("IncrementScore")
    await client.send(stream, GOOD * 3)  # and no end
    answer = await client.answer(stream)
    assert answer.status == 0
    assert [reply.score for reply in answer.messages("IncrementScoreResponse")] == [1.0]
    while not answer.was_reset:  # NO_ERROR: there is nobody to read on
        await client.receive()
    await still_serves(client)


@pytest.mark.parametrize(("replaced", "status"), [({"method": "GET"}, "405"), ({"content_type": "text/plain"}, "415")])
async def test_what_is_no_grpc_gets_an_http_status(client: RawClient, replaced: dict[str, str], status: str):
    answer = await client.call("IncrementScore", GOOD, **replaced)
    assert answer.headers == {":status": status}
    await still_serves(client)


async def test_an_unknown_method_is_unimplemented_also_with_a_huge_path(client: RawClient):
    for path in ("Nothing", "/nobody.Nothing/Nothing", "/" + "x" * 20_000):
        answer = await client.call(path, GOOD, authorization="")
        assert answer.status == Status.UNIMPLEMENTED.value
        assert answer.problem.code == "not_found"
        assert len(answer.problem.instance) <= 256
    await still_serves(client)


async def test_metadata_may_hold_any_bytes(client: RawClient):
    odd = [("x-name", "\xc3\xa9\xff"), ("x-data-bin", "no base64!"), ("x-e-bin", "\xe9")]
    assert (await client.call("IncrementScore", GOOD, *odd)).status == 0
    answer = await client.call("IncrementScore", GOOD, authorization="Bearer \xe9\xff")
    assert answer.status == Status.PERMISSION_DENIED.value


async def test_two_tokens_are_an_invalid_one(client: RawClient):
    answer = await client.call("IncrementScore", GOOD, ("authorization", "another"))
    assert answer.status == Status.PERMISSION_DENIED.value
    assert answer.problem.code == "auth_invalid_token"


async def test_a_token_is_asked_for_before_a_message_is_read(client: RawClient):
    stream = client.open("IncrementScore", authorization="")
    answer = await client.answer(stream)  # nothing was sent
    assert answer.status == Status.UNAUTHENTICATED.value


async def test_unknown_frames_are_ignored(client: RawClient):
    await client.flush()
    client.writer.write(b"\0\0\3\xbb\0\0\0\0\0abc")
    await still_serves(client)


async def test_streams_that_are_reset_at_once_leave_nothing_behind(local: Local, client: RawClient):
    await still_serves(client)
    for number in range(1800):
        stream = client.open("StreamUpdates")
        if number % 50 == 0:  # this one the server sees open
            await client.ping()
        client.h2.reset_stream(stream)
        if number % 100 == 0:
            await client.flush()
    await client.ping()
    await still_serves(client)
    (connection,) = local.server._connections
    assert connection.handler.running == []
    assert connection.processor.streams == {}
