"""A power cut under `goboard serve` with a store of its own: what its clients were told is there at the next start."""

import asyncio
import random
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest
import services
import volatile_disk
from drivers import DRIVERS, Place, Rest
from services import TOKEN, Service, goboard_serve
from volatile_disk import VolatileDisk

pytestmark = pytest.mark.faults

# The embedded server is given nothing of the environment but what it needs: here that is its disk too.
ON_A_DISK = """
import os, sys
from goboard.adapters.embedded import launch
from goboard.entrypoints.cli import main
launch._PASSED_ON += tuple(name for name in os.environ if name.startswith(("LD_", "DISK_")))
del sys.argv[1]
main()
"""
BOARD = "race"


class Player(NamedTuple):
    """Who adds one to a member of its own, again and again; and when each was acknowledged."""

    name: str
    acknowledged: list[float]

    async def play(self, service: Service, kind: str) -> None:
        async with asyncio.timeout(20), DRIVERS[kind](service, TOKEN) as driver:
            while True:
                place = await driver.increment(BOARD, self.name, 1)
                assert place == Place(self.name, place.rank, len(self.acknowledged) + 1)
                self.acknowledged.append(time.monotonic())


async def play_until_the_cut(service: Service, folder: Path, seconds: float) -> tuple[list[Player], float]:
    """Let clients of all kinds play; give them, and when the power went."""
    players = [Player(f"{kind} {number}", []) for number in range(5) for kind in DRIVERS]
    playing = [asyncio.ensure_future(player.play(service, player.name.split()[0])) for player in players]
    await asyncio.sleep(seconds)
    cut = time.monotonic()
    pull_the_plug(service, folder)
    await asyncio.wait(playing)
    assert not any(isinstance(each.exception(), AssertionError) for each in playing)
    return players, cut


def pull_the_plug(service: Service, folder: Path) -> None:
    family = psutil.Process(service.process.pid).children(recursive=True)
    psutil.Process(int((folder / "server.pid").read_text())).kill()  # first: the others' end would end it in order
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    service.process.kill()
    services.stop(service.process)


@pytest.mark.parametrize(("policy", "loses"), [("always", 0.0), ("everysec", 2.0)])
async def test_what_clients_were_told_is_there_after_a_power_cut(tmp_path: Path, policy: str, loses: float) -> None:
    rng, data = random.Random(policy), tmp_path / "goboard-data"
    disk = VolatileDisk(volatile_disk.built(tmp_path), tmp_path, rng)
    said = {"STORE": "embedded", "EMBEDDED_FSYNC": policy, "AUTH_STATIC_ROLE": "server", "WORKERS": "2"}
    inside = (sys.executable, "-c", ON_A_DISK)
    service = services.wait_for_banner(services.start(tmp_path, inside=inside, **said, **disk.environment))
    players, cut = await play_until_the_cut(service, data, rng.uniform(1, 3))
    disk.after_power_cut(data)
    with goboard_serve(tmp_path, **said) as again:
        async with Rest(again, TOKEN) as reader:
            standings = await reader.top(BOARD, 100)
    assert isinstance(standings, list)
    scores = {place.member: place.score for place in standings}
    for player in players:
        promised = sum(1 for at in player.acknowledged if at <= cut - loses or not loses)
        assert promised <= scores.get(player.name, 0) <= len(player.acknowledged) + 1
