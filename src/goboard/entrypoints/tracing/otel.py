"""Requests and the store's work for them, as OpenTelemetry's spans."""

import asyncio
import logging
import os
import threading
import time
from asyncio import Future
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from importlib.metadata import version
from typing import Any

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import (
    Link,
    Span,
    SpanKind,
    StatusCode,
    Tracer,
    format_span_id,
    format_trace_id,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from goboard.domain.errors import StoreError
from goboard.entrypoints.tracing.requests import Attributes, Ids, current

FLUSH_SECONDS = 1.0
"""How long a stop waits until what was gathered is delivered."""
SELDOM_SECONDS = 3600.0

_NOISY = (
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "opentelemetry.sdk._shared_internal",
    "opentelemetry.trace.propagation.tracecontext",
)
"""The loggers that say the same with each delivery that fails, or whenever a client sends nonsense."""

# The header alone: what `tracestate` says is of use to nobody here, and would be written down.
_propagator = TraceContextTextMapPropagator()


class Spans:
    """The spans of one worker: those of its requests (`Requests`), and those of its store (`StoreSpans`)."""

    def __init__(self, exporter: SpanExporter) -> None:
        # Left running at the end of the process, not waited for: `close` has given it its time.
        self._provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("goboard", version("goboard"))
        self._asking: dict[Future[Any], Span] = {}
        """Whom the store owes an answer to."""

    def begin(
        self, name: str, traceparents: Sequence[str], attributes: Attributes, *, lasts: bool = False
    ) -> "_Request":
        """Follow the request that the running task serves."""
        parent = Context()
        if len(traceparents) == 1:  # of several none can be meant
            parent = _propagator.extract({"traceparent": traceparents[0]}, parent)
        request = _Request(self._tracer, self._tracer.start_span(name, parent, SpanKind.SERVER, attributes), lasts)
        current.set(request)
        return request

    def asked(self, answer: Future[Any]) -> None:
        """Take in that the running task waits for `answer`."""
        request = current.get()
        span = request.asks_store() if isinstance(request, _Request) else None
        if span is not None and span.is_recording():
            self._asking[answer] = span
            answer.add_done_callback(self._answered)

    def ran(
        self, script: str, size: int, seconds: float, answers: Callable[[], Iterable[Future[Any]]] | None = None
    ) -> None:
        """Take in a call: a span under the first of those for whom it was made, with links to and from the others."""
        spans = _own_span() if answers is None else self._spans_of(answers)
        if not spans:
            return
        now = time.time_ns()
        attributes: dict[str, str | int] = {
            "db.system.name": "redis",
            "db.operation.name": "EVALSHA",
            "db.stored_procedure.name": script,
        }
        if size > 1:
            attributes["db.operation.batch.size"] = size
        call = self._tracer.start_span(
            f"EVALSHA {script}",
            set_span_in_context(spans[0], Context()),
            SpanKind.CLIENT,
            attributes,
            [Link(span.get_span_context()) for span in spans[1:]],
            now - int(seconds * 1e9),
        )
        call.end(now)
        for span in spans[1:]:
            span.add_link(call.get_span_context())

    async def close(self) -> None:
        """Deliver what was gathered, for a second at most: a collector that is away holds no stop up."""
        loop, delivered = asyncio.get_running_loop(), asyncio.Event()

        def deliver() -> None:
            self._provider.shutdown()
            with suppress(RuntimeError):  # the loop is closed: nobody waited so long
                loop.call_soon_threadsafe(delivered.set)

        # A daemon, so that the end of the process does not wait for it.
        threading.Thread(target=deliver, name="traces", daemon=True).start()
        with suppress(TimeoutError):
            async with asyncio.timeout(FLUSH_SECONDS):
                await delivered.wait()

    def _spans_of(self, answers: Callable[[], Iterable[Future[Any]]]) -> list[Span]:
        asking = self._asking
        return [asking[answer] for answer in answers() if answer in asking] if asking else []

    def _answered(self, answer: Future[Any]) -> None:
        span = self._asking.pop(answer)
        error = None if answer.cancelled() else answer.exception()
        if isinstance(error, StoreError):  # a refusal is none: the store has done what it should
            span.set_status(StatusCode.ERROR)
            span.set_attribute("error.type", type(error).__name__)
        span.end()


class _Request:
    """A request that is followed."""

    def __init__(self, tracer: Tracer, span: Span, lasts: bool) -> None:  # noqa: FBT001 -- made here alone
        self.span = span
        self._tracer = tracer
        self._lasts = lasts
        self._ended = False

    @property
    def ids(self) -> Ids | None:
        context = self.span.get_span_context()
        return Ids(format_trace_id(context.trace_id), format_span_id(context.span_id)) if context.is_valid else None

    def answered(self, name: str, attributes: Attributes, *, failed: bool, lasts: bool = False) -> None:
        if self._ended:
            return
        self._lasts = self._lasts or lasts
        self.span.update_name(name)
        self.span.set_attributes(attributes)
        if failed:
            self.span.set_status(StatusCode.ERROR)
        self.left()

    def left(self) -> None:
        if not self._ended:
            self._ended = True
            self.span.end()

    def asks_store(self) -> Span | None:
        """Begin the span of something that the store is asked for; None: there shall be none."""
        context = self.span.get_span_context()
        if not context.trace_flags.sampled:
            return None
        if self._lasts:  # a trace of its own: one of all that a socket ever sends would have no end
            return self._tracer.start_span("store", Context(), links=[Link(context)])
        return None if self._ended else self._tracer.start_span("store", set_span_in_context(self.span, Context()))


class Seldom(logging.Filter):
    """Lets each thing that is said pass once an hour."""

    def __init__(self) -> None:
        super().__init__()
        self._said_at: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether the record passes."""
        now = time.monotonic()
        said_at = self._said_at.get(record.msg)
        if said_at is not None and now - said_at < SELDOM_SECONDS:
            return False
        self._said_at[record.msg] = now
        return True


def start() -> Spans:
    """Begin to gather spans, and to deliver them from a thread of their own, as the variables OTEL_* say."""
    for name in _NOISY:
        logging.getLogger(name).addFilter(Seldom())
    return Spans(OTLPSpanExporter())


def _own_span() -> list[Span]:
    request = current.get()
    return [request.span] if isinstance(request, _Request) and request.span.is_recording() else []


def _resource() -> Resource:
    own: dict[str, str | int] = {
        "service.name": "goboard",
        "service.version": version("goboard"),
        "process.pid": os.getpid(),
    }
    # Merged once more: what the environment says wins over ours.
    return Resource.create(own).merge(OTELResourceDetector().detect())
