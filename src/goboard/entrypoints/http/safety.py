"""What every answer over HTTP tells browsers and caches beside what it is: keep nothing, guess nothing, run nothing."""

from collections.abc import Sequence
from typing import Any

Headers = Sequence[tuple[bytes, bytes]]

_ANYWHERE: Headers = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
)
_OVER_TLS: Headers = (*_ANYWHERE, (b"strict-transport-security", b"max-age=31536000"))


def safe_headers(scope: Any) -> Headers:
    """Give what an answer to the request has, unless it says otherwise: the page does, of its own files."""
    return _OVER_TLS if scope["scheme"] in ("https", "wss") else _ANYWHERE


def with_safe_headers(scope: Any, headers: Headers) -> list[tuple[bytes, bytes]]:
    """Add what the headers of an answer do not say."""
    said = {name.lower() for name, _ in headers}
    return [*headers, *[each for each in safe_headers(scope) if each[0] not in said]]
