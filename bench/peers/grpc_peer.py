"""The usual Python answer over gRPC: grpc.aio, protobuf and redis-py. See `common` for how it is run."""

from collections.abc import AsyncIterator
from typing import Any, NoReturn, TypeAlias

import grpc
import uvloop
from common import HOST, is_the_token, open_redis, port, say_ready, update
from messages import SERVICE, message
from redis.asyncio import Redis

IncrementScoreRequest = message("IncrementScoreRequest")
IncrementScoreResponse = message("IncrementScoreResponse")
UpdateRequest = message("UpdateRequest")
UpdateResponse = message("UpdateResponse")

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"


class Dashboard:
    """The methods of `DashboardService` that update."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def increment_score(self, request: Any, context: Context) -> Any:
        """Add to the member's score."""
        await _require_token(context)
        rank, score = await update(self._redis, request.dashboard, request.member_id, request.increment)
        return IncrementScoreResponse(member_id=request.member_id, rank=rank, score=score)

    async def stream_updates(self, requests: AsyncIterator[Any], context: Context) -> AsyncIterator[Any]:
        """Answer each update with the member's place, one after the other."""
        await _require_token(context)
        async for request in requests:
            rank, score = await update(self._redis, request.dashboard, request.member_id, request.increment)
            yield UpdateResponse(member_id=request.member_id, rank=rank, score=score)


async def _require_token(context: Context) -> None:
    given = dict(context.invocation_metadata() or ()).get("authorization")
    if given is None:
        await _refuse(context, grpc.StatusCode.UNAUTHENTICATED, "authentication token is required")
    if not is_the_token(str(given).removeprefix("Bearer ")):
        await _refuse(context, grpc.StatusCode.PERMISSION_DENIED, "authentication token is invalid")


async def _refuse(context: Context, code: grpc.StatusCode, details: str) -> NoReturn:
    await context.abort(code, details)


def _handlers(dashboard: Dashboard) -> grpc.GenericRpcHandler:
    """Register the methods as generated code does; the repository's own generated code is grpclib's."""
    return grpc.method_handlers_generic_handler(
        SERVICE,
        {
            "IncrementScore": grpc.unary_unary_rpc_method_handler(
                dashboard.increment_score,
                request_deserializer=IncrementScoreRequest.FromString,
                response_serializer=IncrementScoreResponse.SerializeToString,
            ),
            "StreamUpdates": grpc.stream_stream_rpc_method_handler(
                dashboard.stream_updates,
                request_deserializer=UpdateRequest.FromString,
                response_serializer=UpdateResponse.SerializeToString,
            ),
        },
    )


async def _serve() -> None:
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((_handlers(Dashboard(open_redis())),))
    server.add_insecure_port(f"{HOST}:{port('PEER_GRPC_PORT')}")
    await server.start()
    say_ready()
    await server.wait_for_termination()


if __name__ == "__main__":
    uvloop.run(_serve())
