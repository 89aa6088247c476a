"""Takes a worker's own measures beside its work, keeps its numbers where all workers see them, and tells all."""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec
from prometheus_client import ProcessCollector

from goboard.entrypoints.metrics import families
from goboard.entrypoints.metrics.exposition import exposed, media_type
from goboard.entrypoints.metrics.families import Family
from goboard.entrypoints.metrics.folder import Folder, Sums

TICK_SECONDS = 0.1
"""How often the loop's lag is measured."""
WRITE_SECONDS = 1.0
"""How old a worker's numbers may be when another worker tells them."""
SLOW_SECONDS = 10.0
"""How often is looked at what takes long: with 10,000 connections listing open files takes 5 ms, tasks as long."""

_OF_PROCESS: dict[str, Family] = {
    f"{family.name}_total" if family.kind == "counter" else family.name: family
    for family in (families.CPU, families.MEMORY, families.OPEN_FILES, families.MAX_FILES)
}

log = logging.getLogger(__name__)


class Meter:
    """The measures of one worker. `gauges` are numbers that are asked for once a second."""

    def __init__(self, folder: str, gauges: Mapping[Family, Callable[[], float]]) -> None:
        self._folder = Folder(Path(folder))
        self._gauges = gauges
        self._process = ProcessCollector(registry=None)
        self._sums = Sums({}, 0)
        self._told_at = -math.inf
        self._texts: dict[str, bytes] = {}
        """What was told by then, in each form."""
        self._telling = asyncio.Lock()
        self._writing = asyncio.Lock()

    @asynccontextmanager
    async def measuring(self) -> AsyncIterator[None]:
        """Measure for as long as the block lasts."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
            with suppress(OSError):
                await self._write()  # else the last second would be missing

    async def _run(self) -> None:
        try:
            await self._measure()
        except OSError as exc:
            log.warning("the metrics end here, for their folder cannot be used: %s", exc)

    async def _measure(self) -> None:
        await asyncio.to_thread(self._folder.join_the_dead)
        loop = asyncio.get_running_loop()
        lag = families.LOOP_LAG.observer()
        slow = write = due = loop.time()
        while True:
            if due >= slow:
                slow += SLOW_SECONDS
                await self._look()
            if due >= write:
                write += WRITE_SECONDS
                await self._write()
            due = max(due, loop.time()) + TICK_SECONDS
            await asyncio.sleep(due - loop.time())
            lag(max(0.0, loop.time() - due))  # on time, it is off by the last bit

    async def told(self, accept: str) -> tuple[bytes, str]:
        """Tell the numbers of all workers, in the form that `accept` asks for, and name it; they are up to 2 s old."""
        form = media_type(accept)
        async with self._telling:  # one at a time, and once a second: who asks without a pause takes no worker's time
            now = asyncio.get_running_loop().time()
            if now - self._told_at >= WRITE_SECONDS:
                await self._write()
                self._sums = await asyncio.to_thread(self._folder.read)
                self._told_at = now
                self._texts = {}
            if form not in self._texts:
                self._texts[form] = await asyncio.to_thread(self._text, accept)
            return self._texts[form], form

    def _text(self, accept: str) -> bytes:
        return exposed({**self._sums.numbers, families.WORKERS.name: {(): [self._sums.workers]}}, accept)

    async def _write(self) -> None:
        async with self._writing:  # once a second, and for whoever asks: two at once would take each other's file away
            for family, ask in self._gauges.items():
                family.of()[0] = ask()
            await asyncio.to_thread(self._folder.write, msgspec.msgpack.encode(families.counted()))

    async def _look(self) -> None:
        families.TASKS.of()[0] = len(asyncio.all_tasks())
        for metric in await asyncio.to_thread(self._process.collect):
            for sample in metric.samples:
                if sample.name in _OF_PROCESS:
                    _OF_PROCESS[sample.name].of()[0] = sample.value
