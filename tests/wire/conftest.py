"""Servers for the wire tests: real processes, one of each kind for the whole run."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from services import Service, goboard_serve


@pytest.fixture(scope="session")
def service_on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Service]]:
    """Give the session's server on a store of a kind; it starts when it is first asked for."""
    started: dict[str, Service] = {}
    with ExitStack() as stack:

        def get(kind: str) -> Service:
            if kind not in started:
                folder = tmp_path_factory.mktemp("service")
                running = goboard_serve(folder, "--store", kind, AUTH_STATIC_ROLE="server")
                started[kind] = stack.enter_context(running)
            return started[kind]

        yield get


@pytest.fixture(scope="session", params=["embedded", "memory"])
def service(request: pytest.FixtureRequest, service_on: Callable[[str], Service]) -> Service:
    """A server with the role server, on a real Valkey and in memory; it is shared by all tests."""
    return service_on(request.param)


@pytest.fixture
def board() -> str:
    """A board of the test's own."""
    return f"board-{uuid.uuid4().hex[:12]}"
