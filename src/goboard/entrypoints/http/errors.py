"""Errors as problem responses (RFC 9457)."""

from http import HTTPStatus
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException

from goboard.entrypoints import problems, request_ids
from goboard.entrypoints.http import wire
from goboard.entrypoints.http.answers import refused
from goboard.entrypoints.http.paths import sent_path
from goboard.entrypoints.http.uploads import BODY_SECONDS, BodyTooSlow
from goboard.entrypoints.problems import Problem

PROBLEM_JSON = "application/problem+json"

_DISCONNECTED = "client disconnected prematurely"
"""What Litestar 2 says, as an internal error, of a body that does not come to its end, or whose chunks are none."""

_MAX_METHOD = 40

_AnyRequest = Request[Any, Any, Any]


def on_error(request: _AnyRequest, error: Exception) -> Response[bytes]:
    """Answer any error but the framework's own: what a caller may know, or a bare 500."""
    path = sent_path(request.scope)
    return problem_response(problems.problem_for(error, path), path)


def on_slow_body(request: _AnyRequest, _: BodyTooSlow) -> Response[bytes]:
    """Answer a request whose body did not come in time."""
    return problem_response(too_slow(), sent_path(request.scope))


def on_http_error(request: _AnyRequest, error: HTTPException) -> Response[bytes]:
    """Answer what the framework refuses: an unknown route, a wrong method, a body that is too large."""
    path = sent_path(request.scope)
    if error.status_code == HTTPStatus.NOT_FOUND:
        return problem_response(Problem(problems.NOT_FOUND, "there is nothing at this path"), path)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allow = (error.headers or {}).get("allow", "")
        detail = f"{request.method[:_MAX_METHOD]} is not allowed here; allowed: {allow}"
        return problem_response(Problem(problems.METHOD_NOT_ALLOWED, detail), path, headers={"Allow": allow})
    if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return problem_response(too_large(_body_limit(request)), path)
    if error.detail == _DISCONNECTED:
        return problem_response(broken_body(), path)
    if error.status_code == HTTPStatus.BAD_REQUEST:
        return problem_response(Problem(problems.INVALID_ARGUMENT, "the request is malformed"), path)
    return on_error(request, error)


def _body_limit(request: _AnyRequest) -> int:
    limit: int = request.scope["route_handler"].resolve_request_max_body_size()  # type: ignore[union-attr,assignment] # set for all
    return limit


def too_large(limit: int) -> Problem:
    """Give the problem of a body over `limit` bytes."""
    return Problem(problems.TOO_LARGE, f"the body is over {limit} bytes")


def broken_body() -> Problem:
    """Give the problem of a body that does not come to its end as its head says."""
    return Problem(problems.INVALID_ARGUMENT, "the body is broken off, or not sent as Transfer-Encoding says")


def too_slow() -> Problem:
    """Give the problem of a body that did not come in time."""
    return Problem(
        problems.SENT_TOO_SLOWLY, f"the body did not come within {BODY_SECONDS:g} s; nothing was changed, send it again"
    )


def problem_response(problem: Problem, instance: str, *, headers: dict[str, str] | None = None) -> Response[bytes]:
    """Make the response that tells `problem`."""
    return Response(
        problem_body(problem, instance),
        status_code=int(problem.kind.status),
        media_type=PROBLEM_JSON,
        headers={**problem_headers(problem), **(headers or {})},
    )


def problem_body(problem: Problem, instance: str) -> bytes:
    """Write `problem` as JSON."""
    refused(instance, problem.kind.code)
    return wire.encode(problem.members(instance, request_ids.text()))


def problem_headers(problem: Problem) -> dict[str, str]:
    """Give what a response's headers add to a problem."""
    headers = {}
    if problem.retry_after is not None:
        headers["Retry-After"] = str(problem.retry_after)
    if problem.kind.status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"  # RFC 9110, section 11.6.1
    return headers


exception_handlers = {HTTPException: on_http_error, BodyTooSlow: on_slow_body, Exception: on_error}
