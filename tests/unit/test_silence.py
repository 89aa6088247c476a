"""Connections that say nothing are ended, and no others."""

import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from goboard.entrypoints.http.silence import PREFACE_BYTES, Silence

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how much has come")


class Listener:
    """A server that accepts and says nothing."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._socket = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.port: int = self._socket.getsockname()[1]

    def client(self, said: int) -> socket.socket:
        """Connect, and say so many bytes."""
        client = self._stack.enter_context(socket.create_connection(("127.0.0.1", self.port), timeout=10))
        accepted = self._stack.enter_context(self._socket.accept()[0])
        client.sendall(b"x" * said)
        accepted.settimeout(10)
        assert said == 0 or accepted.recv(said, socket.MSG_WAITALL | socket.MSG_PEEK)
        client.settimeout(0)
        return client


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def listener(stack: ExitStack) -> Listener:
    return Listener(stack)


def has_ended(client: socket.socket) -> bool:
    try:
        return client.recv(1) == b""
    except BlockingIOError:
        return False


@pytest.mark.parametrize(("said", "ends"), [(0, True), (1, True), (PREFACE_BYTES - 1, True), (PREFACE_BYTES, False)])
def test_who_has_said_next_to_nothing_by_the_second_look_is_ended(listener: Listener, said: int, *, ends: bool) -> None:
    client = listener.client(said)
    silence = Silence(listener.port)
    silence.look()
    assert not has_ended(client)
    silence.look()
    assert has_ended(client) is ends


def test_who_speaks_between_the_looks_stays(listener: Listener) -> None:
    client = listener.client(0)
    silence = Silence(listener.port)
    silence.look()
    client.sendall(b"x" * PREFACE_BYTES)
    for _ in range(3):
        silence.look()
    assert not has_ended(client)


def test_connections_of_another_port_and_other_sockets_stay(stack: ExitStack, listener: Listener) -> None:
    other = Listener(stack).client(0)
    ours, theirs = socket.socketpair()
    stack.enter_context(theirs)
    stack.enter_context(ours).settimeout(0)
    silence = Silence(listener.port)
    for _ in range(3):
        silence.look()
    assert not has_ended(other)
    assert not has_ended(ours)
    assert listener.client(0)  # the listening socket is no connection
