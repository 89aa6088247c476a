"""What ends a call beyond the domain's errors, and how any error becomes a problem."""

from goboard.domain.errors import ServerStopping
from goboard.entrypoints import problems
from goboard.entrypoints.problems import Kind, Problem


class CallRefused(Exception):
    """The call ends with this problem; not even a stream goes on."""

    def __init__(self, kind: Kind, detail: str, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.problem = Problem(kind, detail, retry_after)


def malformed(detail: str) -> CallRefused:
    """Refuse what is no gRPC: from there on, nobody knows where the next message begins."""
    return CallRefused(problems.INVALID_ARGUMENT, detail)


def stopping() -> CallRefused:
    """Refuse because the server goes away; nothing of what is refused was applied."""
    return CallRefused(*problems.problem_for(ServerStopping(), ""))


def token_expired() -> CallRefused:
    """Refuse because the token that the call came with has ended; what was read before is answered."""
    return CallRefused(problems.TOKEN_EXPIRED, "the token has expired; call again with a new one")


def sent_too_slowly(seconds: float) -> CallRefused:
    """Refuse to wait longer for a message; what came before it is answered."""
    detail = f"the message did not come within {seconds:g} s; nothing of it was applied, send it again"
    return CallRefused(problems.SENT_TOO_SLOWLY, detail)


def too_slow(seconds: float) -> CallRefused:
    """Refuse a watcher that has taken nothing for so long."""
    return CallRefused(problems.WATCHER_TOO_SLOW, f"nothing was taken for {seconds:g} s; watch again")


def problem_for(error: Exception, instance: str) -> Problem:
    """Give the problem that `error` is to a caller; what is unforeseen is logged and tells nothing."""
    if isinstance(error, CallRefused):
        return error.problem
    return problems.problem_for(error, instance)
