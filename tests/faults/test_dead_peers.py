"""A peer whose network vanished is dropped within 90 s; one that is merely silent is not. Needs root and iproute2."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import services
from services import TOKEN, Service

pytestmark = pytest.mark.faults

WITHIN = 90.0
SERVER, CLIENT = "10.199.7.1", "10.199.7.2"

# The peers: each opens what it opens, says so, and is then silent for ever.
SOCKET = """
import asyncio, json, sys, websockets
async def main():
    socket = await websockets.connect(sys.argv[1], ping_interval=None)
    await socket.send(json.dumps({"dashboard": "b", "member_id": "m", "increment": 1}))
    print(await socket.recv(), flush=True)
    await asyncio.sleep(3600)
asyncio.run(main())
"""
STREAM = """
import sys, time
import socket
from h2.connection import H2Connection
connection = socket.create_connection((sys.argv[1].rpartition(":")[0], int(sys.argv[1].rpartition(":")[2])))
client = H2Connection()
client.initiate_connection()
connection.sendall(client.data_to_send())
print(len(connection.recv(65536)), flush=True)
time.sleep(3600)
"""


# The same for watchers, on each way.
WATCHING_SOCKET = SOCKET.replace('"member_id": "m", "increment": 1', '"op": "watch"')
EVENTS = """
import socket, sys, time
from urllib.parse import urlsplit
url = urlsplit(sys.argv[1])
connection = socket.create_connection((url.hostname, url.port))
connection.sendall(f"GET {url.path}?{url.query} HTTP/1.1\\r\\nHost: b\\r\\n\\r\\n".encode())
print(len(connection.recv(65536)), flush=True)
time.sleep(3600)
"""
WATCHING_STREAM = """
import sys, time
sys.path.insert(0, sys.argv[2])
import grpc
from dashboard_pb import message, method
channel = grpc.insecure_channel(sys.argv[1])
request = message("WatchStandingsRequest")(dashboard="b")
call = method(channel, "WatchStandings")(request, metadata=[("authorization", sys.argv[3])])
print(next(iter(call)).WhichOneof("event"), flush=True)
time.sleep(3600)
"""


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


@pytest.fixture
def namespaces() -> Iterator[tuple[str, str]]:
    """Two network namespaces of the test's own, joined by a cable."""
    server, client = f"gb-s-{os.getpid()}", f"gb-c-{os.getpid()}"
    for name in (server, client):
        ip("netns", "add", name)
    try:
        ip("link", "add", "gbs", "netns", server, "type", "veth", "peer", "name", "gbc", "netns", client)
        for name, device, address in ((server, "gbs", SERVER), (client, "gbc", CLIENT)):
            ip("-n", name, "addr", "add", f"{address}/24", "dev", device)
            ip("-n", name, "link", "set", device, "up")
            ip("-n", name, "link", "set", "lo", "up")
        yield server, client
    finally:
        for name in (server, client):
            ip("netns", "delete", name)


def connections(namespace: str, port: str) -> int:
    listing = subprocess.run(
        ["ip", "netns", "exec", namespace, "ss", "-Htn", "state", "established", f"( sport = :{port} )"],
        check=True,
        capture_output=True,
        text=True,
    )
    return len(listing.stdout.splitlines())


def test_a_peer_whose_network_vanished_is_dropped(tmp_path: Path, namespaces: tuple[str, str]) -> None:
    inside, outside = namespaces
    service = _serve_inside(tmp_path, inside)
    socket = f"{service.ws}?token={TOKEN}"
    dead = [_peer(outside, SOCKET, socket), _peer(outside, STREAM, service.grpc)]
    _expect_dropped(service, namespaces, dead, near=_peer(inside, SOCKET, socket))


def test_a_watcher_whose_network_vanished_is_dropped(tmp_path: Path, namespaces: tuple[str, str]) -> None:
    inside, outside = namespaces
    service = _serve_inside(tmp_path, inside)
    socket = f"{service.ws}?token={TOKEN}"
    dead = [
        _peer(outside, WATCHING_SOCKET, socket),
        _peer(outside, EVENTS, f"{service.api}/dashboards/b/live?token={TOKEN}"),
        _peer(outside, WATCHING_STREAM, service.grpc, str(Path(__file__).parents[1]), TOKEN),
    ]
    _expect_dropped(service, namespaces, dead, near=_peer(inside, WATCHING_SOCKET, socket))


def _expect_dropped(
    service: Service,
    namespaces: tuple[str, str],
    dead: "list[subprocess.Popen[str]]",
    near: "subprocess.Popen[str]",
) -> None:
    """Cut the cable: the dead peers' connections go, that of the near one, which is silent, stays."""
    inside, outside = namespaces
    http, grpc = service.ws.split(":")[2].partition("/")[0], service.grpc.rpartition(":")[2]
    try:
        # The near peer's own end of a connection to itself counts once as well: only the server's side has this port.
        assert (connections(inside, http), connections(inside, grpc)) == (len(dead), 1)
        ip("-n", outside, "link", "set", "gbc", "down")
        cut = time.monotonic()
        while (connections(inside, http), connections(inside, grpc)) != (1, 0):
            assert time.monotonic() - cut < WITHIN, "the server still holds the dead peers"
            asyncio.run(asyncio.sleep(0.5))
        assert near.poll() is None
    finally:
        for peer in (*dead, near):
            peer.kill()
            peer.communicate()
        services.stop(service.process)


def _serve_inside(folder: Path, namespace: str) -> Service:
    at = {"HTTP_PORT": f"{SERVER}:0", "GRPC_PORT": f"{SERVER}:0"}
    process = services.start(folder, "--store", "memory", inside=("ip", "netns", "exec", namespace), **at)
    return services.wait_for_banner(process)


def _peer(namespace: str, program: str, *arguments: str) -> "subprocess.Popen[str]":
    command = ["ip", "netns", "exec", namespace, sys.executable, "-c", program, *arguments]
    process = subprocess.Popen(command, text=True, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline(), "the peer could not connect"
    return process
