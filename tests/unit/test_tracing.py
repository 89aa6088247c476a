"""Traces where something is missing: the extra, the store, a caller; and that they cost nothing unless wanted."""

import asyncio
import logging
import subprocess
import sys
from asyncio import Future, get_running_loop
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from boards import AT, BOARD
from commands import goboard
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from goboard.adapters.redis import RedisBoardStore
from goboard.domain.errors import ScoreOutOfRange, StoreUnavailable
from goboard.domain.names import MemberName
from goboard.entrypoints.tracing import requests
from goboard.entrypoints.tracing.opening import TracingError, check_tracing
from goboard.entrypoints.tracing.otel import Seldom, Spans

ADA = MemberName.parse("ada")

BLOCKED = """
import sys

class Missing:
    def find_spec(self, name, *_):
        if name.partition(".")[0] == "opentelemetry":
            raise ModuleNotFoundError(f"No module named {name!r}")

sys.meta_path.insert(0, Missing())
from goboard.entrypoints.cli import main
main()
"""

UNWANTED = """
import sys
from goboard.entrypoints import cli, serve
from goboard.entrypoints.settings import Settings
from goboard.entrypoints.worker import load_worker

load_worker(Settings.load({"STORE": "memory", "AUTH_SECRET": "x"}), {})
# The rest of the SDK is loaded by redis-py, wherever it is installed.
print([name for name in sys.modules if name.startswith(("opentelemetry.exporter", "opentelemetry.sdk.trace"))])
"""


class Gathered:
    """Spans, and what has become of them."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.spans = Spans(self._exporter)

    async def ended(self) -> dict[str, ReadableSpan]:
        await self.spans.close()
        return {span.name: span for span in self._exporter.get_finished_spans()}


@pytest.fixture
def gathered() -> Iterator[Gathered]:
    before = requests.current.set(None)
    yield Gathered()
    requests.current.reset(before)


def run(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("command", ["serve", "check-config"])
def test_without_the_extra_they_are_refused_at_start_with_the_way_out(command: str) -> None:
    done = run(BLOCKED, command, STORE="memory", TRACES="true", AUTH_SECRET="x")
    assert done.returncode == 78
    assert done.stderr.splitlines() == [
        (
            "goboard: TRACES=true needs OpenTelemetry, which is not installed. Install goboard with the extra otel,"
            ' `pip install "goboard[otel]"`, or set TRACES=false'
        )
    ]


def test_unless_they_are_wanted_what_makes_them_is_not_even_loaded() -> None:
    assert run(UNWANTED).stdout == "[]\n"


@pytest.mark.parametrize("name", ["OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"])
def test_another_protocol_than_there_is_is_refused(name: str) -> None:
    check_tracing({name: "http/protobuf"})
    with pytest.raises(TracingError, match=rf"{name} is 'grpc'; traces are sent as http/protobuf alone"):
        check_tracing({name: "grpc"})


def test_a_protocol_may_be_said_in_the_file_of_settings(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OTEL_EXPORTER_OTLP_PROTOCOL=grpc\n")
    done = goboard(tmp_path, "check-config", TRACES="true", AUTH_SECRET="x")
    assert (done.code, "OTEL_EXPORTER_OTLP_PROTOCOL" in done.err) == (78, True)


async def test_a_store_that_is_away_is_told_with_its_error_and_no_message(tmp_path: Path, gathered: Gathered) -> None:
    store = RedisBoardStore.from_url(f"unix://{tmp_path}/nobody", spans=gathered.spans)
    gathered.spans.begin("GET", (), {})
    with pytest.raises(StoreUnavailable):
        await store.increment(BOARD, ADA, 1.0, AT)
    await store.close()
    span = (await gathered.ended())["store"]
    assert (span.status.is_ok, span.status.description) == (False, None)
    assert dict(span.attributes or {}) == {"error.type": "StoreUnavailable"}
    assert not span.events


@pytest.mark.parametrize("how", ["answered", "refused", "cancelled"])
async def test_what_the_store_does_as_it_should_is_no_error(gathered: Gathered, how: str) -> None:
    gathered.spans.begin("GET", (), {})
    answer: Future[int] = get_running_loop().create_future()
    gathered.spans.asked(answer)
    if how == "answered":
        answer.set_result(1)
    elif how == "refused":
        answer.set_exception(ScoreOutOfRange(ADA, 0.0, 1.0))
    else:
        answer.cancel()
    with pytest.raises((ScoreOutOfRange, asyncio.CancelledError)) if how != "answered" else nullcontext():
        await answer
    await asyncio.sleep(0)  # those who are called back are
    assert (await gathered.ended())["store"].status.is_unset


async def test_what_nobody_asked_for_is_not_told(gathered: Gathered) -> None:
    answer: Future[int] = get_running_loop().create_future()
    gathered.spans.asked(answer)
    gathered.spans.ran("write", 1, 0.1, lambda: [answer])
    gathered.spans.ran("rules", 1, 0.1)
    assert await gathered.ended() == {}


async def test_a_call_for_the_task_alone_is_under_its_request(gathered: Gathered) -> None:
    request = gathered.spans.begin("PUT", (), {})
    gathered.spans.ran("rules", 1, 0.1)
    request.left()
    gathered.spans.ran("later", 1, 0.1)
    spans = await gathered.ended()
    assert set(spans) == {"PUT", "EVALSHA rules"}
    parent = spans["EVALSHA rules"].parent
    assert parent is not None
    assert parent.span_id == spans["PUT"].context.span_id


@pytest.mark.parametrize(("flags", "told"), [("00", set()), ("01", {"store"})])
async def test_what_comes_over_a_stream_is_followed_where_the_stream_is(
    gathered: Gathered, flags: str, told: set[str]
) -> None:
    gathered.spans.begin("stream", [f"00-{'a' * 32}-{'b' * 16}-{flags}"], {}, lasts=True)
    answer: Future[int] = get_running_loop().create_future()
    gathered.spans.asked(answer)
    answer.set_result(1)
    await asyncio.sleep(0)
    assert set(await gathered.ended()) == told


async def test_a_request_that_was_answered_asks_for_no_more(gathered: Gathered) -> None:
    request = gathered.spans.begin("GET", (), {})
    request.answered("GET /a", {}, failed=False)
    request.answered("GET /b", {}, failed=True)
    gathered.spans.asked(get_running_loop().create_future())
    spans = await gathered.ended()
    assert set(spans) == {"GET /a"}
    assert spans["GET /a"].status.is_unset


def test_what_is_said_again_and_again_is_logged_once() -> None:
    seldom = Seldom()

    def said(text: str, *arguments: object) -> bool:
        return seldom.filter(logging.LogRecord("x", logging.WARNING, "", 1, text, arguments, None))

    assert [said("it failed: %s", 1), said("it failed: %s", 2), said("it is full")] == [True, False, True]
