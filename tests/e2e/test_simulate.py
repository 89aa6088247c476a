"""`goboard simulate`, as a newcomer runs it: beside a server, alone, with a server of its own, and until Ctrl-C."""

import asyncio
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from commands import goboard
from servers import SERVERS, Server, free_port, start_server
from services import TOKEN, goboard_serve

from goboard import Leaderboards, Rules
from goboard.adapters.redis import RedisBoardStore
from goboard.domain.names import BoardName
from goboard.entrypoints.simulation.handles import handle
from goboard.entrypoints.simulation.simulation import Plan, Simulation
from goboard.entrypoints.simulation.view import Scene

pytestmark = pytest.mark.slow  # many processes are started

GOBOARD = str(Path(sys.executable).with_name("goboard"))
SECONDS = 20.0
"""How long anything may take."""
SUMMARY = r"simulated \d+ s on {board}: [\d,]+ sent, {refused} refused; [a-z]+-[a-z]+-\d+ leads"


@pytest.fixture
def there(server_of: Callable[[str], Server], prefix: str) -> dict[str, str]:
    """Settings with which the boards are on the session's Valkey, under a prefix of their own."""
    return {"REDIS_URL": server_of("valkey").url, "REDIS_PREFIX": prefix}


@contextlib.asynccontextmanager
async def boards_of(settings: dict[str, str]) -> Any:
    store = RedisBoardStore.from_url(settings["REDIS_URL"], prefix=settings["REDIS_PREFIX"])
    async with Leaderboards(store) as boards:
        yield boards


class Running:
    """A `goboard simulate` that runs, and what it says, standard error included."""

    def __init__(self, process: "subprocess.Popen[bytes]", source: int) -> None:
        self.process = process
        self._source = source
        self._said = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def said(self) -> str:
        return self._said.decode().replace("\r\n", "\n")

    def until(self, pattern: str) -> "re.Match[str]":
        """Wait until it has said this."""
        ends = time.monotonic() + SECONDS
        while not (found := re.search(pattern, self.said, re.DOTALL)):
            assert time.monotonic() < ends, self.said
            assert self._reader.is_alive(), self.said
            time.sleep(0.02)
        return found

    def ended(self) -> int:
        """Wait until it has ended and all is read; give its exit code."""
        code = self.process.wait(SECONDS)
        self._reader.join(SECONDS)
        assert "Traceback" not in self.said, self.said
        return code

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # how Linux tells the end of a terminal
            while part := os.read(self._source, 65_536):
                self._said += part


