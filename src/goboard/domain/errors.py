"""Everything that can go wrong, as a caller sees it.

    GoboardError
    ├── InvalidArgument           the caller's input breaks a rule
    ├── CursorStale               the cursor belongs to another period or other rules
    ├── MemberNotFound            the member is not on the board
    ├── PeriodNotFound            the period has not begun, or is not kept any more
    ├── UpdateRefused             the board's rules do not allow this one update; nothing of it was applied
    │   ├── ScoreOutOfRange       a score would leave its bounds
    │   ├── IncrementTooLarge
    │   ├── OperatorMismatch      an increment, where scores are set
    │   ├── AttemptsExhausted
    │   ├── IdempotencyMismatch   the key names another update
    │   └── IdempotencyFull       the board remembers as many keys as it may
    ├── RulesConflict             the rules' change would falsify scores that there are
    ├── ArchiveExists             standings were set aside under this name before
    ├── TooManyWatches            a connection, an identity or the process watches as much as it may
    ├── AuthenticationError
    │   ├── MissingToken
    │   ├── InvalidToken
    │   └── KeysUnavailable       whom the token names cannot be told yet
    ├── MemberForbidden           the identity may not act for this member
    ├── RoleRequired              the operation needs the role server
    ├── RateLimited               not applied: the identity has made as many updates as it may for now
    ├── ServerStopping            not applied: the server that was asked is going away
    ├── Overloaded                not applied: the server that was asked does as much at once as it may
    └── StoreError
        ├── StoreUnavailable      not applied: the store could not be asked
        │   ├── BoardBusy         not applied: the board's rules are being changed
        │   └── BoardOverloaded   not applied: as much waits for the board as may
        ├── OutcomeUnknown        sent and not answered: it may or may not have been applied
        └── StoreCorrupt          something that is no board stands at the board's key

Messages are shown to callers: they name the value, the limit and the way out, and never a secret.
"""

from collections.abc import Sequence


class GoboardError(Exception):
    """The root of all errors that goboard raises on purpose."""


class InvalidArgument(GoboardError):
    """The caller's input breaks a rule that the message names."""


class MemberNotFound(GoboardError):
    """The member is not on the board."""

    def __init__(self, board: str, member: str) -> None:
        super().__init__(f"member {member!r} is not on the dashboard {board!r}")


class PeriodNotFound(GoboardError):
    """The period has not begun, or is not kept any more."""

    def __init__(self, window: str, period: str) -> None:
        super().__init__(f"the {window} period {period} cannot be read: it has not begun, or is not kept any more")


class CursorStale(GoboardError):
    """The cursor belongs to another period, or to rules that have changed since."""

    def __init__(self) -> None:
        super().__init__("the cursor belongs to another period or to rules that have changed; begin again without it")


class UpdateRefused(GoboardError):
    """The board's rules do not allow this one update; nothing of it was applied."""


class ScoreOutOfRange(UpdateRefused):
    """The update would take a score out of its bounds: the board's, or ±2^53, where doubles stop being exact."""

    def __init__(self, member: str, low: float, high: float) -> None:
        limit = " (2^53)" if 2.0**53 in (-low, high) else ""
        super().__init__(
            f"the score of member {member!r} would leave the range {_number(low)} to {_number(high)}{limit};"
            " nothing was changed"
        )


class IncrementTooLarge(UpdateRefused):
    """The increment is further from 0 than the board's max_increment."""

    def __init__(self, member: str, limit: float) -> None:
        super().__init__(
            f"the increment for member {member!r} is over the dashboard's max_increment of {_number(limit)}"
        )


class OperatorMismatch(UpdateRefused):
    """An increment came to a board whose scores are set."""

    def __init__(self, board: str, operator: str) -> None:
        super().__init__(f"the dashboard {board!r} has the operator {operator}: submit a score instead of an increment")


class AttemptsExhausted(UpdateRefused):
    """The member has submitted as often in this period as the board allows."""

    def __init__(self, member: str, limit: int, window: str) -> None:
        super().__init__(f"member {member!r} has made all {limit} attempts of this {window} period")


class IdempotencyMismatch(UpdateRefused):
    """The key was used before, for an update that was another; nothing was applied now."""

    def __init__(self, member: str) -> None:
        super().__init__(
            f"this idempotency key belongs to another update than this one of member {member!r}; nothing was changed."
            " A retry repeats the update as it was, a new update takes a new key"
        )


