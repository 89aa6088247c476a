"""One table: what went wrong → HTTP status, URN, code and gRPC status (RFC 9457, docs/migrating-from-go-board.md)."""

import logging
from http import HTTPStatus
from math import ceil
from typing import NamedTuple

from grpclib.const import Status

from goboard.domain import errors

RETRY_AFTER_SECONDS = 1
"""What a caller is told to wait for what is over soon: the store, say, is asked again at every call."""

log = logging.getLogger(__name__)


class Kind(NamedTuple):
    """One kind of problem, the same on every transport."""

    status: HTTPStatus
    type: str
    code: str
    grpc: Status


class Problem(NamedTuple):
    """A problem as a caller gets it."""

    kind: Kind
    detail: str
    retry_after: int | None = None
    """In how many seconds to try again, where that may help."""

    def members(self, instance: str, request_id: str | None = None) -> dict[str, str | int]:
        """Give the members of RFC 9457; `instance` is the request's path or the gRPC method.

        `request_id` is an extension member, by which the request's log lines can be found.
        """
        kind = self.kind
        members: dict[str, str | int] = {
            "type": kind.type,
            "title": kind.status.phrase,
            "status": int(kind.status),
            "detail": self.detail,
            "instance": instance,
            "code": kind.code,
        }
        if request_id is not None:
            members["request_id"] = request_id
        return members


INVALID_ARGUMENT = Kind(
    HTTPStatus.BAD_REQUEST, "urn:goboard:request:invalid-argument", "invalid_argument", Status.INVALID_ARGUMENT
)
NOT_FOUND = Kind(HTTPStatus.NOT_FOUND, "urn:goboard:request:not-found", "not_found", Status.UNIMPLEMENTED)
METHOD_NOT_ALLOWED = Kind(
    HTTPStatus.METHOD_NOT_ALLOWED,
    "urn:goboard:request:method-not-allowed",
    "method_not_allowed",
    Status.UNIMPLEMENTED,
)
TOO_LARGE = Kind(
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "urn:goboard:request:too-large",
    "too_large",
    Status.RESOURCE_EXHAUSTED,
)
UNSUPPORTED_ENCODING = Kind(
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "urn:goboard:request:unsupported-encoding",
    "unsupported_encoding",
    Status.UNIMPLEMENTED,
)
TIMEOUT = Kind(HTTPStatus.GATEWAY_TIMEOUT, "urn:goboard:request:timeout", "timeout", Status.DEADLINE_EXCEEDED)
SENT_TOO_SLOWLY = Kind(
    HTTPStatus.REQUEST_TIMEOUT,
    "urn:goboard:request:sent-too-slowly",
    "sent_too_slowly",
    Status.DEADLINE_EXCEEDED,
)
"""What was begun was not sent to its end in time; nothing was changed."""
OVERLOADED = Kind(
    HTTPStatus.SERVICE_UNAVAILABLE, "urn:goboard:server:overloaded", "overloaded", Status.RESOURCE_EXHAUSTED
)
ORIGIN_NOT_ALLOWED = Kind(
    HTTPStatus.FORBIDDEN,
    "urn:goboard:auth:origin-not-allowed",
    "origin_not_allowed",
    Status.PERMISSION_DENIED,
)
UPGRADE_REQUIRED = Kind(
    HTTPStatus.UPGRADE_REQUIRED,
    "urn:goboard:request:upgrade-required",
    "upgrade_required",
    Status.UNIMPLEMENTED,
)
TOKEN_EXPIRED = Kind(
    HTTPStatus.UNAUTHORIZED, "urn:goboard:auth:token-expired", "auth_token_expired", Status.UNAUTHENTICATED
)
"""The token was good when a connection began, and has ended since."""
WATCHER_TOO_SLOW = Kind(
    HTTPStatus.REQUEST_TIMEOUT, "urn:goboard:live:watcher-too-slow", "watcher_too_slow", Status.RESOURCE_EXHAUSTED
)
SWITCHED_OFF = Kind(HTTPStatus.SERVICE_UNAVAILABLE, "about:blank", "internal_error", Status.UNAVAILABLE)
INTERNAL = Kind(HTTPStatus.INTERNAL_SERVER_ERROR, "about:blank", "internal_error", Status.INTERNAL)

