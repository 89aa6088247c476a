"""What an orchestrator asks: is the process alive, is it ready to serve; and what Prometheus reads."""

import hmac
from typing import Annotated, Any

from litestar import MediaType, Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import Dependency

from goboard.domain.errors import InvalidToken, MissingToken, ServerStopping
from goboard.entrypoints.gate import Gate
from goboard.entrypoints.http.door import Door
from goboard.entrypoints.http.rest import sent_token
from goboard.entrypoints.metrics.meter import Meter
from goboard.leaderboards import Leaderboards


@get("/health", media_type=MediaType.TEXT, tags=["probes"])
async def health() -> str:
    """Answer `OK`: the process is alive. No token is needed."""
    return "OK"


@get("/ready", media_type=MediaType.TEXT, tags=["probes"])
async def ready(
    boards: Annotated[Leaderboards, Dependency(skip_validation=True)],
    door: Annotated[Door, Dependency(skip_validation=True)],
    gate: Annotated[Gate, Dependency(skip_validation=True)],
) -> str:
    """Answer `OK` where the store answers, tokens can be checked and the server goes on, else 503; with no token."""
    if not door.ready:
        raise ServerStopping
    gate.check()
    await boards.check()
    return "OK"


def metrics_route(meter: Meter, token: str) -> HTTPRouteHandler:
    """Make the route for Prometheus; where `token` is not empty, it is asked for."""

    @get("/metrics", media_type=MediaType.TEXT, tags=["probes"])
    async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
        """Tell the metrics of all workers. Where METRICS_TOKEN is set it is needed, as `Bearer <token>`."""
        _check(token, sent_token(request.headers.getall("authorization", [])))
        body, media_type = await meter.told(request.headers.get("accept", ""))
        return Response(body, headers={"content-type": media_type})

    return metrics


def _check(token: str, sent: str) -> None:
    if token and not sent:
        raise MissingToken
    if not hmac.compare_digest(token.encode(), (sent if token else "").encode(errors="surrogatepass")):
        raise InvalidToken("it is not METRICS_TOKEN")
