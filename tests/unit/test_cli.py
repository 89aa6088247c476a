"""The command line, as a user runs it: real processes, in a scratch folder, with nothing of this environment."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import pytest
from commands import goboard
from servers import SERVERS, free_port, start_server
from services import goboard_serve

from goboard.adapters.auth import JwtVerifier, SharedSecrets
from goboard.adapters.clock import SystemClock
from goboard.domain.errors import InvalidToken
from goboard.domain.identity import Identity, Role
from goboard.domain.names import MemberName
from goboard.entrypoints.settings import VARIABLES

KEY = "0123456789abcdef0123456789abcdef"
HERE = {"HTTP_PORT": "127.0.0.1:0", "GRPC_PORT": "127.0.0.1:0", "STORE": "memory"}


def test_version_tells_the_version(tmp_path: Path) -> None:
    outcome = goboard(tmp_path, "version", HTTP_PORT="not even read")
    assert (outcome.code, outcome.out) == (0, f"{version('goboard')}\n")


def test_help_names_the_commands(tmp_path: Path) -> None:
    out = goboard(tmp_path, "-h").out
    assert all(
        f"\n  {name} " in out for name in ("serve", "check-config", "token", "top", "import", "export", "version")
    )


@pytest.mark.parametrize(
    "command", [["check-config"], ["serve"], ["token", "ada"], ["top", "b"], ["export", "b"]], ids=" ".join
)
def test_every_command_that_needs_settings_tells_all_that_is_wrong(tmp_path: Path, command: list[str]) -> None:
    wrong = {"HTTP_PORT": "x", "WORKERS": "0", "REDIS_URL": "ftp://:pass-word@h", "AUTH_SECRET": "your-secret"}
    outcome = goboard(tmp_path, *command, **wrong)
    assert outcome.code == 78
    assert outcome.out == ""
    assert outcome.told[0] == "goboard: the settings are wrong:"
    named = {line.partition("=")[0] for line in outcome.told[1:]}
    assert named >= {"HTTP_PORT", "WORKERS", "REDIS_URL"}
    assert "pass-word" not in outcome.err


def test_check_config_lists_every_setting_in_80_columns_with_secrets_masked(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("pass-word-1")
    outcome = goboard(
        tmp_path,
        "check-config",
        AUTH_SECRET_FILE=str(secret),
        REDIS_PASS="pass-word-2",
        REDIS_URL="redis://:pass-word-3@h",
        GRPC_PORT="[fe80::1]:7",
        HTTP_PORT=" 8081",
    )
    assert (outcome.code, outcome.err) == (0, "")
    rows = {line.split()[0]: line for line in outcome.out.splitlines() if not line.startswith(" ")}
    assert list(rows) == ["variable", *(variable.name for variable in VARIABLES)]
    assert max(map(len, outcome.out.splitlines())) <= 80
    assert "pass-word" not in outcome.out
    for name in ("AUTH_SECRET", "REDIS_PASS", "REDIS_URL"):
        assert rows[name].split()[1] == "***"
    assert rows["GRPC_PORT"].split()[1] == "[fe80::1]:7"
    assert rows["HTTP_PORT"].split()[1] == "8081"
    assert rows["REDIS_PREFIX"].split()[1] == "prod:"


def test_lines_of_dotenv_are_read_and_the_environment_wins(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# of ours\nWORKERS=7\nMAX_LIMIT='77'\nexport LOG_LEVEL=debug\nJWT_SECRET\n")
    out = goboard(tmp_path, "check-config", WORKERS="8").out
    values = {line.split()[0]: line.split()[1] for line in out.splitlines() if not line.startswith(" ")}
    assert (values["WORKERS"], values["MAX_LIMIT"], values["LOG_LEVEL"]) == ("8", "77", "debug")


def test_what_is_wrong_in_dotenv_is_told_like_the_rest(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("WORKERS=many\n")
    outcome = goboard(tmp_path, "check-config", HTTP_PORT="x")
    assert outcome.code == 78
    assert [line.partition(":")[0] for line in outcome.told[1:]] == ["HTTP_PORT=x", "WORKERS=many"]


def test_a_dotenv_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"AUTH_SECRET=\xff\n")
    outcome = goboard(tmp_path, "check-config")
    assert (outcome.code, outcome.told) == (78, ["goboard: the file .env cannot be read: it is not UTF-8"])


def test_a_switch_wins_over_environment_and_dotenv(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("WORKERS=7\nSTORE=redis\n")
    outcome = goboard(tmp_path, "serve", "--workers", "9", "--store", "memory", WORKERS="8", STORE="embedded")
    assert outcome.code == 78
    assert outcome.told[1:] == ["WORKERS=9: STORE=memory is kept in one worker: say 1, or another store"]


@pytest.mark.parametrize("arguments", [["--store", "mysql"], ["--workers", "many"], ["--grcp"], ["now"]], ids=" ".join)
def test_a_switch_that_is_not_understood_is_a_usage_error(tmp_path: Path, arguments: list[str]) -> None:
    assert goboard(tmp_path, "serve", *arguments).code == 2


def test_a_minted_token_is_verified(tmp_path: Path) -> None:
    before = time.time()
    outcome = goboard(tmp_path, "token", "Ada Lovelace", "--expires", "90s", JWT_SECRET=KEY)
    assert (outcome.code, outcome.err) == (0, "")
    identity = JwtVerifier(SharedSecrets(KEY), "HS256", SystemClock()).verify(outcome.out.removesuffix("\n"))
    assert (identity.member, identity.role) == ("Ada Lovelace", Role.MEMBER)
    assert identity.expires_at is not None
    assert before + 89 <= identity.expires_at <= time.time() + 90


def test_a_minted_token_can_have_the_role_server_and_another_algorithm(tmp_path: Path) -> None:
    environment = {"JWT_SECRET": KEY, "JWT_ALGORITHM": "HS512", "AUTH_MODE": "static"}
    text = goboard(tmp_path, "token", "game", "--server", **environment).out.strip()
    identity = JwtVerifier(SharedSecrets(KEY), "HS512", SystemClock()).verify(text)
    assert identity == Identity(MemberName.parse("game"), Role.SERVER, identity.expires_at)
    with pytest.raises(InvalidToken):
        JwtVerifier(SharedSecrets(KEY), "HS256", SystemClock()).verify(text)


def test_a_token_needs_the_secret(tmp_path: Path) -> None:
    outcome = goboard(tmp_path, "token", "ada")
    assert (outcome.code, outcome.out) == (78, "")
    assert outcome.told[1:] == ["JWT_SECRET=: AUTH_MODE=jwt needs a key of at least 32 bytes"]


@pytest.mark.parametrize(
    "span", ["0s", "0d", "", "1", "h", "-1h", "1.5h", "1w", "1H", "1h30m", "\u0663h", "9999999s", "1h\n"]
)
def test_a_time_span_that_is_none_is_a_usage_error(tmp_path: Path, span: str) -> None:
    outcome = goboard(tmp_path, "token", "ada", "--expires", span, JWT_SECRET=KEY)
    assert (outcome.code, outcome.out) == (2, "")
    assert "one is like 90s, 15m, 1h or 30d" in outcome.err


@pytest.mark.parametrize("arguments", [["token", ""], ["token", "x" * 257], ["top", "{b}"], ["export", ""]], ids=str)
def test_a_name_that_is_none_is_a_usage_error(tmp_path: Path, arguments: list[str]) -> None:
    outcome = goboard(tmp_path, *arguments, JWT_SECRET=KEY, STORE="memory")
    assert (outcome.code, outcome.out) == (2, "")
    assert "Invalid value for" in outcome.err


@contextmanager
def taken_port() -> Iterator[int]:
    """A port at which somebody listens already."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield sock.getsockname()[1]


