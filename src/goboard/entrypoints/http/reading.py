"""The operations that read."""

from typing import NamedTuple

from goboard.domain.errors import InvalidArgument
from goboard.domain.scores import MAX_SCORE
from goboard.domain.standings import DEFAULT_BINS, DEFAULT_PERCENTILES
from goboard.entrypoints.http import bodies, replies, wire
from goboard.entrypoints.http.queries import DEFAULT_LIMIT, Query, go_board_limit
from goboard.entrypoints.http.rules_record import RulesReply, rules_reply
from goboard.entrypoints.http.segments import acting_member_in, board_in, member_in
from goboard.entrypoints.updates import Caller
from goboard.leaderboards import MAX_BINS, Leaderboards

DEFAULT_BOARDS = 100
DEFAULT_NEIGHBOURS = 5


class Reads(NamedTuple):
    """What can be read on these boards; a list has at most `max_limit` entries."""

    boards: Leaderboards
    max_limit: int

    async def rank(self, caller: Caller, dashboard: str, member_id: str, query: Query) -> wire.MemberReply:
        """Tell the place of the caller's member."""
        board, member = board_in(dashboard), acting_member_in(caller, member_id)
        return wire.member_reply(await self.boards.rank(board, member, **query.standings()))

    async def top(self, dashboard: str, query: Query) -> wire.TopReply:
        """Tell the first places."""
        board, limit = board_in(dashboard), go_board_limit(query, self.max_limit)
        metadata = query.boolean("metadata")
        return wire.top_reply(await self.boards.top(board, limit, **query.standings(), metadata=metadata))

    async def stats(self, dashboard: str, query: Query) -> replies.StatsReply:
        """Tell how many members the board has, and in detail what their scores are like."""
        board = board_in(dashboard)
        percentiles = query.numbers("percentiles", DEFAULT_PERCENTILES)
        bins = query.integer("bins", DEFAULT_BINS, low=1, high=MAX_BINS)
        if not query.boolean("detail"):
            return replies.StatsReply(await self.boards.count(board, **query.standings()))
        return replies.detailed_stats(await self.boards.stats(board, percentiles, bins, **query.standings()))

    async def entries(self, dashboard: str, query: Query) -> replies.EntriesReply:
        """Tell a page of the standings."""
        page = await self.boards.entries(
            board_in(dashboard),
            query.limit(DEFAULT_LIMIT, self.max_limit),
            cursor=query.text("cursor"),
            from_rank=query.integer("from_rank", None, low=1, high=int(MAX_SCORE)),
            min_score=query.number("min_score"),
            max_score=query.number("max_score"),
            **query.standings(),
            metadata=query.boolean("metadata"),
        )
        return replies.EntriesReply(wire.records(page.entries), page.next, page.previous)

    async def member(self, dashboard: str, member_id: str, query: Query) -> replies.MemberDetailsReply:
        """Tell all about a member."""
        board, member = board_in(dashboard), member_in(member_id)
        return replies.member_details(await self.boards.member(board, member, **query.standings()))

    async def around(self, dashboard: str, member_id: str, query: Query) -> wire.TopReply:
        """Tell a member's place and those beside it."""
        above, below = self._neighbours(query, "above"), self._neighbours(query, "below")
        entries = await self.boards.around(
            board_in(dashboard),
            member_in(member_id),
            above,
            below,
            **query.standings(),
            metadata=query.boolean("metadata"),
        )
        return wire.top_reply(entries)

    async def lookup(self, dashboard: str, body: bytes, query: Query) -> replies.LookupReply:
        """Tell the places of some members."""
        board, members = board_in(dashboard), bodies.read_lookup(body)
        metadata = query.boolean("metadata")
        found = await self.boards.lookup(board, members, **query.standings(), metadata=metadata)
        return replies.LookupReply(wire.records(found.entries), [str(member) for member in found.absent])

    async def periods(self, dashboard: str, query: Query) -> replies.PeriodsReply:
        """Tell which periods of a window can be read."""
        window = query.text("window")
        if window is None:
            raise InvalidArgument("window is required")
        return replies.periods_reply(await self.boards.periods(board_in(dashboard), window))

    async def dashboards(self, query: Query) -> replies.DashboardsReply:
        """Tell which boards there are."""
        limit = query.limit(DEFAULT_BOARDS, self.max_limit)
        found = await self.boards.boards(limit + 1, after=query.text("after") or "")  # one more: is there a next page
        return replies.dashboards_reply(found, limit)

    async def rules(self, dashboard: str) -> RulesReply:
        """Tell a board's rules."""
        return rules_reply(await self.boards.rules(board_in(dashboard)))

    def _neighbours(self, query: Query, name: str) -> int:
        return query.integer(name, min(DEFAULT_NEIGHBOURS, self.max_limit), low=0, high=self.max_limit)
