"""The usual Python answer: FastAPI, uvicorn and redis-py, two round trips an update. See `common` for how it is run."""

import signal
import socket
from typing import Annotated

import uvicorn
from common import HOST, is_the_token, open_redis, port, say_ready, update
from fastapi import Depends, FastAPI, HTTPException, WebSocket, WebSocketException, status
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel


class Increment(BaseModel):
    """The body of an update."""

    increment: float


class Standing(BaseModel):
    """A member's place after an update."""

    member_id: str
    rank: int
    score: float


async def require_token(given: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> None:
    """Refuse a wrong token; HTTPBearer itself refuses a missing one."""
    if not is_the_token(given.credentials):
        raise HTTPException(status.HTTP_403_FORBIDDEN, "invalid token")


async def require_query_token(token: str | None = None) -> None:
    """Refuse a handshake without the token."""
    if token is None or not is_the_token(token):
        raise WebSocketException(status.WS_1008_POLICY_VIOLATION, "invalid token")


app = FastAPI()
redis = open_redis()


@app.post("/api/v1/dashboards/{dashboard}/members/{member_id}/increment", dependencies=[Depends(require_token)])
async def increment_score(dashboard: str, member_id: str, body: Increment) -> Standing:
    """Add to the member's score."""
    rank, score = await update(redis, dashboard, member_id, body.increment)
    return Standing(member_id=member_id, rank=rank, score=score)


@app.websocket("/ws", dependencies=[Depends(require_query_token)])
async def updates(websocket: WebSocket) -> None:
    """Answer each update with the member's place, one after the other."""
    await websocket.accept()
    async for asked in websocket.iter_json():  # receive_json until the client leaves
        member = asked["member_id"]
        rank, score = await update(redis, asked["dashboard"], member, asked["increment"])
        await websocket.send_json({"rank": rank, "score": score, "member_id": member})


class Server(uvicorn.Server):
    """uvicorn, saying when it listens."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen; a failure ends the process with uvicorn's message."""
        await super().startup(sockets)
        # In place of uvicorn's handler, which waits for the clients to leave.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        say_ready()


if __name__ == "__main__":
    Server(
        uvicorn.Config(
            app,
            host=HOST,
            port=port("PEER_HTTP_PORT"),
            loop="uvloop",
            http="httptools",
            access_log=False,
            log_level="warning",
            # No other contender compresses, so a client that offers it must not put uvicorn to that work.
            ws_per_message_deflate=False,
        )
    ).run()
