"""Tokens that are bound to a client certificate (RFC 8705). See docs/guides/mtls.md.

Only the hash of a certificate matters here: the TLS server has verified it, and that the client
has its key.
"""

from __future__ import annotations

import re
from base64 import b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote

from ._confirmation import confirmation, is_confirmed
from .exceptions import TokenBindingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["ClientCertificates", "certificate_thumbprint", "check_certificate"]

_PEM = re.compile(
    r"-----BEGIN (?:X509 )?CERTIFICATE-----(.*?)-----END (?:X509 )?CERTIFICATE-----", re.DOTALL
)
#: The first byte of a SEQUENCE, which a certificate is (RFC 5280 Section 4.1).
_SEQUENCE = b"\x30"


def certificate_thumbprint(certificate: str | bytes) -> str:
    """Return the `x5t#S256` of a certificate (RFC 8705 Section 3.1).

    Takes DER as bytes, and as text PEM, of which the first certificate counts, the URL-encoded PEM
    or the base64 that proxies put into headers, and the form of RFC 9440. Raises ValueError for
    anything else, TypeError for another type.
    """
    digest = sha256(_der(certificate)).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def check_certificate(claims: Mapping[str, Any], certificate: str | bytes | None) -> None:
    """Raise TokenBindingError unless verified claims are bound to this certificate.

    None means that the client has none. The certificate has a form of `certificate_thumbprint`.
    """
    claimed = confirmation(claims, "x5t#S256")
    if claimed is None:
        raise TokenBindingError("The access token is not bound to a certificate")
    if not certificate:
        raise TokenBindingError("The access token is bound to a certificate, and there is none")
    try:
        thumbprint = certificate_thumbprint(certificate)
    except ValueError as error:
        raise TokenBindingError("The client certificate cannot be read") from error
    if not is_confirmed(claimed, thumbprint):
        raise TokenBindingError("The access token is bound to another certificate")


class _Request(Protocol):
    @property
    def original(self) -> Any: ...

    def values(self, header: str, /) -> Sequence[str]: ...


class ClientCertificates:
    """Where a request's client certificate is; pass it as `certificates=` to a helper."""

    def __init__(
        self,
        *,
        header: str | None = None,
        read: Callable[[Any], str | bytes | None] | None = None,
        required: bool = True,
    ) -> None:
        """Name the source.

        `header` is the one that a proxy sets; the proxy must remove it from the requests of
        clients. Or `read` returns the certificate of the framework's request, None if there is
        none. `required` is whether tokens that are not bound to a certificate are refused.

        Raises TypeError unless there is one source.
        """
        if (header is None) == (read is None):
            raise TypeError("ClientCertificates takes either header or read")
        self.required = required
        self._header, self._read = header, read

    def check(self, claims: Mapping[str, Any], request: _Request) -> None:
        """Raise TokenBindingError unless the request has the certificate that claims demand."""
        if self.required or confirmation(claims, "x5t#S256") is not None:
            check_certificate(claims, self._certificate(request))

    def _certificate(self, request: _Request) -> str | bytes | None:
        if self._read is not None:
            return self._read(request.original)
        values = request.values(self._header or "")
        if len(values) > 1 or any(
            "," in value for value in values
        ):  # a server may have joined them
            raise TokenBindingError("The request has more than one client certificate")
        return values[0].strip() if values else None


def _der(certificate: str | bytes) -> bytes:
    if isinstance(certificate, bytes):
        if certificate.startswith(_SEQUENCE):
            return certificate
        certificate = certificate.decode("ascii", errors="replace")
    elif not isinstance(certificate, str):
        raise TypeError(f"Expected a certificate, got {type(certificate).__name__}")
    text = unquote(certificate)
    pem = _PEM.search(text)
    encoded = pem[1] if pem else text.strip().strip(":")  # RFC 9440: base64 between colons
    try:
        der = b64decode("".join(encoded.split()), validate=True)
    except ValueError:
        der = b""
    if not der.startswith(_SEQUENCE):
        raise ValueError("This is not a certificate in PEM, DER or base64")
    return der
