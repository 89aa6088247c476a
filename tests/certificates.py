"""Certificates of a CA of the tests' own, as files in a folder."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

NAMES = ("localhost", "127.0.0.1")


class Certificate(NamedTuple):
    """A certificate with its key, each in a file."""

    cert: str
    key: str

    @property
    def settings(self) -> dict[str, str]:
        return {"TLS_CERT": self.cert, "TLS_KEY": self.key}


class Authority:
    """A CA whose certificate is in a file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ca = trustme.CA()
        self.cert = str(folder / "ca.pem")
        self._ca.cert_pem.write_to_path(self.cert)

    def issue(self, name: str = "server", *, days: float = 30) -> Certificate:
        """Make a certificate for this machine's loopback, which ends in so many days."""
        issued = self._ca.issue_cert(*NAMES, not_after=datetime.now(UTC) + timedelta(days=days))
        cert, key = self._folder / f"{name}.pem", self._folder / f"{name}.key"
        cert.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(str(key))
        return Certificate(str(cert), str(key))

    def issue_locked(self) -> Certificate:
        """Make one whose key has a password."""
        open_ = self.issue("locked")
        key = load_pem_private_key(Path(open_.key).read_bytes(), None)
        locked = key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"a-password-of-the-tests")
        )
        Path(open_.key).write_bytes(locked)
        return open_
