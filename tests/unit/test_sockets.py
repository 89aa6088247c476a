"""Listening sockets, with real sockets and a real other process."""

import contextlib
import errno
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress

import pytest

from goboard.entrypoints.sockets import Address, listen, reserve

SHARER = """
import socket, sys
with socket.socket() as sock:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind(("127.0.0.1", 0))
    sock.listen()
    print(sock.getsockname()[1], flush=True)
    sys.stdin.read()
"""

needs_ipv6 = pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")


@contextlib.contextmanager
def another_service() -> Iterator[int]:
    """Another process that listens on a port which it would share."""
    command = [sys.executable, "-c", SHARER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0


def port_of(sock: socket.socket) -> int:
    return int(sock.getsockname()[1])


def test_a_port_that_another_service_shares_is_taken() -> None:
    with another_service() as port, pytest.raises(OSError, match="in use") as caught:
        reserve(Address("127.0.0.1", port))
    assert caught.value.errno == errno.EADDRINUSE


def test_a_port_that_another_service_shares_is_taken_on_every_address_too() -> None:
    with another_service() as port, pytest.raises(OSError, match="in use"):
        reserve(Address("", port))


def test_port_0_takes_a_free_one_that_the_workers_then_share() -> None:
    with reserve(Address("127.0.0.1", 0)) as held:
        at = Address("127.0.0.1", port_of(held))
        assert at.port > 0
        with listen(at) as first, listen(at) as second:
            assert port_of(first) == port_of(second) == at.port
            with pytest.raises(OSError, match="in use"):
                reserve(at)


def test_the_reserved_socket_gets_no_connections() -> None:
    with reserve(Address("127.0.0.1", 0)) as held:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(held.getsockname(), timeout=5)
        with listen(Address("127.0.0.1", port_of(held))) as worker:
            for _ in range(20):
                with socket.create_connection(held.getsockname(), timeout=5), accepted(worker):
                    pass


@contextlib.contextmanager
def accepted(listener: socket.socket) -> Iterator[socket.socket]:
    """The next connection of `listener`."""
    listener.settimeout(5)
    connection, _ = listener.accept()
    with connection:
        yield connection


def test_a_port_that_was_in_use_a_moment_ago_is_free() -> None:
    # The side that closes first keeps the connection in TIME_WAIT for a minute.
    with listen(Address("127.0.0.1", 0)) as worker:
        at = Address("127.0.0.1", port_of(worker))
        with socket.create_connection(at, timeout=5) as client:
            with accepted(worker):
                pass
            assert client.recv(1) == b""
    reserve(at).close()


@pytest.mark.skipif(sys.platform != "linux", reason="the options are Linux's")
def test_accepted_connections_drop_a_dead_peer_within_90_s() -> None:
    with listen(Address("127.0.0.1", 0)) as worker:
        assert worker.getblocking() is False
        with socket.create_connection(worker.getsockname(), timeout=5), accepted(worker) as connection:
            options = {
                name: connection.getsockopt(socket.IPPROTO_TCP, getattr(socket, name))
                for name in ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_USER_TIMEOUT")
            }
            assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    idle, interval, count = options["TCP_KEEPIDLE"], options["TCP_KEEPINTVL"], options["TCP_KEEPCNT"]
    assert 0 < idle + interval * count <= 90
    assert 0 < options["TCP_USER_TIMEOUT"] <= 90_000


@pytest.mark.skipif(sys.platform != "linux", reason="the option is Linux's")
def test_the_kernel_holds_little_back_for_a_peer_that_does_not_read() -> None:
    """By default 4 MiB: a slow watcher would get them as news, long after."""
    chunk = b"x" * 10_000
    with (
        listen(Address("127.0.0.1", 0)) as worker,
        socket.create_connection(worker.getsockname(), timeout=5),
        accepted(worker) as connection,
    ):
        connection.settimeout(0)
        held = 0
        with suppress(BlockingIOError):
            while held < 16_000_000:
                held += connection.send(chunk)
        assert 0 < held < 1_500_000


@needs_ipv6
def test_an_empty_host_means_every_address_of_both_families() -> None:
    with listen(Address("", 0)) as worker:
        for host in ("127.0.0.1", "::1"):
            with socket.create_connection((host, port_of(worker)), timeout=5), accepted(worker):
                pass


@needs_ipv6
def test_an_ipv6_address_is_listened_at_alone() -> None:
    with reserve(Address("::1", 0)) as held, listen(Address("::1", port_of(held))) as worker:
        with socket.create_connection(("::1", port_of(worker)), timeout=5), accepted(worker):
            pass
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port_of(worker)), timeout=5)


def test_an_address_not_of_this_machine_is_refused() -> None:
    with pytest.raises(OSError, match="assign"):
        reserve(Address("192.0.2.1", 0))  # RFC 5737: nobody's


@pytest.mark.parametrize(
    ("address", "text", "url_host", "loopback"),
    [
        (Address("", 1), "0.0.0.0:1", "localhost", False),
        (Address("0.0.0.0", 1), "0.0.0.0:1", "localhost", False),
        (Address("::", 1), "[::]:1", "localhost", False),
        (Address("127.0.0.1", 1), "127.0.0.1:1", "127.0.0.1", True),
        (Address("127.3.2.1", 1), "127.3.2.1:1", "127.3.2.1", True),
        (Address("::1", 1), "[::1]:1", "[::1]", True),
        (Address("localhost", 1), "localhost:1", "localhost", True),
        (Address("192.0.2.1", 1), "192.0.2.1:1", "192.0.2.1", False),
        (Address("127.example.org", 1), "127.example.org:1", "127.example.org", False),
    ],
)
def test_an_address_is_written_and_judged(address: Address, text: str, url_host: str, *, loopback: bool) -> None:
    assert (str(address), address.url_host, address.is_loopback) == (text, url_host, loopback)
