"""What the service's parts have in common: how a request says whom and what it is about."""

from typing import Protocol, TypedDict

from goboard.domain.errors import InvalidArgument
from goboard.domain.names import MemberName
from goboard.entrypoints.grpc import calls
from goboard.entrypoints.grpc.generated import dashboard
from goboard.entrypoints.updates import Caller
from goboard.leaderboards import Leaderboards

DEFAULT_LIMIT = 10


class BoardCalls(dashboard.DashboardServiceBase):
    """Calls about boards, within what the settings allow."""

    def __init__(self, boards: Leaderboards, *, max_limit: int, allow_self_delete: bool) -> None:
        self._boards = boards
        self._max_limit = max_limit
        self._allow_self_delete = allow_self_delete

    def _limit(self, asked: int, default: int = DEFAULT_LIMIT) -> int:
        """Give how many entries are asked for, 0 or less being the default."""
        return self._count(asked if asked > 0 else None, default, "limit")

    def _count(self, asked: int | None, default: int, what: str) -> int:
        """Give how many are asked for; the default bends to the settings, who asks for too many is told so."""
        if asked is None:
            return min(default, self._max_limit)
        if asked > self._max_limit:
            raise InvalidArgument(f"{what} is {asked}; at most {self._max_limit} is allowed")
        return asked


class Chosen(TypedDict):
    """Which standings a read is of, as the use cases take it."""

    window: str | None
    period: str | None


class Item(Protocol):
    """One update among many."""

    op_id: str


def own_key(item: Item) -> str | None:
    """Give the item's own idempotency key; None: it says none."""
    return item.op_id or None


class Windowed(Protocol):
    """A request that says which standings it is of; empty: it does not."""

    window: str
    period: str


def chosen(request: Windowed) -> Chosen:
    """Read which standings are asked for."""
    return {"window": request.window or None, "period": request.period or None}


def credited(caller: Caller, member_id: str) -> MemberName:
    """Give the member a call acts for; an empty name means the caller itself.

    Raises:
        InvalidArgument: it is no valid name, or empty, and the caller is nobody.
        MemberForbidden: as `Caller.member`.
    """
    return caller.member(member_id) if member_id else _itself(caller)


def named(member_id: str) -> str:
    """Give the member that a read is of: whom it names, without an override; an empty name means the caller itself.

    Raises:
        InvalidArgument: it is empty, and the caller is nobody.
    """
    return member_id or _itself(calls.caller.get())


def _itself(caller: Caller) -> MemberName:
    if caller.is_visitor:
        raise InvalidArgument("member_id is required without a token")
    return caller.identity.member
