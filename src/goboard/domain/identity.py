"""Who is calling, and for whom they may act."""

from enum import Enum
from typing import NamedTuple

from goboard.domain.errors import MemberForbidden
from goboard.domain.names import MemberName


class Role(Enum):
    """What an identity may do."""

    MEMBER = "member"
    """Acts for itself alone."""
    SERVER = "server"
    """Acts for the member that a request names."""
    VISITOR = "visitor"
    """Has shown no token: it may read, where reading is public, and is nobody."""


class Mismatch(Enum):
    """What happens to a request that names another member than the identity, which has no role server."""

    OVERRIDE = "override"
    """The identity takes the named member's place, as in go-board."""
    REJECT = "reject"
    """The request is refused."""


class Identity(NamedTuple):
    """An authenticated caller."""

    member: MemberName
    role: Role = Role.MEMBER
    expires_at: float | None = None
    """When the token ends, in seconds since the epoch; None: never."""


VISITOR = Identity(MemberName.parse("visitor"), Role.VISITOR)


def acting_member(identity: Identity, named: MemberName, mismatch: Mismatch) -> MemberName:
    """Tell for which member a request of `identity` that names `named` acts; a visitor's read is of whom it names.

    Raises:
        MemberForbidden: it may not act for `named`, and `mismatch` is to reject.
    """
    if identity.role is not Role.MEMBER or named == identity.member:
        return named
    if mismatch is Mismatch.REJECT:
        raise MemberForbidden(identity.member, named)
    return identity.member
