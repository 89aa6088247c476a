"""How a setting's text becomes a value, and how errors are gathered."""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from goboard.entrypoints.sockets import Address

MASK = "***"
MAX_PORT = 65_535
MAX_SECONDS = 3600.0
MAX_PAUSE = 300.0
MIN_RATE, MAX_RATE = 0.001, 1_000_000.0


class SettingsError(Exception):
    """Everything that is wrong with the settings, one line each."""


class Errors:
    """Gathers what is wrong, so that all of it is told at once."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._lines)

    def add(self, name: str, shown: str, allowed: str) -> None:
        """Note that the variable `name` is wrong; `shown` is its value, masked where secret."""
        line = f"{name}={shown}: {allowed}"
        self._lines.append(line if line.isprintable() else ascii(line)[1:-1])

    def raise_any(self) -> None:
        """Raise SettingsError where anything was noted."""
        if self._lines:
            raise SettingsError("\n".join(self._lines))


class Variable(NamedTuple):
    """One variable: how it is called, what holds where it is absent or empty, and what it may be."""

    name: str
    default: str
    parse: Callable[[str], Any]
    """Raises ValueError, whose text says what is allowed."""
    meaning: str
    secret: bool = False
    """Never shown; may be given as a file's content, by NAME_FILE."""


class Source:
    """Reads variables from an environment."""

    def __init__(self, environment: Mapping[str, str], errors: Errors) -> None:
        self._environment = environment
        self._errors = errors

    def read(self, variables: Iterable[Variable]) -> dict[str, Any]:
        """Give each variable's value; what is wrong goes to the errors and has no value."""
        values: dict[str, Any] = {}
        for variable in variables:
            text = self._text(variable)
            if text is None:
                continue
            try:
                values[variable.name] = variable.parse(_utf8(text) or variable.default)
            except ValueError as exc:
                self._errors.add(variable.name, shown(variable, text), str(exc))
        return values

    def _text(self, variable: Variable) -> str | None:
        text = self._environment.get(variable.name, "")
        file = self._environment.get(f"{variable.name}_FILE", "") if variable.secret else ""
        if not file:
            return text
        if text:
            self._errors.add(f"{variable.name}_FILE", file, f"{variable.name} is set too; say only one of them")
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as exc:
            reason = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8"
            self._errors.add(f"{variable.name}_FILE", file, f"the file cannot be read: {reason}")
            return None


def shown(variable: Variable, text: str) -> str:
    """Give `text` as it may be shown: a secret masked, and in any other what stands before an `@` as in a URL."""
    if variable.secret:
        return MASK if text else ""
    return re.sub(r".*@", f"{MASK}@", text, flags=re.DOTALL)


