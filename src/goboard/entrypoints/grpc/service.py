"""The service: each call one short function, typed with the generated types."""

from functools import partial

from grpclib.const import Handler

from goboard.domain.errors import InvalidArgument
from goboard.domain.names import BoardName, MemberName
from goboard.domain.standings import Entry
from goboard.entrypoints.grpc import calls, codec, refusals
from goboard.entrypoints.grpc.generated import dashboard
from goboard.entrypoints.grpc.stream import CallStream
from goboard.entrypoints.grpc.updates import UpdateStream
from goboard.entrypoints.updates import Batch, Caller, Update, board_name, check_size
from goboard.leaderboards import Leaderboards

DEFAULT_LIMIT = 10
STREAM_UPDATES = f"{calls.GUARDED}StreamUpdates"
INCREMENT_SCORES = f"{calls.GUARDED}IncrementScores"

IncrementScoreResponse = codec.wire_type(dashboard.IncrementScoreResponse)
IncrementScoresResponse = codec.wire_type(dashboard.IncrementScoresResponse)
IncrementResult = codec.wire_type(dashboard.IncrementResult)
GetMemberRankResponse = codec.wire_type(dashboard.GetMemberRankResponse)
GetTopMembersResponse = codec.wire_type(dashboard.GetTopMembersResponse)
MemberRecord = codec.wire_type(dashboard.MemberRecord)
GetDashboardStatsResponse = codec.wire_type(dashboard.GetDashboardStatsResponse)


class DashboardService(dashboard.DashboardServiceBase):
    """`dashboard.DashboardService`, for the caller that `calls.caller` names."""

    def __init__(self, boards: Leaderboards, *, request_timeout: float, max_limit: int) -> None:
        self._boards = boards
        self._timeout = request_timeout
        self._max_limit = max_limit

    def __mapping__(self) -> dict[str, Handler]:
        """Give each method's handler; the generated one of StreamUpdates would answer each update before the next."""
        methods: dict[str, Handler] = super().__mapping__()
        return {**methods, STREAM_UPDATES: methods[STREAM_UPDATES]._replace(func=self._stream_updates)}

    async def increment_score(
        self, increment_score_request: dashboard.IncrementScoreRequest
    ) -> dashboard.IncrementScoreResponse:
        """Add the increment to the member's score."""
        request = increment_score_request
        board = board_name(request.dashboard)
        entry = await self._boards.increment(board, _member(calls.caller.get(), request.member_id), request.increment)
        return IncrementScoreResponse(member_id=entry.member, rank=entry.rank, score=entry.score)

    async def increment_scores(
        self, increment_scores_request: dashboard.IncrementScoresRequest
    ) -> dashboard.IncrementScoresResponse:
        """Add to many members' scores, each answered in its place."""
        request = increment_scores_request
        check_size(len(request.increments))
        read = partial(_update, calls.caller.get(), board_name(request.dashboard))
        batch = Batch(self._boards).fill(request.increments, read).start()
        return IncrementScoresResponse(results=[_result(outcome) for outcome in await batch.outcomes_of_one_board()])

    async def get_member_rank(
        self, get_member_rank_request: dashboard.GetMemberRankRequest
    ) -> dashboard.GetMemberRankResponse:
        """Tell the member's place."""
        request = get_member_rank_request
        board = board_name(request.dashboard)
        entry = await self._boards.rank(board, _member(calls.caller.get(), request.member_id))
        return GetMemberRankResponse(member_id=entry.member, rank=entry.rank, score=entry.score)

    async def get_top_members(
        self, get_top_members_request: dashboard.GetTopMembersRequest
    ) -> dashboard.GetTopMembersResponse:
        """Give the first places, best first."""
        request = get_top_members_request
        limit = request.limit if request.limit > 0 else DEFAULT_LIMIT
        if limit > self._max_limit:
            raise InvalidArgument(f"limit is {limit}; at most {self._max_limit} is allowed")
        entries = await self._boards.top(request.dashboard, limit)
        records = [MemberRecord(member_id=entry.member, rank=entry.rank, score=entry.score) for entry in entries]
        return GetTopMembersResponse(members=records)

    async def get_dashboard_stats(
        self, get_dashboard_stats_request: dashboard.GetDashboardStatsRequest
    ) -> dashboard.GetDashboardStatsResponse:
        """Tell how many members the board has."""
        return GetDashboardStatsResponse(total_members=await self._boards.count(get_dashboard_stats_request.dashboard))

    async def _stream_updates(self, stream: CallStream[dashboard.UpdateRequest, dashboard.UpdateResponse]) -> None:
        await UpdateStream(stream, self._boards, calls.caller.get(), self._timeout).serve()


def _member(caller: Caller, named: str) -> MemberName:
    """Give the member a unary call acts for; an empty name means the caller itself."""
    return caller.member(named) if named else caller.identity.member


def _update(caller: Caller, board: BoardName, increment: dashboard.MemberIncrement) -> Update:
    return Update(board, _member(caller, increment.member_id), increment.increment)


def _result(outcome: Entry | Exception) -> dashboard.IncrementResult:
    if isinstance(outcome, Entry):
        return IncrementResult(member_id=outcome.member, rank=outcome.rank, score=outcome.score)
    problem = refusals.problem_for(outcome, INCREMENT_SCORES)
    return IncrementResult(problem=codec.problem_details(problem, INCREMENT_SCORES))
