"""Log lines: their form, what bounds them, and that nobody waits for whoever reads them."""

import json
import logging
import os
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from goboard.entrypoints import request_ids
from goboard.entrypoints.logs import MAX_CHARS, MAX_WAITING, Unhurried, formatter, logging_config


def record(text: str, *arguments: object, **more: Any) -> logging.LogRecord:
    made = logging.LogRecord("goboard.part", logging.WARNING, __file__, 1, text, arguments, None)
    vars(made).update(more)
    return made


def failure() -> logging.LogRecord:
    error = ValueError("the inner text" + "x" * 100_000)
    made = record("it failed")
    made.exc_info = (ValueError, error, None)
    return made


def test_a_line_of_json_says_when_how_bad_where_and_what() -> None:
    line = json.loads(formatter("json").format(record("%s was there", "ada", route="/ws", status=101)))
    assert list(line)[:4] == ["timestamp", "level", "logger", "event"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line.pop("timestamp"))
    assert line == {
        "level": "warning",
        "logger": "goboard.part",
        "event": "ada was there",
        "route": "/ws",
        "status": 101,
        "pid": os.getpid(),
    }


def test_a_line_of_text_says_the_same() -> None:
    line = formatter("text").format(record("%s was there", "ada", route="/ws"))
    assert re.fullmatch(rf"\S+Z WARNING goboard\.part: ada was there route=/ws pid={os.getpid()}", line)


async def test_a_request_s_lines_have_its_id() -> None:
    request_ids.begin(b"mine-1")
    assert json.loads(formatter("json").format(record("x")))["request_id"] == "mine-1"
    assert formatter("text").format(record("x")).endswith("request_id=mine-1")


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize("sent", ["a\nb", "a\x1b[2Jb", "a\u2028b", "a\x00b", "a\u202eb", "a\x85b"])
def test_nothing_that_is_sent_breaks_a_line_or_a_terminal(form: str, sent: str) -> None:
    line = formatter(form).format(record("%s", sent, member=sent))
    assert line.isprintable()
    if form == "json":
        assert json.loads(line)["event"] == sent


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_line_is_bounded(form: str) -> None:
    line = formatter(form).format(record("x" * 1_000_000, route="y" * 1_000_000))
    assert "(1000000 characters)" in line
    assert len(line) < 3 * MAX_CHARS
    assert len(formatter(form).format(failure())) < 9 * MAX_CHARS


def test_an_error_has_its_trace() -> None:
    assert "x" * 1000 in json.loads(formatter("json").format(failure()))["exception"]


@pytest.mark.parametrize(("chosen", "form"), [("auto", "json"), ("json", "json"), ("text", "text")])
def test_without_a_terminal_lines_are_json_unless_told(chosen: str, form: str) -> None:
    assert logging_config("info", chosen)["formatters"]["line"]["form"] == form


@pytest.mark.parametrize(("wanted", "level"), [(False, "WARNING"), (True, "INFO")])
def test_answers_are_logged_where_that_is_wanted(*, wanted: bool, level: str) -> None:
    assert logging_config("error", access_log=wanted)["loggers"]["goboard.access"]["level"] == level


def test_nobody_waits_for_a_pipe_that_is_full_and_what_is_lost_is_counted() -> None:
    reads, writes = os.pipe()
    handler = Unhurried()
    handler.setFormatter(logging.Formatter("%(message)s"))
    handler._file = writes
    told = record("x" * 1000)
    for _ in range(MAX_WAITING + 2000):  # with 64 KiB that the pipe takes
        handler.emit(told)
    with os.fdopen(reads) as pipe, ThreadPoolExecutor(1) as pool:
        lines = pool.submit(pipe.readlines)
        for _ in range(20):
            handler.flush()
        os.close(writes)
        read = lines.result(10)
    losses = [int(line.split()[0]) for line in read if "lines were lost" in line]  # told of again where more are lost
    assert losses
    assert sum(losses) + len(read) - len(losses) == MAX_WAITING + 2000
