"""How a call is answered: in place of grpclib 0.4.9's `request_handler`.

That one turns expired and invalid deadlines, oversized, compressed and malformed messages into UNKNOWN. Here every
failure is a problem, with its status and its details.
"""

import asyncio
import logging
import re
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, cast

from grpclib import protocol
from grpclib.const import Cardinality, Handler
from grpclib.metadata import decode_timeout
from h2.exceptions import ProtocolError

from goboard.domain.errors import InvalidArgument
from goboard.entrypoints import problems, request_ids
from goboard.entrypoints.gate import Gate, bearer_token, only_token
from goboard.entrypoints.grpc import refusals
from goboard.entrypoints.grpc.bounds import Bounds
from goboard.entrypoints.grpc.expiry import until_expiry
from goboard.entrypoints.grpc.inbox import Inbox
from goboard.entrypoints.grpc.stream import CallStream, Headers, reset, trailers_of
from goboard.entrypoints.grpc.watchers import Watchers
from goboard.entrypoints.load import Load
from goboard.entrypoints.metrics import families
from goboard.entrypoints.problems import Problem
from goboard.entrypoints.updates import Caller

GUARDED = "/dashboard.DashboardService/"
"""Calls under this path need a token; health and reflection do not."""
READING = frozenset(
    GUARDED + name
    for name in (
        *("GetMemberRank", "GetTopMembers", "GetDashboardStats", "GetMember", "GetAround", "LookupMembers"),
        *("ListEntries", "ListPeriods", "ListDashboards", "GetRules", "WatchStandings"),
    )
)
"""Calls that need none where reading is public."""

_REQUIRED = {":method", ":scheme", ":path"}
_PSEUDO = {*_REQUIRED, ":authority"}
_CONNECTION_SPECIFIC = {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}

caller: ContextVar[Caller] = ContextVar("caller")
"""Whose call this is. Each call is a task, so a context, of its own; betterproto's handlers get the request alone."""

log = logging.getLogger(__name__)
access = logging.getLogger("goboard.access")


