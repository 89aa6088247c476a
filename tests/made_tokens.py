"""JSON Web Tokens made byte by byte, so that also what no library would make is shown to a verifier."""

import base64
import hmac
import json
from typing import Any

KEY = "0123456789abcdef0123456789abcdef"
NOW = 1_000_000.0
HS256 = {"alg": "HS256", "typ": "JWT"}
CLAIMS = {"user_id": "ada"}


class StoppedClock:
    """A clock that stands still at NOW."""

    def now(self) -> float:
        return NOW


def token(header: Any = HS256, claims: Any = CLAIMS, *, key: str | bytes = KEY, digest: str = "sha256") -> str:
    """Sign `header` and `claims`: bytes as they are, anything else as JSON."""
    signed = f"{part(header)}.{part(claims)}"
    secret = key.encode() if isinstance(key, str) else key
    return f"{signed}.{encoded(hmac.digest(secret, signed.encode(), digest))}"


def claiming(**claims: Any) -> str:
    """Sign claims of ada's."""
    return token(claims={**CLAIMS, **claims})


def part(value: Any) -> str:
    """Write a part of a token."""
    return encoded(value if isinstance(value, bytes) else json.dumps(value).encode())


def encoded(raw: bytes) -> str:
    """Write bytes as base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
