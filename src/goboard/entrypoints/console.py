"""What the commands share: where their settings are from, how they reach the boards, and how they fail."""

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NoReturn, TypeVar

import click
from dotenv import dotenv_values
from rich.console import Console

from goboard.domain.errors import GoboardError, InvalidArgument, PeriodNotFound
from goboard.domain.names import Name
from goboard.entrypoints import container
from goboard.entrypoints.parsing import SettingsError
from goboard.entrypoints.settings import Settings
from goboard.leaderboards import Leaderboards

EX_UNAVAILABLE = 69  # sysexits.h: a service is unavailable
EX_CONFIG = 78  # sysexits.h: something in the configuration is wrong

_Name = TypeVar("_Name", bound=Name)
_Result = TypeVar("_Result")

window_option = click.option("--window", help="One of the board's windows, or archive.")
period_option = click.option(
    "--period", help="One of the window's periods, or an archive's name; else the current one."
)


def read_environment() -> dict[str, str]:
    """The environment, over the lines of `.env` in the working directory."""
    file = Path(".env")
    try:
        lines = dotenv_values(file) if file.is_file() else {}
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8"
        fail(f"the file .env cannot be read: {reason}", EX_CONFIG)
    return {**{name: value or "" for name, value in lines.items()}, **os.environ}


def read_settings(said: dict[str, str]) -> Settings:
    """Read the settings, of which `said` win; mistakes end the command."""
    try:
        return Settings.load({**read_environment(), **said})
    except SettingsError as exc:
        fail(f"the settings are wrong:\n{exc}", EX_CONFIG)


def parse_name(kind: type[_Name], text: str, what: str) -> _Name:
    """Read the argument `what` as a name; where it is none, that is a usage error."""
    try:
        return kind.parse(text)
    except GoboardError as exc:
        raise click.BadParameter(str(exc), param_hint=what) from exc


def shared_settings(said: dict[str, str]) -> Settings:
    """Read the settings, of which `said` win; where a command cannot reach the boards they name, it ends."""
    settings = read_settings(said)
    if settings.store == "memory":
        fail("STORE=memory keeps boards inside the server alone, where no command reaches them; set STORE", EX_CONFIG)
    return settings


def with_boards(work: Callable[[Leaderboards], Awaitable[_Result]], said: dict[str, str] | None = None) -> _Result:
    """Give what `work` gives for the boards that the settings name; what keeps it from them ends the command."""
    settings = shared_settings(said or {})
    try:
        with container.reachable_store(settings) as reachable:
            return asyncio.run(_on_boards(reachable, work))
    except SettingsError as exc:
        fail(str(exc), EX_CONFIG)
    except (InvalidArgument, PeriodNotFound) as exc:
        raise click.UsageError(str(exc)) from exc
    except GoboardError as exc:
        hint = "; a server keeps its boards in a store of its own here: set STORE=embedded to ask that"
        fail(f"{exc}{hint if container.passes_by_embedded(settings) else ''}", EX_UNAVAILABLE)


async def _on_boards(settings: Settings, work: Callable[[Leaderboards], Awaitable[_Result]]) -> _Result:
    try:
        opened = container.open_leaderboards(settings)
    except InvalidArgument as exc:
        raise SettingsError(f"REDIS_URL: {exc}") from exc
    async with opened as boards:
        return await work(boards)


def console() -> Console:
    """A console that prints text as it is: `[x]` and `:heart:` may be part of a name."""
    return Console(markup=False, emoji=False, highlight=False)


def fail(message: str, code: int) -> NoReturn:
    """End the command."""
    for handler in logging.getLogger().handlers:
        handler.flush()  # what was logged is written by a thread: the reason for the end comes after it
    click.echo(f"goboard: {message}", err=True)
    sys.exit(code)