class Calls:
    """Answers calls, on all connections."""

    def __init__(
        self,
        methods: Mapping[str, Handler],
        gate: Gate,
        request_timeout: float,
        stopping: asyncio.Event,
        bounds: Bounds,
    ) -> None:
        self._methods = methods
        self._gate = gate
        self._timeout = request_timeout
        self._unary = Load("calls under way", bounds.calls)
        self._streaming = Load("streams under way", bounds.streams)
        self.stopping = stopping
        """Set when the server goes away: calls of the service are refused, and cancelled ones told so."""

    def load_of(self, headers: Headers) -> Load | None:
        """Tell what a call counts for; None: nothing, it is answered however much there is to do."""
        path = next((value for name, value in headers if name == ":path"), "")
        method = self._methods.get(path)
        if method is None or not path.startswith(GUARDED):
            return None
        return self._streaming if streams(method.cardinality) else self._unary

    def refuse(self, stream: protocol.Stream, headers: Headers, load: Load) -> bool:
        """Refuse a call that is too much, without a task for it; tell whether that can be done now."""
        if not stream.connection.write_ready.is_set():
            return False
        path = dict(headers)[":path"]
        problem = problems.problem_for(load.refusal(), path)
        trailers = [(":status", "200"), ("content-type", "application/grpc+proto"), *trailers_of(problem, path)]
        stream._h2_connection.send_headers(cast("int", stream.id), trailers, end_stream=True)  # noqa: SLF001 -- without a wait
        stream.connection.flush()
        reset(stream)
        families.GRPC_CALLS.add(path.rpartition("/")[2], problem.kind.grpc.name)
        return True

    async def answer(
        self, stream: protocol.Stream, inbox: Inbox, watchers: Watchers, headers: Headers, arrived: float
    ) -> None:
        """Answer one call, whatever happens; `arrived` is the loop's time when its headers came."""
        fields = dict(headers)
        request_ids.begin(fields.get(request_ids.NAME, "").encode("latin-1"))
        code, method = "CANCELLED", UNKNOWN
        try:
            if (status := _http_status(headers, fields)) != "200":
                await stream.send_headers([(":status", status)], end_stream=True)
                reset(stream)
                code = "UNKNOWN"  # what gRPC's clients make of it
                return
            path = fields.get(":path", "")
            method = self._methods.get(path, UNKNOWN)
            call: CallStream[Any, Any] = CallStream(stream, inbox, watchers, path, method)
            problem = await self._run(call, method, headers, arrived)
            code = "OK" if problem is None else problem.kind.grpc.name
            await (call.finish() if problem is None else call.fail(problem))
        except ProtocolError as gone:  # the client has closed the stream or broken HTTP/2; nobody is there to be told
            log.debug("a call ended without an answer: %s", gone)
        finally:
            self._count(fields.get(":path", ""), method, code, arrived)

    def _count(self, path: str, method: Handler, code: str, arrived: float) -> None:
        name = name_of(path, method)
        families.GRPC_CALLS.add(name, code)
        seconds = asyncio.get_running_loop().time() - arrived
        if not streams(method.cardinality):
            families.GRPC_DURATION.observer(name)(seconds)
        if access.isEnabledFor(logging.INFO):
            access.info("answered", extra={"method": name, "status": code, "seconds": round(seconds, 6)})

    async def _run(
        self, call: CallStream[Any, Any], method: Handler, headers: Headers, arrived: float
    ) -> Problem | None:
        try:
            if call.path.startswith(GUARDED) and method is not UNKNOWN:
                self._admit(call.path, headers)
            deadline = self._deadline(headers, method.cardinality, arrived)
            if deadline is not None and asyncio.get_running_loop().time() >= deadline:
                raise TimeoutError  # noqa: TRY301 -- a handler that never waits would outrun asyncio.timeout
            async with asyncio.timeout_at(deadline):
                await self._until_expiry(call, method)
        except asyncio.CancelledError:
            if not self.stopping.is_set():
                raise  # the client has left
            return refusals.stopping().problem
        except ProtocolError:
            raise
        except Exception as error:  # noqa: BLE001 -- every failure is answered; the unforeseen is logged
            return refusals.problem_for(error, call.path)
        return None

    async def _until_expiry(self, call: CallStream[Any, Any], method: Handler) -> None:
        """Let the call be handled; a stream goes on for as long as its token is valid."""
        known = caller.get(None) if streams(method.cardinality) else None
        lifetime = known.lifetime if known else None
        if lifetime is None:
            await method.func(call)
        else:
            await until_expiry(method.func(call), call.inbox, lifetime, self._timeout)

    def _admit(self, path: str, headers: Headers) -> None:
        tokens = [value for name, value in headers if name == "authorization"]
        admit = self._gate.admit_reader if path in READING else self._gate.admit
        identity = admit(bearer_token(only_token(tokens)))
        caller.set(Caller(identity, self._gate))
        if self.stopping.is_set():
            raise refusals.stopping()

    def _deadline(self, headers: Headers, cardinality: Cardinality, arrived: float) -> float | None:
        """Give the time by which the whole call must be done; a stream has none unless the client says so."""
        limits = [_timeout(value) for name, value in headers if name == "grpc-timeout"]
        if not streams(cardinality):
            limits.append(self._timeout)
        return arrived + min(limits) if limits else None


def streams(cardinality: Cardinality) -> bool:
    """Tell whether a call may have many messages, one way or the other."""
    return bool(cardinality.client_streaming or cardinality.server_streaming)


def _http_status(headers: Headers, fields: Mapping[str, str]) -> str:
    """Give the HTTP status for what is no gRPC call at all; 200 for one."""
    if _is_malformed([name for name, _ in headers]):
        return "400"
    if fields.get(":method") != "POST":
        return "405"
    content_type = fields.get("content-type", "").partition(";")[0].strip()
    return "200" if content_type in {"application/grpc", "application/grpc+proto"} else "415"


def _is_malformed(names: list[str]) -> bool:
    """Tell whether these are no headers of HTTP/2 (RFC 9113, sections 8.2 and 8.3): proxies read such in other ways."""
    first = sum(name.startswith(":") for name in names)  # those of the request line come before all others
    pseudo = set(names[:first])
    if first != len(pseudo) or not _REQUIRED <= pseudo <= _PSEUDO:
        return True
    return not _CONNECTION_SPECIFIC.isdisjoint(names) or any(name != name.lower() for name in names)


def _timeout(value: str) -> float:
    if not re.fullmatch(r"[0-9]{1,8}[HMSmun]", value):  # gRPC's PROTOCOL-HTTP2: at most 8 digits
        raise InvalidArgument("grpc-timeout is malformed; up to 8 digits and one of H, M, S, m, u, n are needed")
    return decode_timeout(value)


def name_of(path: str, method: Handler) -> str:
    """Give a method's name as it is told to others; what is sent shall make none."""
    return "unknown" if method is UNKNOWN else path.rpartition("/")[2]


async def _unknown_method(_: CallStream[Any, Any]) -> None:
    raise refusals.CallRefused(problems.NOT_FOUND, "there is no such method")


UNKNOWN = Handler(_unknown_method, Cardinality.UNARY_UNARY, None, None)
