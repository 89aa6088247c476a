"""A small HTTP server on the loopback, for what goboard itself asks somebody."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from typing import Any


class Quiet(BaseHTTPRequestHandler):
    """Answers without a line on standard error for each."""

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def listening(handler: type[Quiet], port: int = 0, tls: SSLContext | None = None) -> Iterator[int]:
    """Run a server, over TLS where there is a context, and give its port."""
    with ThreadingHTTPServer(("localhost", port), handler) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join(5)
