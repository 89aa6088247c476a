"""A word with a server over its Unix socket, with no client library: to see whether it is up, and to end it."""

import socket
from pathlib import Path

_PATIENCE_SECONDS = 1.0


def ask(path: Path, command: bytes) -> bytes:
    """Send one inline command and give the start of the reply; empty where nobody answers within a second."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_PATIENCE_SECONDS)
        try:
            connection.connect(str(path))
            connection.sendall(command + b"\r\n")
            return connection.recv(256)
        except OSError:
            return b""
