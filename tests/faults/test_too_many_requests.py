"""More requests at once than a worker takes on: the rest is refused at once, and the probes are answered."""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest
from servers import Server, start_server, valkey_binary
from services import TOKEN, Service, goboard_serve

from goboard.entrypoints.http.admission import MAX_REQUESTS

pytestmark = pytest.mark.faults

OVER = 100
TOO_MANY = 200
AUTH = f"Authorization: Bearer {TOKEN}\r\n"
UPDATE = b'{"increment": 1}'
HEAD = f"POST /api/v1/dashboards/b/members/m/increment HTTP/1.1\r\nHost: b\r\n{AUTH}Content-Length: {len(UPDATE)}\r\n"


class Answered(NamedTuple):
    """What a request was answered, and after how many seconds."""

    code: str
    retry_after: str
    seconds: float


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Server]:
    with start_server(valkey_binary(), tmp_path, tcp=True) as server:
        yield server


@pytest.fixture
def service(tmp_path: Path, store: Server) -> Iterator[Service]:
    with goboard_serve(tmp_path, REDIS_URL=store.url, AUTH_STATIC_ROLE="server") as running:
        yield running


async def test_what_is_too_much_is_refused_at_once(service: Service) -> None:
    at = urlsplit(service.base)

    async def post(*more: str, body: bytes = UPDATE) -> Answered:
        reader, writer = await asyncio.open_connection(at.hostname, at.port)
        try:
            writer.write((HEAD + "".join(more) + "\r\n").encode() + body)
            began = time.monotonic()
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
            fields = dict(line.split(": ", 1) for line in head[1:] if line)
            problem = json.loads(await reader.readexactly(int(fields["content-length"])))
            return Answered(problem.get("code", ""), fields.get("retry-after", ""), time.monotonic() - began)
        finally:
            writer.close()

    async def hold() -> bool:
        """Hold a place by a body that does not come to its end, which the server awaits for 10 s; or be refused."""
        return (await post(body=UPDATE[:-1])).code == "overloaded"

    held = {asyncio.create_task(hold()) for _ in range(MAX_REQUESTS + OVER)}
    async with httpx.AsyncClient(base_url=service.base) as http:
        refused = 0
        while refused < OVER:  # then each of the others has a place
            done, held = await asyncio.wait(held, return_when=asyncio.FIRST_COMPLETED)
            assert all(each.result() for each in done)
            refused += len(done)
        plain = await asyncio.gather(*[post() for _ in range(TOO_MANY)])
        browsers = await asyncio.gather(*[post("Origin: http://b\r\n") for _ in range(TOO_MANY)])
        for each in (*plain, *browsers):
            assert each[:2] == ("overloaded", "1")
        assert sorted(each.seconds for each in (*plain, *browsers))[-4] < 2  # the 99th percentile
        for probe in ("/health", "/ready"):
            assert (await http.get(probe)).text == "OK"
        for each in held:
            each.cancel()
        await asyncio.wait(held)
        async with asyncio.timeout(10):
            while (await post()).code == "overloaded":
                pass
