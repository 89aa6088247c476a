"""What is printed when the server is ready."""

import shlex

import pytest

from goboard.entrypoints.banner import banner
from goboard.entrypoints.settings import Settings

KEY = "0123456789abcdef0123456789abcdef"
PLACES = {"HTTP_PORT": "127.0.0.1:8080", "GRPC_PORT": "127.0.0.1:50051"}


def shown(*, token_is_new: bool = False, environment: dict[str, str] | None = None) -> str:
    settings = Settings.load({**PLACES, **(environment or {})})
    return banner(settings.with_token(), token_is_new=token_is_new)


def pasted(text: str) -> list[str]:
    """The words of the line to paste, as a shell splits them."""
    (line,) = [line for line in text.splitlines() if line.lstrip().startswith("curl ")]
    return shlex.split(line)


def test_the_banner_tells_where_each_transport_is() -> None:
    text = shown()
    assert "  Page       http://127.0.0.1:8080/\n" in text
    assert "  REST       http://127.0.0.1:8080/api/v1\n" in text
    assert "  WebSocket  ws://127.0.0.1:8080/ws\n" in text
    assert "  gRPC       127.0.0.1:50051\n" in text


def test_a_transport_that_is_switched_off_is_not_told() -> None:
    text = shown(environment={"ENABLE_WEBSOCKET": "no", "ENABLE_GRPC": "no"})
    assert "WebSocket" not in text
    assert "Page" not in text
    assert "gRPC" not in text


def test_a_new_token_is_told_and_stands_in_the_line_to_paste() -> None:
    text = shown(token_is_new=True)
    (line,) = [line for line in text.splitlines() if line.startswith("  Token")]
    token = line.split()[1]
    assert f"Authorization: Bearer {token}" in pasted(text)


@pytest.mark.parametrize(
    ("environment", "header", "member"),
    [
        ({"AUTH_SECRET": "pass-word"}, "Authorization: Bearer $AUTH_SECRET", "admin_user"),
        (
            {"AUTH_SECRET": "pass-word", "AUTH_STATIC_ROLE": "server"},
            "Authorization: Bearer $AUTH_SECRET",
            "player1",
        ),
        (
            {"AUTH_MODE": "jwt", "JWT_SECRET": f"pass-word-{KEY}"},
            "Authorization: Bearer $(goboard token player1)",
            "player1",
        ),
        (
            {"AUTH_MODE": "jwt", "JWT_ALGORITHM": "RS256", "JWT_JWKS": "keys.json"},
            "Authorization: Bearer $TOKEN",
            "player1",
        ),
        ({"AUTH_MODE": "noop"}, "Authorization: Bearer player1", "player1"),
    ],
    ids=str,
)
def test_the_line_to_paste_credits_whom_the_token_allows(environment: dict[str, str], header: str, member: str) -> None:
    text = shown(environment=environment)
    words = pasted(text)
    assert header in words
    assert f"http://127.0.0.1:8080/api/v1/dashboards/global/members/{member}/increment" in words
    assert words[-2:] == ["-d", '{"increment": 10}']
    assert "pass-word" not in text


def test_an_ipv6_address_is_quoted_for_the_shell() -> None:
    text = shown(environment={"HTTP_PORT": "[::1]:1"})
    assert "curl -X POST 'http://[::1]:1/api/v1/" in text


@pytest.mark.parametrize("at", [":1", "0.0.0.0:1", "[::]:1"])
def test_every_address_is_told_as_this_machine_s(at: str) -> None:
    assert "http://localhost:1/api/v1\n" in shown(environment={"HTTP_PORT": at})


@pytest.mark.parametrize(
    ("environment", "place"),
    [
        ({"STORE": "memory"}, "MEMORY ONLY, and are gone when it stops"),
        ({"STORE": "embedded", "GOBOARD_DATA_DIR": "./data"}, "./data"),
        ({"REDIS_URL": "redis://ada:pass-word@r.example:7/1"}, "Redis at r.example:7, under the prefix 'prod:'"),
    ],
)
def test_where_boards_are_kept_is_told_without_a_password(environment: dict[str, str], place: str) -> None:
    text = shown(environment=environment)
    assert f"boards are kept in {place}" in text
    assert "pass-word" not in text
