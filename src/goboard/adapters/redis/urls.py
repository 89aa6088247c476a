"""The URLs by which a store is named."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from redis.asyncio.connection import parse_url
from redis.exceptions import RedisError

from goboard.adapters.redis.cluster import Cluster
from goboard.adapters.redis.sentinel import SentinelPrimary
from goboard.adapters.redis.server import Address
from goboard.adapters.redis.topology import OneServer, Topology
from goboard.domain.errors import InvalidArgument

_SENTINEL_PORT, _PORT = 26_379, 6379


class _Parts(NamedTuple):
    """A URL of several servers, taken apart: redis-py's are of one."""

    addresses: Sequence[Address]
    path: str
    options: dict[str, Any]


def topology_of(url: str) -> Topology:
    """Make what `url` names: a server, the primary that Sentinels name, or a Cluster.

    Raises:
        InvalidArgument: the URL is not understood.
    """
    try:
        scheme, _, kind = url.partition("://")[0].partition("+")
        if not kind:
            return OneServer(parse_url(url))
        if scheme in {"redis", "rediss"} and kind == "sentinel":
            return _sentinel(_taken_apart(url, scheme, _SENTINEL_PORT))
        if scheme in {"redis", "rediss"} and kind == "cluster":
            return _cluster(_taken_apart(url, scheme, _PORT))
    except (TypeError, ValueError, RedisError):
        pass
    # Neither the URL nor the cause is shown: both may hold a part of the password.
    raise InvalidArgument(
        "the store's URL must be a redis://, rediss:// or unix:// URL as redis-py takes it, or"
        " redis+sentinel://host:port,host:port/service or redis+cluster://host:port,host:port (with rediss: TLS)"
    ) from None


def _sentinel(parts: _Parts) -> SentinelPrimary:
    service, _, database = parts.path.partition("/")
    if not service:
        raise ValueError("no service")
    options = parts.options | ({"db": int(database)} if database else {})
    credentials = {
        name.removeprefix("sentinel_"): options.pop(name)
        for name in ("sentinel_username", "sentinel_password")
        if name in options
    }
    shared = {name: value for name, value in options.items() if name.startswith(("ssl_", "connection_class"))}
    return SentinelPrimary(service, parts.addresses, shared | credentials, options)


def _cluster(parts: _Parts) -> Cluster:
    if parts.path or parts.options.get("db"):
        raise ValueError("a Cluster has the database 0 alone")
    return Cluster(parts.addresses, parts.options)


def _taken_apart(url: str, scheme: str, port: int) -> _Parts:
    split = urlsplit(url)
    user, at, hosts = split.netloc.rpartition("@")
    each = [parse_url(f"redis://{host}") for host in hosts.split(",")]
    addresses = [Address(one["host"], one.get("port", port)) for one in each]
    options = dict(parse_url(f"{scheme}://{user}{at}host?{split.query}"))
    del options["host"]
    return _Parts(addresses, split.path.strip("/"), options)
