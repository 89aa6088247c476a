"""What the settings of a server leave undone of what goboard promises, said at start."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from redis.exceptions import RedisError, ResponseError

from goboard.adapters.redis.connection import Connections, Link
from goboard.domain.errors import StoreUnavailable

_ASKED = ("appendonly", "appendfsync", "save", "maxmemory", "maxmemory-policy", "min-replicas-to-write")


class Remark(NamedTuple):
    """What a server's settings mean, in a sentence: the setting, its value, what may be lost, the way out."""

    is_grave: bool
    """Whether a promise is undone; else it is as promised, and good to know."""
    text: str


def _grave(text: str) -> Remark:
    return Remark(is_grave=True, text=text)


def _good_to_know(text: str) -> Remark:
    return Remark(is_grave=False, text=text)


async def advice(url: str) -> list[Remark]:
    """Ask the servers at `url` for their settings, and say what they mean.

    Raises:
        InvalidArgument: the URL is not understood.
        StoreUnavailable: a server cannot be reached.
    """
    connections = Connections.from_url(url)
    try:
        remarks: dict[Remark, None] = {}  # once, however many servers are of one mind
        for server in await connections.servers():
            async with connections.lease(server, board="", lost=StoreUnavailable) as link:
                remarks.update(dict.fromkeys(await _remarks(link, clustered=connections.topology.clustered)))
        return list(remarks)
    finally:
        await connections.close()


async def _remarks(link: Link, *, clustered: bool) -> list[Remark]:
    try:
        flat = await link.call(b"CONFIG", b"GET", *_ASKED)
        info: bytes = await link.call(b"INFO")
    except ResponseError as refusal:
        return [_unknown(refusal)]
    settings = {name.decode(): value.decode() for name, value in zip(flat[::2], flat[1::2], strict=True)}
    told = dict(line.split(":", 1) for line in info.decode(errors="replace").splitlines() if ":" in line)
    return [*_of_persistence(settings), *_of_memory(settings), *_of_others(settings, told, clustered=clustered)]


def _unknown(refusal: RedisError) -> Remark:
    return _grave(
        "the store does not say how it is set (CONFIG and INFO are refused:"
        f" {str(refusal).partition(',')[0]}): see to it that it has `appendonly yes` and `maxmemory-policy noeviction`",
    )


def _of_persistence(settings: Mapping[str, str]) -> Iterator[Remark]:
    if settings.get("appendonly") == "no":
        kept = "all since its last snapshot" if settings.get("save") else "everything"
        yield _grave(f"appendonly is no at the store: when it ends, {kept} is lost; set `appendonly yes` there")
    elif settings.get("appendfsync") == "no":
        yield _grave(
            "appendfsync is no at the store: a power cut takes what its system has not written yet, often 30 s;"
            " set `appendfsync everysec` or `always` there",
        )
    elif settings.get("appendfsync") == "everysec":
        yield _good_to_know(
            "appendfsync is everysec at the store: a power cut takes up to 2 s of updates; with `always` it takes none",
        )


def _of_memory(settings: Mapping[str, str]) -> Iterator[Remark]:
    policy = settings.get("maxmemory-policy", "noeviction")
    if policy != "noeviction" and settings.get("maxmemory") != "0":
        yield _grave(
            f"maxmemory-policy is {policy} at the store: when its memory is full it throws boards, periods or"
            " idempotency keys away; set `maxmemory-policy noeviction` there, and updates are refused then",
        )


def _of_others(settings: Mapping[str, str], told: Mapping[str, str], *, clustered: bool) -> Iterator[Remark]:
    mode = told.get("redis_mode") or told.get("server_mode")  # Valkey's name for it
    if mode == "cluster" and not clustered:
        yield _grave(
            "the store is a node of a Cluster, and boards in other nodes' slots cannot be reached;"
            " say redis+cluster:// in REDIS_URL",
        )
    has_replicas = told.get("connected_slaves", "0") != "0"
    if has_replicas and not clustered and settings.get("min-replicas-to-write") == "0":
        yield _grave(
            "min-replicas-to-write is 0 at the store: a primary that is cut off goes on taking updates, which are lost"
            " when another takes over; set `min-replicas-to-write 1` and `min-replicas-max-lag 1` on every server",
        )