@pytest.mark.parametrize("name", ["HTTP_PORT", "GRPC_PORT"])
def test_a_taken_port_is_told_in_one_line(tmp_path: Path, name: str) -> None:
    with taken_port() as port:
        outcome = goboard(tmp_path, "serve", **{**HERE, name: f"127.0.0.1:{port}"})
    assert (outcome.code, outcome.out) == (69, "")
    (line,) = [line for line in outcome.told if line.startswith("goboard:")]
    assert line.startswith(f"goboard: {name}: cannot listen at 127.0.0.1:{port}: Address already in use")


@pytest.mark.parametrize("password", ["", ":pass-word@"])
def test_a_redis_that_is_not_there_is_told_in_one_line_with_the_way_out(tmp_path: Path, password: str) -> None:
    port = free_port()
    environment = {**HERE, "STORE": "redis", "REDIS_URL": f"redis://{password}127.0.0.1:{port}"}
    outcome = goboard(tmp_path, "serve", **environment)
    assert outcome.code == 69
    (line,) = outcome.told
    assert line.startswith(f"goboard: there is no Redis at 127.0.0.1:{port}. ")
    assert "`goboard serve --store embedded`" in line
    assert goboard(tmp_path, "top", "b", **environment).code == 69
    (tmp_path / "b.csv").write_text("member,score\nada,1\n")
    failed = goboard(tmp_path, "import", "b", "b.csv", **environment)
    assert failed.code == 69
    assert failed.told[0] == "imported 0 members, refused 0"
    assert goboard(tmp_path, "export", "b", "out.csv", **environment).code == 69
    assert [file.name for file in tmp_path.iterdir()] == ["b.csv"]


