"""The metrics of several workers together, who may read them, and what a store and the watches tell of themselves."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
import uvloop
from boards import AT, BOARD, submit
from live_client import Watcher, until
from live_hub import NEVER, live_hub
from scraped import parsed

from goboard.adapters.redis import RedisBoardStore
from goboard.domain.errors import StoreUnavailable
from goboard.domain.names import MemberName
from goboard.entrypoints.metrics import families
from goboard.entrypoints.metrics import meter as meter_module
from goboard.entrypoints.metrics.exposition import exposed
from goboard.entrypoints.metrics.folder import Folder
from goboard.entrypoints.metrics.meter import Meter
from goboard.entrypoints.metrics.opening import open_folder
from goboard.live import Snapshot
from goboard.ports.measures import Unmeasured

REQUESTS, WATCHERS, LAG = families.HTTP_REQUESTS.name, families.WATCHERS.name, families.LOOP_LAG.name
LABELS = ("GET", "/health", "200")


def numbers(requests: float, watchers: float) -> bytes:
    return msgspec.msgpack.encode({REQUESTS: {LABELS: [requests]}, WATCHERS: {(): [watchers]}})


@pytest.fixture
def dead() -> int:
    """The number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_counters_are_of_all_workers_that_ever_were_and_gauges_of_those_that_live(tmp_path: Path, dead: int) -> None:
    folder = Folder(tmp_path)
    folder.write(numbers(5, 2))
    (tmp_path / f"{os.getppid()}-other").write_bytes(numbers(20, 1))
    (tmp_path / f"{dead}-before").write_bytes(numbers(100, 50))
    told, workers = folder.read()
    assert told[REQUESTS] == {LABELS: [125]}
    assert told[WATCHERS] == {(): [3]}
    assert workers == 2


def test_what_dead_workers_have_counted_is_kept_in_one_file(tmp_path: Path, dead: int) -> None:
    folder = Folder(tmp_path)
    folder.write(numbers(1, 1))
    for count in range(3):
        (tmp_path / f"{dead}-{count}").write_bytes(numbers(10, 1))
        before = folder.read()
        folder.join_the_dead()
        assert folder.read() == before
        assert len(list(tmp_path.iterdir())) == 3  # ours, the dead ones', and the lock
    assert before.numbers[REQUESTS] == {LABELS: [31]}


def test_a_histogram_s_buckets_are_told_cumulated(tmp_path: Path) -> None:
    family = families.Family("histogram", LAG, "", (), families.SECONDS)
    observe = family.observer()
    for value in (0.0001, 0.0005, 0.0006, 7):
        observe(value)
    text = exposed({LAG: family.values}, "application/openmetrics-text; version=1.0.0")
    found = parsed(text.decode())
    assert [found.value(f"{LAG}_bucket", le=edge) for edge in ("0.0005", "0.001", "5.0", "+Inf")] == [2, 3, 3, 4]
    assert found.value(f"{LAG}_sum") == pytest.approx(7.0012)
    assert found.value(f"{LAG}_count") == 4
    assert not list(tmp_path.iterdir())


def test_the_folder_is_for_its_owner_alone_and_goes_with_the_service() -> None:
    with open_folder(wanted=True) as path:
        assert Path(path).stat().st_mode & 0o777 == 0o700
        Folder(Path(path)).write(b"\x80")
    assert not Path(path).exists()
    with open_folder(wanted=False) as none:
        assert none == ""


def test_what_servers_that_were_killed_have_left_goes_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    others = tmp_path / "others"
    others.mkdir()
    (others / "kept").touch()
    (tmp_path / "goboard-metrics-link").symlink_to(others)
    (tmp_path / "goboard-metrics-file").touch()
    folders = [tmp_path / f"goboard-metrics-{name}" for name in ("left", "just-made")]
    with open_folder(wanted=True) as held:  # as by a server that was stopped for a while: nothing is written
        for folder in folders:
            folder.mkdir()
            (folder / "gone").touch()
        hour = time.time() - 3600
        for path in (held, folders[0], others, tmp_path / "goboard-metrics-file"):
            os.utime(path, (hour, hour))
        with open_folder(wanted=True):
            assert [folder.exists() for folder in (*folders, Path(held))] == [False, True, True]
    assert (others / "kept").exists()
    assert (tmp_path / "goboard-metrics-file").exists()


def test_where_there_is_no_room_for_the_folder_the_service_goes_without(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/nowhere")
    with open_folder(wanted=True) as none:
        assert none == ""
    assert "TMPDIR" in caplog.text


async def test_whoever_asks_without_a_pause_is_told_the_same_for_a_second(tmp_path: Path) -> None:
    asked = 0.0

    def watchers() -> float:
        nonlocal asked
        asked += 1
        return asked

    meter = Meter(str(tmp_path), {families.WATCHERS: watchers})
    texts = {(await meter.told(""))[0] for _ in range(20)}
    assert len(texts) == 1
    assert asked == 1


async def test_numbers_that_are_written_while_they_are_asked_for_are_written_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(meter_module, "WRITE_SECONDS", 0.0)
    monkeypatch.setattr(meter_module, "TICK_SECONDS", 0.0)
    meter = Meter(str(tmp_path), {})
    async with meter.measuring():
        for _ in range(100):
            await meter.told("")
    assert caplog.messages == []


def test_a_loop_that_is_never_late_has_no_negative_lag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a timer comes on time its lag is off by the last bit, and a negative sum is none to a strict reader."""
    lags: list[float] = []
    monkeypatch.setattr(families.LOOP_LAG, "observer", lambda: lags.append)
    monkeypatch.setattr(meter_module, "TICK_SECONDS", 0.01)

    async def measure() -> None:
        async with Meter(str(tmp_path), {}).measuring():
            await asyncio.sleep(0.5)

    uvloop.run(measure())
    assert len(lags) > 10
    assert min(lags) >= 0


async def test_a_watcher_that_missed_changes_is_counted_and_one_that_keeps_up_is_not() -> None:
    class Counting(Unmeasured):
        count = 0

        def conflated(self) -> None:
            self.count += 1

    measures = Counting()
    async with live_hub(poll=NEVER, measures=measures) as live:
        quick, slow = Watcher(), Watcher()
        await live.watch(quick)
        watch = await live.watch(slow)
        slow.stalled = True
        for count in (1, 2, 3):
            await submit(live.store, f"m{count}", 1.0)
            await until(lambda count=count: len(quick.shown) == count)
        assert (quick.changes, measures.count) == (2, 0)  # the first of three began the board
        assert isinstance(watch.take(), Snapshot)
        assert measures.count == 1


async def test_a_store_tells_of_its_calls_and_of_what_failed(tmp_path: Path) -> None:
    class Heard(Unmeasured):
        def __init__(self) -> None:
            self.failures: list[Exception] = []

        def failed(self, error: Exception) -> None:
            self.failures.append(error)

    heard = Heard()
    store = RedisBoardStore.from_url(f"unix://{tmp_path}/nobody", measures=heard)
    with pytest.raises(StoreUnavailable):
        await store.increment(BOARD, MemberName.parse("ada"), 1.0, AT)
    await store.close()
    assert [type(failure) for failure in heard.failures] == [StoreUnavailable]
