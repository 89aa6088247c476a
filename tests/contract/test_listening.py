"""Who listens to a bus is told when it does: beside others, among many, and while connections begin."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from boards import BOARD
from live_client import until
from servers import SERVERS, STORES, Server, start_server

from goboard.adapters.memory import MemoryEventBus
from goboard.adapters.redis import RedisEventBus
from goboard.domain.names import BoardName
from goboard.ports.events import EventBus

Heard = list[int | None]


@pytest.fixture(params=STORES)
async def events(
    request: pytest.FixtureRequest, server_of: Callable[[str], Server], prefix: str
) -> AsyncIterator[EventBus]:
    opened: EventBus = (
        MemoryEventBus()
        if request.param == "memory"
        else RedisEventBus.from_url(server_of(request.param).url, prefix=prefix)
    )
    yield opened
    await opened.close()


async def test_who_listens_to_what_is_listened_to_already_is_told_too(events: EventBus) -> None:
    first, second = Heard(), Heard()
    events.listen(BOARD, first.append)
    await until(lambda: None in first)
    events.listen(BOARD, second.append)
    await until(lambda: None in second)
    await events.publish(BOARD, 7)
    await until(lambda: first[-1] == 7 and second[-1] == 7)


async def test_who_ends_and_listens_anew_in_the_same_breath_hears(events: EventBus) -> None:
    heard = Heard()
    for _ in range(5):
        events.listen(BOARD, lambda _: None)()
    events.listen(BOARD, heard.append)
    await until(lambda: None in heard)
    await events.publish(BOARD, 7)
    await until(lambda: 7 in heard)


@pytest.fixture(params=SERVERS)
def server_alone(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A server to which nobody else is connected."""
    with start_server(SERVERS[request.param], tmp_path) as server:
        yield server


@pytest.fixture
async def bus(server_alone: Server, prefix: str) -> AsyncIterator[RedisEventBus]:
    opened = RedisEventBus.from_url(server_alone.url, prefix=prefix)
    yield opened
    await opened.close()


async def test_who_comes_while_a_connection_begins_is_told_and_harms_nobody(bus: RedisEventBus) -> None:
    """There are so many boards that the connection is full before all are named: whoever comes then meets that."""
    early = [heard_of(bus, f"{number} {'x' * 240}") for number in range(4000)]
    late: list[Heard] = []
    async with asyncio.timeout(10):
        while not all(early):  # until the last of them is really listened to
            late.append(heard_of(bus, f"late {len(late)}"))
            await asyncio.sleep(0.002)
    await until(lambda: all(late))


async def test_one_connection_is_all_however_often_it_breaks(server_alone: Server, bus: RedisEventBus) -> None:
    with server_alone.client() as client:

        def others() -> list[dict[str, str]]:
            return [each for each in client.client_list() if each["id"] != str(client.client_id())]

        for turn in range(3):
            heard = [heard_of(bus, f"{turn}")]
            await until(lambda: all(heard))  # noqa: B023 -- it is waited for here
            client.client_kill_filter(_type="pubsub")
            for number in range(100):  # one of them comes just when the end of the connection is seen
                heard.append(heard_of(bus, f"{turn} {number}"))
                await asyncio.sleep(0)
            await until(lambda: all(heard))  # noqa: B023 -- as above
            assert len(others()) == 1
        await bus.close()
        await until(lambda: not others())


def heard_of(events: EventBus, board: str) -> Heard:
    heard = Heard()
    events.listen(BoardName.parse(board), heard.append)
    return heard
