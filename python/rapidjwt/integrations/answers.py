"""What the helpers do with the result of a request: the answer, the log and the count."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

from .bearer import BearerError, challenge
from .possession import BEARER_ONLY, Possession

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["PROBLEM_JSON", "Answers", "Response", "problem"]

#: RFC 9457 Section 3.
PROBLEM_JSON = "application/problem+json"

_logger = logging.getLogger("rapidjwt")


class Response(NamedTuple):
    """A whole answer, for frameworks that have no form of their own."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answers:
    """How a helper answers the requests that it refuses, and whom it tells.

    `realm` is named to clients that are refused. With `problem_details`, the body of an answer is
    one of RFC 9457. `on_result` is called with "verified" for each token that is accepted and with
    the `code` of each refusal; what it raises is raised from the request. `possession` says which
    proofs a request can have, and so which authentication schemes are named. `error_body` returns
    the body of an answer, a dict for JSON, in place of the usual one; with `problem_details`, its
    media type is that of RFC 9457. `resource_metadata` is the address that says where clients get
    tokens (RFC 9728).

    Raises ValueError for a realm that a header cannot contain, TypeError for an `on_result` or an
    `error_body` that cannot be called.
    """

    realm: str = "api"
    problem_details: bool = False
    on_result: Callable[[str], object] | None = None
    possession: Possession = BEARER_ONLY
    error_body: Callable[[BearerError], Mapping[str, Any]] | None = None
    resource_metadata: str | None = None

    def __post_init__(self) -> None:
        """Check the arguments."""
        self.challenge()
        for name in ("on_result", "error_body"):
            given = getattr(self, name)
            if given is not None and not callable(given):
                raise TypeError(f"{name} must be a function, not {type(given).__name__}")

    def verified(self) -> None:
        """Count a token that was accepted."""
        self._count("verified")

    def refused(self, error: BearerError) -> None:
        """Log and count a refusal."""
        # The client is not at fault if keys cannot be fetched.
        is_our_fault = error.status == HTTPStatus.SERVICE_UNAVAILABLE
        details = error.details()
        _logger.log(
            logging.WARNING if is_our_fault else logging.INFO,
            "Request refused: %s",
            details,
            extra={"rapidjwt": details},
        )
        self._count(error.code)

    def challenge(self) -> str:
        """Return the challenge for a request without a token."""
        return challenge(
            self.realm, possession=self.possession, resource_metadata=self.resource_metadata
        )

    def headers(self, error: BearerError) -> dict[str, str]:
        """Return the headers of the answer to a refused request."""
        return error.headers(self.realm, self.possession, self.resource_metadata)

    def body(self, error: BearerError) -> tuple[dict[str, Any], str]:
        """Return the body of the answer to a refused request, and its media type."""
        media_type = PROBLEM_JSON if self.problem_details else "application/json"
        if self.error_body is not None:
            return dict(self.error_body(error)), media_type
        if self.problem_details:
            return problem(error), media_type
        return {"detail": error.description}, media_type

    def response(self, error: BearerError) -> Response:
        """Return the whole answer to a refused request."""
        body, media_type = self.body(error)
        content = json.dumps(body).encode()
        length = str(len(content))
        headers = {"Content-Type": media_type, "Content-Length": length, **self.headers(error)}
        return Response(int(error.status), headers, content)

    def _count(self, result: str) -> None:
        if self.on_result is not None:
            self.on_result(result)


def problem(error: BearerError) -> dict[str, Any]:
    """Return problem details (RFC 9457 Section 3.1) with the member `code`.

    The other details of the error are for logs: they are not sent to clients.
    """
    status = HTTPStatus(error.status)
    return {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": error.description,
        "code": error.code,
    }
