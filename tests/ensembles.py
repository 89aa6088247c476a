"""Several server processes that stand in for each other: Sentinels over a primary and its replicas, and a Cluster."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redis
from redis.crc import REDIS_CLUSTER_HASH_SLOTS
from servers import SERVERS, Server, free_port, start_server

SERVICE = "boards"
DOWN_AFTER_MS = 1000
DEADLINE = 30.0


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait until a condition holds; an error of a server's counts as not yet."""
    ends = time.monotonic() + DEADLINE
    while True:
        try:
            if condition():
                return
        except redis.RedisError:
            pass
        assert time.monotonic() < ends, f"not within {DEADLINE} s: {what}"
        time.sleep(0.05)


class Ensemble:
    """A primary, its replicas, and three Sentinels over them."""

    def __init__(self, servers: Sequence[Server], sentinels: Sequence[Server]) -> None:
        self.servers = servers
        self.sentinels = sentinels

    @property
    def url(self) -> str:
        at = ",".join(sentinel.url.removeprefix("redis://") for sentinel in self.sentinels)
        return f"redis+sentinel://{at}/{SERVICE}"

    def primary(self) -> Server:
        """The server that the first Sentinel takes for the primary."""
        with self.sentinels[0].client() as client:
            _, port = client.sentinel_get_master_addr_by_name(SERVICE)  # type: ignore[misc]
        [found] = [server for server in self.servers if server.url.endswith(f":{port}")]
        return found

    def fail_over(self) -> None:
        """Ask for another primary."""
        with self.sentinels[0].client() as client:
            client.sentinel_failover(SERVICE)

    def until_whole(self) -> None:
        """Wait until every replica is in step, and the Sentinels know of all."""
        eventually(self._is_whole, "every replica in step and known")

    def _is_whole(self) -> bool:
        with self.primary().client() as client:
            told = client.info("replication")
        replicas = len(self.servers) - 1
        online = [told.get(f"slave{number}", {}).get("state") for number in range(replicas)]
        return told["role"] == "master" and online == ["online"] * replicas and all(map(self._knows, self.sentinels))

    def _knows(self, sentinel: Server) -> bool:
        with sentinel.client() as client:
            told = client.sentinel_master(SERVICE)
        return (told["num-slaves"], told["num-other-sentinels"]) == (len(self.servers) - 1, 2)


@contextmanager
def start_ensemble(kind: str, folder: Path, *args: str, replicas: int = 1) -> Iterator[Ensemble]:
    """Run three Sentinels, a primary and replicas."""
    with ExitStack() as stack:
        kept = ("--appendonly", "yes", "--repl-diskless-sync-delay", "0", *args)
        servers = [stack.enter_context(_one(kind, folder / "0", *kept))]
        primary = servers[0].url.rpartition(":")[2]
        for number in range(1, replicas + 1):
            follows = ("--replicaof", "127.0.0.1", primary)
            servers.append(stack.enter_context(_one(kind, folder / str(number), *kept, *follows)))
        eventually(lambda: _replicas_online(servers[0]) == replicas, "replicas in step")
        ensemble = Ensemble(
            servers, [stack.enter_context(_sentinel(kind, folder / f"s{n}", primary)) for n in range(3)]
        )
        ensemble.until_whole()
        yield ensemble


def _replicas_online(server: Server) -> int:
    with server.client() as client:
        told = client.info("replication")
    return sum(told.get(f"slave{number}", {}).get("state") == "online" for number in range(told["connected_slaves"]))


@contextmanager
def _one(kind: str, folder: Path, *args: str) -> Iterator[Server]:
    folder.mkdir(parents=True)
    with start_server(SERVERS[kind], folder, *args, tcp=True) as server:
        yield server


