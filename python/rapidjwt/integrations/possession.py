"""Tokens that only their holder can use, in HTTP requests: the rules for `bearer`.

A token whose `cnf` claim names a key (RFC 7800) is refused unless the request proves that its
sender has that key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from rapidjwt._confirmation import confirmation
from rapidjwt.exceptions import TokenBindingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rapidjwt.dpop import DPoPVerifier
    from rapidjwt.mtls import ClientCertificates

__all__ = [
    "BEARER_ONLY",
    "PlainRequest",
    "Possession",
    "PresentedRequest",
    "check_type",
    "scheme_of",
    "url_of",
]


class PresentedRequest(Protocol):
    """What the checks need to know of a request; each framework has a class for its own.

    A subclass that is not for WebSockets inherits `is_websocket`.
    """

    @property
    def original(self) -> Any:
        """The framework's own request."""
        ...

    @property
    def method(self) -> str:
        """The HTTP method."""
        ...

    @property
    def url(self) -> str:
        """The URL, of which query and fragment do not matter."""
        ...

    @property
    def query(self) -> str:
        """The query of the URL, which is read for tokens that may be there."""
        return ""

    @property
    def is_websocket(self) -> bool:
        """Whether the request opens a WebSocket."""
        return False

    def values(self, header: str, /) -> Sequence[str]:
        """Return the values of all headers of that name."""
        ...


@dataclass(frozen=True)
class PlainRequest:
    """A request made of its parts, for frameworks that have no helper here."""

    method: str = "GET"
    url: str = ""
    headers: Iterable[tuple[str, str]] = ()
    query: str = ""
    is_websocket: bool = False
    original: Any = None

    def values(self, header: str, /) -> Sequence[str]:
        """Return the values of all headers of that name."""
        wanted = header.lower()
        return [value for name, value in self.headers if name.lower() == wanted]


def url_of(scheme: str, authority: str, path: str) -> str:
    """Return the URL of a request whose path the server has decoded."""
    return f"{scheme}://{authority}{quote(path)}"


@dataclass(frozen=True)
class Possession:
    """How clients prove that a token is theirs: what a helper was configured with."""

    dpop: DPoPVerifier | None = None
    certificates: ClientCertificates | None = None

    def __post_init__(self) -> None:
        """Raise TypeError for an object of another type, which may be a misplaced secret."""
        # Imported only where they are used.
        if self.dpop is not None:
            from rapidjwt.dpop import DPoPVerifier  # noqa: PLC0415

            check_type("dpop", self.dpop, DPoPVerifier)
        if self.certificates is not None:
            from rapidjwt.mtls import ClientCertificates  # noqa: PLC0415

            check_type("certificates", self.certificates, ClientCertificates)

    @property
    def schemes(self) -> tuple[str, ...]:
        """The authentication schemes that are accepted."""
        if self.dpop is None:
            return ("Bearer",)
        return ("DPoP",) if self.dpop.required else ("Bearer", "DPoP")

    def check(
        self,
        scheme: str,
        token: str,
        claims: Mapping[str, Any],
        request: PresentedRequest | None,
    ) -> None:
        """Raise an InvalidTokenError unless the request proves what the verified claims demand."""
        self._check_certificate(claims, request)
        if self._dpop_is_needed(scheme, claims):
            dpop, sent = self._dpop_of(request)
            dpop.verify(
                sent.values("DPoP"), sent.method, sent.url, access_token=token, claims=claims
            )

    async def check_async(
        self,
        scheme: str,
        token: str,
        claims: Mapping[str, Any],
        request: PresentedRequest | None,
    ) -> None:
        """Do what `check` does without blocking the event loop."""
        self._check_certificate(claims, request)
        if self._dpop_is_needed(scheme, claims):
            dpop, sent = self._dpop_of(request)
            await dpop.verify_async(
                sent.values("DPoP"), sent.method, sent.url, access_token=token, claims=claims
            )

    def _check_certificate(
        self, claims: Mapping[str, Any], request: PresentedRequest | None
    ) -> None:
        if self.certificates is not None:
            if request is None:
                raise TypeError("A certificate can only be checked with request=...")
            self.certificates.check(claims, request)
        elif confirmation(claims, "x5t#S256") is not None:
            raise TokenBindingError(
                "The access token is bound to a certificate, which cannot be checked here"
            )

    def _dpop_is_needed(self, scheme: str, claims: Mapping[str, Any]) -> bool:
        """Return whether a proof must be verified; refuse a bound token without one."""
        if scheme == "DPoP":
            return True
        if confirmation(claims, "jkt") is not None:
            raise TokenBindingError("The access token is bound to a key, and was sent without DPoP")
        return False

    def _dpop_of(self, request: PresentedRequest | None) -> tuple[DPoPVerifier, PresentedRequest]:
        if self.dpop is None or request is None:
            raise TypeError("A DPoP proof can only be verified with dpop=... and request=...")
        return self.dpop, request


def check_type(name: str, given: object, kind: type) -> None:
    """Raise TypeError unless an argument is of its type; it may be a misplaced secret."""
    if not isinstance(given, kind):
        raise TypeError(f"{name} must be a {kind.__name__}, got {type(given).__name__}")


#: No proof can be verified: only tokens that are not bound are accepted.
BEARER_ONLY = Possession()


def scheme_of(claims: Mapping[str, Any]) -> str:
    """Return the scheme that a token with these verified claims was accepted with."""
    return "Bearer" if confirmation(claims, "jkt") is None else "DPoP"
