"""The operations that write."""

from functools import partial
from operator import attrgetter
from typing import NamedTuple

from goboard.arguments import submission
from goboard.domain.errors import InvalidArgument
from goboard.domain.names import BoardName
from goboard.domain.rules import Rules
from goboard.domain.standings import Submission
from goboard.entrypoints.http import bodies, replies, wire
from goboard.entrypoints.http.queries import Query
from goboard.entrypoints.http.rules_record import RulesReply, rules_reply
from goboard.entrypoints.http.segments import acting_member_in, board_in, member_in
from goboard.entrypoints.updates import Batch, Caller, Keyed, Update, check_size, required, settle_each, with_keys
from goboard.leaderboards import Leaderboards

_OP_ID = attrgetter("op_id")


class Writes(NamedTuple):
    """What can be written on these boards."""

    boards: Leaderboards
    allow_self_delete: bool
    """Whether a member may remove itself."""

    async def increment(
        self, caller: Caller, dashboard: str, member_id: str, body: bytes, key: str | None
    ) -> wire.MemberReply:
        """Add to the score of the caller's member."""
        board, member = board_in(dashboard), acting_member_in(caller, member_id)
        number = wire.read_increment(body)
        caller.count_update()
        return wire.member_reply(await self.boards.increment(board, member, number, key=caller.key(key)))

    async def increments(
        self, caller: Caller, dashboard: str, body: bytes, key: str | None, instance: str
    ) -> wire.ResultsReply:
        """Add to many scores; `instance` is the path for the problems of those that are refused."""
        board = board_in(dashboard)
        items = wire.read_increments(body)
        check_size(len(items))
        batch = Batch(self.boards).fill(with_keys(items, caller, key, _OP_ID), partial(_update, caller, board))
        outcomes = await batch.start().outcomes_of_one_board()
        return wire.ResultsReply([wire.outcome_reply(outcome, instance) for outcome in outcomes])

    async def submit(
        self, caller: Caller, dashboard: str, member_id: str, body: bytes, key: str | None
    ) -> replies.ScoreReply:
        """Submit a score of the caller's member."""
        board, member = board_in(dashboard), acting_member_in(caller, member_id)
        submitted = bodies.read_score(body)
        caller.count_update()
        return replies.score_reply(await self.boards.submit(board, member, *submitted, key=caller.key(key)))

    async def set(
        self, caller: Caller, dashboard: str, member_id: str, body: bytes, key: str | None
    ) -> replies.ScoreReply:
        """Set a member's score, whatever the board's operator."""
        caller.require_server()
        board, member = board_in(dashboard), member_in(member_id)
        submitted = bodies.read_score(body)
        return replies.score_reply(await self.boards.set(board, member, *submitted, key=caller.key(key)))

    async def submit_many(
        self, caller: Caller, dashboard: str, body: bytes, key: str | None, instance: str
    ) -> replies.ScoreResultsReply:
        """Submit many scores; `instance` is the path for the problems of those that are refused."""
        board = board_in(dashboard)
        items = bodies.read_scores(body)
        check_size(len(items))
        start = partial(self.boards.submit_many, board)
        outcomes = await settle_each(with_keys(items, caller, key, _OP_ID), partial(_submission, caller), start)
        return replies.ScoreResultsReply([replies.score_outcome_reply(outcome, instance) for outcome in outcomes])

    async def set_rules(self, caller: Caller, dashboard: str, body: bytes, query: Query) -> RulesReply:
        """Put rules in place of those that the board has."""
        caller.require_server()
        board, rules = board_in(dashboard), Rules.parse(bodies.read_rules(body))
        return rules_reply(await self.boards.set_rules(board, rules, force=query.boolean("force")))

    async def archive(self, caller: Caller, dashboard: str, body: bytes) -> replies.ArchiveReply:
        """Set standings aside, and begin afresh."""
        caller.require_server()
        board, said = board_in(dashboard), bodies.read_archive(body)
        return replies.ArchiveReply(said.name, await self.boards.archive(board, said.name, window=said.window or None))

    async def remove(self, caller: Caller, dashboard: str, member_id: str) -> replies.DeletedReply:
        """Take a member off the board, with every trace."""
        board, member = board_in(dashboard), member_in(member_id)
        if not (self.allow_self_delete and member == caller.identity.member):
            caller.require_server()
        return replies.DeletedReply(await self.boards.remove(board, member))

    async def delete(self, caller: Caller, dashboard: str) -> replies.DeletedReply:
        """Delete a board with all that belongs to it."""
        caller.require_server()
        return replies.DeletedReply(await self.boards.delete(board_in(dashboard)))


def _update(caller: Caller, board: BoardName, keyed: Keyed[wire.IncrementItem]) -> Update:
    item, key = keyed
    if not item.member_id:
        raise InvalidArgument("missing member_id")
    update = Update(board, caller.member(item.member_id), required(item.increment), key)
    caller.count_update()
    return update


def _submission(caller: Caller, keyed: Keyed[bodies.ScoreItem]) -> Submission:
    item, key = keyed
    if not item.member_id:
        raise InvalidArgument("missing member_id")
    submitted = submission(caller.member(item.member_id), *item.submitted(), key=key)
    caller.count_update()
    return submitted
