"""Every command and program in the README, run as it is written; only the addresses are the test's."""

import asyncio
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dashboard_pb
import grpc
import pytest
import websockets
from google.protobuf import json_format
from servers import SERVERS, start_server
from services import TOKEN, Service, goboard_serve

from goboard.entrypoints.settings import VARIABLES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)

NOT_RUN = {
    "docker build -t goboard .": "needs a Docker engine",
    "docker run -p 8080:8080 -p 50051:50051 -e REDIS_ADDR=redis.internal:6379 -e AUTH_SECRET goboard": "the same",
    "docker compose up -d": "the same",
    "REDIS_ADDR=localhost:6379 goboard serve": "serves until stopped: tests/e2e/test_life.py does it",
}
MAKE = "make "  # `make run` and the rest: that the targets exist; the tests themselves are run by one


def blocks(language: str) -> list[str]:
    return [text for found, text in BLOCKS if found == language]


def after(block: str) -> str:
    """Give the block that follows `block`: what it shows of the output."""
    texts = [text for _, text in BLOCKS]
    return texts[texts.index(block) + 1]


def commands() -> list[str]:
    return [line for block in blocks("bash") for line in block.splitlines()]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with goboard_serve(tmp_path_factory.mktemp("readme"), "--store", "embedded", AUTH_STATIC_ROLE="server") as running:
        yield running


def shell(line: str, folder: Path, **environment: str) -> str:
    programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    ran = subprocess.run(
        ["bash", "-euc", line],
        cwd=folder,
        env={"PATH": programs, "AUTH_SECRET": TOKEN, "STORE": "embedded", **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ran.returncode == 0, f"{line}\n{ran.stderr}"
    return ran.stdout


def test_every_line_of_a_shell_block_is_run_or_listed_with_a_reason() -> None:
    known = ("curl ", "grpcurl ", "goboard ", "JWT_SECRET=", "BASE_URL=", "TOKEN=", "export AUTH_SECRET=", MAKE)
    for line in commands():
        assert line in NOT_RUN or line.startswith(known), line
    for line in NOT_RUN:
        assert line in commands()
    assert {language for language, _ in BLOCKS} == {"python", "bash", "javascript", "json", "text"}


def test_the_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = [target for line in commands() if line.startswith(MAKE) for target in line.split()[1:]]
    assert "run" in targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_programs_print_what_is_shown(tmp_path: Path) -> None:
    with start_server(SERVERS["valkey"], tmp_path) as server:
        for program in blocks("python"):
            ran = subprocess.run(
                [sys.executable, "-c", program],
                env={"PATH": os.environ["PATH"], "REDIS_URL": server.url},
                capture_output=True,
                text=True,
                timeout=30,
                check=True,
            )
            assert ran.stdout == after(program)


def test_the_curl_lines_answer_what_is_shown(service: Service, tmp_path: Path) -> None:
    [block] = [block for block in blocks("bash") if block.startswith("curl ")]
    answers = [shell(line, tmp_path, BASE_URL=service.api, TOKEN=TOKEN) for line in block.splitlines()]
    assert [json.loads(answer) for answer in answers] == [json.loads(line) for line in after(block).splitlines()]


def test_the_shell_variables_are_what_the_lines_need(tmp_path: Path) -> None:
    [block] = [block for block in blocks("bash") if block.startswith("BASE_URL=")]
    assert shell(f'{block}\necho "$BASE_URL $TOKEN"', tmp_path) == f"http://localhost:8080/api/v1 {TOKEN}\n"
    [secret] = [line for line in commands() if line.startswith("export AUTH_SECRET=")]
    assert len(shell(f'{secret}\necho "$AUTH_SECRET"', tmp_path).strip()) == 48


async def test_the_browsers_lines_do_what_is_shown(service: Service) -> None:
    [program] = blocks("javascript")
    address, protocol = re.findall(r'WebSocket\("(.*?)", \["(.*?)", TOKEN\]\)', program)[0]
    message = re.findall(r"JSON\.stringify\((\{.*?\})\)", program)[0]
    assert address == "ws://localhost:8080/ws"
    async with asyncio.timeout(10), websockets.connect(service.ws, subprotocols=[protocol, TOKEN]) as socket:
        await socket.send(message)
        assert json.loads(await socket.recv()) == json.loads(after(program))


def test_the_grpcurl_lines_are_answered(service: Service) -> None:
    lines = [shlex.split(line) for line in commands() if line.startswith("grpcurl ")]
    assert len(lines) == 5
    with grpc.insecure_channel(service.grpc) as channel:
        for words in lines:
            assert words[:4] == ["grpcurl", "-plaintext", "-H", "authorization: Bearer $TOKEN"]
            assert words[4::2][0] == "-d"
            assert words[6] == "localhost:50051"
            reply = call(channel, words[7], json.loads(words[5]))
            assert reply.get("totalMembers") == "1" or "10" in json.dumps(reply)


def call(channel: grpc.Channel, path: str, fields: dict[str, Any]) -> dict[str, Any]:
    service, name = path.split("/")
    assert service == "dashboard.DashboardService"
    request = json_format.ParseDict(
        fields, dashboard_pb.message("UpdateRequest" if name == "StreamUpdates" else f"{name}Request")()
    )
    metadata = (("authorization", f"Bearer {TOKEN}"),)
    method = dashboard_pb.method(channel, name)
    if name == "StreamUpdates":
        [reply] = list(method(iter([request]), metadata=metadata, timeout=10))
    else:
        reply = method(request, metadata=metadata, timeout=10)
    return dict(json_format.MessageToDict(reply))


def test_the_command_lines_run(tmp_path: Path) -> None:
    lines = [line for line in commands() if line.startswith(("goboard ", "JWT_SECRET="))]
    assert len(lines) == 4
    for line in lines:
        assert shell(line, tmp_path).strip()


def test_the_table_of_settings_is_that_of_the_code() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \| (.*) \|$", README, re.MULTILINE)
    assert rows == [
        (variable.name, f"`{variable.default}`" if variable.default else "", variable.meaning) for variable in VARIABLES
    ]


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#][^)]*)\)", README):
        assert (ROOT / target).exists(), target
