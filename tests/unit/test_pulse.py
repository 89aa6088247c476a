"""The heartbeat of many connections, by one timer."""

import asyncio

from leaping_loop import leaping

from goboard.entrypoints.http.pulse import BEAT_SECONDS, STALLED_SECONDS, Pulse


class Connection:
    """Notes when it beats."""

    def __init__(self) -> None:
        self.beats: list[float] = []
        self.stalled = 0.0
        self.left = 0

    def beat(self, now: float, stalled: float) -> None:
        self.beats.append(now)
        self.stalled = stalled

    def leave(self) -> None:
        self.left += 1


def rounded(beats: list[float]) -> list[float]:
    return [round(at, 6) for at in beats]


@leaping
async def test_every_connection_beats_once_a_period_and_few_at_a_time() -> None:
    pulse, connections = Pulse(), [Connection() for _ in range(250)]
    for connection in connections:
        pulse.add(connection)
    await asyncio.sleep(5 * BEAT_SECONDS + 0.01)
    for connection in connections:
        first = connection.beats[0]
        assert 0 < first <= BEAT_SECONDS + 0.01
        assert rounded(connection.beats) == rounded([first + turn * BEAT_SECONDS for turn in range(5)])
        assert connection.stalled == STALLED_SECONDS
    at_once = [sum(connection.beats[0] == at for connection in connections) for at in {c.beats[0] for c in connections}]
    assert (len(at_once), max(at_once)) == (100, 3)


@leaping
async def test_who_comes_later_has_its_own_turn() -> None:
    pulse, first, second = Pulse(), Connection(), Connection()
    pulse.add(first)
    await asyncio.sleep(2.5 * BEAT_SECONDS)
    pulse.add(second)
    await asyncio.sleep(BEAT_SECONDS)
    assert len(second.beats) == 1
    await asyncio.sleep(2.5 * BEAT_SECONDS)
    assert (len(first.beats), len(second.beats)) == (6, 3)


@leaping
async def test_who_has_left_beats_no_more_and_no_timer_is_left() -> None:
    pulse, one, other = Pulse(), Connection(), Connection()
    for connection in (one, other):
        pulse.add(connection)
    await asyncio.sleep(BEAT_SECONDS)
    for connection in (one, one):  # twice is no error
        pulse.remove(connection)
    await asyncio.sleep(BEAT_SECONDS)
    assert (len(one.beats), len(other.beats)) == (1, 2)
    pulse.remove(other)
    await asyncio.sleep(BEAT_SECONDS)
    assert (len(other.beats), pulse._timer) == (2, None)
    pulse.add(one)
    await asyncio.sleep(BEAT_SECONDS)
    assert len(one.beats) == 2


@leaping
async def test_who_leaves_and_comes_again_between_beats_beats_once() -> None:
    pulse, connection = Pulse(), Connection()
    for _ in range(10):
        pulse.add(connection)
        pulse.remove(connection)
    pulse.add(connection)
    await asyncio.sleep(3 * BEAT_SECONDS + 0.01)
    assert len(connection.beats) == 3


@leaping
async def test_who_leaves_as_it_beats_disturbs_nobody() -> None:
    pulse, others = Pulse(), [Connection() for _ in range(200)]

    class Leaving(Connection):
        def beat(self, now: float, stalled: float) -> None:
            super().beat(now, stalled)
            pulse.remove(self)

    leaving = [Leaving() for _ in range(200)]
    for pair in zip(leaving, others, strict=True):
        for connection in pair:
            pulse.add(connection)
    await asyncio.sleep(2 * BEAT_SECONDS + 0.01)
    assert {len(connection.beats) for connection in leaving} == {1}
    assert {len(connection.beats) for connection in others} == {2}


@leaping
async def test_when_the_server_stops_all_leave_and_who_comes_later_too() -> None:
    pulse, connections, gone, late = Pulse(), [Connection() for _ in range(150)], Connection(), Connection()
    for connection in (gone, *connections):
        pulse.enter(connection)
    for connection in (gone, *connections[:50]):
        pulse.add(connection)
    pulse.exit(gone)
    await pulse.stop(0)
    pulse.enter(late)
    assert [connection.left for connection in (gone, late, *connections)] == [0, *[1] * 151]
    await asyncio.sleep(BEAT_SECONDS)
    assert gone.beats == []


@leaping
async def test_a_stop_waits_until_all_have_gone_and_not_for_ever() -> None:
    loop, pulse, stays = asyncio.get_running_loop(), Pulse(), Connection()

    class Going(Connection):
        def leave(self) -> None:
            loop.call_later(2, pulse.exit, self)

    for _ in range(3):
        pulse.enter(Going())
    await pulse.stop(10)
    assert loop.time() == 2
    pulse.enter(stays)
    await pulse.stop(10)
    assert (loop.time(), stays.left) == (12, 2)