class IdempotencyFull(UpdateRefused):
    """The board remembers as many keys as it may, so that an update with a new one could not be known again."""

    def __init__(self, board: str, limit: int) -> None:
        super().__init__(
            f"the dashboard {board!r} remembers {limit} idempotency keys, the most allowed; nothing was changed. Try"
            " again when some have expired, or send the update without a key"
        )


class RulesConflict(GoboardError):
    """The change would falsify scores that there are."""

    def __init__(self, board: str, names: Sequence[str]) -> None:
        super().__init__(
            f"the dashboard {board!r} has scores that a change of {', '.join(names)} would falsify; say force to change"
            " it nevertheless, or archive or delete them first"
        )


class ArchiveExists(GoboardError):
    """Standings of the board were set aside under this name before."""

    def __init__(self, board: str, name: str) -> None:
        super().__init__(f"the dashboard {board!r} has an archive {name!r} already; choose another name")


class TooManyWatches(GoboardError):
    """A connection, an identity or the process watches as much as it may."""

    def __init__(self, who: str, limit: int, what: str = "watches") -> None:
        super().__init__(f"{who} has {limit} {what}, which is the most allowed; end one first")


class AuthenticationError(GoboardError):
    """The caller could not be identified."""


class MissingToken(AuthenticationError):
    """No token was given."""

    def __init__(self) -> None:
        super().__init__("authentication token is required")


class InvalidToken(AuthenticationError):
    """A token was given that names nobody. The reason is for the log, never for the caller."""

    def __init__(self, reason: str) -> None:
        super().__init__("authentication token is invalid")
        self.reason = reason


class KeysUnavailable(AuthenticationError):
    """The keys that would tell whether the token is valid could not be read; the same token may be good later."""

    def __init__(self) -> None:
        super().__init__("the keys that tokens are checked with cannot be read at the moment; try again")


class MemberForbidden(GoboardError):
    """The identity may not act for the member that the request names."""

    def __init__(self, identity: str, member: str) -> None:
        super().__init__(f"{identity!r} may not act for member {member!r}: it needs the role server")


class RoleRequired(GoboardError):
    """The operation is for identities with the role server."""

    def __init__(self) -> None:
        super().__init__("this operation needs the role server")


class RateLimited(GoboardError):
    """The identity has made as many updates as it may for now; after `seconds` it may make another."""

    def __init__(self, identity: str, rate: float, burst: int, seconds: float) -> None:
        super().__init__(
            f"{identity!r} may make {_number(rate)} updates a second, and {burst} at once; nothing was changed, try"
            f" again in {seconds:.3g} s"
        )
        self.seconds = seconds


class ServerStopping(GoboardError):
    """The server that was asked is going away; nothing was applied, and another may be asked at once."""

    def __init__(self) -> None:
        super().__init__("the server is stopping; nothing was changed, connect again")


class Overloaded(GoboardError):
    """The server that was asked does as much at once as it may; nothing was applied, and trying again is safe."""

    def __init__(self, what: str, most: int) -> None:
        super().__init__(f"the server has {most} {what}, the most that it takes on; nothing was changed, try again")


class StoreError(GoboardError):
    """The store did not do what was asked."""


class StoreUnavailable(StoreError):
    """The store could not be asked: nothing was applied, and trying again is safe."""

    def __init__(self, message: str = "the store cannot be reached; nothing was changed, try again") -> None:
        super().__init__(message)


class BoardBusy(StoreUnavailable):
    """The board's rules are being changed, and its scores brought into the form that they ask for."""

    def __init__(self, board: str) -> None:
        super().__init__(f"the rules of the dashboard {board!r} are being changed; nothing was written, try again")


class BoardOverloaded(StoreUnavailable):
    """As much waits for the board as may: what comes would be refused later, for having waited too long."""

    def __init__(self, board: str, most: int) -> None:
        super().__init__(
            f"{most} calls wait for the dashboard {board!r}, the most allowed; nothing was changed, try again"
        )


class OutcomeUnknown(StoreError):
    """The update was sent and not answered: it may have been applied, or may still be."""

    def __init__(self) -> None:
        super().__init__("the store did not answer in time; the update may have been applied, or may still be")


class StoreCorrupt(StoreError):
    """The board's key holds something that is no sorted set."""

    def __init__(self, board: str) -> None:
        super().__init__(f"the dashboard {board!r} is not stored as a sorted set")


def _number(value: float) -> str:
    """Write a number as short as it reads back, whole ones without a point."""
    return f"{value:.17g}" if value.is_integer() else repr(value)
