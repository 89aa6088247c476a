"""The page at `/`: a live board to look at, made of static files that are read once, when the server starts."""

import hashlib
import re
from pathlib import Path
from typing import Any, NamedTuple

from litestar import HttpMethod, Request, Response, route
from litestar.exceptions import NotFoundException

_MEDIA_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_INDEX = "index.html"
_READ = [HttpMethod.GET, HttpMethod.HEAD]

# Nothing but the page's own files and API: a member's name that were taken for markup could load and send nothing.
_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "connect-src": "'self'",
    "img-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
_HEADERS = {
    "Content-Security-Policy": "; ".join(f"{directive} {source}" for directive, source in _POLICY.items()),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    # Asked for anew each time, and mostly answered with 304: after an upgrade no two files are of different versions.
    "Cache-Control": "no-cache",
}

_AnyRequest = Request[Any, Any, Any]


class _File(NamedTuple):
    """A file of the page."""

    content: bytes
    media_type: str
    etag: str

    @classmethod
    def read(cls, path: Path) -> "_File":
        content = path.read_bytes()
        return cls(content, _MEDIA_TYPES[path.suffix], f'"{hashlib.sha256(content).hexdigest()[:16]}"')


_FILES = {path.name: _File.read(path) for path in Path(__file__).parent.iterdir() if path.suffix in _MEDIA_TYPES}


@route("/", http_method=_READ, include_in_schema=False)
async def index(request: _AnyRequest) -> Response[bytes]:
    """Give the page. No token is needed; what it shows it asks the API for."""
    return _answer(request, _FILES[_INDEX])


@route("/page/{file:str}", http_method=_READ, include_in_schema=False)
async def part(request: _AnyRequest, file: str) -> Response[bytes]:
    """Give a file that the page is made of."""
    if file == _INDEX or file not in _FILES:  # the page's links are right at `/` alone
        raise NotFoundException
    return _answer(request, _FILES[file])


def _answer(request: _AnyRequest, file: _File) -> Response[bytes]:
    headers = {**_HEADERS, "ETag": file.etag}
    if _has(request.headers.get("if-none-match", ""), file.etag):
        return Response(b"", status_code=304, headers=headers, media_type=file.media_type)
    return Response(file.content, headers=headers, media_type=file.media_type)


def _has(if_none_match: str, etag: str) -> bool:
    """Tell whether the client has this version; a proxy that compresses makes the tag a weak one (RFC 9110, 13.1.2)."""
    return etag in re.findall(r'"[^"]*"', if_none_match)


PAGE = [index, part]
