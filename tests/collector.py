"""A collector of traces: takes in what is sent by OTLP over HTTP."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from listening import Quiet, listening
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Span(NamedTuple):
    """A span as it was sent."""

    trace_id: str
    id: str
    parent: str
    name: str
    kind: int
    start: int
    end: int
    attributes: dict[str, Any]
    links: list[str]
    """The spans that it links to."""
    failed: bool
    resource: dict[str, Any]


class Collector:
    """What was sent so far."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.bodies: list[bytes] = []

    @property
    def spans(self) -> list[Span]:
        return [span for body in list(self.bodies) for span in read(body)]

    def until(self, condition: Callable[[list[Span]], Any]) -> list[Span]:
        """Wait until the condition holds for what was sent."""
        ends = time.monotonic() + 20
        while not condition(found := self.spans):
            assert time.monotonic() < ends, found
            time.sleep(0.02)
        return found

    def one(self, name: str) -> Span:
        """Wait for the only span of a name."""
        [span] = [each for each in self.until(lambda spans: name in {each.name for each in spans}) if each.name == name]
        return span


@contextmanager
def collecting(port: int = 0, status: int = 200) -> Iterator[Collector]:
    """Listen on a port of the loopback, and answer all that comes with a status."""

    class Handler(Quiet):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:  # noqa: N802 -- as http.server has it
            assert self.path == "/v1/traces"
            collector.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

    with listening(Handler, port) as found:
        collector = Collector(f"http://127.0.0.1:{found}")
        yield collector


def read(body: bytes) -> Iterator[Span]:
    for of_resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        resource = _values(of_resource.resource.attributes)
        for scope in of_resource.scope_spans:
            for span in scope.spans:
                yield Span(
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                    span.name,
                    span.kind,
                    span.start_time_unix_nano,
                    span.end_time_unix_nano,
                    _values(span.attributes),
                    [link.span_id.hex() for link in span.links],
                    span.status.code == span.status.STATUS_CODE_ERROR,
                    resource,
                )


def _values(attributes: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}