@contextmanager
def _sentinel(kind: str, folder: Path, primary: str) -> Iterator[Server]:
    folder.mkdir(parents=True)
    port = free_port()
    file = folder / "sentinel.conf"  # a Sentinel writes to it what it learns
    file.write_text(
        f"port {port}\nbind 127.0.0.1\ndir {folder}\n"
        f"sentinel monitor {SERVICE} 127.0.0.1 {primary} 2\n"
        f"sentinel down-after-milliseconds {SERVICE} {DOWN_AFTER_MS}\n"
        f"sentinel failover-timeout {SERVICE} 3000\n"
    )
    server = Server([str(SERVERS[kind]), str(file), "--sentinel"], f"redis://127.0.0.1:{port}")
    try:
        yield server
    finally:
        server.kill()


class Node(Server):
    """A node of a Cluster."""

    def __init__(self, command: list[str], port: int, bus: int) -> None:
        super().__init__(command, f"redis://127.0.0.1:{port}")
        self.port, self.bus = port, bus


class Cluster:
    """Three primaries, each with a replica."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.nodes = nodes

    @property
    def url(self) -> str:
        return "redis+cluster://" + ",".join(node.url.removeprefix("redis://") for node in self.nodes[:3])

    def node_of(self, slot: int) -> Node:
        """The primary that has a slot, by what the nodes that answer tell."""
        for node in self.nodes:
            try:
                with node.client() as client:
                    for first, last, (_, port, *_), *_ in client.execute_command("CLUSTER", "SLOTS"):
                        if first <= slot <= last:
                            [found] = [each for each in self.nodes if each.port == port]
                            return found
            except redis.RedisError:
                continue
        raise AssertionError(f"no node knows who has slot {slot}")

    def until_ok(self, nodes: Sequence[Node] | None = None) -> None:
        """Wait until every node takes the Cluster for whole."""
        for node in nodes or self.nodes:
            eventually(lambda: _is_ok(node), "every node sees a whole Cluster")  # noqa: B023 -- it is waited for here


def node_id(node: Server) -> str:
    """The name by which a node is known to the others."""
    with node.client() as client:
        told: bytes = client.execute_command("CLUSTER", "MYID")
    return told.decode()


def _is_ok(node: Server) -> bool:
    with node.client() as client:
        told = client.execute_command("CLUSTER", "INFO")
    return b"cluster_state:ok" in told


@contextmanager
def start_cluster(kind: str, folder: Path, *args: str) -> Iterator[Cluster]:
    """Run three primaries with a replica each."""
    with ExitStack() as stack:
        nodes = [stack.enter_context(_node(kind, folder / str(number), *args)) for number in range(6)]
        share = REDIS_CLUSTER_HASH_SLOTS // 3
        for number, node in enumerate(nodes):
            with node.client() as client:
                if number < 3:
                    last = REDIS_CLUSTER_HASH_SLOTS - 1 if number == 2 else (number + 1) * share - 1
                    client.execute_command("CLUSTER", "ADDSLOTSRANGE", number * share, last)
                client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
                for other in nodes[:number]:
                    client.execute_command("CLUSTER", "MEET", "127.0.0.1", other.port, other.bus)
        primaries = [node_id(node) for node in nodes[:3]]
        for node, primary in zip(nodes[3:], primaries, strict=True):
            eventually(lambda: _replicates(node, primary), "a replica knows its primary")  # noqa: B023 -- as above
        cluster = Cluster(nodes)
        cluster.until_ok()
        for node in nodes[:3]:
            eventually(lambda: _replicas_online(node) == 1, "replicas in step")  # noqa: B023 -- as above
        yield cluster


def _replicates(node: Server, primary: str) -> bool:
    with node.client() as client:
        return bool(client.execute_command("CLUSTER", "REPLICATE", primary))


@contextmanager
def _node(kind: str, folder: Path, *args: str) -> "Iterator[Node]":
    folder.mkdir(parents=True)
    port, bus = free_port(), free_port()
    options = {
        "port": port,
        "cluster-port": bus,
        "cluster-enabled": "yes",
        "cluster-node-timeout": 2000,
        "cluster-config-file": "nodes.conf",
        "bind": "127.0.0.1",
        "dir": folder,
        "appendonly": "yes",
        "repl-diskless-sync-delay": 0,
    }
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    node = Node([str(SERVERS[kind]), *words, "--save", "", *args], port, bus)
    try:
        yield node
    finally:
        node.kill()
