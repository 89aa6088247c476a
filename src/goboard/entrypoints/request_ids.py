"""The id of a request, by which its log lines, its problem and its trace are found: the caller's own, or a new one."""

import itertools
import re
import secrets
from collections.abc import Iterable
from contextvars import ContextVar

NAME = "x-request-id"
HEADER = NAME.encode()

_FORM = re.compile(rb"[A-Za-z0-9._-]{1,128}")
# A random part for each process and a number: 0.2 µs, where a random id for each request takes 2.
_process = secrets.token_hex(6).encode()
_numbers = itertools.count(1)

current: ContextVar[bytes | None] = ContextVar("request_id", default=None)
"""The id of the request, or of the connection, in whose task this is asked."""


def begin(sent_id: bytes | None) -> bytes:
    """Settle the id of the request that this task answers: the one that was sent, where it has the form of an id."""
    request_id = sent_id if sent_id is not None and _FORM.fullmatch(sent_id) else b"%b-%x" % (_process, next(_numbers))
    current.set(request_id)
    return request_id


def sent(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """Find the id that came with a request; None: there is none, or there are several, of which none can be meant."""
    found = [value for name, value in headers if name == HEADER]
    return found[0] if len(found) == 1 else None


def text() -> str | None:
    """Give the current id as text."""
    request_id = current.get()
    return None if request_id is None else request_id.decode()
