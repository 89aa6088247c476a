"""What a JWT says of its bearer, once its signature is known to be good."""

from typing import Any, NamedTuple

from goboard.domain.errors import InvalidArgument, InvalidToken
from goboard.domain.identity import Identity, Role
from goboard.domain.names import MemberName
from goboard.domain.scores import parse_number

SERVER_SCOPE = "goboard:server"
_Claims = dict[str, Any]


class ClaimRules(NamedTuple):
    """What the claims must say.

    The member is named by one of them, and a `scope` that contains `goboard:server` gives the role server. `exp` and
    `nbf` (seconds since the epoch) hold where present; `iat` is for the issuer's records alone.
    """

    issuer: str = ""
    """What `iss` must be; empty: anything."""
    audiences: tuple[str, ...] = ()
    """One of these must be in `aud`; empty: anything may be."""
    leeway: float = 0.0
    """Seconds by which the issuer's clock may be off."""
    member_claim: str = "user_id"
    needs_end: bool = False
    """Whether a token without `exp` is refused."""

    def identity(self, claims: _Claims, now: float) -> Identity:
        """Tell whom the claims name.

        Raises:
            InvalidToken: they are out of order, or not for us, or not now.
        """
        self._check_origin(claims)
        expires_at = self._check_time(claims, now)
        return Identity(self._member(claims), _role(claims), expires_at)

    def required(self) -> _Claims:
        """Give claims that a token needs for its origin to be accepted."""
        found: _Claims = {}
        if self.issuer:
            found["iss"] = self.issuer
        if self.audiences:
            found["aud"] = self.audiences[0]
        return found

    def _check_origin(self, claims: _Claims) -> None:
        if self.issuer and claims.get("iss") != self.issuer:
            raise InvalidToken("its claim iss is not JWT_ISSUER")
        if self.audiences and not any(audience in _texts(claims.get("aud")) for audience in self.audiences):
            raise InvalidToken("its claim aud has nothing of JWT_AUDIENCE")

    def _check_time(self, claims: _Claims, now: float) -> float | None:
        """Give when the token ends, the leeway included."""
        ends, begins = _time(claims, "exp"), _time(claims, "nbf")
        if ends is None and self.needs_end:
            raise InvalidToken("it has no claim exp")
        if ends is not None and now >= ends + self.leeway:
            raise InvalidToken("it is expired")
        if begins is not None and now < begins - self.leeway:
            raise InvalidToken("it is not valid yet")
        return None if ends is None else ends + self.leeway

    def _member(self, claims: _Claims) -> MemberName:
        name = claims.get(self.member_claim)
        if not isinstance(name, str):
            raise InvalidToken(f"its claim {self.member_claim} is no text")
        try:
            return MemberName.parse(name)
        except InvalidArgument as exc:
            raise InvalidToken(f"its claim {self.member_claim} is no valid member name") from exc


GO_BOARD_RULES = ClaimRules()
"""A `user_id`, and no token beyond its end."""


def _role(claims: _Claims) -> Role:
    scope = claims.get("scope")  # space-separated, RFC 8693 section 4.2; some issuers send a list
    scopes = scope.split(" ") if isinstance(scope, str) else _texts(scope)
    return Role.SERVER if SERVER_SCOPE in scopes else Role.MEMBER


def _texts(claim: Any) -> list[Any]:
    """Give a claim that is one text or a list of them as a list; anything else has none."""
    if isinstance(claim, str):
        return [claim]
    return claim if isinstance(claim, list) else []


def _time(claims: _Claims, name: str) -> float | None:
    if name not in claims:
        return None
    try:
        return parse_number(claims[name], name)
    except InvalidArgument as exc:
        raise InvalidToken(f"its claim {name} is no finite number") from exc
