"""The WebSocket as go-board's clients and browsers use it, and as they misuse it."""

import asyncio
import json
from typing import Any
from unittest.mock import ANY
from urllib.parse import urlsplit

import httpx
import pytest
import websockets
from services import TOKEN, Service
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol


def opened(service: Service, **options: Any) -> connect:
    return connect(f"{service.ws}?token={TOKEN}", **options)


async def ask(socket: ClientConnection, message: Any) -> Any:
    await socket.send(message if isinstance(message, str) else json.dumps(message))
    return json.loads(await socket.recv())


async def refused(service: Service, path: str = "/ws", **options: Any) -> httpx.Response:
    """Give the HTTP answer of a handshake that must not succeed."""
    with pytest.raises(InvalidStatus) as refusal:
        async with connect(f"{service.base.replace('http', 'ws', 1)}{path}", **options):
            pass
    answer = refusal.value.response
    return httpx.Response(answer.status_code, headers=list(answer.headers.raw_items()), content=bytes(answer.body))


async def test_an_update_is_answered_in_the_seeds_form(service: Service, board: str) -> None:
    async with opened(service) as socket:
        reply = await ask(socket, {"dashboard": board, "member_id": "p1", "increment": 10.5})

    assert reply == {"rank": 1, "score": 10.5, "member_id": "p1"}


