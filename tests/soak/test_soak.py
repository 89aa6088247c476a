"""Two workers under callers that come and go for SOAK_SECONDS, 600 by default: nothing grows, nothing is left."""

import asyncio
import os
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import made_tokens
import pytest
from churn import Churn
from course import growth, levels, picture
from levels import POOL, level
from moody_proxy import MoodyProxy, moody_proxy
from scraped import Scraped, scrape
from servers import SERVERS, Server, start_server
from services import Service, goboard_serve, until_both_serve, workers_of

pytestmark = pytest.mark.soak

SECONDS = float(os.environ.get("SOAK_SECONDS", "600"))
WARM_UP = 60.0
SAMPLE_SECONDS = 2.0
TELL_EVERY = 5
"""Samples."""
CUT_EVERY = 15
"""Samples between two times at which all connections to the store are cut."""
MOST_GROWTH = 0.05
"""Of memory. Python looks for cycles when 50,000 more objects are there than before: that is 5 MiB, up and down."""
PATIENCE, QUIET = 60.0, 15.0
"""Seconds: until nothing changes any more, and for how long it must not: tasks are counted every ten seconds."""
MIB = 2**20
TASKS, LAG = "goboard_asyncio_tasks", "goboard_event_loop_lag_seconds"
SETTINGS = {
    "WORKERS": "2",
    "AUTH_MODE": "jwt",
    "JWT_SECRET": made_tokens.KEY,
    "ALLOW_SELF_DELETE": "true",
    "IDEMPOTENCY_TTL": "10",  # so that there are as many keys after a minute as after an hour
}


class Rest(NamedTuple):
    """What the service holds when nobody is there."""

    descriptors: list[int]
    """Each worker's, connections to the store aside."""
    tasks: float


class Soak:
    """A service, its store, and how their numbers went."""

    def __init__(self, service: Service, server: Server, proxy: MoodyProxy) -> None:
        self.churn = Churn(service, random.Random(7))
        self.courses: dict[str, list[float]] = defaultdict(list)
        self.service = service
        self._server = server
        self._proxy = proxy
        self.workers = workers_of(service)
        self._told = scrape(service)
        self._began = time.monotonic()

    async def watch_on(self) -> None:
        """Take samples and tell of some, until it is cancelled."""
        due = time.monotonic()
        for number in range(1, 10**9):
            due += SAMPLE_SECONDS
            await asyncio.sleep(due - time.monotonic())
            await asyncio.to_thread(self._sample)
            if number % TELL_EVERY == 0:
                self._tell()
            if number % CUT_EVERY == 0:
                await asyncio.to_thread(self._cut)

    async def at_rest(self) -> Rest:
        """Tell what there is when nobody has come for a while: who asks for the metrics is a task himself."""
        found, since = self._descriptors(), time.monotonic()
        ends = since + PATIENCE
        while time.monotonic() - since < QUIET:
            assert time.monotonic() < ends, f"it never comes to rest: {found}"
            await asyncio.sleep(0.5)
            if (now := self._descriptors()) != found:
                found, since = now, time.monotonic()
        return Rest(found, (await asyncio.to_thread(scrape, self.service)).value(TASKS))

    def picture(self) -> str:
        """Draw all that was measured, and tell from which level to which it went."""
        lines = [f"visits: {dict(self.churn.visits)}"]
        for name, values in self.courses.items():
            before, after = levels(values)
            lines.append(f"{name:15} {picture(values)} {before:7.1f} → {after:7.1f} {growth(values):+7.1%}")
        return "\n".join(lines)

    def _descriptors(self) -> list[int]:
        return [level(worker, self._proxy.port).descriptors for worker in self.workers]

    def _sample(self) -> None:
        for number, worker in enumerate(self.workers, 1):
            self.courses[f"memory {number}, MiB"].append(worker.memory_info().rss / MIB)
            self.courses[f"descriptors {number}"].append(worker.num_fds())
            self.courses[f"threads {number}"].append(worker.num_threads())
        told, self._told = self._told, scrape(self.service)
        self.courses["tasks"].append(self._told.value(TASKS))
        self.courses["lag p99, ms"].append(1000 * _p99(told, self._told))
        with self._server.client() as client:
            self.courses["store, MiB"].append(client.info("memory")["used_memory"] / MIB)
            self.courses["store's keys"].append(client.dbsize())

    def _tell(self) -> None:
        now = "  ".join(f"{name} {values[-1]:.1f}" for name, values in self.courses.items())
        print(f"{time.monotonic() - self._began:5.0f} s  visits {self.churn.visits.total()}  {now}", flush=True)

    def _cut(self) -> None:
        with self._server.client() as client:
            client.client_kill_filter(_type="normal", skipme=True)


def _p99(before: Scraped, after: Scraped) -> float:
    """Give the bound under which 99 of 100 values lie that came in between."""
    bounds = sorted(float(dict(labels)["le"]) for name, labels in after.samples if name == f"{LAG}_bucket")

    def came(bound: float) -> float:
        edge = "+Inf" if bound == float("inf") else str(bound)
        return after.value(f"{LAG}_bucket", le=edge) - before.value(f"{LAG}_bucket", le=edge)

    return next(bound for bound in bounds if came(bound) >= 0.99 * came(bounds[-1]))


@asynccontextmanager
async def soaking(folder: Path) -> AsyncIterator[Soak]:
    """Run two workers before a store that takes its time."""
    with (
        start_server(SERVERS["valkey"], folder, tcp=True) as server,
        moody_proxy(urlsplit(server.url).port or 0, stalls=False) as proxy,
        goboard_serve(folder, **SETTINGS, REDIS_URL=f"redis://127.0.0.1:{proxy.port}") as service,
    ):
        await asyncio.to_thread(until_both_serve, service)
        proxy.calm = False
        yield Soak(service, server, proxy)


async def test_nothing_grows_and_nothing_is_left(tmp_path: Path) -> None:
    async with soaking(tmp_path) as soak:
        await soak.churn.come_and_go(WARM_UP)
        before = await soak.at_rest()
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(soak.watch_on())
            await soak.churn.come_and_go(SECONDS)
            watching.cancel()
        print(soak.picture())
        after = await soak.at_rest()
        print(f"before: {before}\nafter:  {after}")
        faults = [line for line in soak.service.log if "Traceback" in line]
        assert not faults, "".join(faults[:3])
        assert workers_of(soak.service) == soak.workers
        assert after == before
        grown = {name: growth(values) for name, values in soak.courses.items() if name.endswith("MiB")}
        assert max(grown.values()) < MOST_GROWTH, grown
        threads = [values for name, values in soak.courses.items() if name.startswith("threads")]
        assert all(max(values) <= values[0] + POOL for values in threads), threads