@pytest.mark.parametrize("command", [["serve"], ["top", "b"]], ids=" ".join)
def test_a_redis_url_with_an_unknown_option_is_a_wrong_setting(tmp_path: Path, command: list[str]) -> None:
    outcome = goboard(tmp_path, *command, **{**HERE, "STORE": "redis"}, REDIS_URL="redis://:pass-word@h?no_such=1")
    assert outcome.code == 78
    (line,) = outcome.told
    assert line.startswith("goboard: REDIS_URL: ")
    assert "pass-word" not in line


def test_noop_warns_at_every_start(tmp_path: Path) -> None:
    # The proxy is one that answers nothing: the banner is shown all the same, as it asks this machine directly.
    proxy = {"http_proxy": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1"}
    with goboard_serve(tmp_path, "--store", "memory", "--no-grpc", AUTH_MODE="noop", **proxy) as service:
        ends = time.monotonic() + 10
        while not any("AUTH_MODE=noop believes every token" in line for line in service.log):
            assert time.monotonic() < ends, service.log
            time.sleep(0.01)
        (line,) = [line for line in service.log if "noop" in line]
        assert '"level": "warning", "logger": "goboard.' in line
        assert "gRPC" not in service.banner


def test_top_shows_the_first_places_as_they_are(tmp_path: Path) -> None:
    with start_server(SERVERS["valkey"], tmp_path) as server, server.client() as client:
        environment = {"REDIS_URL": server.url, "REDIS_PREFIX": "p:"}
        empty = goboard(tmp_path, "top", "b", **environment)
        assert (empty.code, empty.out) == (0, "b: nobody is on this board yet\n")
        client.zadd("p:b", {"[red]ada :heart:": 0.1, "bob": 2**53, "null": 0, "debt": -5, "x" * 100: 3})
        outcome = goboard(tmp_path, "top", "b", "--limit", "4", **environment)
        whole = goboard(tmp_path, "top", "b", **environment).out
    assert outcome.code == 0
    title, header, *rows = outcome.out.splitlines()
    assert title.strip() == "b: 4 of 5"
    assert header.split() == ["rank", "member", "score"]
    assert rows[0].split()[:3] == ["1", "bob", "9007199254740992"]
    assert max(map(len, outcome.out.splitlines())) <= 80
    assert outcome.out.count("x") == 100, "a long name is folded, not cut"
    assert "[red]ada :heart:" in outcome.out
    assert any(row.split()[:3] == ["5", "debt", "-5"] for row in whole.splitlines())


@pytest.mark.parametrize("limit", ["0", "1001", "x"])
def test_a_limit_out_of_its_range_is_a_usage_error(tmp_path: Path, limit: str) -> None:
    assert goboard(tmp_path, "top", "b", "--limit", limit, STORE="memory").code == 2


@pytest.mark.parametrize("command", [["top", "b"], ["export", "b"], ["import", "b", "b.ndjson"]], ids=" ".join)
def test_a_command_that_would_not_reach_the_boards_says_so(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "b.ndjson").touch()
    outcome = goboard(tmp_path, *command, STORE="memory")
    assert (outcome.code, outcome.out) == (78, "")
    (line,) = outcome.told
    assert line.startswith("goboard: STORE=memory keeps boards inside the server alone")
