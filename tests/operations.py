"""Every operation that is offered over the network, and who may do it: a new one needs a row here."""

from enum import Enum
from typing import Any, NamedTuple


class Kind(Enum):
    """Who may do an operation."""

    OPEN = "anybody, with no token"
    READ = "whoever has a token; visitors, where reading is public"
    PLACE = "as READ; it is of the caller's own member, as go-board has it"
    WRITE = "whoever has a token, for itself"
    SERVER = "the role server alone"


OPEN, READ, PLACE, WRITE, SERVER = Kind


class Operation(NamedTuple):
    """What to send: a body or a message, and a query."""

    kind: Kind
    body: Any = None
    query: dict[str, str] = {}  # noqa: RUF012 -- never written to


MEMBER = "ann"
"""Whom the operations name."""

# By method and path, as the OpenAPI document has them.
REST = {
    "GET /health": Operation(OPEN),
    "GET /ready": Operation(OPEN),
    "GET /metrics": Operation(OPEN),
    "GET /api/v1/dashboards": Operation(READ),
    "DELETE /api/v1/dashboards/{dashboard}": Operation(SERVER),
    "POST /api/v1/dashboards/{dashboard}/increments": Operation(
        WRITE, {"increments": [{"member_id": MEMBER, "increment": 1}]}
    ),
    "POST /api/v1/dashboards/{dashboard}/scores": Operation(WRITE, {"scores": [{"member_id": MEMBER, "score": 1}]}),
    "POST /api/v1/dashboards/{dashboard}/archive": Operation(SERVER, {"name": "spring"}),
    "POST /api/v1/dashboards/{dashboard}/lookup": Operation(READ, {"member_ids": [MEMBER]}),
    "GET /api/v1/dashboards/{dashboard}/top": Operation(READ),
    "GET /api/v1/dashboards/{dashboard}/entries": Operation(READ),
    "GET /api/v1/dashboards/{dashboard}/stats": Operation(READ),
    "GET /api/v1/dashboards/{dashboard}/periods": Operation(READ, query={"window": "all"}),
    "GET /api/v1/dashboards/{dashboard}/rules": Operation(READ),
    "PUT /api/v1/dashboards/{dashboard}/rules": Operation(SERVER, {"order": "asc"}),
    "GET /api/v1/dashboards/{dashboard}/members/{member_id}": Operation(READ),
    "DELETE /api/v1/dashboards/{dashboard}/members/{member_id}": Operation(SERVER),
    "GET /api/v1/dashboards/{dashboard}/members/{member_id}/rank": Operation(PLACE),
    "GET /api/v1/dashboards/{dashboard}/members/{member_id}/around": Operation(READ),
    "POST /api/v1/dashboards/{dashboard}/members/{member_id}/increment": Operation(WRITE, {"increment": 1}),
    "POST /api/v1/dashboards/{dashboard}/members/{member_id}/score": Operation(WRITE, {"score": 1}),
    "PUT /api/v1/dashboards/{dashboard}/members/{member_id}/score": Operation(SERVER, {"score": 1}),
}
STREAM = "GET /api/v1/dashboards/{dashboard}/live"
"""The one route that is a stream of events, a transport of its own: a READ."""
SHORTCUT = [route for route in REST if route.endswith(("/increment", "/increments", "/rank", "/top", "/score"))]
"""What is answered before the framework, unless a browser asks."""
NOT_DOCUMENTED = {"GET /": Operation(OPEN), "GET /schema/openapi.json": Operation(OPEN)}

# By method of dashboard.DashboardService; each has `dashboard`, and `member_id` where its request has one.
GRPC = {
    "StreamUpdates": Operation(WRITE, {"increment": 1}),
    "IncrementScore": Operation(WRITE, {"increment": 1}),
    "IncrementScores": Operation(WRITE, {"increments": [{"member_id": MEMBER, "increment": 1}]}),
    "GetMemberRank": Operation(PLACE),
    "GetTopMembers": Operation(READ),
    "GetDashboardStats": Operation(READ),
    "SubmitScore": Operation(WRITE, {"score": 1}),
    "SetScore": Operation(SERVER, {"score": 1}),
    "SubmitScores": Operation(WRITE, {"scores": [{"member_id": MEMBER, "score": 1}]}),
    "GetMember": Operation(READ),
    "GetAround": Operation(READ),
    "LookupMembers": Operation(READ, {"member_ids": [MEMBER]}),
    "ListEntries": Operation(READ),
    "ListPeriods": Operation(READ, {"window": "all"}),
    "ListDashboards": Operation(READ),
    "GetRules": Operation(READ),
    "SetRules": Operation(SERVER, {"rules": {"order": "asc"}}),
    "RemoveMember": Operation(SERVER),
    "ArchiveDashboard": Operation(SERVER, {"name": "spring"}),
    "DeleteDashboard": Operation(SERVER),
    "WatchStandings": Operation(READ, {"top": 3}),
}
OPEN_SERVICES = {"grpc.health.v1.Health": ["Check", "Watch"]}

# By message, as docs/asyncapi.yaml has them.
UPDATE = {"dashboard": "{dashboard}", "member_id": MEMBER, "increment": 1}
SOCKET = {
    "update": Operation(WRITE, UPDATE),
    "updates": Operation(WRITE, [UPDATE]),
    "watch": Operation(READ, {"op": "watch", "dashboard": "{dashboard}", "id": 1}),
    "unwatch": Operation(READ, {"op": "unwatch"}),
    "ping": Operation(READ, {"op": "ping"}),
}
SILENT = {"pong"}
"""What is not answered."""
