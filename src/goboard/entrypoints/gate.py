"""Who comes in, and for whom a request acts: the same on every transport."""

import logging
import time
from collections.abc import Callable, Sequence

from goboard.domain.errors import InvalidToken, MissingToken, RateLimited
from goboard.domain.identity import VISITOR, Identity, Mismatch, Role, acting_member
from goboard.domain.names import MemberName
from goboard.domain.rates import RateLimit
from goboard.ports.tokens import TokenVerifier

MAX_TOKEN_BYTES = 8 * 1024
MAX_WARNED = 1000
"""Of how many overridden pairs is remembered that they were warned of."""

log = logging.getLogger(__name__)


class Gate:
    """Admits callers by their token, and settles which member a request acts for."""

    def __init__(
        self,
        verifier: TokenVerifier,
        mismatch: Mismatch,
        *,
        public_read: bool = False,
        now: Callable[[], float] = time.time,
        rates: RateLimit | None = None,
    ) -> None:
        self._verifier = verifier
        self._mismatch = mismatch
        self._now = now
        self._public_read = public_read
        self._rates = rates
        self._warned: set[tuple[MemberName, MemberName]] = set()

    def admit(self, token: str | None) -> Identity:
        """Identify the bearer of `token`.

        Raises:
            MissingToken: there is none, or an empty one.
            InvalidToken: it is over 8 KiB, or names nobody.
            KeysUnavailable: whether it does cannot be told at the moment.
        """
        if not token:
            raise MissingToken
        if len(token.encode(errors="surrogatepass")) > MAX_TOKEN_BYTES:
            raise InvalidToken(f"over {MAX_TOKEN_BYTES} bytes")
        try:
            return self._verifier.verify(token)
        except InvalidToken as refusal:
            log.info("a token was refused: %s", refusal.reason)
            raise

    def admit_reader(self, token: str | None) -> Identity:
        """Identify who wants to read: where reading is public, whoever shows no token is a visitor.

        Raises:
            MissingToken, InvalidToken, KeysUnavailable: as `admit`; a bad token is refused also where none is needed.
        """
        return VISITOR if self._public_read and not token else self.admit(token)

    def check(self) -> None:
        """See that anybody can be admitted.

        Raises:
            KeysUnavailable: whatever token is shown, whether it is valid cannot be told at the moment.
        """
        self._verifier.check()

    def lifetime(self, identity: Identity) -> float | None:
        """Tell in how many seconds the identity's token ends, 0 where it has; None: never."""
        return None if identity.expires_at is None else max(0.0, identity.expires_at - self._now())

    def count_update(self, identity: Identity) -> None:
        """Count one update of the identity, unless it has the role server: that one updates for many.

        Raises:
            RateLimited: it has made as many as it may for now.
        """
        rates = self._rates
        if rates is None or identity.role is Role.SERVER:
            return
        seconds = rates.take(identity.member)
        if seconds:
            raise RateLimited(identity.member, rates.rate, rates.burst, seconds)

    def member_for(self, identity: Identity, named: MemberName) -> MemberName:
        """Give the member that a request of `identity` naming `named` acts for.

        Raises:
            MemberForbidden: it may not act for `named`, and MEMBER_ID_MISMATCH is `reject`.
        """
        member = acting_member(identity, named, self._mismatch)
        if member != named:
            self._warn(named, member)
        return member

    def _warn(self, named: MemberName, member: MemberName) -> None:
        """Warn once of a pair: a client that always names another would fill the log with each of its updates."""
        if (named, member) not in self._warned:
            if len(self._warned) >= MAX_WARNED:
                self._warned.clear()
            self._warned.add((named, member))
            log.warning("member_id %r overridden by the identity %r", named, member)


def only_token(values: Sequence[str]) -> str:
    """Give what is said at the one place of a token; empty: nothing is.

    Raises:
        InvalidToken: there are several: which one counts would depend on who reads.
    """
    if len(values) > 1:
        raise InvalidToken("there are several")
    return values[0] if values else ""


def bearer_token(authorization: str) -> str:
    """Take the token out of an `Authorization` value: `Bearer T` (RFC 6750, in any case) or a bare `T`."""
    value = authorization.strip()
    scheme, _, rest = value.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    return value
