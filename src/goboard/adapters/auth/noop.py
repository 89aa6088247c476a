"""No check at all, as in go-board's mode `noop`: for local work."""

from goboard.domain.errors import InvalidArgument, InvalidToken
from goboard.domain.identity import Identity
from goboard.domain.names import MemberName


class NoopVerifier:
    """A `TokenVerifier` that takes the token itself for the member's name."""

    def verify(self, token: str) -> Identity:
        try:
            return Identity(MemberName.parse(token))
        except InvalidArgument as exc:
            raise InvalidToken("it is no valid member name") from exc

    def check(self) -> None:
        """Pass: nothing is waited for."""
