"""Logging: one line an event, on standard error."""

from typing import Any


def logging_config(level: str) -> dict[str, Any]:
    """Make the configuration for `logging.config.dictConfig`, for our loggers and Granian's."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "goboard": {"level": level.upper()},
            "goboard.access": {"level": "WARNING"},
            # Its news (starting, stopping) are of no use beside our own; what goes wrong is.
            "_granian": {"level": "WARNING"},
        },
    }
