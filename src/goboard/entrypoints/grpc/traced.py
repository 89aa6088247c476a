"""Traces of calls: one span a call, from its arrival until its end."""

import asyncio
from collections.abc import Mapping

from grpclib import protocol
from grpclib.const import Handler, Status

from goboard.entrypoints import request_ids
from goboard.entrypoints.gate import Gate
from goboard.entrypoints.grpc.bounds import Bounds
from goboard.entrypoints.grpc.calls import GUARDED, UNKNOWN, Calls, name_of, streams
from goboard.entrypoints.grpc.inbox import Inbox
from goboard.entrypoints.grpc.stream import Headers
from goboard.entrypoints.grpc.watchers import Watchers
from goboard.entrypoints.tracing.requests import Requests, current

_FAULTS = {
    Status.UNKNOWN,
    Status.DEADLINE_EXCEEDED,
    Status.UNIMPLEMENTED,
    Status.INTERNAL,
    Status.UNAVAILABLE,
    Status.DATA_LOSS,
}
"""What counts as the server's fault, by OpenTelemetry's conventions for RPC."""
_OTHERS = ("/grpc.health.", "/grpc.reflection.")
"""Calls that are not worth a trace, as probes over HTTP are not."""


class TracedCalls(Calls):
    """Answers calls, which it has followed; it is there only where that is wanted."""

    def __init__(  # noqa: PLR0913, PLR0917 -- what calls need, and who follows them
        self,
        methods: Mapping[str, Handler],
        gate: Gate,
        request_timeout: float,
        stopping: asyncio.Event,
        bounds: Bounds,
        requests: Requests,
    ) -> None:
        super().__init__(methods, gate, request_timeout, stopping, bounds)
        self._requests = requests

    async def answer(
        self, stream: protocol.Stream, inbox: Inbox, watchers: Watchers, headers: Headers, arrived: float
    ) -> None:
        """Answer one call."""
        path = dict(headers).get(":path", "")
        if not path.startswith(_OTHERS):
            method = self._methods.get(path, UNKNOWN)
            service = GUARDED.strip("/")
            name = name_of(path, method)
            attributes = {"rpc.system": "grpc", "rpc.service": service, "rpc.method": name}
            sent = [value for key, value in headers if key == "traceparent"]
            self._requests.begin(f"{service}/{name}", sent, attributes, lasts=streams(method.cardinality))
        await super().answer(stream, inbox, watchers, headers, arrived)

    def _count(self, path: str, method: Handler, code: str, arrived: float) -> None:
        super()._count(path, method, code, arrived)
        request = current.get()
        if request is None:
            return
        service, name, status = GUARDED.strip("/"), name_of(path, method), Status[code]
        attributes: dict[str, str | int] = {"rpc.grpc.status_code": status.value}
        if status in _FAULTS:
            attributes["error.type"] = status.name
        request_id = request_ids.text()
        if request_id:
            attributes["goboard.request_id"] = request_id
        request.answered(f"{service}/{name}", attributes, failed=status in _FAULTS)
