"""Writes beyond the increments: scores, rules, and what takes something away."""

from functools import partial

from goboard.arguments import submission
from goboard.domain.standings import Submission
from goboard.entrypoints.grpc import calls, codec, messages
from goboard.entrypoints.grpc.base import BoardCalls, credited, named, own_key
from goboard.entrypoints.grpc.generated import dashboard
from goboard.entrypoints.updates import Caller, Keyed, board_name, check_size, settle_each, with_keys

SUBMIT_SCORES = f"{calls.GUARDED}SubmitScores"

SubmitScoreResponse = codec.wire_type(dashboard.SubmitScoreResponse)
SetScoreResponse = codec.wire_type(dashboard.SetScoreResponse)
SubmitScoresResponse = codec.wire_type(dashboard.SubmitScoresResponse)
GetRulesResponse = codec.wire_type(dashboard.GetRulesResponse)
SetRulesResponse = codec.wire_type(dashboard.SetRulesResponse)
RemoveMemberResponse = codec.wire_type(dashboard.RemoveMemberResponse)
ArchiveDashboardResponse = codec.wire_type(dashboard.ArchiveDashboardResponse)
DeleteDashboardResponse = codec.wire_type(dashboard.DeleteDashboardResponse)


class WriteCalls(BoardCalls):
    """The calls that write, and GetRules beside SetRules."""

    async def submit_score(self, submit_score_request: dashboard.SubmitScoreRequest) -> dashboard.SubmitScoreResponse:
        """Submit a score, with which the board's operator does what it does."""
        request = submit_score_request
        board = board_name(request.dashboard)
        member = credited(calls.caller.get(), request.member_id)
        metadata = messages.read_metadata(request.metadata)
        key = calls.caller.get().key(request.op_id or None)
        calls.caller.get().count_update()
        outcome = await self._boards.submit(board, member, request.score, metadata, key=key)
        return SubmitScoreResponse(**messages.outcome_fields(outcome))

    async def set_score(self, set_score_request: dashboard.SetScoreRequest) -> dashboard.SetScoreResponse:
        """Set the member's score, whatever the board's operator."""
        request = set_score_request
        caller = calls.caller.get()
        caller.require_server()
        board, key = board_name(request.dashboard), caller.key(request.op_id or None)
        metadata = messages.read_metadata(request.metadata)
        outcome = await self._boards.set(board, named(request.member_id), request.score, metadata, key=key)
        return SetScoreResponse(**messages.outcome_fields(outcome))

    async def submit_scores(
        self, submit_scores_request: dashboard.SubmitScoresRequest
    ) -> dashboard.SubmitScoresResponse:
        """Submit many scores, each answered in its place."""
        request = submit_scores_request
        check_size(len(request.scores))
        start = partial(self._boards.submit_many, board_name(request.dashboard))
        caller = calls.caller.get()
        items = with_keys(request.scores, caller, request.op_id or None, own_key)
        outcomes = await settle_each(items, partial(_submission, caller), start)
        return SubmitScoresResponse(results=[messages.submission_result(each, SUBMIT_SCORES) for each in outcomes])

    async def get_rules(self, get_rules_request: dashboard.GetRulesRequest) -> dashboard.GetRulesResponse:
        """Tell how the board ranks."""
        found = await self._boards.rules(board_name(get_rules_request.dashboard))
        return GetRulesResponse(**messages.rules_fields(found))

    async def set_rules(self, set_rules_request: dashboard.SetRulesRequest) -> dashboard.SetRulesResponse:
        """Put rules in place of those that the board has."""
        request = set_rules_request
        calls.caller.get().require_server()
        board = board_name(request.dashboard)
        found = await self._boards.set_rules(board, messages.read_rules(request), force=request.force)
        return SetRulesResponse(**messages.rules_fields(found))

    async def remove_member(
        self, remove_member_request: dashboard.RemoveMemberRequest
    ) -> dashboard.RemoveMemberResponse:
        """Take the member off the board, with every trace."""
        caller, member = calls.caller.get(), named(remove_member_request.member_id)
        if not (self._allow_self_delete and member == caller.identity.member):
            caller.require_server()
        removed = await self._boards.remove(board_name(remove_member_request.dashboard), member)
        return RemoveMemberResponse(deleted=removed)

    async def archive_dashboard(
        self, archive_dashboard_request: dashboard.ArchiveDashboardRequest
    ) -> dashboard.ArchiveDashboardResponse:
        """Set a window's standings aside, and begin it afresh."""
        request = archive_dashboard_request
        calls.caller.get().require_server()
        board = board_name(request.dashboard)
        members = await self._boards.archive(board, request.name, window=request.window or None)
        return ArchiveDashboardResponse(name=request.name, total_members=members)

    async def delete_dashboard(
        self, delete_dashboard_request: dashboard.DeleteDashboardRequest
    ) -> dashboard.DeleteDashboardResponse:
        """Delete the board with all that belongs to it."""
        calls.caller.get().require_server()
        board = board_name(delete_dashboard_request.dashboard)
        return DeleteDashboardResponse(deleted=await self._boards.delete(board))


def _submission(caller: Caller, keyed: Keyed[dashboard.ScoreSubmission]) -> Submission:
    item, key = keyed
    metadata = messages.read_metadata(item.metadata)
    submitted = submission(credited(caller, item.member_id), item.score, metadata, key=key)
    caller.count_update()
    return submitted
