"""TLS on both ports, by foreign clients; and what a start says of a certificate that will not do."""

import json
import signal
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import grpc
import httpx
import pytest
import services
from certificates import Authority, Certificate
from commands import goboard
from dashboard_pb import message, method
from services import TOKEN, Service, goboard_serve
from websockets.sync.client import connect

HEADERS = {"Authorization": f"Bearer {TOKEN}"}
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


class Secured(NamedTuple):
    """A service with TLS, and whom its clients trust."""

    service: Service
    ca: Authority

    def context(self, *alpn: str, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
        """Make what a client connects with, by no newer TLS than told."""
        context = ssl.create_default_context(cafile=self.ca.cert)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")  # OpenSSL's default level refuses TLS 1.1 on the client's side
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = newest
        if alpn:
            context.set_alpn_protocols(alpn)
        return context

    @property
    def ports(self) -> list[int]:
        return [int(self.service.base.rpartition(":")[2]), int(self.service.grpc.rpartition(":")[2])]

    def connect(self, port: int, context: ssl.SSLContext) -> ssl.SSLSocket:
        return context.wrap_socket(socket.create_connection(("127.0.0.1", port), 5), server_hostname="localhost")


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("tls")
    ca = Authority(folder)
    with goboard_serve(folder, "--store", "memory", AUTH_STATIC_ROLE="server", **ca.issue().settings) as service:
        yield Secured(service, ca)
    assert not [line for line in service.log if "Traceback" in line]


def increment_over_grpc(secured: Secured, credentials: grpc.ChannelCredentials) -> float:
    with grpc.secure_channel(secured.service.grpc, credentials) as channel:
        request = message("IncrementScoreRequest")(dashboard="grpc", member_id="m", increment=1)
        reply = method(channel, "IncrementScore")(request, metadata=[("authorization", TOKEN)], timeout=10)
        return float(reply.score)


def test_every_way_in_is_encrypted(secured: Secured) -> None:
    service = secured.service
    assert (service.base.partition(":")[0], service.ws.partition(":")[0]) == ("https", "wss")
    assert f"gRPC       {service.grpc} (TLS)" in service.banner
    with httpx.Client(verify=secured.context(), headers=HEADERS) as http:
        reply = http.post(f"{service.api}/dashboards/rest/members/m/increment", json={"increment": 1})
        assert reply.json()["score"] == 1.0
    with connect(f"{service.ws}?token={TOKEN}", ssl=secured.context()) as websocket:
        websocket.send(json.dumps({"dashboard": "socket", "member_id": "m", "increment": 1}))
        assert json.loads(websocket.recv())["score"] == 1.0
    assert increment_over_grpc(secured, grpc.ssl_channel_credentials(Path(secured.ca.cert).read_bytes())) == 1.0


def test_tls_1_2_and_1_3_are_spoken_and_nothing_older(secured: Secured) -> None:
    for port in secured.ports:
        for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
            with secured.connect(port, secured.context("h2", newest=version)) as connection:
                assert (connection.version(), connection.selected_alpn_protocol()) == (name, "h2")
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            old = secured.context("h2", newest=ssl.TLSVersion.TLSv1_1)
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            secured.connect(port, old)


def test_who_does_not_trust_the_certificate_gets_no_further(secured: Secured, tmp_path: Path) -> None:
    stranger = ssl.create_default_context(cafile=Authority(tmp_path).cert)
    for port in secured.ports:
        with pytest.raises(ssl.SSLCertVerificationError):
            secured.connect(port, stranger)


@pytest.mark.parametrize("alpn", [(), ("http/1.1",), ("grpc-exp",)])
def test_grpc_without_alpn_h2_is_closed(secured: Secured, alpn: tuple[str, ...]) -> None:
    with secured.connect(secured.ports[1], secured.context(*alpn)) as connection:
        connection.sendall(PREFACE)
        connection.settimeout(5)
        while connection.recv(4096):
            pass


def test_plain_text_to_a_port_with_tls_fails_at_once_and_harms_nobody(secured: Secured) -> None:
    for port, said in zip(secured.ports, (b"GET /health HTTP/1.1\r\nHost: b\r\n\r\n", PREFACE), strict=True):
        with socket.create_connection(("127.0.0.1", port), 5) as plain:
            plain.sendall(said)
            plain.settimeout(5)
            assert b"OK" not in _until_closed(plain)
    assert httpx.get(f"{secured.service.base}/health", verify=secured.context()).text == "OK"


def _until_closed(connection: socket.socket) -> bytes:
    found = b""
    try:
        while more := connection.recv(4096):
            found += more
    except ConnectionResetError:
        pass
    return found


def test_clients_must_show_a_certificate_where_their_ca_is_set(tmp_path: Path) -> None:
    ca = Authority(tmp_path)
    settings = {**ca.issue().settings, "TLS_CLIENT_CA": ca.cert}
    mine = ca.issue("client")
    with goboard_serve(tmp_path, "--store", "memory", AUTH_STATIC_ROLE="server", **settings) as service:
        secured = Secured(service, ca)
        known = secured.context()
        known.load_cert_chain(mine.cert, mine.key)
        assert httpx.get(f"{service.base}/health", verify=known).text == "OK"
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{service.base}/health", verify=secured.context())
        root, key, chain = (Path(file).read_bytes() for file in (ca.cert, mine.key, mine.cert))
        assert increment_over_grpc(secured, grpc.ssl_channel_credentials(root, key, chain)) == 1.0
        with pytest.raises(grpc.RpcError):
            increment_over_grpc(secured, grpc.ssl_channel_credentials(root))


@pytest.mark.slow
def test_a_renewed_certificate_is_shown_after_sighup(tmp_path: Path) -> None:
    ca = Authority(tmp_path)
    with goboard_serve(tmp_path, "--store", "embedded", **ca.issue().settings) as service:
        secured = Secured(service, ca)

        def shown(port: int) -> str:
            with secured.connect(port, secured.context("h2")) as connection:
                return str(connection.getpeercert()["serialNumber"])  # type: ignore[index]  # it is verified

        before = [shown(port) for port in secured.ports]

        def is_renewed() -> bool:
            try:
                return not any(shown(port) in before for port in secured.ports)
            except ConnectionError:  # the old worker stops 3.5 s after the new one begins, which may take longer
                return False

        ca.issue()
        service.process.send_signal(signal.SIGHUP)
        ends = time.monotonic() + 30
        while not is_renewed():
            assert time.monotonic() < ends, "".join(service.log)
            time.sleep(0.2)


def _other_key(ca: Authority, good: Certificate) -> dict[str, str]:
    return {"TLS_CERT": good.cert, "TLS_KEY": ca.issue("other").key}


def _expired(ca: Authority, _: Certificate) -> dict[str, str]:
    return ca.issue("old", days=-1).settings


FAULTS = {
    "expired": (_expired, "TLS_CERT={folder}/old.pem: it expired on "),
    "another's key": (_other_key, "TLS_KEY={folder}/other.key: it is not the key of the certificate "),
    "no certificate": (
        lambda _, good: {"TLS_CERT": good.key, "TLS_KEY": good.key},
        "TLS_CERT={folder}/server.key: there is no certificate in PEM in it",
    ),
    "no key": (
        lambda _, good: {"TLS_CERT": good.cert, "TLS_KEY": good.cert},
        "TLS_KEY={folder}/server.pem: it is no private key in PEM, or has a password",
    ),
    "no file": (
        lambda _, good: {"TLS_CERT": "absent.pem", "TLS_KEY": good.key},
        "TLS_CERT=absent.pem: the file cannot be read: No such file or directory",
    ),
    "no key file": (
        lambda _, good: {"TLS_CERT": good.cert, "TLS_KEY": "absent.key"},
        "TLS_KEY=absent.key: the file cannot be read: No such file or directory",
    ),
    "a password": (lambda ca, _: ca.issue_locked().settings, "TLS_KEY={folder}/locked.key: it is no private key"),
    "no CA": (
        lambda _, good: {**good.settings, "TLS_CLIENT_CA": good.key},
        "TLS_CLIENT_CA={folder}/server.key: there is no certificate in PEM in it",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_certificate_that_will_not_do_is_told_before_anything_starts(tmp_path: Path, fault: str) -> None:
    make, expected = FAULTS[fault]
    ca = Authority(tmp_path)
    told = goboard(tmp_path, "check-config", **make(ca, ca.issue()))
    assert (told.code, told.out) == (78, "")
    assert told.err.startswith(f"goboard: {expected.format(folder=tmp_path)}")
    assert told.err.count("\n") == 1


def test_serve_says_the_same(tmp_path: Path) -> None:
    process = services.start(tmp_path, "--store", "memory", TLS_CERT="absent.pem", TLS_KEY="absent.key")
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (
        78,
        "goboard: TLS_CERT=absent.pem: the file cannot be read: No such file or directory\n",
    )


def test_browsers_are_told_to_come_back_by_https_alone(secured: Secured) -> None:
    with httpx.Client(base_url=secured.service.base, verify=secured.context()) as http:
        for path, headers in (("/", {}), ("/nothing", {}), ("/ws", {}), ("/api/v1/dashboards/b/top", HEADERS)):
            assert http.get(path, headers=headers).headers["strict-transport-security"] == "max-age=31536000"
