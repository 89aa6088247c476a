"""The routes that read. Any identity may read what it names; `rank`, as in go-board, is of the identity itself."""

from litestar import get, post

from goboard.entrypoints.http import openapi_bodies as documented
from goboard.entrypoints.http import openapi_queries as queries
from goboard.entrypoints.http import replies, wire
from goboard.entrypoints.http.openapi import described, problem_responses
from goboard.entrypoints.http.rest_parameters import (
    AnyRequest,
    BoardPath,
    MemberPath,
    Offered,
    caller_of,
    query_of,
)
from goboard.entrypoints.http.rules_record import RulesReply

_PROBLEMS = problem_responses(400, 401, 403, 404, 500, 503, 504)


@get(
    "/dashboards/{dashboard:str}/members/{member_id:str}/rank",
    operation_class=described(*queries.STANDINGS),
    responses=_PROBLEMS,
)
async def rank(
    request: AnyRequest, dashboard: BoardPath, member_id: MemberPath, operations: Offered
) -> wire.MemberReply:
    """Tell the place of the authenticated member (for role server: of the member named)."""
    return await operations.reads.rank(caller_of(request), dashboard, member_id, query_of(request))


@get(
    "/dashboards/{dashboard:str}/top",
    operation_class=described(queries.TOP_LIMIT, queries.METADATA, *queries.STANDINGS),
    responses=_PROBLEMS,
)
async def top(request: AnyRequest, dashboard: BoardPath, operations: Offered) -> wire.TopReply:
    """Tell the first places, best first; none of an unknown board."""
    return await operations.reads.top(dashboard, query_of(request))


@get(
    "/dashboards/{dashboard:str}/stats",
    operation_class=described(*queries.STATS, *queries.STANDINGS),
    responses=_PROBLEMS,
)
async def stats(request: AnyRequest, dashboard: BoardPath, operations: Offered) -> replies.StatsReply:
    """Tell how many members the board has, 0 of an unknown board; in detail what their scores are like."""
    return await operations.reads.stats(dashboard, query_of(request))


@get(
    "/dashboards/{dashboard:str}/entries",
    operation_class=described(*queries.ENTRIES, queries.METADATA, *queries.STANDINGS),
    responses=_PROBLEMS,
)
async def entries(request: AnyRequest, dashboard: BoardPath, operations: Offered) -> replies.EntriesReply:
    """Tell a page of the standings, best first.

    Going on by cursors, no entry that did not move is skipped or repeated, whatever else moves meanwhile.
    """
    return await operations.reads.entries(dashboard, query_of(request))


@get(
    "/dashboards/{dashboard:str}/members/{member_id:str}",
    operation_class=described(*queries.STANDINGS),
    responses=_PROBLEMS,
)
async def member(
    request: AnyRequest, dashboard: BoardPath, member_id: MemberPath, operations: Offered
) -> replies.MemberDetailsReply:
    """Tell all about the member named."""
    return await operations.reads.member(dashboard, member_id, query_of(request))


@get(
    "/dashboards/{dashboard:str}/members/{member_id:str}/around",
    operation_class=described(*queries.AROUND, queries.METADATA, *queries.STANDINGS),
    responses=_PROBLEMS,
)
async def around(
    request: AnyRequest, dashboard: BoardPath, member_id: MemberPath, operations: Offered
) -> wire.TopReply:
    """Tell the place of the member named, and those before and after it."""
    return await operations.reads.around(dashboard, member_id, query_of(request))


@post(
    "/dashboards/{dashboard:str}/lookup",
    status_code=200,
    operation_class=described(queries.METADATA, *queries.STANDINGS, body=documented.LOOKUP),
    request_max_body_size=wire.MAX_BATCH_BYTES,
    responses=problem_responses(400, 401, 403, 404, 408, 413, 415, 500, 503, 504),
)
async def lookup(request: AnyRequest, dashboard: BoardPath, operations: Offered) -> replies.LookupReply:
    """Tell the places of some members, friends say, in the board's order, and who of them is absent."""
    return await operations.reads.lookup(dashboard, await request.body(), query_of(request))


@get(
    "/dashboards/{dashboard:str}/periods",
    operation_class=described(queries.PERIODS_WINDOW),
    responses=problem_responses(400, 401, 403, 500, 503, 504),
)
async def periods(request: AnyRequest, dashboard: BoardPath, operations: Offered) -> replies.PeriodsReply:
    """Tell which periods of a window have members and can be read, the latest first; archives by name."""
    return await operations.reads.periods(dashboard, query_of(request))


@get(
    "/dashboards",
    operation_class=described(*queries.BOARDS),
    responses=problem_responses(400, 401, 403, 500, 503, 504),
)
async def dashboards(request: AnyRequest, operations: Offered) -> replies.DashboardsReply:
    """Tell the boards that have members or rules, by name."""
    return await operations.reads.dashboards(query_of(request))


@get("/dashboards/{dashboard:str}/rules", responses=problem_responses(400, 401, 403, 500, 503, 504))
async def rules(dashboard: BoardPath, operations: Offered) -> RulesReply:
    """Tell how the board ranks."""
    return await operations.reads.rules(dashboard)


READS = [rank, top, stats, entries, member, around, lookup, periods, dashboards, rules]
