"""What all tests share: the stores, and servers for them that live as long as the test session."""

import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack

import pytest
from servers import SERVERS, STORES, Server, start_server

from goboard.adapters.memory import MemoryBoardStore
from goboard.adapters.redis import RedisBoardStore
from goboard.domain.idempotency import Retention
from goboard.ports.store import BoardStore

_numbers = itertools.count()


@pytest.fixture(scope="session")
def server_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Server]]:
    """Give the session's server of a kind; it starts when it is first asked for."""
    started: dict[str, Server] = {}
    with ExitStack() as stack:

        def get(kind: str) -> Server:
            if kind not in started:
                started[kind] = stack.enter_context(start_server(SERVERS[kind], tmp_path_factory.mktemp(kind)))
            return started[kind]

        yield get


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest, server_of: Callable[[str], Server]) -> Server:
    """A server that is shared: neither stop nor flush it."""
    return server_of(request.param)


@pytest.fixture
def prefix() -> str:
    """A key prefix that no other test uses."""
    return f"test-{next(_numbers)}:"


@pytest.fixture(params=STORES)
def open_store(
    request: pytest.FixtureRequest, server_of: Callable[[str], Server], prefix: str
) -> Callable[[Retention], BoardStore]:
    """Open a store of each kind; whoever opens it closes it."""

    def opened(retention: Retention) -> BoardStore:
        if request.param == "memory":
            return MemoryBoardStore(retention=retention)
        return RedisBoardStore.from_url(server_of(request.param).url, prefix=prefix, retention=retention)

    return opened


@pytest.fixture
async def store(open_store: Callable[[Retention], BoardStore]) -> AsyncIterator[BoardStore]:
    """An empty store of each kind."""
    opened = open_store(Retention())
    yield opened
    await opened.close()
