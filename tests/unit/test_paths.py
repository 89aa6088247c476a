"""Names in paths: percent-decoded once, a slash in a name being part of it."""

from typing import Any

import pytest

from goboard.domain.errors import InvalidArgument
from goboard.entrypoints.http.paths import decode_segment, route_by_raw_path, sent_path


@pytest.mark.parametrize(
    ("segment", "name"),
    [
        ("ada", "ada"),
        ("a+b", "a+b"),
        ("a%20b", "a b"),
        ("a%2Fb", "a/b"),
        ("a%2fb", "a/b"),
        ("%2E%2E", ".."),
        ("%3F%23", "?#"),
        ("%C3%BC", "ü"),
        ("%c3%bC", "ü"),
        ("Ã¼", "ü"),  # the bytes of ü sent bare, as the server hands them over
        ("%F0%9F%98%80", "😀"),
        ("%25", "%"),
        ("%2541", "%41"),  # decoded once
        ("%252F", "%2F"),
        ("%25%32%35", "%25"),
        ("%00", "\x00"),  # for the name's own rules to refuse
    ],
)
def test_a_segment_is_decoded_once(segment: str, name: str) -> None:
    assert decode_segment(segment, "dashboard") == name


@pytest.mark.parametrize(
    "segment", ["a%", "%2", "%zz", "%%41", "%%", "%2%35", "%25%", "%%25", "%-1", "%+1", "% 1", "%ü"]
)
def test_a_percent_sign_without_two_digits_is_refused(segment: str) -> None:
    with pytest.raises(InvalidArgument, match="dashboard has a percent sign"):
        decode_segment(segment, "dashboard")


@pytest.mark.parametrize(
    "segment", ["%FF", "%C3", "%C3%28", "ÿ", "Ã", "%ED%A0%80", "%C0%AF", "%F4%90%80%80", "%F8%88%80%80%80"]
)
def test_bytes_that_are_no_utf_8_are_refused(segment: str) -> None:
    with pytest.raises(InvalidArgument, match="member_id is not valid UTF-8"):
        decode_segment(segment, "member_id")


async def routed(raw_path: bytes) -> str:
    """The path by which a request is routed."""
    seen: list[str] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope["path"])

    await route_by_raw_path(app)({"type": "http", "path": "decoded", "raw_path": raw_path}, None, None)
    return seen[0]


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (b"/a%2Fb", "/a%2Fb"),
        (b"/a%2Fb?x=/y", "/a%2Fb"),
        (b"/\xc3\xbc", "/Ã¼"),
        (b"/d//top", "/d/%/top"),
        (b"/d//m//rank", "/d/%/m/%/rank"),
        (b"/d///m", "/d/%/%/m"),
    ],
)
async def test_a_request_is_routed_by_the_path_as_it_was_sent(raw: bytes, path: str) -> None:
    assert await routed(raw) == path


async def test_an_empty_segment_is_an_empty_name() -> None:
    segment = (await routed(b"/dashboards//top")).split("/")[2]
    assert decode_segment(segment, "dashboard") == ""


async def test_a_lifespan_has_no_path() -> None:
    seen: list[Any] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope)

    await route_by_raw_path(app)({"type": "lifespan"}, None, None)
    assert seen == [{"type": "lifespan"}]


def test_the_path_told_in_a_problem_is_the_one_that_was_sent() -> None:
    assert sent_path({"raw_path": b"/a%2Fb//c?token=pass-word"}) == "/a%2Fb//c"
