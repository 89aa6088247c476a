"""What has no business on a port: bytes that begin well or not at all, and what was never meant for us."""

from h2.connection import H2Connection

TLS_HELLO = bytes.fromhex("160301002f0100002b0303") + bytes(36)
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
POST = b"POST /api/v1/dashboards/arena/increments HTTP/1.1\r\nHost: b\r\n"

HTTP = (
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET /health HTTP/1.1\r\n\r\n",
    b"GET /api/v1/dashboards/%ff%fe/top HTTP/1.1\r\nHost: b\r\n\r\n",
    b"GET /health HTTP/1.1\r\nHost: b\r\nX-Y: " + b"a" * 100_000 + b"\r\n\r\n",
    b"GET /ws HTTP/1.1\r\nHost: b\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    POST + b"Content-Length: 1000\r\n\r\n{",
    POST + b"Content-Length: x\r\n\r\n",
    POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    POST[:40],
    TLS_HELLO,
    bytes(1000),
    b"",
)


def frame(kind: int, payload: bytes = b"", *, flags: int = 0, stream: int = 0) -> bytes:
    """Write a frame of HTTP/2."""
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + payload


def _greeting() -> bytes:
    client = H2Connection()
    client.initiate_connection()
    return client.data_to_send()


def _resets() -> bytes:
    """Open streams, and take each back at once."""
    client = H2Connection()
    client.initiate_connection()
    head = [(":method", "POST"), (":scheme", "http"), (":path", "/dashboard.DashboardService/GetTopMembers")]
    for _ in range(200):
        stream = client.get_next_available_stream_id()
        client.send_headers(stream, [*head, (":authority", "b"), ("content-type", "application/grpc")])
        client.reset_stream(stream)
    return client.data_to_send()


GREETING = _greeting()
GRPC = (
    b"GET / HTTP/1.1\r\nHost: b\r\n\r\n",
    PREFACE[:10],
    PREFACE + b"\xff" * 100,
    GREETING,
    GREETING + frame(1, b"\xff" * 50, flags=4, stream=1),
    GREETING + frame(0, bytes(20_000), stream=1),
    GREETING + frame(9, b"x" * 100, stream=1) * 50,
    GREETING + frame(6, b"12345678") * 500,
    _resets(),
    TLS_HELLO,
    b"",
)

# Frames of a WebSocket, their mask zeros.
SOCKET = (
    b"\x81\x81" + bytes(4) + b"{",
    b"\x82\x81" + bytes(4) + b"x",
    b"\x81\x01x",
    b"\x81\x82" + bytes(4) + b"\xff\xfe",
    b"\xf1\x80" + bytes(4),
    b"\x81\xff" + (2**40).to_bytes(8) + bytes(4),
    b"\x88\x82" + bytes(4) + (1005).to_bytes(2),
    b"\x89\x80" + bytes(4),
    b"\x01\x81" + bytes(4) + b"{",
    b"\x81",
)
