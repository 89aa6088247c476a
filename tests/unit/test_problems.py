"""The table of problems: complete, and as the wire contract says."""

import pytest
from grpclib.const import Status

from goboard.domain import errors
from goboard.entrypoints import problems
from goboard.entrypoints.problems import Kind, internal_problem, problem_of


def leaves(kind: type[Exception]) -> list[type[Exception]]:
    """The errors of the domain under `kind` that are no class of others."""
    below = [each for each in kind.__subclasses__() if each.__module__ == errors.__name__]
    own = [kind] if kind is errors.StoreUnavailable else []  # raised as it is, too
    return [leaf for each in below for leaf in leaves(each)] + own or [kind]


EXAMPLES: list[Exception] = [
    errors.InvalidArgument("no"),
    errors.MemberNotFound("d", "m"),
    errors.ScoreOutOfRange("m", -1.0, 1.0),
    errors.IncrementTooLarge("m", 5.0),
    errors.OperatorMismatch("d", "best"),
    errors.AttemptsExhausted("m", 3, "daily"),
    errors.IdempotencyMismatch("m"),
    errors.IdempotencyFull("d", 5),
    errors.CursorStale(),
    errors.PeriodNotFound("daily", "2026-11-24"),
    errors.RulesConflict("d", ["ties"]),
    errors.ArchiveExists("d", "spring"),
    errors.TooManyWatches("this connection", 16),
    errors.RoleRequired(),
    errors.RateLimited("ada", 5.0, 10, 0.2),
    errors.ServerStopping(),
    errors.Overloaded("requests under way", 10),
    errors.BoardBusy("d"),
    errors.BoardOverloaded("d", 10),
    errors.MissingToken(),
    errors.InvalidToken("a reason for the log"),
    errors.KeysUnavailable(),
    errors.MemberForbidden("ada", "bob"),
    errors.StoreUnavailable(),
    errors.OutcomeUnknown(),
    errors.StoreCorrupt("d"),
]
KINDS = [value for value in vars(problems).values() if isinstance(value, Kind)]
KINDS += [problem.kind for error in EXAMPLES if (problem := problem_of(error)) is not None]


def test_every_error_of_the_domain_has_a_problem() -> None:
    assert {type(error) for error in EXAMPLES} == set(leaves(errors.GoboardError))
    assert [error for error in EXAMPLES if problem_of(error) is None] == []


def test_a_code_and_a_type_stand_for_one_kind_alone() -> None:
    kinds = {kind for kind in KINDS if kind.code != "internal_error"}
    assert len({kind.code for kind in kinds}) == len(kinds)
    assert len({kind.type for kind in kinds}) == len(kinds)
    assert {kind.type for kind in KINDS if kind.code == "internal_error"} == {"about:blank"}
    assert all(kind.type.startswith("urn:goboard:") for kind in kinds)


ROWS = {
    errors.MissingToken(): (401, "Unauthorized", "auth:missing-token", "auth_missing_token", "UNAUTHENTICATED"),
    errors.InvalidToken("x"): (403, "Forbidden", "auth:invalid-token", "auth_invalid_token", "PERMISSION_DENIED"),
    errors.MemberForbidden("a", "b"): (403, "Forbidden", None, "member_forbidden", "PERMISSION_DENIED"),
    errors.MemberNotFound("d", "m"): (404, "Not Found", "dashboard:member-not-found", "member_not_found", "NOT_FOUND"),
    errors.InvalidArgument("x"): (
        400,
        "Bad Request",
        "request:invalid-argument",
        "invalid_argument",
        "INVALID_ARGUMENT",
    ),
    errors.ScoreOutOfRange("m", -1.0, 1.0): (409, "Conflict", None, "score_out_of_range", "OUT_OF_RANGE"),
    TimeoutError(): (504, "Gateway Timeout", "request:timeout", "timeout", "DEADLINE_EXCEEDED"),
    errors.StoreUnavailable(): (503, "Service Unavailable", None, "store_unavailable", "UNAVAILABLE"),
}


@pytest.mark.parametrize("error", ROWS, ids=lambda error: type(error).__name__)
def test_the_contract_s_rows(error: Exception) -> None:
    status, title, kind, code, grpc = ROWS[error]
    problem = problem_of(error)
    assert problem is not None
    members = problem.members("/p")
    assert (members["status"], members["title"], members["code"]) == (status, title, code)
    assert kind is None or members["type"] == f"urn:goboard:{kind}"
    assert members["instance"] == "/p"
    assert problem.kind.grpc is Status[grpc]
    assert set(members) == {"type", "title", "status", "detail", "instance", "code"}


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (errors.MissingToken(), "authentication token is required"),
        (errors.InvalidToken("a reason for the log"), "authentication token is invalid"),
    ],
)
def test_the_details_that_the_contract_fixes(error: Exception, detail: str) -> None:
    problem = problem_of(error)
    assert problem is not None
    assert problem.detail == detail


def test_a_switched_off_transport_is_a_503() -> None:
    assert problems.SWITCHED_OFF[:3] == (503, "about:blank", "internal_error")


class NotOfOurs(errors.InvalidArgument):
    """A subclass that the table does not know."""


@pytest.mark.parametrize("error", [ValueError("pass-word"), KeyError("x"), OSError(), NotOfOurs("pass-word")], ids=repr)
def test_what_is_unforeseen_has_no_problem_of_its_own(error: Exception) -> None:
    assert problem_of(error) is None
    assert internal_problem().members("/p") == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "internal server error",
        "instance": "/p",
        "code": "internal_error",
    }


def test_a_timeout_tells_nothing_of_its_cause() -> None:
    problem = problem_of(TimeoutError("pass-word"))
    assert problem is not None
    assert "pass-word" not in problem.detail
