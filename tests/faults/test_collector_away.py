"""A collector of traces that is away, hangs or refuses: nobody waits for it, and the log says so once."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from collector import collecting
from services import TOKEN, goboard_serve

pytestmark = pytest.mark.faults

REQUESTS = 500
QUEUE = {"OTEL_BSP_MAX_QUEUE_SIZE": "100", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "50", "OTEL_BSP_SCHEDULE_DELAY": "20"}
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


@contextmanager
def a_collector(how: str) -> Iterator[str]:
    """Give the address of a collector of which nothing is to be had."""
    with ExitStack() as running:
        if how == "refuses":
            yield f"{running.enter_context(collecting(status=503)).url}"
            return
        listener = running.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = listener.getsockname()[1]
        if how == "is away":
            listener.close()
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("how", ["is away", "hangs", "refuses"])
def test_a_collector_of_which_nothing_is_to_be_had_harms_nobody(tmp_path: Path, how: str) -> None:
    with a_collector(how) as url:
        tracing = {"TRACES": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": url, **QUEUE}
        with goboard_serve(tmp_path, "--store", "memory", **tracing) as service:
            slowest = 0.0
            with httpx.Client(base_url=service.api, headers=HEADERS) as http:
                for _ in range(REQUESTS):  # five times as many as may wait
                    begun = time.monotonic()
                    http.post("/dashboards/b/members/ada/increment", json={"increment": 1}).raise_for_status()
                    slowest = max(slowest, time.monotonic() - begun)
            begun = time.monotonic()
        assert time.monotonic() - begun < 5
        assert slowest < 2
        said = [json.loads(line)["event"] for line in service.log if "opentelemetry" in line]
        assert said
        assert len({event[:10] for event in said}) == len(said)  # each kind of trouble once, and not for each delivery
        assert TOKEN not in "".join(service.log)


def test_when_it_is_back_traces_go_on(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    tracing = {"TRACES": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}", **QUEUE}
    with goboard_serve(tmp_path, "--store", "memory", **tracing) as service:
        httpx.get(f"{service.api}/dashboards", headers={**HEADERS, "X-Request-ID": "before"})
        ends = time.monotonic() + 15
        while not any("Transient error" in line for line in service.log):
            assert time.monotonic() < ends
            time.sleep(0.02)
        with collecting(port=port) as collector:
            httpx.get(f"{service.api}/dashboards", headers={**HEADERS, "X-Request-ID": "after"})
            collector.until(
                lambda spans: {"before", "after"} <= {each.attributes["goboard.request_id"] for each in spans}
            )
