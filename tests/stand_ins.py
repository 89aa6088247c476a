"""Stand-ins for curl, grpcurl and node where a machine has none: they send what the command line or program says.

python stand_ins.py curl|grpcurl|node ARGUMENT...
"""

import argparse
import asyncio
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import dashboard_pb
import grpc
import httpx
import websockets
from google.protobuf import json_format


def curl(arguments: list[str]) -> Iterator[str]:
    parser = argparse.ArgumentParser()
    parser.add_argument("-X", dest="method")
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("-d", dest="data")
    parser.add_argument("url")
    said = parser.parse_args(arguments)
    method = said.method or ("GET" if said.data is None else "POST")
    headers = dict(header.split(": ", 1) for header in said.headers)
    yield httpx.request(method, said.url, headers=headers, content=said.data).text


def grpcurl(arguments: list[str]) -> Iterator[str]:
    parser = argparse.ArgumentParser()
    parser.add_argument("-plaintext", action="store_true", required=True)
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("-d", dest="data", default="")
    parser.add_argument("address")
    parser.add_argument("method")
    said = parser.parse_args(arguments)
    service, _, name = said.method.partition("/")
    assert service == "dashboard.DashboardService"
    streams = name == "StreamUpdates"
    kind = dashboard_pb.message("UpdateRequest" if streams else f"{name}Request")
    requests = [json_format.ParseDict(document, kind()) for document in documents(said.data)]
    metadata = [tuple(header.split(": ", 1)) for header in said.headers]
    with grpc.insecure_channel(said.address) as channel:
        call = dashboard_pb.method(channel, name)
        replies = call(iter(requests), metadata=metadata) if streams else [call(*requests, metadata=metadata)]
        for reply in replies:
            yield json_format.MessageToJson(reply)


def node(arguments: list[str]) -> Iterator[str]:
    program = Path(arguments[0]).read_text(encoding="utf-8")
    token = os.environ["TOKEN"]
    [address] = re.findall(r'"(ws://[^"]*)"', program)
    [message] = re.findall(r"socket\.send\(JSON\.stringify\((\{.*?\})\)", program)
    if address.endswith("token="):
        address += quote(token, safe="")
    protocols = re.findall(r'\["(.*?)", (?:process\.env\.)?token\]', program, re.IGNORECASE)
    offered = [*protocols, token] if protocols else None
    reply = asyncio.run(_reply(address, offered, re.sub(r"(\w+):", r'"\1":', message)))
    for picked in re.findall(r"const \{ (.*?) \} = JSON\.parse", program):
        reply = json.dumps({name: json.loads(reply)[name] for name in picked.split(", ")})
    yield reply


async def _reply(address: str, subprotocols: Any, message: str) -> str:
    async with asyncio.timeout(10), websockets.connect(address, subprotocols=subprotocols) as socket:
        await socket.send(message)
        return str(await socket.recv())


def documents(text: str) -> Iterator[Any]:
    """Give the JSON documents that follow one another in `text`."""
    while text := text.strip():
        document, end = json.JSONDecoder().raw_decode(text)
        yield document
        text = text[end:]


TOOLS: dict[str, Callable[[list[str]], Iterator[str]]] = {"curl": curl, "grpcurl": grpcurl, "node": node}

if __name__ == "__main__":
    for said in TOOLS[sys.argv[1]](sys.argv[2:]):
        sys.stdout.write(f"{said}\n")
