"""The page at `/` in a browser, as its reader sees it; what the browser complains of is gathered."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlencode

from playwright.async_api import ConsoleMessage, Page

PATIENCE = 8.0
CUT_OFF = ("ERR_CONNECTION_REFUSED", "WebSocket connection to")
"""What a browser complains of where the server is gone."""

_ROWS = """rows => rows.map(row => ({
  place: Number(row.querySelector(".rank").textContent),
  name: row.querySelector(".name").textContent,
  score: row.querySelector(".score").textContent,
  arrow: row.querySelector(".change [aria-hidden]")?.textContent ?? "",
}))"""


class Line(NamedTuple):
    """A row of the standings."""

    place: int
    name: str
    score: str
    arrow: str = ""


class BoardPage:
    """A page that is open."""

    def __init__(self, page: Page, base: str) -> None:
        self.page = page
        self.base = base
        self._complaints: list[str] = []
        self._forgiven: tuple[str, ...] = ()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self._complaints.append(str(error)))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._complaints.append(f"{message.text} {message.location['url']}")

    async def go(self, **query: Any) -> "BoardPage":
        """Open the page with a query."""
        await self.page.goto(f"{self.base}/?{urlencode(query)}")
        return self

    async def lines(self, table: str = "#first") -> list[Line]:
        """Give the rows of a table, without those that are on their way out."""
        rows = self.page.locator(f"{table} tbody tr:not(.leaving)")
        return [Line(**row) for row in await rows.evaluate_all(_ROWS)]

    async def order(self, *names: str) -> list[Line]:
        """Wait until the first places are these members'; their scores may still be counting."""
        return await self._until(lambda lines: [line.name for line in lines] == list(names), "#first")

    async def shows(self, *expected: tuple[int, str, str], table: str = "#first") -> list[Line]:
        """Wait until the table has these rows: place, name, score."""
        return await self._until(lambda lines: [line[:3] for line in lines] == list(expected), table)

    async def _until(self, holds: Callable[[list[Line]], bool], table: str) -> list[Line]:
        ends = time.monotonic() + PATIENCE
        while not holds(lines := await self.lines(table)):
            assert time.monotonic() < ends, f"shown: {lines}"
            await asyncio.sleep(0.05)
        return lines

    async def address(self) -> str:
        """Give the query of the page's address."""
        return str(await self.page.evaluate("location.search"))

    def forgive(self, *expected: str) -> None:
        """Expect complaints that hold one of these texts: the browser's own, of what the test breaks."""
        self._forgiven += expected

    @property
    def complaints(self) -> list[str]:
        """What the browser complained of, and nobody expected."""
        return [said for said in self._complaints if not any(text in said for text in self._forgiven)]