async def test_updates_are_pipelined_and_answered_in_order(service: Service, board: str) -> None:
    async with opened(service) as socket:
        for number in range(2_000):
            await socket.send(json.dumps({"dashboard": board, "member_id": f"p{number % 7}", "increment": 1}))
        replies = [json.loads(await socket.recv()) for _ in range(2_000)]

    assert [reply["member_id"] for reply in replies] == [f"p{number % 7}" for number in range(2_000)]
    assert [reply["score"] for reply in replies] == [number // 7 + 1 for number in range(2_000)]


async def test_an_increment_that_the_board_s_rules_do_not_allow_is_answered_and_the_socket_lives_on(
    service: Service, board: str
) -> None:
    rules = f"{service.api}/dashboards/{board}/rules"
    token = {"Authorization": f"Bearer {TOKEN}"}
    update = {"dashboard": board, "member_id": "p", "increment": 1}
    assert httpx.put(rules, headers=token, json={"operator": "best"}).status_code == 200
    async with opened(service) as socket:
        assert (await ask(socket, update))["problem"]["code"] == "operator_mismatch"
        assert httpx.put(rules, headers=token, json={"max_increment": 5, "max_score": 5}).status_code == 200
        assert (await ask(socket, update | {"increment": 6}))["problem"]["code"] == "increment_too_large"
        assert (await ask(socket, update))["score"] == 1.0
        many = await ask(socket, [update | {"increment": 5}, update])
    assert (many[0]["problem"]["code"], many[1]["score"]) == ("score_out_of_range", 2.0)


async def test_problems_keep_their_place_among_replies(service: Service, board: str) -> None:
    async with opened(service) as socket:
        for number in range(100):
            await socket.send("{" if number % 2 else json.dumps({"dashboard": board, "member_id": "p", "increment": 1}))
        replies = [json.loads(await socket.recv()) for _ in range(100)]

    assert ["problem" in reply for reply in replies] == [bool(number % 2) for number in range(100)]
    assert replies[98]["score"] == 50


NAMES = "missing dashboard or member_id"
FORM = (
    "the message must be a JSON object with the texts dashboard and member_id, the number increment and, if any, the"
    " text op_id, or with an op; its id, where there is one, is a text of up to 128 characters or an integer"
)
BAD_MESSAGES = {
    "no json": ("hello", "malformed JSON"),
    "empty": ("", "malformed JSON"),
    "half an object": ('{"dashboard": "b"', "malformed JSON"),
    "trailing text": ('{"dashboard":"b","member_id":"m","increment":1} x', "malformed JSON"),
    "NaN": ('{"dashboard":"b","member_id":"m","increment":NaN}', "malformed JSON"),
    "a lone surrogate": ('{"dashboard":"\\ud800","member_id":"m","increment":1}', "malformed JSON"),
    "deep nesting": ('{"x":' + "[" * 50_000, "the JSON is nested too deeply"),
    "a number": ("1", FORM),
    "null": ("null", FORM),
    "a text for the increment": ('{"dashboard":"b","member_id":"m","increment":"1"}', FORM),
    "a boolean for the increment": ('{"dashboard":"b","member_id":"m","increment":true}', FORM),
    "beyond all doubles": ('{"dashboard":"b","member_id":"m","increment":1e999}', FORM),
    "a number for the member": ('{"dashboard":"b","member_id":1,"increment":1}', FORM),
    "an empty object": ("{}", NAMES),
    "no dashboard": ('{"member_id":"m","increment":1}', NAMES),
    "no member": ('{"dashboard":"b","increment":1}', NAMES),
    "an empty member": ('{"dashboard":"b","member_id":"","increment":1}', NAMES),
    "a null dashboard": ('{"dashboard":null,"member_id":"m","increment":1}', NAMES),
    "no increment": ('{"dashboard":"b","member_id":"m"}', "increment is required"),
    "a null increment": ('{"dashboard":"b","member_id":"m","increment":null}', "increment is required"),
}


@pytest.mark.parametrize("case", sorted(BAD_MESSAGES))
async def test_a_bad_message_gets_a_problem_and_the_connection_lives_on(
    service: Service, board: str, case: str
) -> None:
    message, detail = BAD_MESSAGES[case]
    async with opened(service) as socket:
        reply = await ask(socket, message)
        after = await ask(socket, {"dashboard": board, "member_id": "p1", "increment": 1})

    assert reply == {
        "problem": {
            "type": "urn:goboard:request:invalid-argument",
            "title": "Bad Request",
            "status": 400,
            "detail": detail,
            "instance": "/ws",
            "code": "invalid_argument",
            "request_id": ANY,
        }
    }
    assert after == {"rank": 1, "score": 1.0, "member_id": "p1"}


@pytest.mark.parametrize(("message", "code"), [(b"\x00\x01", 1003), ("x" * 65_537, 1009), ("é" * 32_769, 1009)])
async def test_what_is_no_message_closes_the_connection_after_earlier_replies(
    service: Service, board: str, message: bytes | str, code: int
) -> None:
    async with opened(service) as socket:
        await socket.send(json.dumps({"dashboard": board, "member_id": "p1", "increment": 1}))
        await socket.send(message)
        reply = json.loads(await socket.recv())
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()

    assert reply["score"] == 1.0
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == code


async def test_a_message_of_exactly_the_limit_is_read(service: Service, board: str) -> None:
    message = json.dumps({"dashboard": board, "member_id": "p1", "increment": 1}).ljust(65_536)
    async with opened(service) as socket:
        assert (await ask(socket, message))["score"] == 1.0


async def test_without_a_token_the_handshake_is_refused(service: Service) -> None:
    answer = await refused(service)

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:goboard:auth:missing-token",
        "title": "Unauthorized",
        "status": 401,
        "detail": "authentication token is required",
        "instance": "/ws",
        "code": "auth_missing_token",
        "request_id": ANY,
    }


@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("/ws?token=wrong", {}),
        ("/ws?token=" + "x" * 8_193, {}),
        ("/ws", {"subprotocols": [Subprotocol("wrong")]}),
        ("/ws", {"subprotocols": [Subprotocol("goboard.v1"), Subprotocol("wrong")]}),
    ],
)
async def test_with_a_bad_token_the_handshake_is_refused(service: Service, path: str, options: dict[str, Any]) -> None:
    answer = await refused(service, path, **options)

    assert (answer.status_code, answer.json()["code"]) == (403, "auth_invalid_token")


async def test_a_subprotocol_without_a_token_is_no_token(service: Service) -> None:
    assert (await refused(service, subprotocols=[Subprotocol("goboard.v1")])).status_code == 401


@pytest.mark.parametrize(
    ("offered", "answered"),
    [([TOKEN], TOKEN), (["goboard.v1", TOKEN], "goboard.v1"), ([TOKEN, "goboard.v1"], "goboard.v1")],
)
async def test_a_browser_brings_its_token_as_a_subprotocol(
    service: Service, board: str, offered: list[str], answered: str
) -> None:
    async with connect(service.ws, subprotocols=[Subprotocol(name) for name in offered]) as socket:
        assert socket.subprotocol == answered
        assert (await ask(socket, {"dashboard": board, "member_id": "p1", "increment": 1}))["rank"] == 1


