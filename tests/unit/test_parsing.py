"""How one setting's text is read."""

from collections.abc import Callable

import pytest

from goboard.entrypoints import parsing
from goboard.entrypoints.sockets import Address

TRUE = ("1", "true", "yes", "on")
FALSE = ("0", "false", "no", "off")
ANY_CASE: tuple[Callable[[str], str], ...] = (str, str.upper, str.title, " {} ".format)


@pytest.mark.parametrize("text", TRUE + FALSE)
@pytest.mark.parametrize("case", ANY_CASE)
def test_booleans_are_read_as_go_board_reads_them(text: str, case: Callable[[str], str]) -> None:
    assert parsing.boolean(case(text)) is (text in TRUE)


@pytest.mark.parametrize("text", ["", "2", "t", "f", "y", "n", "enabled", "true,", "-1", "01", "None"])
def test_any_other_boolean_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="1, true, yes, on and 0, false, no, off"):
        parsing.boolean(text)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (":8080", Address("", 8080)),
        ("8080", Address("", 8080)),
        (" 8080 ", Address("", 8080)),
        ("host:8080", Address("host", 8080)),
        ("127.0.0.1:0", Address("127.0.0.1", 0)),
        ("[::1]:8080", Address("::1", 8080)),
        ("[::ffff:127.0.0.1]:65535", Address("::ffff:127.0.0.1", 65535)),
    ],
)
def test_an_address_is_read_in_all_its_forms(text: str, address: Address) -> None:
    assert parsing.address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        *[
            "",
            ":",
            "host",
            "host:",
            ":65536",
            ":-1",
            ":+1",
            ":1e3",
            ":\uff18\uff10",
            "::1:8080",
            "[::1]",
            "[::1:80",
            "::1]:80",
        ],
        *["[]:80", "[host]:80", "a b:80", "http://h:80", "h:80/x", "a:b:80", "u@h:80", ":123456"],
    ],
)
def test_any_other_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a port is needed"):
        parsing.address(text)


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("localhost:6379", "localhost:6379"),
        ("localhost", "localhost:6379"),
        (" 10.0.0.1:7 ", "10.0.0.1:7"),
        ("[::1]:7", "[::1]:7"),
        ("[::1]", "[::1]:6379"),
    ],
)
def test_a_server_is_read_with_or_without_its_port(text: str, server: str) -> None:
    assert parsing.host_and_port(text) == server


@pytest.mark.parametrize(
    "text",
    [":6379", "", "h:", "h:x", "h:65536", "::1", "::1:7", "a b:1", "h/0:1", "h?x:1", "h#x:1", "u@h:1", "redis://h:1"],
)
def test_any_other_server_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="host:port"):
        parsing.host_and_port(text)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "redis://h",
        "redis://h:6379/0",
        "redis://u:p%40@h:1/2?socket_timeout=1",
        "rediss://[::1]:1",
        "unix:///run/r.sock?db=2",
        "unix://u:p@/a@b",
        "redis+sentinel://h/boards",
        "rediss+sentinel://u:p%40@h:1,[::1]:2,g/boards/1?sentinel_password=p",
        "redis+cluster://h",
        "rediss+cluster://:p@h:1,g:2?ssl_ca_certs=/etc/ca.pem",
    ],
)
def test_a_redis_url_has_one_of_few_schemes(url: str) -> None:
    assert parsing.redis_url(f" {url} ") == url


@pytest.mark.parametrize(
    "url",
    [
        *["h:6379", "redis:", "redis://", "redis:///0", "http://h", "valkey://h", "redis://h:x", "redis://h:99999"],
        *[
            "redis://h,g",
            "redis+sentinel://h:1",
            "redis+sentinel:///boards",
            "redis+sentinel://h,/boards",
            "redis+x://h",
        ],
        *["redis+cluster://", "redis+cluster://h:x,g", "redis+cluster://h:1,g:0", "redis+sentinel://u:1/p@h/boards"],
        *["unix://", "unix://rel", "redis://[::1", "redis://u:1/p@h", "redis://u:1?p@h", "redis://u:1#p@h"],
    ],
)
def test_any_other_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="redis://"):
        parsing.redis_url(url)


@pytest.mark.parametrize("text", ["{", "}", "a{b}:", "{}"])
def test_a_prefix_has_no_braces(text: str) -> None:
    assert parsing.prefix("prod:") == "prod:"
    with pytest.raises(ValueError, match="braces"):
        parsing.prefix(text)


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("*", ("*",)),
        ("https://a.example", ("https://a.example",)),
        (" https://a.example , http://b:1,", ("https://a.example", "http://b:1")),
    ],
)
def test_origins_are_separated_by_commas(text: str, origins: tuple[str, ...]) -> None:
    assert parsing.origins(text) == origins


@pytest.mark.parametrize(
    "text", ["a.example", "https://a.example/", "https://*.example", "null", "*,https://a.example"]
)
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="origin"):
        parsing.origins(text)


@pytest.mark.parametrize("text", ["0", "257", "-1", "+1", "1.0", "1e2", "x", "", "\u0663", "9" * 5000])
def test_an_integer_out_of_its_range_is_refused(text: str) -> None:
    assert [parsing.integer(1, 256)(fits) for fits in ("1", "256", " 7 ")] == [1, 256, 7]
    with pytest.raises(ValueError, match="from 1 to 256"):
        parsing.integer(1, 256)(text)


@pytest.mark.parametrize("text", ["0", "-0", "-1", "3600.1", "nan", "inf", "5s", "", "x"])
def test_a_time_span_out_of_its_range_is_refused(text: str) -> None:
    assert [parsing.seconds(fits) for fits in ("5", "0.25", "3600", "1e1")] == [5, 0.25, 3600, 10]
    with pytest.raises(ValueError, match="over 0 and up to 3600"):
        parsing.seconds(text)
