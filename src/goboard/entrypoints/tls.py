"""TLS on both ports: one certificate, checked before anything is served."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.x509 import load_pem_x509_certificates

# What HTTP/2 allows of TLS 1.2 (RFC 9113, section 9.2.2): all of TLS 1.3's suites are such.
_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
HANDSHAKE_SECONDS = 5.0


class TlsError(Exception):
    """The certificate cannot be used; the message names the setting and the file, and the way out."""


@dataclass(frozen=True, slots=True)
class Tls:
    """The certificate that both ports show, with its key, and whose certificates clients must show."""

    cert: str
    """A file in PEM: the server's certificate, and those between it and its CA."""
    key: str
    client_ca: str | None
    """A file in PEM; None: no client needs a certificate."""

    def check(self) -> None:
        """See that both ports can be served with it now.

        Raises:
            TlsError: they cannot.
        """
        self._check_dates()
        self.for_grpc()

    def for_grpc(self) -> ssl.SSLContext:
        """Make what grpclib listens with: TLS 1.2 or newer, and HTTP/2.

        Raises:
            TlsError: a file cannot be read, or the key is not the certificate's.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(_CIPHERS)
        context.set_alpn_protocols(["h2"])
        self._load(context)
        if self.client_ca is not None:
            self._load_client_ca(context, self.client_ca)
        return context

    def _load(self, context: ssl.SSLContext) -> None:
        _readable("TLS_KEY", self.key)
        try:
            context.load_cert_chain(self.cert, self.key, lambda: "")  # else OpenSSL asks for a password at the terminal
        except ssl.SSLError as exc:
            if exc.reason == "KEY_VALUES_MISMATCH":
                raise TlsError(f"TLS_KEY={self.key}: it is not the key of the certificate {self.cert}") from exc
            # Granian 2.8.7 reads none with a password: what it calls an encrypted key it takes for malformed.
            raise TlsError(
                f"TLS_KEY={self.key}: it is no private key in PEM, or has a password; `openssl pkey -in OLD -out NEW`"
                " takes that off"
            ) from exc

    def _load_client_ca(self, context: ssl.SSLContext, file: str) -> None:
        _readable("TLS_CLIENT_CA", file)
        try:
            context.load_verify_locations(file)
        except ssl.SSLError as exc:
            raise TlsError(f"TLS_CLIENT_CA={file}: there is no certificate in PEM in it") from exc
        context.verify_mode = ssl.CERT_REQUIRED

    def _check_dates(self) -> None:
        content, now = _readable("TLS_CERT", self.cert), datetime.now(UTC)
        try:
            first = load_pem_x509_certificates(content)[0]
        except ValueError as exc:
            raise TlsError(f"TLS_CERT={self.cert}: there is no certificate in PEM in it") from exc
        if now >= first.not_valid_after_utc:
            raise TlsError(f"TLS_CERT={self.cert}: it expired on {first.not_valid_after_utc:%Y-%m-%d}; renew it")
        if now < first.not_valid_before_utc:
            raise TlsError(f"TLS_CERT={self.cert}: it is valid from {first.not_valid_before_utc:%Y-%m-%d %H:%M} UTC on")


def _readable(name: str, file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as exc:
        raise TlsError(f"{name}={file}: the file cannot be read: {exc.strerror}") from exc
