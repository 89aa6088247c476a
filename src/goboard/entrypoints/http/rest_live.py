"""The route that is a stream: what a view shows, as it changes."""

from typing import Annotated

from litestar import get
from litestar.openapi import ResponseSpec
from litestar.params import Dependency
from litestar.types import ASGIApp

from goboard.domain.views import MAX_NEIGHBOURS, MAX_WATCHED
from goboard.entrypoints.http import openapi_queries as queries
from goboard.entrypoints.http.feed import Feeding
from goboard.entrypoints.http.live_wire import WatchRequest
from goboard.entrypoints.http.openapi import described, problem_responses
from goboard.entrypoints.http.queries import Query
from goboard.entrypoints.http.rest_parameters import AnyRequest, BoardPath, caller_of
from goboard.entrypoints.http.segments import board_in
from goboard.entrypoints.http.sse import EventStream

_EVENTS = ResponseSpec(
    str,
    description="Server-sent events: `snapshot`, `change`, `ended`; each one's data is as over the WebSocket.",
    media_type="text/event-stream",
    generate_examples=False,
)


@get(
    "/dashboards/{dashboard:str}/live",
    operation_class=described(*queries.LIVE, *queries.STANDINGS, queries.METADATA),
    responses={200: _EVENTS, **problem_responses(400, 401, 403, 404, 429, 500, 503, 504)},
)
async def live(
    request: AnyRequest,
    dashboard: BoardPath,
    feeding: Annotated[Feeding, Dependency(skip_validation=True)],
    request_timeout: Annotated[float, Dependency(skip_validation=True)],
) -> ASGIApp:
    """Watch the first places, the run around a member, or some members: first all, then what changes."""
    caller = caller_of(request)
    asked = read_watch(Query(request.query_params), request.query_params.getall("members", []))
    return EventStream(
        feeding,
        board_in(dashboard),
        asked.view(),
        identity=caller.name,
        lifetime=caller.lifetime,
        last_event_id=request.headers.get("last-event-id", ""),
        request_timeout=request_timeout,
    )


def read_watch(query: Query, members: list[str]) -> WatchRequest:
    """Read what is to be watched.

    Raises:
        InvalidArgument: a parameter is not allowed.
    """
    standings = query.standings()
    return WatchRequest(
        top=query.integer("top", None, low=1, high=MAX_WATCHED),
        around=query.text("around"),
        above=query.integer("above", None, low=0, high=MAX_NEIGHBOURS),
        below=query.integer("below", None, low=0, high=MAX_NEIGHBOURS),
        members=members or None,
        window=standings["window"],
        period=standings["period"],
        metadata=query.boolean("metadata"),
    )
