"""Listening sockets: shared by the workers, strict towards other services, and quick to notice dead peers."""

import socket
import sys
from ipaddress import ip_address
from typing import NamedTuple

BACKLOG = 1024

# A peer that is gone is dropped within 90 s: idle 45 s, then 3 probes 10 s apart; unacknowledged data ends a
# connection after 75 s. Accepted sockets inherit the options, and Granian has no ping of its own.
_KEEPALIVE = (("TCP_KEEPIDLE", 45), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))
_USER_TIMEOUT_MS = 75_000
# What the kernel holds back for a peer that does not read: by default up to 4 MiB, which a slow watcher would get as
# news minutes later. Above this the connection counts as not writable, and it is sent the latest state instead.
_UNSENT_BYTES = 128 * 1024


class Address(NamedTuple):
    """Where to listen. An empty host means every address, IPv6 included where the machine has it."""

    host: str
    port: int

    def __str__(self) -> str:
        host = self.host or "0.0.0.0"  # noqa: S104 -- what an empty host means, as people write it
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"

    @property
    def url_host(self) -> str:
        """The host to write in a URL for somebody on this machine."""
        if self.host in ("", "0.0.0.0", "::"):  # noqa: S104 -- compared, not bound
            return "localhost"
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        try:
            return self.host == "localhost" or ip_address(self.host).is_loopback
        except ValueError:  # another name, which may stand for any address, even one that begins with 127
            return False


def reserve(address: Address) -> socket.socket:
    """Take `address` for this service, and give the socket that holds it; port 0 takes a free one.

    The first bind is without SO_REUSEPORT, so that a port which another service shares among its own workers
    counts as taken. The socket given back does not listen, and so gets no connections: the workers' sockets do.

    Raises:
        OSError: the address is taken, not of this machine, or not allowed.
    """
    with _bound(address, shared=False) as probe:
        port = probe.getsockname()[1]
    return _bound(Address(address.host, port), shared=True)


def listen(address: Address) -> socket.socket:
    """Open a listening socket that the workers share by SO_REUSEPORT: the kernel spreads connections over them."""
    sock = _bound(address, shared=True)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _KEEPALIVE:
        if hasattr(socket, option):  # macOS lacks some
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    if sys.platform == "linux":
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _USER_TIMEOUT_MS)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES)
    sock.listen(BACKLOG)
    sock.setblocking(False)  # noqa: FBT003 -- the standard library's signature
    return sock


def _bound(address: Address, *, shared: bool) -> socket.socket:
    family, target = _resolve(address)
    # With the protocol named: asyncio sets TCP_NODELAY on no other (18k against 55k messages/s on a gRPC stream).
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family is socket.AF_INET6 and not address.host:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.bind(target)
    except OSError:
        sock.close()
        raise
    return sock


def _resolve(address: Address) -> tuple[socket.AddressFamily, tuple[str, int]]:
    if not address.host:
        if socket.has_dualstack_ipv6():
            return socket.AF_INET6, ("::", address.port)
        return socket.AF_INET, ("0.0.0.0", address.port)  # noqa: S104 -- asked for by an empty host
    found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    family, _, _, _, target = found[0]
    return family, (str(target[0]), int(target[1]))
