"""The routes that write."""

from litestar import delete, post, put

from goboard.entrypoints.http import openapi_bodies as documented
from goboard.entrypoints.http import openapi_queries as queries
from goboard.entrypoints.http import replies, wire
from goboard.entrypoints.http.bodies import MAX_SCORES_BYTES
from goboard.entrypoints.http.openapi import described, problem_responses
from goboard.entrypoints.http.paths import sent_path
from goboard.entrypoints.http.rest_parameters import (
    AnyRequest,
    BoardPath,
    MemberPath,
    Offered,
    caller_of,
    key_of,
    query_of,
)
from goboard.entrypoints.http.rules_record import RulesReply

_PROBLEMS = problem_responses(400, 401, 403, 408, 409, 413, 415, 500, 503, 504)
_PROBLEMS_OF_UPDATES = problem_responses(400, 401, 403, 408, 409, 413, 415, 422, 500, 503, 504)
_PROBLEMS_OF_MANY = problem_responses(400, 401, 403, 408, 413, 415, 500, 503, 504)
_PROBLEMS_OF_DELETION = problem_responses(400, 401, 403, 500, 503, 504)


@post(
    "/dashboards/{dashboard:str}/members/{member_id:str}/increment",
    status_code=200,
    operation_class=described(queries.IDEMPOTENCY_KEY, body=documented.INCREMENT),
    responses=_PROBLEMS_OF_UPDATES,
)
async def increment(
    request: AnyRequest, dashboard: BoardPath, member_id: MemberPath, operations: Offered
) -> wire.MemberReply:
    """Add to the score of the authenticated member (for role server: of the member named)."""
    return await operations.writes.increment(
        caller_of(request), dashboard, member_id, await request.body(), key_of(request)
    )


@post(
    "/dashboards/{dashboard:str}/increments",
    status_code=200,
    operation_class=described(queries.IDEMPOTENCY_KEY, body=documented.INCREMENTS),
    request_max_body_size=wire.MAX_BATCH_BYTES,
    responses=_PROBLEMS_OF_MANY,
)
async def increments(request: AnyRequest, dashboard: BoardPath, operations: Offered) -> wire.ResultsReply:
    """Add to many scores, in order; each is answered in its place, and one that is refused leaves the others alone.

    As with a single increment, the authenticated member is credited (for role server: the members named).
    """
    body, key = await request.body(), key_of(request)
    return await operations.writes.increments(caller_of(request), dashboard, body, key, sent_path(request.scope))


@post(
    "/dashboards/{dashboard:str}/members/{member_id:str}/score",
    status_code=200,
    operation_class=described(queries.IDEMPOTENCY_KEY, body=documented.SCORE),
    responses=_PROBLEMS_OF_UPDATES,
)
async def submit(
    request: AnyRequest, dashboard: BoardPath, member_id: MemberPath, operations: Offered
) -> replies.ScoreReply:
    """Submit a score of the authenticated member (for role server: of the member named).

    The board's operator says what it does: it is added, takes the score's place, or does so where it is better.
    """
    return await operations.writes.submit(
        caller_of(request), dashboard, member_id, await request.body(), key_of(request)
    )


@put(
    "/dashboards/{dashboard:str}/members/{member_id:str}/score",
    operation_class=described(queries.IDEMPOTENCY_KEY, body=documented.SCORE),
    responses=_PROBLEMS_OF_UPDATES,
)
async def set_score(
    request: AnyRequest, dashboard: BoardPath, member_id: MemberPath, operations: Offered
) -> replies.ScoreReply:
    """Set a member's score, whatever the board's operator (role server)."""
    return await operations.writes.set(caller_of(request), dashboard, member_id, await request.body(), key_of(request))


@post(
    "/dashboards/{dashboard:str}/scores",
    status_code=200,
    operation_class=described(queries.IDEMPOTENCY_KEY, body=documented.SCORES),
    request_max_body_size=MAX_SCORES_BYTES,
    responses=_PROBLEMS_OF_MANY,
)
async def submit_many(request: AnyRequest, dashboard: BoardPath, operations: Offered) -> replies.ScoreResultsReply:
    """Submit many scores, in order; each is answered in its place, and one that is refused leaves the others alone.

    As with a single score, the authenticated member is credited (for role server: the members named).
    """
    body, key = await request.body(), key_of(request)
    return await operations.writes.submit_many(caller_of(request), dashboard, body, key, sent_path(request.scope))


@put(
    "/dashboards/{dashboard:str}/rules",
    operation_class=described(queries.FORCE, body=documented.RULES),
    responses=_PROBLEMS,
)
async def set_rules(request: AnyRequest, dashboard: BoardPath, operations: Offered) -> RulesReply:
    """Put rules in place of all that the board has (role server).

    A change that would falsify scores that there are is refused unless `force` is said.
    """
    return await operations.writes.set_rules(caller_of(request), dashboard, await request.body(), query_of(request))


@post(
    "/dashboards/{dashboard:str}/archive",
    status_code=200,
    operation_class=described(body=documented.ARCHIVE),
    responses=_PROBLEMS,
)
async def archive(request: AnyRequest, dashboard: BoardPath, operations: Offered) -> replies.ArchiveReply:
    """Set a window's current standings aside under a name, and begin it afresh (role server).

    They stay readable as period of that name of the window `archive`.
    """
    return await operations.writes.archive(caller_of(request), dashboard, await request.body())


@delete(
    "/dashboards/{dashboard:str}/members/{member_id:str}",
    status_code=200,
    responses=_PROBLEMS_OF_DELETION,
)
async def remove(
    request: AnyRequest, dashboard: BoardPath, member_id: MemberPath, operations: Offered
) -> replies.DeletedReply:
    """Take a member off the board, every period and archive of it, with every trace.

    It needs the role server, or, where ALLOW_SELF_DELETE=true, to be the member.
    """
    return await operations.writes.remove(caller_of(request), dashboard, member_id)


@delete("/dashboards/{dashboard:str}", status_code=200, responses=_PROBLEMS_OF_DELETION)
async def delete_dashboard(request: AnyRequest, dashboard: BoardPath, operations: Offered) -> replies.DeletedReply:
    """Delete a board with all that belongs to it, its rules and archives too (role server)."""
    return await operations.writes.delete(caller_of(request), dashboard)


WRITES = [increment, increments, submit, set_score, submit_many, set_rules, archive, remove, delete_dashboard]
