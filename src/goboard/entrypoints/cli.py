"""The command line: `goboard serve` and the rest."""

import logging.config
import re
from importlib.metadata import version

import click
from rich.table import Table

from goboard.domain.errors import InvalidArgument, StoreError
from goboard.domain.identity import Role
from goboard.domain.names import BoardName, MemberName
from goboard.domain.standings import Entry
from goboard.entrypoints import container, logs, simulation, transfer
from goboard.entrypoints.boards_file import BoardsFileError, read_boards_file
from goboard.entrypoints.console import (
    EX_CONFIG,
    EX_UNAVAILABLE,
    console,
    fail,
    parse_name,
    period_option,
    read_environment,
    read_settings,
    window_option,
    with_boards,
)
from goboard.entrypoints.parsing import MASK, shown
from goboard.entrypoints.settings import VARIABLES
from goboard.entrypoints.tls import TlsError
from goboard.entrypoints.tracing.opening import TracingError, check_tracing, hand_on
from goboard.leaderboards import Leaderboards

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
    settings = read_settings({name: str(value) for name, value in said.items() if value is not None})
    with_token = settings.with_token()
    if settings.traces:
        _prepare_tracing()
    logging.config.dictConfig(
        logs.logging_config(settings.log_level, settings.log_format, access_log=settings.access_log)
    )
    from goboard.entrypoints import serve as server  # noqa: PLC0415 -- half a second that the other commands save

    try:
        server.serve(with_token, token_is_new=with_token is not settings)
    except InvalidArgument as exc:
        fail(f"REDIS_URL: {exc}", EX_CONFIG)
    except (BoardsFileError, TlsError, container.KeySetError) as exc:
        fail(str(exc), EX_CONFIG)
    except (server.CannotServe, StoreError) as exc:
        fail(str(exc), EX_UNAVAILABLE)


@main.command("check-config")
def check_config() -> None:
    """Check the settings and the files that they name, and list the settings, secrets masked."""
    environment = read_environment()
    settings = read_settings({})
    try:
        read_boards_file(settings.boards_file)
        container.check_keys(settings)
        if settings.tls:
            settings.tls.check()
        if settings.traces:
            check_tracing(environment)
    except (BoardsFileError, TlsError, TracingError, container.KeySetError) as exc:
        fail(str(exc), EX_CONFIG)
    table = Table("variable", "value", "meaning", box=None, pad_edge=False)
    for variable in VARIABLES:
        value = shown(variable, environment.get(variable.name) or variable.default)
        if variable.secret and environment.get(f"{variable.name}_FILE"):
            value = MASK
        table.add_row(variable.name, value, variable.meaning)
    console().print(table)


@main.command()
@click.argument("user")
@click.option("--server", is_flag=True, help="Give the role server: it may act for every member.")
@click.option("--expires", default="1h", show_default=True, help="How long it holds: 90s, 15m, 1h, 30d.")
def token(user: str, expires: str, *, server: bool) -> None:
    """Make a JWT for USER, signed with JWT_SECRET."""
    settings = read_settings({"AUTH_MODE": "jwt"})
    if settings.jwt_jwks:
        fail("tokens that are checked with JWT_JWKS are made by whoever has the private keys", EX_CONFIG)
    match = re.fullmatch(r"([0-9]{1,6})([smhd])", expires)
    if match is None or not int(match[1]):
        raise click.BadParameter(
            f"{expires!r} is no time span; one is like 90s, 15m, 1h or 30d", param_hint="--expires"
        )
    member = parse_name(MemberName, user, "USER")
    role = Role.SERVER if server else Role.MEMBER
    click.echo(container.mint_token(settings, member, role, int(match[1]) * _UNITS[match[2]]))


@main.command()
@click.argument("board")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 1000), help="How many places.")
@window_option
@period_option
def top(board: str, limit: int, window: str | None, period: str | None) -> None:
    """Show the first places of BOARD."""
    name = parse_name(BoardName, board, "BOARD")

    async def read(boards: Leaderboards) -> tuple[list[Entry], int]:
        entries = await boards.top(name, limit, window=window, period=period)
        return entries, await boards.count(name, window=window, period=period)

    _print_standings(name, *with_boards(read))


@main.command("version")
def show_version() -> None:
    """Tell the version."""
    click.echo(version("goboard"))


main.add_command(transfer.import_board)
main.add_command(transfer.export_board)
main.add_command(simulation.simulate)


def _prepare_tracing() -> None:
    environment = read_environment()
    try:
        check_tracing(environment)
    except TracingError as exc:
        fail(str(exc), EX_CONFIG)
    hand_on(environment)


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
    console().print(table)
