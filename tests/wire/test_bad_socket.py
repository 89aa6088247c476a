"""Bad input to the WebSocket as bytes: handshakes and frames, each with its one right answer; nobody else notices."""

import json
from collections.abc import Iterator

import httpx
import pytest
from raw_http import RawConnection, request
from services import TOKEN, Service

HOST, UPGRADE, CONNECTION = b"Host: localhost", b"Upgrade: websocket", b"Connection: Upgrade"
KEY, VERSION = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", b"Sec-WebSocket-Version: 13"
USUAL = (HOST, UPGRADE, CONNECTION, KEY, VERSION)
PATH = b"/ws?token=" + TOKEN.encode()
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
ASKED, ANSWER = b'{"op":"ping"}', b'{"op":"pong"}'


def handshake(*extra: bytes, path: bytes = PATH, without: tuple[bytes, ...] = (), method: str = "GET") -> bytes:
    return request(method, path, *[line for line in USUAL if line not in without], *extra)


def frame(kind: int, payload: bytes = b"", *, more: bool = False, reserved: int = 0, masked: bool = True) -> bytes:
    """Write a frame (RFC 6455, section 5.2), its mask zeros."""
    size = len(payload)
    length = (
        bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2) if size < 65_536 else b"\x7f" + size.to_bytes(8)
    )
    first = (0 if more else 0x80) | reserved << 4 | kind
    return bytes([first, length[0] | (0x80 if masked else 0)]) + length[1:] + (bytes(4) if masked else b"") + payload


def sized(length: bytes) -> bytes:
    """Write the head of a text frame whose length is written in this way."""
    return bytes([0x81, 0x80 | length[0]]) + length[1:] + bytes(4)


def closing(code: int, reason: bytes = b"") -> bytes:
    return frame(CLOSE, code.to_bytes(2) + reason)


# name → the request, the status, the problem's code (None: the server's own word, as it is no handshake)
HANDSHAKES: dict[str, tuple[bytes, int, str | None]] = {
    "no key": (handshake(without=(KEY,)), 400, None),
    "no version": (handshake(without=(VERSION,)), 400, None),
    "version 12": (handshake(b"Sec-WebSocket-Version: 12", without=(VERSION,)), 400, None),
    "version 99999999999": (handshake(b"Sec-WebSocket-Version: 99999999999", without=(VERSION,)), 400, None),
    "no upgrade": (handshake(without=(UPGRADE,)), 426, "upgrade_required"),
    "no connection": (handshake(without=(CONNECTION,)), 426, "upgrade_required"),
    "an upgrade to something else": (handshake(b"Upgrade: h2c", without=(UPGRADE,)), 426, "upgrade_required"),
    "no Host": (handshake(without=(HOST,)), 400, "invalid_argument"),
    "two Hosts": (handshake(b"Host: other"), 400, "invalid_argument"),
    "a path that there is not": (handshake(path=b"/ws/more?token=" + TOKEN.encode()), 404, "not_found"),
    "a path escaped": (handshake(path=b"/%77s?token=" + TOKEN.encode()), 404, "not_found"),
    "two slashes": (handshake(path=b"/" + PATH), 404, "not_found"),
    "no token": (handshake(path=b"/ws"), 401, "auth_missing_token"),
    "an empty token": (handshake(path=b"/ws?token="), 401, "auth_missing_token"),
    "a token that is none": (handshake(path=b"/ws?token=wrong"), 403, "auth_invalid_token"),
    "a token of bytes": (handshake(path=b"/ws?token=%ff%fe%00"), 403, "auth_invalid_token"),
    "a token of 60,000 bytes": (handshake(path=b"/ws?token=" + b"x" * 60_000), 403, "auth_invalid_token"),
    "an Origin of another": (handshake(b"Origin: http://evil.example"), 403, "origin_not_allowed"),
    "the Origin null": (handshake(b"Origin: null"), 403, "origin_not_allowed"),
    "an empty Origin": (handshake(b"Origin:"), 403, "origin_not_allowed"),
    "two Origins": (handshake(b"Origin: http://localhost:3000", b"Origin: http://evil"), 403, "origin_not_allowed"),
    "an Origin of bytes": (handshake(b"Origin: \xff\xfe"), 403, "origin_not_allowed"),
    "headers of 100,000 bytes": (handshake(b"X-Y: " + b"a" * 100_000), 431, None),
    "101 headers": (handshake(*[b"X-%d: a" % n for n in range(97)]), 431, None),
}
EXTENDED = b'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, nonsense; x=""'
# name → the request of a handshake that is odd, and right
ODD_HANDSHAKES: dict[str, bytes] = {
    "other letters": handshake(
        b"uPGRADE: WEBsocket", b"cONNECTION: keep-alive, uPGRADE", without=(UPGRADE, CONNECTION)
    ),
    "extensions that are not spoken": handshake(EXTENDED),
    "another query beside the token": handshake(path=b"/ws?x=%zz&token=" + TOKEN.encode() + b"&y"),
    "an allowed Origin": handshake(b"Origin: http://localhost:3000"),
    "headers of 50,000 bytes": handshake(b"X-Y: " + b"a" * 50_000),
    "POST, which the server takes for GET": handshake(b"Content-Length: 0", method="POST"),
    "the first frame at once": handshake() + frame(TEXT, ASKED),
}

