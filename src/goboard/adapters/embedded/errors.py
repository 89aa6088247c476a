"""What goes wrong with the server itself; what goes wrong with a request is the store's."""

from goboard.domain.errors import StoreError


class EmbeddedError(StoreError):
    """The embedded server cannot be started, reached or ended; the message names the folder and the way out."""
