"""A server that is told to stop answers what it has taken in, refuses what comes then, and says goodbye."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import grpc.aio
import httpx
import pytest
import services
import websockets
from dashboard_pb import message, method
from drivers import rich_problem
from grpclib.health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from servers import start_server, valkey_binary
from services import TOKEN, Service, goboard_serve, wait_for_banner

AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}
METADATA = [("authorization", TOKEN)]
PATIENCE = 10.0


@asynccontextmanager
async def serving_on(folder: Path, redis_url: str) -> AsyncIterator[Service]:
    """Serve in a session of its own, so that a signal can reach all its processes, as Ctrl-C in a terminal does."""
    process = services.start(folder, inside=("setsid",), REDIS_URL=redis_url, AUTH_STATIC_ROLE="server")
    try:
        yield wait_for_banner(process)
    finally:
        services.stop(process)


def terminate(service: Service) -> None:
    service.process.terminate()


def press_ctrl_c_twice(service: Service) -> None:
    for _ in range(2):
        os.killpg(service.process.pid, signal.SIGINT)


async def until_503(http: httpx.AsyncClient, url: str) -> httpx.Response:
    async with asyncio.timeout(PATIENCE):
        while (reply := await http.get(url)).status_code != 503:  # noqa: ASYNC110 -- no event
            await asyncio.sleep(0.01)
    return reply


@pytest.mark.parametrize("tell", [terminate, press_ctrl_c_twice])
async def test_what_is_in_flight_is_answered_on_every_way(tmp_path: Path, tell) -> None:
    """The store hangs while the server is told to stop, and goes on a moment later."""
    with start_server(valkey_binary(), tmp_path, tcp=True) as store:
        async with (
            serving_on(tmp_path, store.url) as service,
            httpx.AsyncClient(headers=AUTHORIZED, timeout=PATIENCE) as http,
            httpx.AsyncClient(timeout=PATIENCE) as other,
            websockets.connect(f"{service.ws}?token={TOKEN}") as socket,
            grpc.aio.insecure_channel(service.grpc) as channel,
        ):
            stream = method(channel, "StreamUpdates")(metadata=METADATA)
            await stream.wait_for_connection()
            store.pause()
            update = {"dashboard": "b", "member_id": "m", "increment": 1}
            rest = asyncio.create_task(
                http.post(f"{service.api}/dashboards/b/members/m/increment", json={"increment": 1})
            )
            unary = method(channel, "IncrementScore")(message("IncrementScoreRequest")(**update), metadata=METADATA)
            await socket.send(json.dumps(update))
            await stream.write(message("UpdateRequest")(**update))
            await asyncio.sleep(0.5)  # all four have been read
            tell(service)
            refused = await until_503(other, f"{service.base}/no-such-route")  # where the store is not asked
            assert refused.json()["code"] == "server_stopping"
            assert (await other.get(f"{service.base}/ready")).json()["code"] == "server_stopping"
            new = await other.get(f"{service.api}/dashboards/b/top", headers=AUTHORIZED)
            assert (new.status_code, new.json()["code"], new.headers["retry-after"]) == (503, "server_stopping", "1")
            assert (await other.get(f"{service.base}/health")).status_code == 200
            store.resume()

            scores = [(await rest).json()["score"], json.loads(await socket.recv())["score"]]
            scores += [(await unary).score, (await stream.read()).score]
            assert sorted(scores) == [1.0, 2.0, 3.0, 4.0]
            await asyncio.wait_for(socket.wait_closed(), PATIENCE)
            assert socket.close_code == 1001
            with pytest.raises(grpc.aio.AioRpcError) as ended:
                await stream.read()
            assert rich_problem(ended.value).code == "server_stopping"
            assert await asyncio.to_thread(service.process.wait, PATIENCE) == 0
    assert not [line for line in service.log if "Traceback" in line or "cut off" in line]


async def test_a_balancer_can_look_away_before_anything_is_refused(tmp_path: Path) -> None:
    with goboard_serve(tmp_path, "--store", "memory", STOP_DELAY="2") as service:
        async with (
            httpx.AsyncClient(headers=AUTHORIZED) as http,
            websockets.connect(f"{service.ws}?token={TOKEN}") as socket,
            grpc.aio.insecure_channel(service.grpc) as channel,
        ):
            health = channel.unary_stream(
                "/grpc.health.v1.Health/Watch", HealthCheckRequest.SerializeToString, HealthCheckResponse.FromString
            )(HealthCheckRequest())
            assert (await health.read()).status == HealthCheckResponse.SERVING
            service.process.terminate()
            assert (await until_503(http, f"{service.base}/ready")).json()["code"] == "server_stopping"
            assert (await health.read()).status == HealthCheckResponse.NOT_SERVING

            update = {"dashboard": "b", "member_id": "m", "increment": 1}
            reply = await http.post(f"{service.api}/dashboards/b/members/m/increment", json={"increment": 1})
            await socket.send(json.dumps(update))
            told = json.loads(await socket.recv())
            request = message("IncrementScoreRequest")(**update)
            unary = await method(channel, "IncrementScore")(request, metadata=METADATA)
            assert (reply.json()["score"], told["score"], unary.score) == (1.0, 2.0, 3.0)
            assert socket.close_code is None

            await asyncio.wait_for(socket.wait_closed(), PATIENCE)
            assert socket.close_code == 1001
            with pytest.raises(grpc.aio.AioRpcError, match="stopping"):
                await health.read()
