"""The port for authentication."""

from typing import Protocol

from goboard.domain.identity import Identity


class TokenVerifier(Protocol):
    """Tells who a token names."""

    def verify(self, token: str) -> Identity:
        """Identify the bearer of `token` (not empty, at most 8 KiB); this waits for nothing.

        Raises:
            InvalidToken: it names nobody, is expired or not yet valid, or its claims are out of order.
            KeysUnavailable: whether it is valid cannot be told at the moment.
        """
        ...

    def check(self) -> None:
        """See that tokens can be verified.

        Raises:
            KeysUnavailable: none can at the moment, whatever it says.
        """
        ...
