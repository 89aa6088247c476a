"""The operations of REST, free of any framework: the shortcut and the framework's routes answer with the same."""

import re
from functools import partial
from typing import NamedTuple

from goboard.domain.errors import InvalidArgument
from goboard.domain.names import BoardName, MemberName
from goboard.entrypoints.http import wire
from goboard.entrypoints.http.paths import decode_segment
from goboard.entrypoints.updates import Batch, Caller, Update, board_name, check_size, required
from goboard.leaderboards import Leaderboards

DEFAULT_LIMIT = 10


class Operations(NamedTuple):
    """What REST offers, on these boards; `dashboard` and `member_id` are path segments as they were sent."""

    boards: Leaderboards
    max_limit: int

    async def increment(self, caller: Caller, dashboard: str, member_id: str, body: bytes) -> wire.MemberReply:
        """Add to the score of the caller's member."""
        board, member = _board(dashboard), _member(caller, member_id)
        return wire.member_reply(await self.boards.increment(board, member, wire.read_increment(body)))

    async def increments(self, caller: Caller, dashboard: str, body: bytes, instance: str) -> wire.ResultsReply:
        """Add to many scores; `instance` is the path for the problems of those that are refused."""
        board = _board(dashboard)
        items = wire.read_increments(body)
        check_size(len(items))
        batch = Batch(self.boards).fill(items, partial(_update, caller, board))
        outcomes = await batch.start().outcomes_of_one_board()
        return wire.ResultsReply([wire.outcome_reply(outcome, instance) for outcome in outcomes])

    async def rank(self, caller: Caller, dashboard: str, member_id: str) -> wire.MemberReply:
        """Tell the place of the caller's member."""
        return wire.member_reply(await self.boards.rank(_board(dashboard), _member(caller, member_id)))

    async def top(self, dashboard: str, limit: str) -> wire.TopReply:
        """Tell the first places; `limit` is the query parameter, empty where absent."""
        return wire.top_reply(await self.boards.top(_board(dashboard), parse_limit(limit, self.max_limit)))

    async def stats(self, dashboard: str) -> wire.StatsReply:
        """Tell how many members the board has."""
        return wire.StatsReply(await self.boards.count(_board(dashboard)))


def parse_limit(text: str, max_limit: int) -> int:
    """Read the query parameter `limit`.

    Raises:
        InvalidArgument: it is no integer, or over `max_limit`.
    """
    if not text:
        return DEFAULT_LIMIT
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise InvalidArgument("invalid limit query parameter")
    if text[0] == "-":
        return DEFAULT_LIMIT
    digits = text.lstrip("+0")
    if len(digits) > len(str(max_limit)) or int(digits or "0") > max_limit:
        raise InvalidArgument(f"limit is over the maximum of {max_limit}")
    return int(digits or "0") or DEFAULT_LIMIT


def _update(caller: Caller, board: BoardName, item: wire.IncrementItem) -> Update:
    if not item.member_id:
        raise InvalidArgument("missing member_id")
    return Update(board, caller.member(item.member_id), required(item.increment))


def _board(segment: str) -> BoardName:
    return board_name(decode_segment(segment, "dashboard"))


def _member(caller: Caller, segment: str) -> MemberName:
    return caller.member(decode_segment(segment, "member_id"))
