"""What an orchestrator asks: is the process alive, is it ready to serve."""

from typing import Annotated

from litestar import MediaType, get
from litestar.params import Dependency

from goboard.domain.errors import ServerStopping
from goboard.entrypoints.http.door import Door
from goboard.leaderboards import Leaderboards


@get("/health", media_type=MediaType.TEXT, tags=["probes"])
async def health() -> str:
    """Answer `OK`: the process is alive. No token is needed."""
    return "OK"


@get("/ready", media_type=MediaType.TEXT, tags=["probes"])
async def ready(
    boards: Annotated[Leaderboards, Dependency(skip_validation=True)],
    door: Annotated[Door, Dependency(skip_validation=True)],
) -> str:
    """Answer `OK` where the store answers and the server goes on, else 503. No token is needed."""
    if not door.ready:
        raise ServerStopping
    await boards.check()
    return "OK"
