"""The service: each call one short function, typed with the generated types.

The calls about scores, pages and rules stand in reads.py and writes.py.
"""

from functools import partial

from grpclib.const import Handler

from goboard.domain.names import BoardName
from goboard.domain.standings import DEFAULT_BINS, DEFAULT_PERCENTILES, Entry
from goboard.entrypoints.grpc import calls, codec, messages, refusals
from goboard.entrypoints.grpc.base import chosen, credited, own_key
from goboard.entrypoints.grpc.generated import dashboard
from goboard.entrypoints.grpc.reads import ReadCalls
from goboard.entrypoints.grpc.stream import CallStream
from goboard.entrypoints.grpc.updates import UpdateStream
from goboard.entrypoints.grpc.watching import WatchStream
from goboard.entrypoints.grpc.writes import WriteCalls
from goboard.entrypoints.updates import Batch, Caller, Keyed, Update, board_name, check_size, with_keys
from goboard.leaderboards import Leaderboards
from goboard.live import LiveStandings

STREAM_UPDATES = f"{calls.GUARDED}StreamUpdates"
WATCH_STANDINGS = f"{calls.GUARDED}WatchStandings"
INCREMENT_SCORES = f"{calls.GUARDED}IncrementScores"

IncrementScoreResponse = codec.wire_type(dashboard.IncrementScoreResponse)
IncrementScoresResponse = codec.wire_type(dashboard.IncrementScoresResponse)
IncrementResult = codec.wire_type(dashboard.IncrementResult)
GetMemberRankResponse = codec.wire_type(dashboard.GetMemberRankResponse)
GetTopMembersResponse = codec.wire_type(dashboard.GetTopMembersResponse)
GetDashboardStatsResponse = codec.wire_type(dashboard.GetDashboardStatsResponse)
PercentileScore = codec.wire_type(dashboard.PercentileScore)
HistogramBin = codec.wire_type(dashboard.HistogramBin)


class DashboardService(ReadCalls, WriteCalls):
    """`dashboard.DashboardService`, for the caller that `calls.caller` names."""

    def __init__(  # noqa: PLR0913 -- each is a setting
        self,
        boards: Leaderboards,
        live: LiveStandings,
        *,
        request_timeout: float,
        max_limit: int,
        allow_self_delete: bool,
        patience: float,
    ) -> None:
        super().__init__(boards, max_limit=max_limit, allow_self_delete=allow_self_delete)
        self._live = live
        self._timeout = request_timeout
        self._patience = patience

    def __mapping__(self) -> dict[str, Handler]:
        """Give each method's handler.

        The generated ones would answer each update before the next is read, and wait for a slow watcher to take all.
        """
        methods: dict[str, Handler] = super().__mapping__()
        streams = {STREAM_UPDATES: self._stream_updates, WATCH_STANDINGS: self._watch_standings}
        return {**methods, **{name: methods[name]._replace(func=func) for name, func in streams.items()}}

    async def increment_score(
        self, increment_score_request: dashboard.IncrementScoreRequest
    ) -> dashboard.IncrementScoreResponse:
        """Add the increment to the member's score."""
        request = increment_score_request
        board = board_name(request.dashboard)
        member = credited(calls.caller.get(), request.member_id)
        key = calls.caller.get().key(request.op_id or None)
        calls.caller.get().count_update()
        entry = await self._boards.increment(board, member, request.increment, key=key)
        return IncrementScoreResponse(member_id=entry.member, rank=entry.rank, score=entry.score)

    async def increment_scores(
        self, increment_scores_request: dashboard.IncrementScoresRequest
    ) -> dashboard.IncrementScoresResponse:
        """Add to many members' scores, each answered in its place."""
        request = increment_scores_request
        check_size(len(request.increments))
        caller = calls.caller.get()
        items = with_keys(request.increments, caller, request.op_id or None, own_key)
        batch = Batch(self._boards).fill(items, partial(_update, caller, board_name(request.dashboard))).start()
        return IncrementScoresResponse(results=[_result(outcome) for outcome in await batch.outcomes_of_one_board()])

    async def get_member_rank(
        self, get_member_rank_request: dashboard.GetMemberRankRequest
    ) -> dashboard.GetMemberRankResponse:
        """Tell the member's place."""
        request = get_member_rank_request
        board = board_name(request.dashboard)
        member = credited(calls.caller.get(), request.member_id)  # go-board's call, so with its override
        entry = await self._boards.rank(board, member, **chosen(request))
        return GetMemberRankResponse(member_id=entry.member, rank=entry.rank, score=entry.score)

    async def get_top_members(
        self, get_top_members_request: dashboard.GetTopMembersRequest
    ) -> dashboard.GetTopMembersResponse:
        """Give the first places, best first."""
        request = get_top_members_request
        board, limit = board_name(request.dashboard), self._limit(request.limit)
        entries = await self._boards.top(board, limit, metadata=request.metadata, **chosen(request))
        return GetTopMembersResponse(members=messages.records(entries))

    async def get_dashboard_stats(
        self, get_dashboard_stats_request: dashboard.GetDashboardStatsRequest
    ) -> dashboard.GetDashboardStatsResponse:
        """Tell how many members the board has, and with `detail` how their scores lie."""
        request = get_dashboard_stats_request
        board = board_name(request.dashboard)
        if request.detail:
            return await self._detailed_stats(board, request)
        return GetDashboardStatsResponse(total_members=await self._boards.count(board, **chosen(request)))

    async def _detailed_stats(
        self, board: BoardName, request: dashboard.GetDashboardStatsRequest
    ) -> dashboard.GetDashboardStatsResponse:
        percentiles = list(request.percentiles) or DEFAULT_PERCENTILES
        stats = await self._boards.stats(board, percentiles, request.bins or DEFAULT_BINS, **chosen(request))
        return GetDashboardStatsResponse(
            total_members=stats.total,
            minimum=stats.minimum,
            maximum=stats.maximum,
            percentiles=[
                PercentileScore(percentile=percentile, score=score) for percentile, score in stats.percentiles
            ],
            histogram=[HistogramBin(low=low, high=high, members=members) for low, high, members in stats.histogram],
        )

    async def _stream_updates(self, stream: CallStream[dashboard.UpdateRequest, dashboard.UpdateResponse]) -> None:
        await UpdateStream(stream, self._boards, calls.caller.get(), self._timeout).serve()

    async def _watch_standings(
        self, stream: CallStream[dashboard.WatchStandingsRequest, dashboard.WatchStandingsResponse]
    ) -> None:
        await WatchStream(stream, self._live, calls.caller.get(), self._timeout, self._patience).serve()


def _update(caller: Caller, board: BoardName, keyed: Keyed[dashboard.MemberIncrement]) -> Update:
    increment, key = keyed
    update = Update(board, credited(caller, increment.member_id), increment.increment, key)
    caller.count_update()
    return update


def _result(outcome: Entry | Exception) -> dashboard.IncrementResult:
    if isinstance(outcome, Entry):
        return IncrementResult(member_id=outcome.member, rank=outcome.rank, score=outcome.score)
    problem = refusals.problem_for(outcome, INCREMENT_SCORES)
    return IncrementResult(problem=codec.problem_details(problem, INCREMENT_SCORES))
