"""Bearer tokens in Litestar: `Provide(JWTBearer(verifier))`. See docs/guides/frameworks.md.

For WebSockets there is `rapidjwt.integrations.asgi.JWTMiddleware`, which closes them in time.
"""

# Litestar reads the annotations of `JWTBearer.__call__`, so they must not become strings.
import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, cast

from litestar.exceptions import HTTPException
from litestar.response import Response
from litestar.types import Scope

from .answers import Answers
from .asgi import Presented
from .bearer import AnyVerifier, BearerError, ClaimsT
from .guard import Guard

if TYPE_CHECKING:
    from litestar.connection import ASGIConnection, Request
    from litestar.handlers import BaseRouteHandler
    from typing_extensions import Unpack

    from .guard import Arguments

__all__ = ["REFUSALS", "JWTBearer", "Refused"]


class Refused(HTTPException):
    """A request is refused according to RFC 6750 Section 3; `error` is the reason.

    `code` is the kind of refusal, one of `rapidjwt.exceptions.CODES`.
    """

    def __init__(self, error: BearerError, answers: Answers) -> None:
        """Set the status, the message and the headers of the response."""
        super().__init__(
            detail=error.description,
            status_code=int(error.status),
            headers=answers.headers(error),
        )
        self.error = error
        self.code = error.code
        self.answers = answers


def _response(_request: "Request[Any, Any, Any]", refused: Refused) -> Response[dict[str, Any]]:
    body, media_type = refused.answers.body(refused.error)
    return Response(
        body, status_code=refused.status_code, headers=refused.headers, media_type=media_type
    )


#: Answers each refusal as the other frameworks do, and as the arguments `error_body` and
#: `problem_details` say: pass it as `exception_handlers` to the app.
REFUSALS: dict[Any, Any] = {Refused: _response}


class JWTBearer(Generic[ClaimsT]):
    """A dependency that returns the claims of a request's token: `Provide(bearer)`.

    Where a route needs no claims, `guards=[bearer.guard]` refuses the same requests.
    """

    def __init__(
        self,
        verifier: AnyVerifier,
        *,
        claims: Callable[[dict[str, Any]], ClaimsT] | None = None,
        optional: bool = False,
        **arguments: "Unpack[Arguments]",
    ) -> None:
        """Take a verifier and the arguments of `rapidjwt.integrations.guard.Guard`."""
        # `guard` is what Litestar calls another thing.
        self._rules: Guard[ClaimsT] = Guard(verifier, claims=claims, optional=optional, **arguments)

    async def __call__(self, scope: Scope) -> Any:
        """Return the claims of a request; raise Refused, an HTTPException of Litestar."""
        try:
            return await self._rules.check_async(Presented(cast("Any", scope)), asyncio.to_thread)
        except BearerError as error:
            raise Refused(error, self._rules.answers) from error

    async def guard(
        self, connection: "ASGIConnection[Any, Any, Any, Any]", _handler: "BaseRouteHandler"
    ) -> None:
        """Refuse a request as a call does."""
        await self(connection.scope)
