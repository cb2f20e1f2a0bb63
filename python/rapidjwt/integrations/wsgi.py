"""Bearer tokens in any WSGI application: `JWTMiddleware(app, verifier)`.

See docs/guides/frameworks.md.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeAlias

from .bearer import AnyVerifier, BearerError, sync_verifier
from .guard import Arguments, Guard, is_preflight
from .possession import PresentedRequest, url_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from typing_extensions import Unpack

    from .answers import Response

    Environ: TypeAlias = dict[str, Any]
    StartResponse: TypeAlias = Callable[..., Any]
    WSGIApp: TypeAlias = Callable[[Environ, StartResponse], Iterable[bytes]]

__all__ = ["CLAIMS", "JWTMiddleware", "Presented"]

#: Where the claims are in the environ.
CLAIMS = "rapidjwt.claims"


class Presented(PresentedRequest):
    """The environ of a request (PEP 3333) as the rules see it."""

    def __init__(self, environ: Environ) -> None:
        """Take the environ."""
        self._environ = environ

    @property
    def original(self) -> Any:
        """The environ."""
        return self._environ

    @property
    def method(self) -> str:
        """The HTTP method."""
        return str(self._environ["REQUEST_METHOD"])

    @property
    def url(self) -> str:
        """The URL without its query."""
        environ = self._environ
        authority = environ.get("HTTP_HOST")
        if authority is None:
            authority = f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
        return url_of(environ["wsgi.url_scheme"], authority, self.path)

    @property
    def path(self) -> str:
        """The whole path."""
        path: str = self._environ.get("SCRIPT_NAME", "") + self._environ.get("PATH_INFO", "")
        return path.encode("latin-1").decode("utf-8", "replace")

    @property
    def query(self) -> str:
        """The query of the URL."""
        return str(self._environ.get("QUERY_STRING", ""))

    def values(self, header: str, /) -> Sequence[str]:
        """Return the value of a header, if there is one: servers join several."""
        value = self._environ.get(f"HTTP_{header.upper().replace('-', '_')}")
        return [] if value is None else [value]


class JWTMiddleware:
    """Lets only requests with a valid token reach an application.

    Their claims are in `environ["rapidjwt.claims"]`. With `resource`, its metadata are answered
    here, for everybody.
    """

    def __init__(
        self,
        app: WSGIApp,
        verifier: AnyVerifier,
        *,
        claims: Callable[[dict[str, Any]], Any] | None = None,
        optional: bool = False,
        allow_preflight: bool = False,
        **arguments: Unpack[Arguments],
    ) -> None:
        """Take the application, a verifier and the arguments of `guard.Guard`.

        With `allow_preflight`, CORS preflights, which cannot have a token, reach the application.
        Raises TypeError for a verifier that has only `decode_async`.
        """
        sync_verifier(verifier)
        self._app = app
        self._allow_preflight = allow_preflight
        #: The rules that requests are checked with.
        self.guard: Guard[Any] = Guard(verifier, claims=claims, optional=optional, **arguments)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Check a request, then call the application; refuse it otherwise."""
        presented, resource = Presented(environ), self.guard.resource
        environ[CLAIMS] = None
        if resource is not None and presented.path == resource.metadata_path:
            return _respond(resource.response(), presented, start_response)
        try:
            if not (self._allow_preflight and is_preflight(presented)):
                environ[CLAIMS] = self.guard.check(presented)
        except BearerError as error:
            return _respond(self.guard.answers.response(error), presented, start_response)
        return self._app(environ, start_response)


def _respond(answer: Response, presented: Presented, start_response: StartResponse) -> list[bytes]:
    status = f"{answer.status} {HTTPStatus(answer.status).phrase}"
    start_response(status, list(answer.headers.items()))
    return [b"" if presented.method == "HEAD" else answer.body]
