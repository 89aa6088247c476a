"""The page at `/` as it is served: its headers, and the answer to a browser that has it already."""

import re
from collections.abc import Iterator

import httpx
import pytest
from services import Service

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@pytest.fixture
def browser(service: Service) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.base) as client:
        yield client


@pytest.fixture
def paths(browser: httpx.Client) -> list[str]:
    """The page and what it names."""
    return ["/", *(f"/{path}" for path in re.findall(r'(?:href|src)="(page/[^"]+)"', browser.get("/").text))]


def test_the_page_and_its_files_need_no_token(browser: httpx.Client, paths: list[str]) -> None:
    assert len(paths) > 5
    for path in paths:
        answer = browser.get(path)
        assert answer.status_code == 200
        suffix = path[path.rfind(".") :]
        assert answer.headers["content-type"] == TYPES.get(suffix, "text/html; charset=utf-8")


def test_every_file_is_locked_down(browser: httpx.Client, paths: list[str]) -> None:
    for path in paths:
        headers = browser.get(path).headers
        assert headers["content-security-policy"] == POLICY
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}'])
def test_who_has_a_file_already_is_told_so(browser: httpx.Client, paths: list[str], form: str) -> None:
    for path in paths:
        known = browser.get(path).headers["etag"]
        answer = browser.get(path, headers={"If-None-Match": form.format(known)})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == known
        assert answer.headers["content-security-policy"] == POLICY


def test_another_version_is_sent_anew(browser: httpx.Client) -> None:
    assert browser.get("/", headers={"If-None-Match": '"0123456789abcdef"'}).status_code == 200


def test_head_gives_the_headers_alone(browser: httpx.Client, paths: list[str]) -> None:
    for path in paths:
        whole, head = browser.get(path), browser.head(path)
        assert (head.status_code, head.content) == (200, b"")
        for name in ("etag", "content-type", "content-length", "content-security-policy"):
            assert head.headers[name] == whole.headers[name]


@pytest.mark.parametrize("path", ["/page/nothing.js", "/page/index.html", "/page/__init__.py", "/page/..%2Fapp.py"])
def test_what_is_no_file_of_the_page_is_not_found(browser: httpx.Client, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "not_found"


def test_the_page_can_only_be_read(browser: httpx.Client) -> None:
    answer = browser.post("/", content=b"")
    assert answer.status_code == 405
    assert answer.json()["code"] == "method_not_allowed"