def _utf8(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as exc:  # how Python hands over other bytes in the environment
        raise ValueError("it is not valid UTF-8") from exc
    return text


def boolean(text: str) -> bool:
    """Read a boolean as go-board does: 1, true, yes, on and 0, false, no, off, in any case."""
    lowered = text.strip().lower()
    if lowered in {"1", "true", "yes", "on"}:
        return True
    if lowered in {"0", "false", "no", "off"}:
        return False
    raise ValueError("allowed are 1, true, yes, on and 0, false, no, off")


def one_of(*allowed: str) -> Callable[[str], str]:
    """Make a parser for a choice, trimmed and in any case; it gives the choice as it stands in `allowed`."""
    by_lowered = {choice.lower(): choice for choice in allowed}

    def parse(text: str) -> str:
        choice = by_lowered.get(text.strip().lower())
        if choice is None:
            raise ValueError(f"allowed are {', '.join(allowed)}")
        return choice

    return parse


def integer(low: int, high: int) -> Callable[[str], int]:
    """Make a parser for an integer from `low` to `high`."""

    def parse(text: str) -> int:
        if re.fullmatch(r"[0-9]{1,12}", text.strip()) and low <= int(text) <= high:
            return int(text)
        raise ValueError(f"an integer from {low} to {high} is needed")

    return parse


def seconds(text: str) -> float:
    """Read a time span: a number of seconds over 0, at most an hour."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= MAX_SECONDS:
        raise ValueError("a number of seconds over 0 and up to 3600 is needed")
    return value


def pause(text: str) -> float:
    """Read how long to wait: a number of seconds from 0 to 300."""
    return _number(text, MAX_PAUSE, "a number of seconds from 0 to 300 is needed")


def rate(text: str) -> float:
    """Read how many a second: 0, or from 0.001 to a million."""
    allowed = "a number a second is needed, from 0.001 to 1000000, or 0"
    value = _number(text, MAX_RATE, allowed)
    if 0 < value < MIN_RATE:
        raise ValueError(allowed)
    return value


def _number(text: str, high: float, allowed: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= high:
        raise ValueError(allowed)
    return value


def address(text: str) -> Address:
    """Read `:8080`, `8080`, `host:8080` or `[v6]:8080`."""
    host, _, port = text.strip().rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    fits = re.fullmatch(r"[0-9]{1,5}", port) and int(port) <= MAX_PORT
    if not fits or not re.fullmatch(r"[^\s:/@\[\]]*|\[[0-9A-Fa-f:.]+\]", host):
        raise ValueError("a port is needed, as `:8080`, `8080`, `host:8080` or `[::1]:8080`")
    return Address(bare, int(port))


def host_and_port(text: str) -> str:
    """Read `host:port`; a bare host means port 6379."""
    match = re.fullmatch(r"([^\s:/?#@\[\]]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?", text.strip())
    if match is None or int(match[2] or 0) > MAX_PORT:
        raise ValueError("a server is needed as `host:port`")
    return f"{match[1]}:{match[2] or 6379}"


def redis_url(text: str) -> str:
    """Check the form of a Redis URL; an empty one stays empty."""
    text = text.strip()
    if text and not _is_redis_url(text):
        raise ValueError(
            "a URL is needed like redis://host:6379, rediss://host:6379 (TLS), unix:///path,"
            " redis+sentinel://host:26379,host:26379/service or redis+cluster://host:6379,host:6379, its password"
            " percent-encoded"
        )
    return text


def _is_redis_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        if parts.scheme == "unix":
            return parts.path.startswith("/")
        # An @ further on is a password's with a raw `/`, `?` or `#`: what is before that would be taken for the host.
        if "@" in parts.path + parts.query + parts.fragment:
            return False
        scheme, _, kind = parts.scheme.partition("+")
        if scheme not in {"redis", "rediss"} or kind not in {"", "sentinel", "cluster"}:
            return False
        hosts = parts.netloc.rpartition("@")[2]
        named = [_has_host(host) for host in (hosts.split(",") if kind else [hosts])]
        return all(named) and (kind != "sentinel" or bool(parts.path.strip("/")))
    except ValueError:  # the port is none
        return False


def _has_host(host: str) -> bool:
    parts = urlsplit(f"//{host}")
    return bool(parts.hostname) and parts.port != 0 and "," not in host


def prefix(text: str) -> str:
    """Check a key prefix: no braces, which would move the Cluster's hash tag."""
    if "{" in text or "}" in text:
        raise ValueError("braces are not allowed in a prefix")
    return text


def path(text: str) -> str:
    """Take a path as it is."""
    return text


def origins(text: str) -> tuple[str, ...]:
    """Read a comma-separated list of origins, each `scheme://host[:port]`, or `*`."""
    found = listed(text)
    for origin in found:
        if origin != "*" and not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^/\s*]+", origin):
            raise ValueError(f"{origin!r} is no origin; an origin is like https://example.org, without a path")
    if "*" in found and len(found) > 1:
        raise ValueError("`*` allows every origin: say it alone, or list the origins without it")
    return found


def listed(text: str) -> tuple[str, ...]:
    """Read a comma-separated list; spaces around a part, and empty parts, do not count."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def key_set(text: str) -> str:
    """Check where a set of keys is: a path, an https URL, or an http URL of this machine."""
    text = text.strip()
    if "://" in text and not _is_key_set_url(text):
        raise ValueError(
            "a path is needed, or a URL like https://login.example.org/jwks.json without a name or password in it;"
            " http is for this machine alone, since whoever can change the keys on their way is let in as anybody"
        )
    return text


def _is_key_set_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        at = Address(parts.hostname or "", parts.port or 0)
    except ValueError:  # the port is none
        return False
    encrypted = parts.scheme == "https" or (parts.scheme == "http" and at.is_loopback)
    return encrypted and bool(at.host) and "@" not in parts.netloc and text.isascii() and text.isprintable()