NO_CODE, BAD, NONE, LARGE, UNSUPPORTED = b"", b"\x03\xeaProtocol violation", None, b"\x03\xf1", b"\x03\xeb"
"""What the close frame says. Granian closes without a code where frames are wrong: 1005, which no frame may hold."""
# name → what is sent on an open socket, what comes back before the answer to a question after it or before its close
FRAMES: dict[str, tuple[bytes, list[tuple[int, bytes]], bytes | None]] = {
    "no mask": (frame(TEXT, ASKED, masked=False), [], NO_CODE),
    "reserved bit 1": (frame(TEXT, ASKED, reserved=4), [], NO_CODE),
    "reserved bit 2": (frame(TEXT, ASKED, reserved=2), [], NO_CODE),
    "reserved bit 3": (frame(TEXT, ASKED, reserved=1), [], NO_CODE),
    "a reserved kind of message": (frame(3), [], NO_CODE),
    "the last reserved kind of message": (frame(7), [], NO_CODE),
    "a reserved kind of control": (frame(11), [], NO_CODE),
    "the last reserved kind of control": (frame(15), [], NO_CODE),
    "HTTP on an open socket": (b"GET / HTTP/1.1\r\n\r\n", [], NO_CODE),
    "bytes of ones": (b"\xff" * 100, [], NO_CODE),
    # Lengths
    "a length in more bytes than it needs": (sized(b"\x7e\0\x0d") + ASKED, [(TEXT, ANSWER)], NONE),
    "a length in eight": (sized(b"\x7f" + len(ASKED).to_bytes(8)) + ASKED, [(TEXT, ANSWER)], NONE),
    "a negative length": (sized(b"\x7f\x80" + bytes(7)), [], NO_CODE),
    "a length of 1 GiB": (sized(b"\x7f" + (2**30).to_bytes(8)), [], NO_CODE),
    "a length of 17 MiB": (sized(b"\x7f" + (17 * 2**20).to_bytes(8)), [], NO_CODE),
    "a message over the limit by one": (frame(TEXT, b" " * 65_537), [], LARGE),
    "a message of 1 MiB": (frame(TEXT, b" " * 2**20), [], LARGE),
    "fragments over the limit": (
        frame(TEXT, b" " * 40_000, more=True) + frame(CONTINUATION, b" " * 40_000),
        [],
        LARGE,
    ),
    # Fragments
    "a continuation of nothing": (frame(CONTINUATION, ASKED), [], NO_CODE),
    "a message within another": (frame(TEXT, ASKED[:5], more=True) + frame(TEXT, ASKED), [], NO_CODE),
    "bytes within a text": (frame(TEXT, ASKED[:5], more=True) + frame(BINARY, ASKED[5:]), [], NO_CODE),
    "a ping in two": (frame(PING, b"x", more=True), [], NO_CODE),
    "a close in two": (frame(CLOSE, b"\x03\xe8", more=True), [], NO_CODE),
    "a text in two": (frame(TEXT, ASKED[:5], more=True) + frame(CONTINUATION, ASKED[5:]), [(TEXT, ANSWER)], NONE),
    "fragments of nothing": (
        frame(TEXT, more=True) + frame(CONTINUATION, more=True) * 100 + frame(CONTINUATION, ASKED),
        [(TEXT, ANSWER)],
        NONE,
    ),
    "a ping within a text": (
        frame(TEXT, ASKED[:5], more=True) + frame(PING, b"x") + frame(CONTINUATION, ASKED[5:]),
        [(PONG, b"x"), (TEXT, ANSWER)],
        NONE,
    ),
    # Control frames
    "a ping of 126 bytes": (frame(PING, b"x" * 126), [], NO_CODE),
    "a pong of 126 bytes": (frame(PONG, b"x" * 126), [], NO_CODE),
    "a close of 126 bytes": (closing(1000, b"x" * 124), [], NO_CODE),
    "a ping": (frame(PING, b"abc"), [(PONG, b"abc")], NONE),
    "an empty ping": (frame(PING), [(PONG, b"")], NONE),
    "a pong that nobody asked for": (frame(PONG, b"x"), [], NONE),
    "100 pings": (frame(PING, b"x") * 100, [(PONG, b"x")] * 100, NONE),
    # What a text is
    "bytes instead of text": (frame(BINARY, ASKED), [], UNSUPPORTED),
    "no bytes instead of text": (frame(BINARY), [], UNSUPPORTED),
    "no UTF-8": (frame(TEXT, b'"\xff"'), [], NO_CODE),
    "overlong UTF-8": (frame(TEXT, b'"\xc0\xaf"'), [], NO_CODE),
    "a surrogate": (frame(TEXT, b'"\xed\xa0\x80"'), [], NO_CODE),
    "beyond Unicode": (frame(TEXT, b'"\xf4\x90\x80\x80"'), [], NO_CODE),
    "a letter cut off by the end": (frame(TEXT, b'"\xe2\x82'), [], NO_CODE),
    "a letter that goes on wrongly": (frame(TEXT, b'"\xe2\x82', more=True) + frame(CONTINUATION, b'"'), [], NO_CODE),
    # Closing
    "a close": (frame(CLOSE), [], NO_CODE),
    "a close with a reason": (closing(1000, b"bye"), [], b"\x03\xe8bye"),
    "a close with a code of one's own": (closing(4999), [], b"\x13\x87"),
    "a close of one byte": (frame(CLOSE, b"\x03"), [], NO_CODE),
    "a close whose reason is no UTF-8": (closing(1000, b"\xff"), [], NO_CODE),
    **{
        f"a close with the code {code}": (closing(code), [], BAD)
        for code in (0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65_535)
    },
    "a text after the close": (closing(1000) + frame(TEXT, ASKED), [], b"\x03\xe8"),
    "two closes": (closing(1000) * 2, [], b"\x03\xe8"),
    "garbage after the close": (closing(1000) + b"\xff" * 1000, [], b"\x03\xe8"),
}


