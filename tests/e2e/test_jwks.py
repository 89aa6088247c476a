"""A server whose tokens somebody else signs, started as a user does."""

from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext

import pytest
import trustme
from commands import goboard
from drivers import DRIVERS, Place, Problem
from key_server import ec_key, key_server, key_set, public, rsa_key, signed
from services import goboard_serve

ES256 = {"AUTH_MODE": "jwt", "JWT_ALGORITHM": "ES256"}
HERE = {"HTTP_PORT": "127.0.0.1:0", "GRPC_PORT": "127.0.0.1:0", "STORE": "memory"}


async def test_keys_come_over_tls_from_a_server_whose_certificate_is_known(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    tls = SSLContext(PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    with key_server(tls=tls) as keys:
        keys.publish(ec_key())
        environment = {**ES256, "JWT_JWKS": keys.url, "JWT_MEMBER_CLAIM": "sub", "JWT_ISSUER": "https://login/"}
        with goboard_serve(
            tmp_path, "--store", "memory", SSL_CERT_FILE=str(tmp_path / "ca.pem"), **environment
        ) as service:
            for at, (way, driver) in enumerate(sorted(DRIVERS.items()), 1):
                claims = {"sub": "bob", "iss": "https://login/"}
                async with driver(service, signed(ec_key(), "ES256", **claims)) as client:
                    assert await client.increment("board", "bob", 1) == Place("bob", 1, at), way
                for bad in (signed(ec_key("other"), "ES256", **claims), signed(ec_key(), "ES256", sub="bob")):
                    async with driver(service, bad) as client:
                        refused = await client.increment("board", "bob", 1)
                        assert isinstance(refused, Problem)
                        assert (refused.status, refused.code) == (403, "auth_invalid_token")
            assert any("JWT_AUDIENCE is not set" in line for line in service.log)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (None, "No such file or directory"),
        (b"-----BEGIN PUBLIC KEY-----", "it is no JSON"),
        (key_set(public(rsa_key())), "it has no public key for ES256"),
    ],
)
@pytest.mark.parametrize("command", ["serve", "check-config"])
def test_a_file_that_cannot_be_used_ends_the_start(
    tmp_path: Path, command: str, document: bytes | None, why: str
) -> None:
    file = tmp_path / "keys.json"
    if document is not None:
        file.write_bytes(document)
    outcome = goboard(tmp_path, command, **ES256, **HERE, JWT_JWKS=str(file))
    assert (outcome.code, outcome.out) == (78, "")
    assert outcome.told[-1] == f"goboard: JWT_JWKS={file}: the keys cannot be used: {why}"


def test_who_checks_with_published_keys_makes_no_tokens(tmp_path: Path) -> None:
    outcome = goboard(tmp_path, "token", "ada", **ES256, JWT_JWKS="keys.json")
    assert (outcome.code, outcome.out) == (78, "")
    assert "are made by whoever has the private keys" in outcome.err
