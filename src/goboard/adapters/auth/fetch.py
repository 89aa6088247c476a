"""How a set of keys is read: from a file, or over HTTP."""

import time
import urllib.request
from collections.abc import Callable
from functools import partial
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

TIMEOUT = 5.0
"""Seconds, for each wait and for the whole body."""
MAX_BYTES = 1024 * 1024
"""Identity providers publish a few KiB."""
_CHUNK = 64 * 1024


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Leaves a redirect as the error that it is here: where keys come from is for the operator alone to say."""

    def redirect_request(self, *_: Any) -> None:
        return None


_open = urllib.request.build_opener(_NoRedirects).open


def reader(place: str) -> Callable[[], bytes]:
    """Make what reads the document at `place`: an http or https URL, or a path.

    It raises OSError, or ValueError for more than 1 MiB and for what is no HTTP.
    """
    return partial(_fetch if is_url(place) else _read_file, place)


def is_url(place: str) -> bool:
    """Tell whether `place` is a URL rather than a path."""
    return place.startswith(("https://", "http://"))


def _read_file(place: str) -> bytes:
    with Path(place).open("rb") as file:
        return _checked(file.read(MAX_BYTES + 1))


def _fetch(url: str) -> bytes:
    ends = time.monotonic() + TIMEOUT
    accept = {"Accept": "application/jwk-set+json, application/json"}
    request = urllib.request.Request(url, headers=accept)  # noqa: S310 -- the settings let http and https alone pass
    with _open(request, timeout=TIMEOUT) as reply:
        return _checked(_body(reply, ends))


def _body(reply: HTTPResponse, ends: float) -> bytes:
    body = b""
    while len(body) <= MAX_BYTES and (chunk := reply.read1(_CHUNK)):
        body += chunk
        if time.monotonic() > ends:
            raise TimeoutError(f"it took longer than {TIMEOUT:g} s")
    return body


def _checked(body: bytes) -> bytes:
    if len(body) > MAX_BYTES:
        raise ValueError(f"it is over {MAX_BYTES} bytes")
    return body