@pytest.fixture(scope="module")
def other(service: Service) -> Iterator[RawConnection]:
    """Another client's socket, which lasts."""
    with RawConnection(service.base) as connection:
        connection.send(handshake())
        assert connection.answer("HEAD").status == 101
        yield connection


def assert_unharmed(service: Service, other: RawConnection) -> None:
    other.send(frame(TEXT, b'{"dashboard":"others","member_id":"m","increment":1}'))
    kind, reply = other.websocket_frame()
    assert (kind, json.loads(reply)["rank"]) == (TEXT, 1)
    untouched = httpx.get(f"{service.api}/dashboards/untouched/stats", headers={"Authorization": TOKEN})
    assert untouched.json() == {"total_members": 0}


@pytest.mark.parametrize("case", HANDSHAKES)
def test_bad_handshakes_get_their_one_answer(service: Service, other: RawConnection, case: str) -> None:
    data, status, code = HANDSHAKES[case]
    with RawConnection(service.base) as connection:
        connection.send(data)
        answer = connection.answer()

        assert answer.status == status
        assert code is None or answer.problem["code"] == code
    assert_unharmed(service, other)


@pytest.mark.parametrize("case", ODD_HANDSHAKES)
def test_what_is_odd_and_right_opens_a_socket(service: Service, case: str) -> None:
    with RawConnection(service.base) as connection:
        connection.send(ODD_HANDSHAKES[case])
        answer = connection.answer("HEAD")
        assert (answer.status, answer.headers.get("sec-websocket-extensions")) == (101, None)
        connection.send(frame(TEXT, ASKED))
        assert connection.websocket_frame() == (TEXT, ANSWER)


@pytest.mark.parametrize("case", FRAMES)
def test_bad_frames_get_their_one_answer(service: Service, other: RawConnection, case: str) -> None:
    data, before, close = FRAMES[case]
    with RawConnection(service.base) as connection:
        connection.send(handshake())
        assert connection.answer("HEAD").status == 101
        connection.send(data)
        assert [connection.websocket_frame() for _ in before] == before
        if close is NONE:
            connection.send(frame(TEXT, ASKED))
            assert connection.websocket_frame() == (TEXT, ANSWER)
        else:
            assert connection.websocket_frame() == (CLOSE, close)
            assert connection.is_at_end()
    assert_unharmed(service, other)
