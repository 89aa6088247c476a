"""The command `goboard simulate`."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from secrets import randbelow
from urllib.parse import quote

import click

from goboard.domain.names import BoardName
from goboard.entrypoints.console import (
    console,
    fail,
    parse_name,
    read_environment,
    shared_settings,
    with_boards,
)
from goboard.entrypoints.simulation.serving import ServerEnded, serving
from goboard.entrypoints.simulation.simulation import MAX_MEMBERS, Plan, Simulation
from goboard.entrypoints.simulation.view import opened_view
from goboard.leaderboards import Leaderboards

MAX_RATE = 10_000
_SEEDS = 10_000  # few digits, as they are typed


@click.command()
@click.argument("board", default="demo")
@click.option("--members", default=60, show_default=True, type=click.IntRange(1, MAX_MEMBERS), help="How many play.")
@click.option("--rate", default=20, show_default=True, type=click.IntRange(1, MAX_RATE), help="Updates a second.")
@click.option("--seconds", type=click.IntRange(1), help="How long; else until Ctrl-C.")
@click.option("--seed", type=click.IntRange(0), help="Have the play of that seed again; else it is new.")
@click.option("--store", type=click.Choice(["redis", "embedded"]), help="Where the board is kept (STORE).")
@click.option("--serve", is_flag=True, help="Run a server beside it, open to read (PUBLIC_READ), and tell its page.")
def simulate(  # noqa: PLR0913 -- each is an option
    board: str, *, members: int, rate: int, seconds: int | None, seed: int | None, store: str | None, serve: bool
) -> None:
    """Let a crowd play on BOARD (default: demo), and show how its top moves.

    Members join, play, tie and overtake, by updates that go to the store as a server's do: whoever watches the board
    sees them. They keep to the board's rules where they can; what is refused is counted. Those whom an earlier
    simulation left on the board play on from where they stand.
    """
    name = parse_name(BoardName, board, "BOARD")
    plan = Plan(name, members, rate, seconds, randbelow(_SEEDS) if seed is None else seed)
    said = {"STORE": store} if store else {}
    with _server(said, name) if serve else nullcontext() as page:

        async def work(boards: Leaderboards) -> str:
            simulation = await Simulation.begun(boards, plan)
            with opened_view(console(), str(plan), page) as view:
                return await simulation.run(view)

        click.echo(with_boards(work, said))


@contextmanager
def _server(said: dict[str, str], board: str) -> Iterator[str]:
    """Run a server until the block ends, and give the URL of the page that shows the board."""
    shared_settings(said)  # before a server starts for nothing
    try:
        with serving({"PUBLIC_READ": "true", **read_environment(), **said}) as url:
            page = f"{url}/?board={quote(board, safe='')}"
            click.echo(f"Watch it:\n\n  {page}\n")
            yield page
    except ServerEnded as exc:
        fail("there is no server to simulate beside; on the board of one that runs, simulate without --serve", exc.code)
