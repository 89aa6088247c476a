"""The command line: `goboard serve` and the rest."""

import asyncio
import logging.config
import os
import re
import sys
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn, TypeVar

import click
from dotenv import dotenv_values
from rich.console import Console
from rich.table import Table

from goboard.domain.errors import GoboardError, InvalidArgument
from goboard.domain.identity import Role
from goboard.domain.names import BoardName, MemberName, Name
from goboard.domain.standings import Entry
from goboard.entrypoints import container, logs
from goboard.entrypoints.parsing import MASK, SettingsError, shown
from goboard.entrypoints.settings import VARIABLES, Settings

EX_UNAVAILABLE = 69  # sysexits.h: a service is unavailable
EX_CONFIG = 78  # sysexits.h: something in the configuration is wrong

_Name = TypeVar("_Name", bound=Name)

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Leaderboards on Redis sorted sets, over REST, WebSocket and gRPC.

    Settings are environment variables, or lines of a file .env in the working directory; `goboard check-config`
    lists them.
    """


@main.command()
@click.option("--store", type=click.Choice(["redis", "embedded", "memory"]), help="Where boards are kept (STORE).")
@click.option("--workers", type=int, help="Worker processes (WORKERS).")
@click.option("--ws/--no-ws", default=None, help="Serve WebSocket or not (ENABLE_WEBSOCKET).")
@click.option("--grpc/--no-grpc", default=None, help="Serve gRPC or not (ENABLE_GRPC).")
def serve(store: str | None, workers: int | None, *, ws: bool | None, grpc: bool | None) -> None:
    """Serve until stopped. What is said here wins over the environment."""
    said = {"STORE": store, "WORKERS": workers, "ENABLE_WEBSOCKET": ws, "ENABLE_GRPC": grpc}
    settings = _settings({name: str(value) for name, value in said.items() if value is not None})
    with_token = settings.with_token()
    logging.config.dictConfig(logs.logging_config(settings.log_level))
    from goboard.entrypoints import serve as server  # noqa: PLC0415 -- half a second that the other commands save

    try:
        server.serve(with_token, token_is_new=with_token is not settings)
    except InvalidArgument as exc:
        _fail(f"REDIS_URL: {exc}", EX_CONFIG)
    except (server.CannotServe, container.EmbeddedError) as exc:
        _fail(str(exc), EX_UNAVAILABLE)


@main.command("check-config")
def check_config() -> None:
    """Check the settings and list them, secrets masked."""
    environment = _environment()
    _settings({})
    table = Table("variable", "value", "meaning", box=None, pad_edge=False)
    for variable in VARIABLES:
        value = shown(variable, environment.get(variable.name) or variable.default)
        if variable.secret and environment.get(f"{variable.name}_FILE"):
            value = MASK
        table.add_row(variable.name, value, variable.meaning)
    _console().print(table)


@main.command()
@click.argument("user")
@click.option("--server", is_flag=True, help="Give the role server: it may act for every member.")
@click.option("--expires", default="1h", show_default=True, help="How long it holds: 90s, 15m, 1h, 30d.")
def token(user: str, expires: str, *, server: bool) -> None:
    """Make a JWT for USER, signed with JWT_SECRET."""
    settings = _settings({"AUTH_MODE": "jwt"})
    match = re.fullmatch(r"([0-9]{1,6})([smhd])", expires)
    if match is None or not int(match[1]):
        raise click.BadParameter(
            f"{expires!r} is no time span; one is like 90s, 15m, 1h or 30d", param_hint="--expires"
        )
    member = _name(MemberName, user, "USER")
    role = Role.SERVER if server else Role.MEMBER
    click.echo(container.mint_token(settings, member, role, int(match[1]) * _UNITS[match[2]]))


@main.command()
@click.argument("board")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 1000), help="How many places.")
def top(board: str, limit: int) -> None:
    """Show the first places of BOARD."""
    name = _name(BoardName, board, "BOARD")
    settings = _settings({})
    try:
        with container.reachable_store(settings) as reachable:
            entries, total = asyncio.run(_top(reachable, name, limit))
    except InvalidArgument as exc:
        _fail(f"REDIS_URL: {exc}", EX_CONFIG)
    except GoboardError as exc:
        _fail(str(exc), EX_UNAVAILABLE)
    _print_standings(name, entries, total)


@main.command("version")
def show_version() -> None:
    """Tell the version."""
    click.echo(version("goboard"))


async def _top(settings: Settings, board: str, limit: int) -> tuple[list[Entry], int]:
    async with container.open_leaderboards(settings) as boards:
        return await boards.top(board, limit), await boards.count(board)


def _print_standings(board: str, entries: list[Entry], total: int) -> None:
    if not entries:
        click.echo(f"{board}: nobody is on this board yet")
        return
    best = max(abs(entry.score) for entry in entries) or 1.0
    table = Table(title=f"{board}: {len(entries)} of {total}", title_justify="left", box=None, pad_edge=False)
    table.add_column("rank", justify="right")
    table.add_column("member", overflow="fold")
    table.add_column("score", justify="right")
    table.add_column("")
    for entry in entries:
        bar = "█" * max(1, round(24 * abs(entry.score) / best)) if entry.score > 0 else ""
        table.add_row(str(entry.rank), entry.member, f"{entry.score:.17g}", bar)
    _console().print(table)


def _console() -> Console:
    """A console that prints text as it is: `[x]` and `:heart:` may be part of a name."""
    return Console(markup=False, emoji=False, highlight=False)


def _environment() -> dict[str, str]:
    """The environment, over the lines of `.env` in the working directory."""
    file = Path(".env")
    try:
        lines = dotenv_values(file) if file.is_file() else {}
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8"
        _fail(f"the file .env cannot be read: {reason}", EX_CONFIG)
    return {**{name: value or "" for name, value in lines.items()}, **os.environ}


def _settings(said: dict[str, str]) -> Settings:
    try:
        return Settings.load({**_environment(), **said})
    except SettingsError as exc:
        _fail(f"the settings are wrong:\n{exc}", EX_CONFIG)


def _name(kind: type[_Name], text: str, what: str) -> _Name:
    try:
        return kind.parse(text)
    except GoboardError as exc:
        raise click.BadParameter(str(exc), param_hint=what) from exc


def _fail(message: str, code: int) -> NoReturn:
    click.echo(f"goboard: {message}", err=True)
    sys.exit(code)