@contextlib.contextmanager
def simulating(folder: Path, *arguments: str, there: dict[str, str], terminal: bool = False) -> Iterator[Running]:
    """Run `goboard simulate` with these settings in a process group of its own, on a pipe or a terminal."""
    ours, theirs = os.openpty() if terminal else os.pipe()
    if terminal:
        termios.tcsetwinsize(ours, (24, 80))
    inherited = {name: value for name, value in os.environ.items() if name == "PATH" or name.startswith("COV")}
    process = subprocess.Popen(
        [GOBOARD, "simulate", *arguments],
        cwd=folder,
        env={**inherited, "TERM": "xterm-256color", "AUTH_SECRET": TOKEN, **there},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield Running(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def test_beside_a_server_the_crowd_is_on_its_board_and_plays_on_the_next_time(tmp_path: Path) -> None:
    with goboard_serve(tmp_path, "--store", "embedded", AUTH_STATIC_ROLE="server") as service:

        def scores() -> dict[str, float]:
            url = f"{service.api}/dashboards/demo/top?limit=1000"
            members = httpx.get(url, headers={"Authorization": TOKEN}).json()["members"]
            return {member["id"]: member["score"] for member in members}

        played = ("simulate", "--members", "60", "--rate", "200", "--seconds", "1")
        first = goboard(tmp_path, *played, "--store", "embedded")
        before = scores()
        again = goboard(tmp_path, *played, STORE="embedded")
        after = scores()

    assert (first.code, first.err) == (0, "")
    title, *lines, summary = first.out.splitlines()
    assert re.fullmatch(r"60 members play on demo, 200 updates a second \(seed \d+\)", title)
    assert re.fullmatch(r"0 s \| [\d.]+ updates a second, \d+ sent, 0 refused \| 1 \S+ \d+, 2 \S+ \d+, .*", lines[0])
    assert re.fullmatch(SUMMARY.format(board="demo", refused=0), summary)
    assert 3 <= len(before) <= 60
    assert (again.code, set(after) <= {handle(place) for place in range(60)}) == (0, True)
    assert sum(after.values()) > sum(before.values())
    assert all(after[member] >= score for member, score in before.items())


def test_alone_it_brings_the_embedded_store_itself(tmp_path: Path) -> None:
    outcome = goboard(tmp_path, "simulate", "cup", "--seconds", "1", STORE="embedded")
    assert (outcome.code, outcome.err) == (0, "")
    assert goboard(tmp_path, "top", "cup", STORE="embedded").out.startswith("cup: ")


async def test_what_a_boards_rules_refuse_is_counted_and_shown(tmp_path: Path, there: dict[str, str]) -> None:
    async with boards_of(there) as boards:
        await boards.set_rules("b", Rules.parse({"operator": "best", "attempts": {"max": 2, "window": "all"}}))
        outcome = await asyncio.to_thread(
            goboard, tmp_path, "simulate", "b", "--members", "5", "--rate", "100", "--seconds", "1", **there
        )
        assert 1 <= await boards.count("b") <= 5
    assert (outcome.code, outcome.err) == (0, "")
    assert re.fullmatch(SUMMARY.format(board="b", refused=r"[1-9]\d*"), outcome.out.splitlines()[-1])


class Recorded:
    """A view that keeps what it is shown."""

    def __init__(self) -> None:
        self.scenes: list[Scene] = []
        self.next = asyncio.Event()

    def show(self, scene: Scene) -> None:
        self.scenes.append(scene)
        self.next.set()


async def test_the_crowd_plays_on_from_where_it_stands(there: dict[str, str]) -> None:
    plan = Plan(BoardName.parse("b"), 60, 200, 1, 1)
    async with boards_of(there) as boards:
        await boards.set_rules("b", Rules.parse({"operator": "set"}))
        await (await Simulation.begun(boards, plan)).run(Recorded())
        before = await boards.top("b", 100)
        await (await Simulation.begun(boards, plan)).run(Recorded())
        after = {entry.member: entry.score for entry in await boards.top("b", 100)}
    assert all(after[entry.member] >= entry.score for entry in before)
    assert sum(after.values()) > sum(entry.score for entry in before)


@pytest.mark.parametrize(
    "said",
    [
        {"order": "asc"},
        {"order": "asc", "min_score": 0},
        {"min_score": -50, "max_score": 50, "max_increment": 3},
        {"operator": "set", "min_score": 0, "max_score": 100, "ties": "shared"},
        {"operator": "best", "order": "asc", "ties": "earliest"},
        {"operator": "best", "order": "asc", "min_score": 30_000, "max_score": 90_000, "windows": ["daily", "all"]},
        {"operator": "best", "capacity": 5, "ties": "dense"},
    ],
    ids=str,
)
async def test_the_crowd_keeps_to_a_boards_rules(there: dict[str, str], said: dict[str, Any]) -> None:
    view = Recorded()
    async with boards_of(there) as boards:
        await boards.set_rules("b", Rules.parse(said))
        simulation = await Simulation.begun(boards, Plan(BoardName.parse("b"), 30, 200, 1, 1))
        summary = await simulation.run(view)
        entries = await boards.top("b", 100)
    assert re.fullmatch(SUMMARY.format(board="b", refused=0), summary)
    assert [scene.trouble for scene in view.scenes if scene.trouble] == []
    assert len(entries) == said.get("capacity", len(entries)) > 3
    assert all(entry.score.is_integer() for entry in entries)
    assert any(scene.happening for scene in view.scenes), "nobody overtook anybody"


async def test_a_store_that_is_away_for_a_moment_is_shown_and_the_play_goes_on(tmp_path: Path) -> None:
    view = Recorded()

    async def until(seen: Callable[[Scene], bool]) -> None:
        async with asyncio.timeout(SECONDS):
            while not (view.scenes and seen(view.scenes[-1])):
                await view.next.wait()
                view.next.clear()

    with start_server(SERVERS["valkey"], tmp_path, tcp=True) as server:
        async with boards_of({"REDIS_URL": server.url, "REDIS_PREFIX": "p:"}) as boards:
            simulation = await Simulation.begun(boards, Plan(BoardName.parse("b"), 60, 50, None, 1))
            running = asyncio.create_task(simulation.run(view))
            await until(lambda scene: len(scene.entries) > 3)
            server.kill()
            await until(lambda scene: "the store cannot be reached" in (scene.trouble or ""))
            server.restart()
            await until(lambda scene: not scene.trouble and len(scene.entries) > 3)
            os.kill(os.getpid(), signal.SIGTERM)
            summary = await running
    assert re.search(r" sent, 0 refused, [\d,]+ failed; ", summary)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_tidily_with_a_summary(tmp_path: Path, there: dict[str, str], number: signal.Signals) -> None:
    with simulating(tmp_path, "b", there=there) as running:
        running.until(r"\n0 s \| ")
        os.killpg(running.process.pid, number)
        assert running.ended() == 0
    assert re.fullmatch(SUMMARY.format(board="b", refused=0), running.said.splitlines()[-1])


@pytest.mark.parametrize("coloured", [True, False])
def test_a_terminal_sees_the_top_move_and_is_as_it_was_afterwards(
    tmp_path: Path, there: dict[str, str], *, coloured: bool
) -> None:
    environment = there if coloured else {**there, "NO_COLOR": "1"}
    with simulating(tmp_path, "b", "--rate", "100", there=environment, terminal=True) as running:
        running.until(r"rank.*member.*score.* 1 .*-\d+ .*█.*▲\d+.* (overtook|took the lead from) .*updates a second")
        running.process.send_signal(signal.SIGINT)
        assert running.ended() == 0
    _, _, after = running.said.rpartition("\x1b[?25h")  # the cursor is shown again
    assert re.fullmatch(SUMMARY.format(board="b", refused=0), after.strip())
    assert ("\x1b[32m" in running.said) == coloured


def test_with_serve_there_is_a_server_until_the_play_is_over(tmp_path: Path) -> None:
    here = {"HTTP_PORT": "127.0.0.1:0", "GRPC_PORT": "127.0.0.1:0"}
    with simulating(tmp_path, "my cup", "--serve", "--store", "embedded", there=here) as running:
        url = running.until(r"Watch it:\n\n  (http://127.0.0.1:\d+)/\?board=my%20cup\n.*\n0 s \| ")[1]
        top = httpx.get(f"{url}/api/v1/dashboards/my%20cup/top")
        family = psutil.Process(running.process.pid).children(recursive=True)
        groups = [os.getpgid(process.pid) for process in family]
        os.killpg(running.process.pid, signal.SIGINT)  # as Ctrl-C at a terminal does
        assert running.ended() == 0
    assert top.json()["members"][0]["rank"] == 1
    assert not any(group == running.process.pid for group in groups), "Ctrl-C is the simulation's alone"
    assert re.fullmatch(SUMMARY.format(board="my cup", refused=0), running.said.splitlines()[-1])
    assert len(family) >= 4  # the server, its worker, the guardian and its Valkey
    assert psutil.wait_procs(family, timeout=5)[1] == []


def test_the_server_ends_when_the_simulation_is_killed(tmp_path: Path) -> None:
    here = {"HTTP_PORT": "127.0.0.1:0", "GRPC_PORT": "127.0.0.1:0"}
    with simulating(tmp_path, "--serve", "--store", "embedded", there=here) as running:
        running.until(r"\n0 s \| ")
        family = psutil.Process(running.process.pid).children(recursive=True)
        running.process.kill()
        gone, left = psutil.wait_procs(family, timeout=SECONDS)
    assert (len(gone) >= 4, left) == (True, [])


def test_a_server_that_does_not_come_up_says_why(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        outcome = goboard(tmp_path, "simulate", "--serve", "--store", "embedded", HTTP_PORT=f"127.0.0.1:{port}")
    assert (outcome.code, outcome.out) == (69, "")
    why, way_out = [line for line in outcome.told if line.startswith("goboard: ")]
    assert why.startswith(f"goboard: HTTP_PORT: cannot listen at 127.0.0.1:{port}: Address already in use")
    assert way_out.endswith("on the board of one that runs, simulate without --serve")


@pytest.mark.parametrize("serve", [[], ["--serve"]], ids=["alone", "--serve"])
def test_a_store_that_nobody_else_sees_is_refused(tmp_path: Path, serve: list[str]) -> None:
    outcome = goboard(tmp_path, "simulate", *serve, STORE="memory")
    assert (outcome.code, outcome.out) == (78, "")
    assert outcome.told == [
        "goboard: STORE=memory keeps boards inside the server alone, where no command reaches them; set STORE"
    ]


def test_a_store_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    outcome = goboard(tmp_path, "simulate", REDIS_URL=f"redis://127.0.0.1:{free_port()}")
    assert (outcome.code, outcome.out) == (69, "")
    assert outcome.told == ["goboard: the store cannot be reached; nothing was changed, try again"]


@pytest.mark.parametrize(
    "arguments",
    [["{b}"], ["--rate", "0"], ["--rate", "10001"], ["--members", "0"], ["--members", "1001"], ["--seconds", "0"]],
    ids=" ".join,
)
def test_what_is_out_of_its_range_is_a_usage_error(tmp_path: Path, arguments: list[str]) -> None:
    assert goboard(tmp_path, "simulate", *arguments).code == 2
