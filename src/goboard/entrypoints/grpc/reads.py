"""Reads of standings: what they tell is of whom they name, whoever asks."""

from goboard.domain.errors import InvalidArgument
from goboard.entrypoints.grpc import codec, messages
from goboard.entrypoints.grpc.base import BoardCalls, chosen, named
from goboard.entrypoints.grpc.generated import dashboard
from goboard.entrypoints.updates import MAX_UPDATES, board_name

DEFAULT_AROUND = 5
DEFAULT_BOARDS = 100

GetAroundResponse = codec.wire_type(dashboard.GetAroundResponse)
LookupMembersResponse = codec.wire_type(dashboard.LookupMembersResponse)
ListEntriesResponse = codec.wire_type(dashboard.ListEntriesResponse)
ListPeriodsResponse = codec.wire_type(dashboard.ListPeriodsResponse)
ListDashboardsResponse = codec.wire_type(dashboard.ListDashboardsResponse)
DashboardSize = codec.wire_type(dashboard.DashboardSize)


class ReadCalls(BoardCalls):
    """The calls that read."""

    async def get_member(self, get_member_request: dashboard.GetMemberRequest) -> dashboard.GetMemberResponse:
        """Tell all about a member."""
        request = get_member_request
        board = board_name(request.dashboard)
        details = await self._boards.member(board, named(request.member_id), **chosen(request))
        return messages.member_details(details)

    async def get_around(self, get_around_request: dashboard.GetAroundRequest) -> dashboard.GetAroundResponse:
        """Tell a member's place with those before and after it."""
        request = get_around_request
        entries = await self._boards.around(
            board_name(request.dashboard),
            named(request.member_id),
            self._count(codec.optional(request, "above"), DEFAULT_AROUND, "above"),
            self._count(codec.optional(request, "below"), DEFAULT_AROUND, "below"),
            metadata=request.metadata,
            **chosen(request),
        )
        return GetAroundResponse(members=messages.records(entries))

    async def lookup_members(
        self, lookup_members_request: dashboard.LookupMembersRequest
    ) -> dashboard.LookupMembersResponse:
        """Tell the places of some members, and who of them is absent."""
        request = lookup_members_request
        if len(request.member_ids) > MAX_UPDATES:
            raise InvalidArgument(
                f"member_ids has {len(request.member_ids)} members; at most {MAX_UPDATES} are allowed"
            )
        members = [named(member_id) for member_id in request.member_ids]
        found = await self._boards.lookup(
            board_name(request.dashboard), members, metadata=request.metadata, **chosen(request)
        )
        return LookupMembersResponse(members=messages.records(found.entries), absent=list(found.absent))

    async def list_entries(self, list_entries_request: dashboard.ListEntriesRequest) -> dashboard.ListEntriesResponse:
        """Give a page of the standings."""
        request = list_entries_request
        page = await self._boards.entries(
            board_name(request.dashboard),
            self._limit(request.limit),
            cursor=request.cursor or None,
            from_rank=codec.optional(request, "from_rank"),
            min_score=codec.optional(request, "min_score"),
            max_score=codec.optional(request, "max_score"),
            metadata=request.metadata,
            **chosen(request),
        )
        members = messages.records(page.entries)
        return ListEntriesResponse(members=members, next=page.next or "", previous=page.previous or "")

    async def list_periods(self, list_periods_request: dashboard.ListPeriodsRequest) -> dashboard.ListPeriodsResponse:
        """Tell which periods of a window can be read."""
        request = list_periods_request
        if not request.window:
            raise InvalidArgument("window is required; it is one of the dashboard's windows, or archive")
        periods = await self._boards.periods(board_name(request.dashboard), request.window)
        return ListPeriodsResponse(periods=[messages.period_message(period) for period in periods])

    async def list_dashboards(
        self, list_dashboards_request: dashboard.ListDashboardsRequest
    ) -> dashboard.ListDashboardsResponse:
        """Give a page of the boards."""
        limit = self._limit(list_dashboards_request.limit, DEFAULT_BOARDS)
        found = await self._boards.boards(limit + 1, after=list_dashboards_request.after)  # one more tells of a next
        listed = [DashboardSize(name=each.board, total_members=each.members) for each in found[:limit]]
        return ListDashboardsResponse(dashboards=listed, next=listed[-1].name if len(found) > limit else "")
