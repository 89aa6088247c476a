"""One token for everybody, as in go-board's mode `static`."""

import hmac

from goboard.domain.errors import InvalidToken
from goboard.domain.identity import Identity, Role
from goboard.domain.names import MemberName

ADMIN = MemberName.parse("admin_user")  # fixed by the wire contract


class StaticVerifier:
    """A `TokenVerifier` that knows one token, whose bearer is `admin_user`.

    While clients change over, the token before it is as good; empty: there is none.
    """

    def __init__(self, secret: str, role: Role = Role.MEMBER, *, previous: str = "") -> None:
        if not secret:
            raise ValueError("a static token must not be empty")
        self._secret = secret.encode()
        self._previous = (previous or secret).encode()
        self._identity = Identity(ADMIN, role)

    def verify(self, token: str) -> Identity:
        # In constant time, and always with both, so that how long it takes tells nothing of how much was right.
        sent = token.encode(errors="surrogatepass")
        is_current = hmac.compare_digest(sent, self._secret)
        is_previous = hmac.compare_digest(sent, self._previous)
        if not (is_current or is_previous):
            raise InvalidToken("it is not the static token")
        return self._identity

    def check(self) -> None:
        """Pass: nothing is waited for."""
