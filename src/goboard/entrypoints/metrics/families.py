"""The metrics: their names by Prometheus's conventions, and their numbers in this process.

A worker is one event loop, so what it counts are plain numbers: to add to one takes 0.05 µs, where a counter of
prometheus_client takes 0.5 and one that several processes share 2. No label ever holds a board, a member or a token.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Literal

Kind = Literal["counter", "gauge", "histogram"]
Labels = tuple[str, ...]
Values = list[float]
"""One number; of a histogram the number of values in each of its buckets, and the sum of all values as the last."""

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500)


class Family:
    """A metric, and its numbers for each combination of its labels."""

    def __init__(
        self, kind: Kind, name: str, text: str, labels: Sequence[str] = (), bounds: Sequence[float] = ()
    ) -> None:
        self.kind = kind
        self.name = name
        self.text = text
        self.labels = tuple(labels)
        self.bounds = tuple(bounds)
        """The upper bounds of a histogram's buckets."""
        self.values: dict[Labels, Values] = {}
        if not labels:
            self.of()

    def of(self, *labels: str) -> Values:
        """Give the numbers of a combination of labels, for the caller to keep and to change."""
        values = self.values.get(labels)
        if values is None:
            values = self.values[labels] = [0.0] * (len(self.bounds) + 2 if self.kind == "histogram" else 1)
        return values

    def add(self, *labels: str, count: float = 1) -> None:
        """Count."""
        self.of(*labels)[0] += count

    def observer(self, *labels: str) -> Callable[[float], None]:
        """Give what takes in a value of a histogram."""
        values, bounds = self.of(*labels), self.bounds

        def observe(value: float) -> None:
            values[bisect_left(bounds, value)] += 1
            values[-1] += value

        return observe


HTTP_REQUESTS = Family(
    "counter",
    "goboard_http_requests",
    "HTTP requests that were answered, a WebSocket's handshake being one.",
    ("method", "route", "code"),
)
HTTP_DURATION = Family(
    "histogram",
    "goboard_http_request_duration_seconds",
    "Time from a request's arrival until its answer begins.",
    ("method", "route"),
    SECONDS,
)
WEBSOCKET_MESSAGES = Family(
    "counter",
    "goboard_websocket_messages",
    "Messages that came over WebSockets; op is `update`, `updates` (an array) or what the message says.",
    ("op",),
)
WEBSOCKET_REPLY = Family(
    "histogram",
    "goboard_websocket_reply_duration_seconds",
    "Time from a message until its reply is sent, of one in 16 messages of each socket.",
    (),
    SECONDS,
)
GRPC_CALLS = Family("counter", "goboard_grpc_calls", "gRPC calls that have ended.", ("method", "code"))
GRPC_DURATION = Family(
    "histogram", "goboard_grpc_call_duration_seconds", "Time that a unary gRPC call took.", ("method",), SECONDS
)
GRPC_UPDATES = Family("counter", "goboard_grpc_stream_updates", "Updates that streams were answered.")
REFUSALS = Family(
    "counter",
    "goboard_refusals",
    "Problems that callers were told, in batches and streams each one, by its code.",
    ("transport", "code"),
)
CONNECTIONS = Family(
    "gauge",
    "goboard_connections",
    "Connections that are open: WebSockets, event streams, and HTTP/2 connections of gRPC.",
    ("transport",),
)
IN_PROGRESS = Family("gauge", "goboard_http_requests_in_progress", "HTTP requests that are being answered.")
WATCHERS = Family("gauge", "goboard_watchers", "Watches of views, each one of one connection.")
VIEWS = Family("gauge", "goboard_watched_views", "Different views that are watched, each one in each worker.")
CONFLATIONS = Family(
    "counter", "goboard_watch_conflations", "Times a watcher got the latest state in place of changes it had missed."
)
STORE_CALLS = Family(
    "histogram",
    "goboard_store_call_duration_seconds",
    "Time that the store took to answer a call of a script.",
    ("script",),
    SECONDS,
)
STORE_BATCH = Family(
    "histogram",
    "goboard_store_batch_size",
    "Updates or reads that went out in one call of a script.",
    ("script",),
    SIZES,
)
STORE_ERRORS = Family(
    "counter", "goboard_store_errors", "Calls of the store that came to nothing, or to an unknown outcome.", ("kind",)
)
REPLAYS = Family(
    "counter", "goboard_idempotent_replays", "Updates that were repetitions: answered, and not applied again."
)
LOOP_LAG = Family(
    "histogram", "goboard_event_loop_lag_seconds", "How late the event loop was, ten times a second.", (), SECONDS
)
TASKS = Family("gauge", "goboard_asyncio_tasks", "Tasks of the event loop, every ten seconds.")
WORKERS = Family("gauge", "goboard_workers", "Workers that serve.")
CPU = Family("counter", "process_cpu_seconds", "CPU time that the workers took, every ten seconds.")
MEMORY = Family("gauge", "process_resident_memory_bytes", "Memory of the workers, what they share counted in each.")
OPEN_FILES = Family("gauge", "process_open_fds", "Open files of the workers: connections are some.")
MAX_FILES = Family("gauge", "process_max_fds", "Open files that all workers together may have.")

FAMILIES = [each for each in list(vars().values()) if isinstance(each, Family)]


def counted() -> dict[str, dict[Labels, Values]]:
    """Give all numbers of this process."""
    return {family.name: family.values for family in FAMILIES}