_OF_ERROR: dict[type[Exception], Kind] = {
    errors.InvalidArgument: INVALID_ARGUMENT,
    errors.MemberNotFound: Kind(
        HTTPStatus.NOT_FOUND, "urn:goboard:dashboard:member-not-found", "member_not_found", Status.NOT_FOUND
    ),
    errors.CursorStale: Kind(
        HTTPStatus.BAD_REQUEST, "urn:goboard:request:cursor-stale", "cursor_stale", Status.ABORTED
    ),
    errors.PeriodNotFound: Kind(
        HTTPStatus.NOT_FOUND, "urn:goboard:dashboard:period-not-found", "period_not_found", Status.NOT_FOUND
    ),
    errors.ScoreOutOfRange: Kind(
        HTTPStatus.CONFLICT, "urn:goboard:dashboard:score-out-of-range", "score_out_of_range", Status.OUT_OF_RANGE
    ),
    errors.IncrementTooLarge: Kind(
        HTTPStatus.CONFLICT, "urn:goboard:dashboard:increment-too-large", "increment_too_large", Status.OUT_OF_RANGE
    ),
    errors.OperatorMismatch: Kind(
        HTTPStatus.CONFLICT, "urn:goboard:dashboard:operator-mismatch", "operator_mismatch", Status.FAILED_PRECONDITION
    ),
    errors.AttemptsExhausted: Kind(
        HTTPStatus.CONFLICT,
        "urn:goboard:dashboard:attempts-exhausted",
        "attempts_exhausted",
        Status.FAILED_PRECONDITION,
    ),
    errors.IdempotencyMismatch: Kind(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "urn:goboard:request:idempotency-mismatch",
        "idempotency_mismatch",
        Status.FAILED_PRECONDITION,
    ),
    errors.IdempotencyFull: Kind(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "urn:goboard:dashboard:idempotency-full",
        "idempotency_full",
        Status.RESOURCE_EXHAUSTED,
    ),
    errors.RulesConflict: Kind(
        HTTPStatus.CONFLICT, "urn:goboard:dashboard:rules-conflict", "rules_conflict", Status.FAILED_PRECONDITION
    ),
    errors.ArchiveExists: Kind(
        HTTPStatus.CONFLICT, "urn:goboard:dashboard:archive-exists", "archive_exists", Status.ALREADY_EXISTS
    ),
    errors.TooManyWatches: Kind(
        HTTPStatus.TOO_MANY_REQUESTS, "urn:goboard:live:too-many-watches", "too_many_watches", Status.RESOURCE_EXHAUSTED
    ),
    errors.MissingToken: Kind(
        HTTPStatus.UNAUTHORIZED, "urn:goboard:auth:missing-token", "auth_missing_token", Status.UNAUTHENTICATED
    ),
    errors.InvalidToken: Kind(
        HTTPStatus.FORBIDDEN, "urn:goboard:auth:invalid-token", "auth_invalid_token", Status.PERMISSION_DENIED
    ),
    errors.KeysUnavailable: Kind(
        HTTPStatus.SERVICE_UNAVAILABLE, "urn:goboard:auth:keys-unavailable", "auth_keys_unavailable", Status.UNAVAILABLE
    ),
    errors.MemberForbidden: Kind(
        HTTPStatus.FORBIDDEN, "urn:goboard:auth:member-forbidden", "member_forbidden", Status.PERMISSION_DENIED
    ),
    errors.RoleRequired: Kind(
        HTTPStatus.FORBIDDEN, "urn:goboard:auth:role-required", "role_required", Status.PERMISSION_DENIED
    ),
    errors.RateLimited: Kind(
        HTTPStatus.TOO_MANY_REQUESTS, "urn:goboard:request:rate-limited", "rate_limited", Status.RESOURCE_EXHAUSTED
    ),
    errors.ServerStopping: Kind(
        HTTPStatus.SERVICE_UNAVAILABLE, "urn:goboard:server:stopping", "server_stopping", Status.UNAVAILABLE
    ),
    errors.Overloaded: OVERLOADED,
    errors.BoardOverloaded: OVERLOADED,
    errors.BoardBusy: Kind(
        HTTPStatus.SERVICE_UNAVAILABLE, "urn:goboard:dashboard:busy", "dashboard_busy", Status.UNAVAILABLE
    ),
    errors.StoreUnavailable: Kind(
        HTTPStatus.SERVICE_UNAVAILABLE, "urn:goboard:store:unavailable", "store_unavailable", Status.UNAVAILABLE
    ),
    errors.OutcomeUnknown: Kind(
        HTTPStatus.SERVICE_UNAVAILABLE, "urn:goboard:store:outcome-unknown", "outcome_unknown", Status.UNAVAILABLE
    ),
    errors.StoreCorrupt: Kind(
        HTTPStatus.INTERNAL_SERVER_ERROR, "urn:goboard:store:corrupt", "store_corrupt", Status.INTERNAL
    ),
    TimeoutError: TIMEOUT,
}

_PASSING = (
    errors.StoreUnavailable,
    errors.OutcomeUnknown,
    errors.IdempotencyFull,
    errors.KeysUnavailable,
    errors.ServerStopping,
    errors.Overloaded,
)
"""What is over soon."""


def problem_of(error: Exception) -> Problem | None:
    """Give the problem that `error` is to a caller; None: nothing a caller may read, so an internal error."""
    kind = _OF_ERROR.get(type(error))
    if kind is None:
        return None
    if kind is TIMEOUT:
        return Problem(kind, "the request took longer than the time allowed; an update may have been applied")
    return Problem(kind, str(error), retry_after(error))


def retry_after(error: Exception) -> int | None:
    """Give in how many seconds a caller may try again what failed by `error`; None: that would not help."""
    if isinstance(error, errors.RateLimited):
        return ceil(error.seconds)
    return RETRY_AFTER_SECONDS if isinstance(error, _PASSING) else None


def problem_for(error: Exception, instance: str) -> Problem:
    """Give the problem that `error` is to a caller; what is unforeseen is logged and tells nothing of its cause."""
    problem = problem_of(error)
    if problem is None:
        log.error("unforeseen error at %s", instance, exc_info=error)
        problem = internal_problem()
    return problem


def internal_problem() -> Problem:
    """Give the problem for everything unforeseen: it says nothing of the cause."""
    return Problem(INTERNAL, "internal server error")
