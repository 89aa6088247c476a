"""The driver's exceptions, told in the port's words."""

import logging
import re
from asyncio import Future
from typing import Any

from redis.exceptions import AskError, RedisError, ResponseError, TryAgainError

from goboard.domain.errors import StoreCorrupt, StoreError, StoreUnavailable

Lost = type[StoreError]
"""What "sent and not answered" means to a caller: OutcomeUnknown for a write, StoreUnavailable for a read."""

_log = logging.getLogger(__name__)

# Answers of a server that did not run the command and may do so later, or when its operator mends it. From Redis's
# `shared.*err` in server.c; in a script each of them comes at the latest with the first write, which then is not done.
_REFUSALS = frozenset(
    {
        "ASK",
        "BUSY",
        "CLUSTERDOWN",
        "LOADING",
        "MASTERDOWN",
        "MISCONF",
        "MOVED",
        "NOAUTH",
        "NOPERM",
        "NOREPLICAS",
        "OOM",
        "READONLY",
        "TRYAGAIN",
        "WRONGPASS",
    }
)

# From a server that is no primary, or not of this key.
_DOUBTS = frozenset({"CLUSTERDOWN", "MASTERDOWN", "MOVED", "READONLY"})
# What a script meets where its slot is being moved key by key, or the Cluster is down, as Redis and Valkey say it
# (`scriptVerifyClusterState` in script.c). Ours meet it before they write (scripts/guard.lua).
_SCRIPT_ELSEWHERE = re.compile(r"attempted to (access a non local key|execute a (write )?command while)", re.IGNORECASE)


def says_elsewhere(refusal: ResponseError) -> bool:
    """Tell whether a server refused because the key is, or may soon be, at another; nothing was done then."""
    return isinstance(refusal, AskError | TryAgainError) or bool(_SCRIPT_ELSEWHERE.search(str(refusal)))


def casts_doubt(failure: Exception) -> bool:
    """Tell whether there may be another server by now in the place of the one that failed so."""
    code = _answer(failure)
    return code is None or code in _DOUBTS


def translated(failure: Exception, *, sent: bool, board: str, lost: Lost) -> StoreError:
    """Say what `failure` means to the caller of an operation on `board`."""
    code = _answer(failure)
    if code == "WRONGTYPE":
        return StoreCorrupt(board)
    if not sent or code in _REFUSALS or _SCRIPT_ELSEWHERE.search(str(failure)):
        return StoreUnavailable()
    if code is None:
        return lost()
    if not isinstance(failure, ResponseError):
        return StoreUnavailable()
    _log.error("the store answered: %s", failure)
    return StoreError("the store answered with an error, which the log holds")


def each_its_own(error: StoreError) -> StoreError:
    """Make an exception like `error`: one object raised to many callers would gather all their tracebacks."""
    twin = type(error).__new__(type(error), *error.args)
    twin.__cause__ = error
    return twin


def bring(future: Future[Any], error: Exception) -> None:
    """Let `error` be what the future brings."""
    future.set_exception(error)
    future.exception()  # marks it as seen: where the caller has left, the loop shall not complain


def _answer(failure: Exception) -> str | None:
    """Give the code of the error that the server answered with; None: it gave no answer."""
    if not isinstance(failure, RedisError):
        return None
    # redis-py takes the codes that it knows out of the text, and keeps the others in it.
    if failure.status_code is not None:
        return failure.status_code
    return str(failure).partition(" ")[0] if isinstance(failure, ResponseError) else None
