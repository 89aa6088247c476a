"""Everything that can go wrong, as a caller sees it.

    GoboardError
    ├── InvalidArgument           the caller's input breaks a rule
    ├── MemberNotFound            the member is not on the board
    ├── ScoreOutOfRange           the update would take a score beyond ±2^53
    ├── AuthenticationError
    │   ├── MissingToken
    │   └── InvalidToken
    ├── MemberForbidden           the identity may not act for this member
    └── StoreError
        ├── StoreUnavailable      not applied: the store could not be asked
        ├── OutcomeUnknown        sent and not answered: it may or may not have been applied
        └── StoreCorrupt          something that is no board stands at the board's key

Messages are shown to callers: they name the value, the limit and the way out, and never a secret.
"""


class GoboardError(Exception):
    """The root of all errors that goboard raises on purpose."""


class InvalidArgument(GoboardError):
    """The caller's input breaks a rule that the message names."""


class MemberNotFound(GoboardError):
    """The member is not on the board."""

    def __init__(self, board: str, member: str) -> None:
        super().__init__(f"member {member!r} is not on the dashboard {board!r}")


class ScoreOutOfRange(GoboardError):
    """The update would take a score beyond ±2^53, where doubles stop being exact; nothing was changed."""

    def __init__(self, member: str) -> None:
        super().__init__(
            f"the score of member {member!r} would leave the range -9007199254740992 to 9007199254740992"
            " (2^53); nothing was changed"
        )


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


class MemberForbidden(GoboardError):
    """The identity may not act for the member that the request names."""

    def __init__(self, identity: str, member: str) -> None:
        super().__init__(f"{identity!r} may not act for member {member!r}: it needs the role server")


class StoreError(GoboardError):
    """The store did not do what was asked."""


class StoreUnavailable(StoreError):
    """The store could not be asked: nothing was applied, and trying again is safe."""

    def __init__(self, message: str = "the store cannot be reached; nothing was changed, try again") -> None:
        super().__init__(message)


class OutcomeUnknown(StoreError):
    """The update was sent and not answered: it may have been applied, or may still be."""

    def __init__(self) -> None:
        super().__init__("the store did not answer in time; the update may have been applied, or may still be")


class StoreCorrupt(StoreError):
    """The board's key holds something that is no sorted set."""

    def __init__(self, board: str) -> None:
        super().__init__(f"the dashboard {board!r} is not stored as a sorted set")
