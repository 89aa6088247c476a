"""A `goboard serve` beside the simulation, which ends when that does, however that comes."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO

import click

STOP_SECONDS = 15.0
"""A server that takes longer to stop is killed; it kills a worker after 8."""

_PROGRAM = f"""
from {__name__} import end_with_standard_input
from goboard.entrypoints.cli import main
end_with_standard_input()
main(["serve"], prog_name="goboard")
"""
_WHOLE_BANNER = re.compile(r"(http\S+)/api/v1$.*^Try:\n\n.+\n", re.MULTILINE | re.DOTALL)


class ServerEnded(Exception):
    """The server did not come up; it has said why itself."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the server ended with exit code {code}")
        self.code = code


@contextmanager
def serving(environment: Mapping[str, str]) -> Iterator[str]:
    """Serve with the settings of `environment` until the block ends; tell the banner, and give the server's URL.

    Raises:
        ServerEnded: it ended before it served.
    """
    process = subprocess.Popen(  # noqa: S603 -- our own command, no shell
        [sys.executable, "-c", _PROGRAM],
        env=environment,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C at the terminal is for the simulation, which ends the server after itself
    )
    try:
        yield _url(process)
    finally:
        _stop(process)


def _url(process: "subprocess.Popen[str]") -> str:
    log = threading.Thread(target=_pass_on, args=(process.stderr,), daemon=True)
    log.start()
    banner = ""
    # The banner is all that a server says there, so nobody need read on.
    for line in process.stdout or ():
        banner += line
        if found := _WHOLE_BANNER.search(banner):
            click.echo(banner)
            return found[1]
    code = process.wait()
    log.join(1)
    raise ServerEnded(code)


def _pass_on(log: IO[str] | None) -> None:
    for line in log or ():
        click.echo(line, err=True, nl=False)


def _stop(process: "subprocess.Popen[str]") -> None:
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def end_with_standard_input() -> None:
    """Have SIGTERM sent to this process when its standard input ends: whoever holds the other end is gone or done."""

    def wait() -> None:
        while os.read(0, 1024):  # not sys.stdin, which a thread that waits would keep from being closed
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()
