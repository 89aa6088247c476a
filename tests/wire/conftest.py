"""Servers for the wire tests: real processes, one of each kind for the whole run."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from services import Service, goboard_serve


@pytest.fixture(scope="session", params=["embedded", "memory"])
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A server with the role server, on a real Valkey and in memory."""
    folder: Path = tmp_path_factory.mktemp("service")
    with goboard_serve(folder, "--store", request.param, AUTH_STATIC_ROLE="server") as running:
        yield running


@pytest.fixture
def board() -> str:
    """A board of the test's own."""
    return f"board-{uuid.uuid4().hex[:12]}"
