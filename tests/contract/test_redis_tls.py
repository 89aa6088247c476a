"""The way to Redis over TLS: whom it trusts, what it shows, and that it is checked unless one says otherwise."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pytest
import trustme
from boards import ADA, AT, BOARD
from certificates import Authority
from live_client import until
from proxy import proxy_to
from servers import SERVERS, Server, free_port, start_server

from goboard.adapters.redis import RedisBoardStore, RedisEventBus
from goboard.domain.errors import StoreUnavailable

STRANGER = "somewhere.example"


class Encrypted(NamedTuple):
    """A server that is reached over TLS, whose certificate is for the loopback's names alone."""

    port: int
    authority: Authority

    def url(self, host: str = "localhost", scheme: str = "rediss", path: str = "", **options: str) -> str:
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in options.items())
        return f"{scheme}://{host}:{self.port}{path}?{query}"

    @property
    def trusted(self) -> dict[str, str]:
        return {"ssl_ca_certs": self.authority.cert}


def tls_arguments(authority: Authority, name: str = "server", *, clients: str = "no") -> tuple[str, ...]:
    certificate = authority.issue(name)
    return (
        *("--tls-cert-file", certificate.cert, "--tls-key-file", certificate.key),
        *("--tls-ca-cert-file", authority.cert, "--tls-auth-clients", clients),
    )


def context_of(authority: Authority, *, clients: bool) -> ssl.SSLContext:
    certificate = authority.issue()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.cert)
    context.load_cert_chain(certificate.cert, certificate.key)
    context.verify_mode = ssl.CERT_REQUIRED if clients else ssl.CERT_NONE
    return context


@pytest.fixture(params=[False, True], ids=["anybody", "with a certificate"])
def clients(request: pytest.FixtureRequest) -> bool:
    """Whether the server asks its clients for a certificate."""
    return bool(request.param)


@pytest.fixture(params=SERVERS)
def encrypted(request: pytest.FixtureRequest, tmp_path: Path, clients: bool) -> Iterator[Encrypted]:  # noqa: FBT001 -- a fixture
    authority = Authority(tmp_path)
    if request.param == "redis":  # as Debian builds it
        port = free_port()
        arguments = ("--tls-port", str(port), *tls_arguments(authority, clients="yes" if clients else "no"))
        with start_server(SERVERS["redis"], tmp_path, *arguments):
            yield Encrypted(port, authority)
    else:  # built without TLS: something before it speaks that
        with (
            start_server(SERVERS["valkey"], tmp_path, tcp=True) as server,
            proxy_to(server.url, context_of(authority, clients=clients)) as before,
        ):
            yield Encrypted(before.port, authority)


async def reaches(url: str) -> bool:
    """Whether an update comes through."""
    store = RedisBoardStore.from_url(url)
    try:
        await store.increment(BOARD, ADA, 1.0, AT)
    except StoreUnavailable:
        return False
    finally:
        await store.close()
    return True


@pytest.mark.parametrize("clients", [False], indirect=True)
async def test_a_certificate_is_checked_and_so_is_its_name(encrypted: Encrypted, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    assert await reaches(encrypted.url(**encrypted.trusted))
    assert await reaches(encrypted.url("127.0.0.1", **encrypted.trusted))
    assert not await reaches(encrypted.url())  # the system trusts no CA of a test's
    assert not await reaches(encrypted.url(ssl_ca_certs=str(other)))
    assert not await reaches(encrypted.url("localhost.localdomain", **encrypted.trusted))
    assert not await reaches(encrypted.url(scheme="redis"))  # no word of it is taken for an answer
    assert not await reaches(encrypted.url("127.0.0.2", **encrypted.trusted))
    assert await reaches(encrypted.url(ssl_cert_reqs="none"))


@pytest.mark.parametrize("clients", [True], indirect=True)
async def test_a_server_that_asks_for_a_certificate_gets_one(encrypted: Encrypted) -> None:
    ours = encrypted.authority.issue("client")
    shown = {"ssl_certfile": ours.cert, "ssl_keyfile": ours.key}
    assert not await reaches(encrypted.url(**encrypted.trusted))
    assert await reaches(encrypted.url(**encrypted.trusted, **shown))


@pytest.mark.parametrize("clients", [False], indirect=True)
async def test_changes_are_heard_over_tls(encrypted: Encrypted) -> None:
    url = encrypted.url(**encrypted.trusted)
    store, events = RedisBoardStore.from_url(url), RedisEventBus.from_url(url)
    heard: list[int | None] = []
    events.listen(BOARD, heard.append)
    await until(lambda: heard)
    await store.increment(BOARD, ADA, 1.0, AT)
    await until(lambda: heard[-1] is not None)
    await events.close()
    await store.close()


def needs_redis() -> None:
    if "redis" not in SERVERS:
        pytest.skip("a Sentinel and a Cluster with TLS need a redis-server; CI has one, and fails without")


async def test_a_cluster_is_followed_over_tls(tmp_path: Path) -> None:
    needs_redis()
    authority = Authority(tmp_path)
    port, bus = free_port(), free_port()
    clustered = ("--cluster-enabled", "yes", "--cluster-port", str(bus), "--tls-cluster", "yes")
    with start_server(
        SERVERS["redis"], tmp_path, "--tls-port", str(port), *tls_arguments(authority), *clustered
    ) as node:
        with node.client() as client:
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        url = Encrypted(port, authority).url("127.0.0.1", "rediss+cluster", ssl_ca_certs=authority.cert)
        await until_reached(url)


async def test_a_primary_and_its_sentinel_are_reached_over_tls(tmp_path: Path) -> None:
    needs_redis()
    authority = Authority(tmp_path)
    primary, port = free_port(), free_port()
    tls = tls_arguments(authority)
    (tmp_path / "sentinel.conf").write_text(
        f"port 0\ntls-port {port}\ndir {tmp_path}\nsentinel monitor boards 127.0.0.1 {primary} 1\n"
    )
    command = [str(SERVERS["redis"]), str(tmp_path / "sentinel.conf"), "--sentinel", *tls, "--tls-replication", "yes"]
    with start_server(SERVERS["redis"], tmp_path, "--tls-port", str(primary), *tls):
        sentinel = Server(command, f"rediss://127.0.0.1:{port}?ssl_ca_certs={authority.cert}")
        try:
            url = Encrypted(port, authority).url("127.0.0.1", "rediss+sentinel", "/boards", ssl_ca_certs=authority.cert)
            await until_reached(url)
        finally:
            sentinel.kill()


async def until_reached(url: str) -> None:
    """Wait until an update comes through: a Cluster has to find itself whole first."""
    for _ in range(50):
        if await reaches(url):
            return
    raise AssertionError("it is not reached")
