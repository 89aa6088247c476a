"""What is said at start of a server whose settings undo a promise."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from servers import SERVERS, Server, free_port, start_server

from goboard.adapters.redis import advice

SAFE = {"appendonly": "yes", "appendfsync": "always", "maxmemory": "0", "maxmemory-policy": "noeviction"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    at_once = ("--repl-diskless-sync-delay", "0")
    with start_server(SERVERS["valkey"], tmp_path_factory.mktemp("advice"), *at_once, tcp=True) as started:
        yield started


@pytest.mark.parametrize(
    ("setting", "grave", "says"),
    [
        ({}, [], []),
        ({"appendonly": "no", "save": ""}, [True], ["appendonly is no .* everything is lost; set `appendonly yes`"]),
        ({"appendonly": "no", "save": "60 1"}, [True], ["all since its last snapshot is lost"]),
        ({"appendfsync": "everysec"}, [False], ["appendfsync is everysec .* 2 s"]),
        ({"appendfsync": "no"}, [True], ["appendfsync is no .* often 30 s"]),
        ({"maxmemory": "1gb", "maxmemory-policy": "volatile-lru"}, [True], ["is volatile-lru .* set .* noeviction`"]),
        ({"maxmemory": "1gb"}, [], []),
        ({"maxmemory-policy": "allkeys-lru"}, [], []),  # without a limit nothing is thrown away
    ],
)
async def test_each_setting_that_undoes_a_promise_is_named_with_the_way_out(
    server: Server, setting: dict[str, str], grave: list[bool], says: list[str]
) -> None:
    with server.client() as client:
        for name, value in {**SAFE, **setting}.items():
            client.config_set(name, value)
    remarks = await advice(server.url)
    assert [remark.is_grave for remark in remarks] == grave
    for remark, pattern in zip(remarks, says, strict=True):
        assert re.search(pattern, remark.text), remark.text


async def test_a_primary_whose_replicas_need_not_follow_is_named(server: Server, tmp_path: Path) -> None:
    follows = ("--replicaof", "127.0.0.1", server.url.rpartition(":")[2])
    with start_server(SERVERS["valkey"], tmp_path, *follows, tcp=True), server.client() as client:
        for name, value in SAFE.items():
            client.config_set(name, value)
        assert client.wait(1, 4000) == 1
        [remark] = await advice(server.url)
        assert remark.is_grave
        assert "min-replicas-to-write is 0" in remark.text
        client.config_set("min-replicas-to-write", 1)
        assert await advice(server.url) == []
        client.config_set("min-replicas-to-write", 0)


async def test_a_server_that_does_not_say_is_told_of(server: Server) -> None:
    with server.client() as client:
        client.execute_command("ACL", "SETUSER", "modest", "on", ">made-up", "~*", "&*", "+@all", "-config")
    [remark] = await advice(server.url.replace("://", "://modest:made-up@"))
    assert remark.is_grave
    assert "CONFIG" in remark.text
    assert "made-up" not in remark.text


async def test_a_node_of_a_cluster_under_a_url_of_one_server_is_named(tmp_path: Path) -> None:
    clustered = ("--cluster-enabled", "yes", "--cluster-port", str(free_port()), "--appendonly", "yes")
    with start_server(SERVERS["valkey"], tmp_path, *clustered, "--appendfsync", "always", tcp=True) as node:
        with Redis.from_url(node.url) as client:
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        [remark] = await advice(node.url)
        assert "redis+cluster://" in remark.text
        assert await advice(node.url.replace("redis://", "redis+cluster://")) == []
