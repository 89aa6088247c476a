"""A real Valkey of our own: started on a data folder, reached over a private Unix socket, ended with its owner."""

from goboard.adapters.embedded.binary import find_binary
from goboard.adapters.embedded.errors import EmbeddedError
from goboard.adapters.embedded.server import EmbeddedServer, attach

__all__ = ["EmbeddedError", "EmbeddedServer", "attach", "find_binary"]