async def test_the_query_wins_over_the_subprotocol(service: Service) -> None:
    async with opened(service, subprotocols=[Subprotocol("goboard.v1")]) as socket:
        assert socket.subprotocol == "goboard.v1"

    assert (await refused(service, "/ws?token=wrong", subprotocols=[Subprotocol(TOKEN)])).status_code == 403


async def test_allowed_origins_connect(service: Service) -> None:
    own = f"http://{urlsplit(service.base).netloc}"
    for origin in ("http://localhost:3000", own, own.replace("http", "https")):
        async with opened(service, origin=origin):
            pass


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://localhost:3001",
        "https://localhost:3000",
        "http://localhost:3000.evil.example",
        "http://LOCALHOST:3000",
        "http://localhost:3000/",
    ],
)
async def test_other_origins_are_refused(service: Service, origin: str) -> None:
    answer = await refused(service, f"/ws?token={TOKEN}", origin=origin)

    assert (answer.status_code, answer.json()["code"]) == (403, "origin_not_allowed")


async def test_a_handshake_elsewhere_is_not_found(service: Service) -> None:
    answer = await refused(service, f"/wss?token={TOKEN}")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_plain_request_is_told_to_upgrade(service: Service) -> None:
    answer = httpx.get(f"{service.base}/ws?token={TOKEN}")

    assert (answer.status_code, answer.json()["code"]) == (426, "upgrade_required")
    assert answer.headers["upgrade"] == "websocket"


async def test_a_peer_that_vanishes_disturbs_nobody(service: Service, board: str) -> None:
    async def vanish() -> None:
        socket = await websockets.connect(f"{service.ws}?token={TOKEN}")
        for _ in range(50):
            await socket.send(json.dumps({"dashboard": board, "member_id": "gone", "increment": 1}))
        socket.transport.abort()

    async with opened(service) as socket:
        await asyncio.gather(*(vanish() for _ in range(20)))
        for number in range(1, 50):
            reply = await ask(socket, {"dashboard": board, "member_id": "here", "increment": 1})
            assert (reply["member_id"], reply["score"]) == ("here", number)


@pytest.mark.parametrize("message", ["[]", "array"], ids=["empty arrays", "arrays"])
async def test_who_sends_and_does_not_read_is_not_read_for_ever(service: Service, board: str, message: str) -> None:
    if message == "array":
        message = json.dumps([{"dashboard": board, "member_id": f"p{n}", "increment": 1} for n in range(500)])
    _reader, writer = await open_raw(service)
    try:
        with pytest.raises(TimeoutError):
            await flood(writer, text_frame(message))
    finally:
        writer.transport.abort()
    async with opened(service) as other:  # others are served meanwhile and afterwards
        assert (await ask(other, {"dashboard": board, "member_id": "other", "increment": 1}))["score"] == 1


async def flood(writer: asyncio.StreamWriter, frame: bytes) -> None:
    """Send more than all buffers on the way hold; TimeoutError: the server reads no more."""
    chunk = frame * max(1, 65_536 // len(frame))
    for _ in range(64 * 1024 * 1024 // len(chunk)):
        writer.write(chunk)
        async with asyncio.timeout(2):
            await writer.drain()


async def open_raw(service: Service) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Shake hands by hand, for a client that never reads on."""
    at = urlsplit(service.ws)
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    writer.write(
        f"GET /ws?token={TOKEN} HTTP/1.1\r\nHost: {at.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    reader._transport.pause_reading()  # type: ignore[attr-defined]  # the stream has no public way to stop
    return reader, writer


def text_frame(text: str) -> bytes:
    """Write a masked text frame (RFC 6455, section 5.2), the mask being zero."""
    body = text.encode()
    size = bytes([0x80 | len(body)]) if len(body) < 126 else bytes([0xFE]) + len(body).to_bytes(2)
    return b"\x81" + size + b"\0\0\0\0" + body
