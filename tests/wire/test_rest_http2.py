"""The HTTP port speaks HTTP/2 too, to who begins with it: within the same bounds."""

import socket
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from h2 import events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from services import TOKEN, Service

HEAD = [(":method", "GET"), (":scheme", "http"), (":authority", "localhost"), ("authorization", TOKEN)]
TOP = (":path", "/api/v1/dashboards/untouched/top")


class Http2:
    """A client that may do what it must not."""

    def __init__(self, service: Service) -> None:
        at = urlsplit(service.base)
        self.socket = socket.create_connection((at.hostname, at.port), timeout=10)
        self.h2 = H2Connection(H2Configuration(validate_outbound_headers=False, header_encoding="utf-8"))
        self.h2.initiate_connection()

    def flush(self) -> None:
        self.socket.sendall(self.h2.data_to_send())

    def until(self, found: Callable[[events.Event], bool]) -> events.Event:
        """Read until there is such an event."""
        while data := self.socket.recv(65_536):
            for event in self.h2.receive_data(data):
                if found(event):
                    return event
            self.flush()
        raise ConnectionResetError

    def status(self, stream: int) -> str:
        self.flush()
        got = self.until(lambda event: getattr(event, "stream_id", None) == stream and hasattr(event, "headers"))
        return str(dict(got.headers)[":status"])  # type: ignore[attr-defined] # the event has some, as was asked


@pytest.fixture
def client(service: Service) -> Iterator[Http2]:
    opened = Http2(service)
    yield opened
    opened.socket.close()


def test_a_request_is_answered(client: Http2) -> None:
    client.h2.send_headers(1, [*HEAD[:1], TOP, *HEAD[1:]], end_stream=True)
    assert client.status(1) == "200"


def test_headers_have_a_bound(client: Http2) -> None:
    client.flush()
    settings = client.until(lambda event: isinstance(event, events.RemoteSettingsChanged))
    assert settings.changed_settings[6].new_value == 65_536  # type: ignore[attr-defined] # MAX_HEADER_LIST_SIZE
    client.h2.send_headers(
        1, [*HEAD[:1], TOP, *HEAD[1:], *[(f"x-{n}", "a" * 1000) for n in range(70)]], end_stream=True
    )
    assert client.status(1) == "431"


def test_who_resets_streams_all_the_time_is_cut_off_and_nobody_else(service: Service, client: Http2) -> None:
    for number in range(1, 120, 2):
        client.h2.send_headers(number, [*HEAD[:1], TOP, *HEAD[1:]], end_stream=True)
        client.h2.reset_stream(number)
    client.flush()
    told = client.until(lambda event: isinstance(event, events.ConnectionTerminated))
    assert told.error_code == ErrorCodes.ENHANCE_YOUR_CALM  # type: ignore[attr-defined] # as was asked

    reply = httpx.get(f"{service.api}/dashboards/untouched/top", headers={"Authorization": TOKEN})
    assert (reply.status_code, reply.json()) == (200, {"members": []})
