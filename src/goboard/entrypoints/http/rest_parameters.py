"""What the functions behind the routes take."""

from typing import Annotated, Any

from litestar import Request
from litestar.params import Dependency, Parameter

from goboard.domain.errors import InvalidArgument
from goboard.domain.identity import Identity
from goboard.domain.names import MAX_NAME_BYTES
from goboard.entrypoints.gate import Gate
from goboard.entrypoints.http.operations import Operations
from goboard.entrypoints.http.queries import Query
from goboard.entrypoints.updates import Caller

AnyRequest = Request[Identity, Gate, Any]
Offered = Annotated[Operations, Dependency(skip_validation=True)]
# No control characters, of which Unicode has two runs; bytes are no more than the document can count as characters.
_NAME = {"minLength": 1, "maxLength": MAX_NAME_BYTES}
_CONTROLS = "\\u0000-\\u001f\\u007f-\\u009f"
BoardPath = Annotated[
    str,
    Parameter(
        description="The board's name: 1 to 256 bytes, percent-encoded, no braces.",
        schema_extra=_NAME | {"pattern": f"^[^{_CONTROLS}{{}}]+$"},
    ),
]
MemberPath = Annotated[
    str,
    Parameter(
        description="The member's name: 1 to 256 bytes, percent-encoded.",
        schema_extra=_NAME | {"pattern": f"^[^{_CONTROLS}]+$"},
    ),
]


def caller_of(request: AnyRequest) -> Caller:
    """Tell who asks."""
    return Caller(request.user, request.auth)


def query_of(request: AnyRequest) -> Query:
    """Give the request's query."""
    return Query(request.query_params)


def key_of(request: AnyRequest) -> str | None:
    """Give the request's idempotency key; None: it has none."""
    return sent_key(request.headers.getall("idempotency-key", []))


def sent_key(values: list[str]) -> str | None:
    """Take the idempotency key out of the `Idempotency-Key` headers of a request; None: there is none.

    Raises:
        InvalidArgument: there are several.
    """
    if len(values) > 1:
        raise InvalidArgument("two Idempotency-Key headers")
    return values[0] if values else None
