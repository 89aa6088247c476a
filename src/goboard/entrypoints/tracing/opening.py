"""Whether traces can be made, and what makes them."""

import os
from collections.abc import Mapping
from types import ModuleType
from typing import Protocol

from goboard.entrypoints.tracing.requests import Requests
from goboard.ports.spans import StoreSpans

PROTOCOL = "http/protobuf"
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")


class TracingError(Exception):
    """There can be no traces; the message says why, and the way out."""


class Tracing(Requests, StoreSpans, Protocol):
    """Follows requests and the store's work for them, and delivers what it has gathered."""

    async def close(self) -> None:
        """Deliver what is left, for a second at most."""
        ...


def check_tracing(environment: Mapping[str, str]) -> None:
    """See that traces can be made with the variables OTEL_* of `environment`.

    Raises:
        TracingError: the extra is missing, or another protocol is wanted than there is.
    """
    for name in _PROTOCOLS:
        protocol = environment.get(name, "")
        if protocol not in {"", PROTOCOL}:
            raise TracingError(
                f"{name} is {protocol!r}; traces are sent as {PROTOCOL} alone, which collectors take on port 4318."
                " Say that, or leave it unset"
            )
    _otel()


def hand_on(environment: Mapping[str, str]) -> None:
    """Let the workers, and OpenTelemetry in them, see the variables OTEL_* of `environment`: `.env` may have some."""
    os.environ.update({name: value for name, value in environment.items() if name.startswith("OTEL_")})


def open_tracing() -> Tracing:
    """Begin to make traces.

    Raises:
        TracingError: the extra is missing.
    """
    tracing: Tracing = _otel().start()
    return tracing


def _otel() -> ModuleType:
    try:
        from goboard.entrypoints.tracing import otel  # noqa: PLC0415 -- an extra, of 20 MB and 0.2 s
    except ImportError as exc:
        raise TracingError(
            "TRACES=true needs OpenTelemetry, which is not installed. Install goboard with the extra otel,"
            ' `pip install "goboard[otel]"`, or set TRACES=false'
        ) from exc
    return otel
