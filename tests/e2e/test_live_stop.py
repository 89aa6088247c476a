"""A server that is told to stop ends what its watchers hold open, and goes at once."""

import json
import time
from collections import Counter
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import httpx
import pytest
import websockets
from services import TOKEN, goboard_serve, stop
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

GONE_WITHIN = 5.0
"""Far under the 8 s after which a worker that holds out is killed."""


@pytest.mark.parametrize("workers", ["1", "2"])
def test_watchers_do_not_hold_up_a_stop(tmp_path: Path, workers: str) -> None:
    with (
        goboard_serve(tmp_path, "--store", "embedded", WORKERS=workers) as service,
        httpx.Client(timeout=20) as client,
        ExitStack() as stack,
    ):
        sockets = [stack.enter_context(connect(f"{service.ws}?token={TOKEN}")) for _ in range(4)]
        for socket in sockets:
            socket.send(json.dumps({"op": "watch", "dashboard": "race"}))
            assert json.loads(socket.recv())["type"] == "snapshot"
        with client.stream("GET", f"{service.api}/dashboards/race/live", params={"token": TOKEN}) as events:
            lines = events.iter_lines()
            assert next(lines).startswith("id: ")
            begun = time.monotonic()
            stop(service.process)
            assert time.monotonic() - begun < GONE_WITHIN
            assert [line for line in lines if line.startswith("event")] == ["event: snapshot"]  # and then an end
        for socket in sockets:
            with pytest.raises(ConnectionClosed) as closed:
                socket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1001
        assert service.process.returncode == 0
        assert not [line for line in service.log if "refused to gracefully stop" in line]


async def test_every_socket_is_told_that_the_server_goes_away(tmp_path: Path) -> None:
    with goboard_serve(tmp_path, "--store", "memory") as service:
        async with AsyncExitStack() as stack:
            url = f"{service.ws}?token={TOKEN}"
            sockets = [await stack.enter_async_context(websockets.connect(url)) for _ in range(100)]
            for number, socket in enumerate(sockets):
                await socket.send(json.dumps({"op": "watch", "dashboard": "b"} if number % 2 else {"op": "ping"}))
                await socket.recv()
            service.process.terminate()
            for socket in sockets:
                await socket.wait_closed()
            assert Counter(socket.close_code for socket in sockets) == {1001: 100}
