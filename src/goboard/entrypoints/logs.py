"""Logging: one line an event, on standard error, of a form that a program reads or that people do."""

import logging
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

from goboard.entrypoints import request_ids
from goboard.entrypoints.tracing import requests

MAX_CHARS = 2000
"""Of what is logged, whatever was sent; of an error's trace eight times as many, its end."""
MAX_WAITING = 10_000
"""Lines that wait for standard error to take them: what comes beyond is lost, and counted."""
FLUSH_SECONDS = 1.0

_STDERR = 2
_Event = MutableMapping[str, Any]
_FIRST = ("timestamp", "level", "logger", "event")


def logging_config(level: str, log_format: str = "auto", *, access_log: bool = False) -> dict[str, Any]:
    """Make the configuration for `logging.config.dictConfig`, for our loggers and Granian's.

    `log_format` is `json`, `text`, or `auto`: text where standard error is a terminal.
    """
    form = log_format if log_format != "auto" else "text" if sys.stderr.isatty() else "json"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": f"{__name__}.formatter", "form": form}},
        "handlers": {"stderr": {"()": f"{__name__}.Unhurried", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "goboard": {"level": level.upper()},
            "goboard.access": {"level": "INFO" if access_log else "WARNING"},
            # Its news (starting, stopping) are of no use beside our own; what goes wrong is.
            "_granian": {"level": "WARNING"},
        },
    }


def formatter(form: str) -> logging.Formatter:
    """Make what writes a record as a line: `json` or `text`."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _add_whence,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _bounded,
            # With the default `ensure_ascii`: no control character or odd space gets out.
            structlog.processors.JSONRenderer() if form == "json" else _text,
        ],
    )


class Unhurried(logging.Handler):
    """Has a thread of its own write to standard error: where that is a pipe which nobody reads, nobody waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: queue.Queue[str] = queue.Queue(MAX_WAITING)
        self._lost = 0
        # Not sys.stderr: a thread that waits there holds its lock, and the process could not end.
        self._file = _STDERR
        _start_without_signals(threading.Thread(target=self._write, name="log", daemon=True))

    def emit(self, record: logging.LogRecord) -> None:
        """Put a record's line in the queue."""
        try:
            self._lines.put_nowait(self.format(record) + "\n")
        except queue.Full:
            self._lost += 1
        except Exception:  # noqa: BLE001 -- logging's own way: what cannot be said must not harm whoever says it
            self.handleError(record)

    def flush(self) -> None:
        """Wait until all is written, for a second at most."""
        ends = time.monotonic() + FLUSH_SECONDS
        while self._lines.unfinished_tasks and time.monotonic() < ends:
            time.sleep(0.001)

    def _write(self) -> None:
        while True:
            line = self._lines.get()
            lost, self._lost = self._lost, 0
            try:
                self._write_out(f"{self.format(_loss(lost))}\n{line}" if lost else line)
            except OSError:  # nobody reads any more, or it is closed: there is nobody to be told
                pass
            finally:
                self._lines.task_done()

    def _write_out(self, text: str) -> None:
        rest = text.encode(errors="backslashreplace")
        while rest:
            rest = rest[os.write(self._file, rest) :]


def _start_without_signals(thread: threading.Thread) -> None:
    """Start a thread to which no signal is delivered: the main thread may hold some back, and that is to count."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        thread.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _loss(count: int) -> logging.LogRecord:
    text = "%d lines were lost: standard error did not take them in time"
    return logging.LogRecord(__name__, logging.WARNING, __file__, 0, text, (count,), None)


def _add_whence(_: Any, __: str, event: _Event) -> _Event:
    event["pid"] = os.getpid()
    request_id = request_ids.text()
    if request_id is not None:
        event["request_id"] = request_id
    followed = requests.current.get()
    if followed is not None and followed.ids is not None:
        event["trace_id"], event["span_id"] = followed.ids
    return event


def _bounded(_: Any, __: str, event: _Event) -> _Event:
    first = {name: event[name] for name in _FIRST}
    for name, value in {**first, **event}.items():
        if isinstance(value, str) and name != "exception" and len(value) > MAX_CHARS:
            value = f"{value[:MAX_CHARS]}... ({len(value)} characters)"  # noqa: PLW2901 -- it is the same, shortened
        first[name] = value[-8 * MAX_CHARS :] if name == "exception" else value
    return first


def _text(_: Any, __: str, event: Mapping[str, Any]) -> str:
    more = "".join(f" {name}={_shown(event[name])}" for name in event if name not in (*_FIRST, "exception"))
    line = f"{event['timestamp']} {event['level'].upper()} {event['logger']}: {_escaped(event['event'])}{more}"
    return f"{line}\n{event['exception']}" if "exception" in event else line


def _shown(value: Any) -> str:
    return _escaped(str(value))


def _escaped(text: str) -> str:
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
