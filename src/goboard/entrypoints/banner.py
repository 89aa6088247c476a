"""What a person sees when the server is ready: where it is, what keeps the boards, and a line to paste."""

import shlex
import ssl
import sys
import threading
import time
import urllib.request
from importlib.metadata import version

from goboard.entrypoints.settings import Settings

_WAIT_SECONDS = 30
_ASK_EVERY_SECONDS = 0.05


def show_when_ready(settings: Settings, *, token_is_new: bool) -> None:
    """Print the banner as soon as the server answers, from a thread that holds nothing up."""
    text = banner(settings, token_is_new=token_is_new)
    threading.Thread(target=_show, args=(_base(settings), text), daemon=True).start()


def banner(settings: Settings, *, token_is_new: bool) -> str:
    """Say where the server is. The token is told only where it was made for this run."""
    host = settings.http.url_host
    lines = [f"goboard {version('goboard')} is serving; boards are kept in {_kept_in(settings)}", ""]
    if settings.enable_websocket:  # by which the page lives
        lines.append(f"  Page       {_base(settings)}/")
    lines.append(f"  REST       {_base(settings)}/api/v1")
    if settings.enable_websocket:
        lines.append(f"  WebSocket  {'wss' if settings.tls else 'ws'}://{host}:{settings.http.port}/ws")
    if settings.enable_grpc:
        lines.append(f"  gRPC       {settings.grpc.url_host}:{settings.grpc.port}{' (TLS)' if settings.tls else ''}")
    if token_is_new:
        lines.append(f"  Token      {settings.auth_secret}  (for this run; set AUTH_SECRET to have your own)")
    return "\n".join([*lines, "", "Try:", "", f"  {_curl(settings, token_is_new=token_is_new)}", ""])


def _curl(settings: Settings, *, token_is_new: bool) -> str:
    member = "player1" if _acts_for_others(settings) else "admin_user"
    url = shlex.quote(f"{_base(settings)}/api/v1/dashboards/global/members/{member}/increment")
    return f"curl -X POST {url} -H {_authorization(settings, token_is_new=token_is_new)} -d '{{\"increment\": 10}}'"


def _authorization(settings: Settings, *, token_is_new: bool) -> str:
    if settings.auth_mode == "jwt":
        # One whose keys are published can only be made by whoever has the private ones.
        token = "$TOKEN" if settings.jwt_jwks else "$(goboard token player1)"
        return f'"Authorization: Bearer {token}"'
    if settings.auth_mode == "noop":
        return "'Authorization: Bearer player1'"
    if token_is_new:
        return shlex.quote(f"Authorization: Bearer {settings.auth_secret}")
    return '"Authorization: Bearer $AUTH_SECRET"'


def _acts_for_others(settings: Settings) -> bool:
    return settings.auth_mode != "static" or settings.static_role.value == "server"


def _kept_in(settings: Settings) -> str:
    return {
        "memory": "MEMORY ONLY, and are gone when it stops",
        "embedded": f"{settings.data_dir} (a Valkey of its own)",
        "redis": f"Redis at {settings.redis_place}, under the prefix {settings.redis_prefix!r}",
    }[settings.store]


def _base(settings: Settings) -> str:
    return f"{'https' if settings.tls else 'http'}://{settings.http.url_host}:{settings.http.port}"


def _show(base: str, text: str) -> None:
    ends = time.monotonic() + _WAIT_SECONDS
    while not _answers(base):
        if time.monotonic() > ends:
            return  # the log tells what is wrong
        time.sleep(_ASK_EVERY_SECONDS)
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _answers(base: str) -> bool:
    # Asked directly: a proxy that http_proxy names knows nothing of this machine's own addresses. And whatever the
    # certificate says: it is for the name under which others know this machine.
    unverified = urllib.request.HTTPSHandler(context=ssl._create_unverified_context())  # noqa: S323, SLF001 -- as above; the public way takes three lines
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), unverified)
    try:
        with opener.open(f"{base}/health", timeout=1):
            return True
    except ssl.SSLError:  # it wants a certificate of us, so it is there
        return True
    except OSError as exc:
        return isinstance(getattr(exc, "reason", None), ssl.SSLError)
