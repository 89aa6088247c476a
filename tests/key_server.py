"""Somebody who signs tokens with private keys, and a server that publishes the public ones."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from ssl import SSLContext
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, Key, RSAKey
from listening import Quiet, listening


@cache
def rsa_key(kid: str = "rsa-1") -> RSAKey:
    """A key of 2048 bits; making one takes a tenth of a second."""
    return RSAKey.generate_key(2048, {"kid": kid})


@cache
def ec_key(kid: str = "ec-1", curve: Any = "P-256") -> ECKey:
    return ECKey.generate_key(curve, {"kid": kid})


def public(key: Key, **said: Any) -> dict[str, Any]:
    """Give a key's public half as a JWKS has it; what is None is left out."""
    found: dict[str, Any] = {**key.as_dict(private=False), **said}
    return {name: value for name, value in found.items() if value is not None}


def key_set(*keys: dict[str, Any]) -> bytes:
    return json.dumps({"keys": keys}).encode()


def signed(key: Key, algorithm: str, *, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """Make a token of ada's that ends in an hour, unless the claims say otherwise."""
    said = {"user_id": "ada", "exp": int(time.time()) + 3600, **claims}
    return jwt.encode({"alg": algorithm, "kid": key.kid, **(header or {})}, said, key, algorithms=[algorithm])


class KeyServer:
    """What is published, and how often it was asked for."""

    def __init__(self, port: int, *, tls: bool) -> None:
        self.document = key_set()
        self.status = 200
        self.headers: dict[str, str] = {}
        self.pause = 0.0
        """Seconds before each byte of the body."""
        self.asked: list[str] = []
        self.url = f"http{'s' if tls else ''}://localhost:{port}/keys"

    def publish(self, *keys: Key) -> None:
        self.document = key_set(*(public(key) for key in keys))


@contextmanager
def key_server(port: int = 0, tls: SSLContext | None = None) -> Iterator[KeyServer]:
    """Run a server of keys on the loopback, over TLS where there is a context."""

    class Handler(Quiet):
        def do_GET(self) -> None:  # noqa: N802 -- as http.server has it
            served.asked.append(self.path)
            self.send_response(served.status)
            for name, value in served.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self._send(served.document)

        def _send(self, body: bytes) -> None:
            try:
                for part in (body[at : at + 1] for at in range(len(body))) if served.pause else (body,):
                    time.sleep(served.pause)
                    self.wfile.write(part)
            except OSError:
                self.close_connection = True  # the client has left

    with listening(Handler, port, tls) as found:
        served = KeyServer(found, tls=tls is not None)
        yield served
