"""The page's files: nothing inline, nothing from elsewhere, nothing missing, nothing left over."""

import re
from pathlib import Path

import pytest

from goboard.entrypoints.http import page

FOLDER = Path(page.__file__).parent
FILES = sorted(path for path in FOLDER.iterdir() if path.suffix in {".css", ".html", ".js", ".svg"})
SCRIPTS = [path for path in FILES if path.suffix == ".js"]
INDEX = (FOLDER / "index.html").read_text()


def named_in(path: Path) -> set[str]:
    """The page's other files that a file loads."""
    if path.suffix == ".html":
        return set(re.findall(r'(?:href|src)="page/([^"]+)"', path.read_text()))
    return set(re.findall(r'from "\./([^"]+)"', path.read_text()))


def test_the_page_loads_all_its_files_and_no_others() -> None:
    loaded, waiting = set(), {"index.html"}
    while waiting:
        name = waiting.pop()
        loaded.add(name)
        waiting |= named_in(FOLDER / name) - loaded

    assert loaded == {path.name for path in FILES}


def test_nothing_is_inline() -> None:
    assert re.findall(r"<script(?![^>]*\ssrc=)", INDEX) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=|javascript:", INDEX) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_other_host_is_named(path: Path) -> None:
    text = path.read_text().replace("http://www.w3.org/2000/svg", "")  # the name of a format, which nobody loads

    assert re.findall(r"""\bhttps?:|\bwss?:|["'(]//|@import|url\(""", text) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_text_becomes_markup_or_code(path: Path) -> None:
    ways = r"innerHTML|outerHTML|insertAdjacentHTML|setHTML|document\.write|createContextualFragment|srcdoc|\beval\b"

    assert re.findall(ways, path.read_text()) == []


def test_a_token_is_read_from_no_address() -> None:
    assert "token" not in (FOLDER / "address.js").read_text().replace("A token is never read from it", "")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_files_are_small(path: Path) -> None:
    assert len(path.read_bytes()) < 12_000
