"""TOP_SNAPSHOT_MS: off by default, and where it is set, all who ask for the first places share one read."""

from pathlib import Path

import pytest
from drivers import Place, Rest
from services import TOKEN, goboard_serve


@pytest.mark.parametrize(("milliseconds", "seen"), [("0", 2.0), ("60000", 1.0)])
async def test_the_first_places_are_as_old_as_the_setting_allows(
    tmp_path: Path, milliseconds: str, seen: float
) -> None:
    with goboard_serve(
        tmp_path, "--store", "embedded", AUTH_STATIC_ROLE="server", TOP_SNAPSHOT_MS=milliseconds
    ) as service:
        async with Rest(service, TOKEN) as rest:
            await rest.increment("b", "ada", 1)
            assert await rest.top("b", 10) == [Place("ada", 1, 1.0)]
            await rest.increment("b", "ada", 1)
            assert await rest.top("b", 10) == [Place("ada", 1, seen)]
            assert await rest.rank("b", "ada") == Place("ada", 1, 2.0)
