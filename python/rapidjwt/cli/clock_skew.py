"""The clock of this machine beside that of an issuer, for `rapidjwt doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import TYPE_CHECKING

from rapidjwt._inspection.times import now
from rapidjwt._rapidjwt import __version__
from rapidjwt.exceptions import PyJWKClientConnectionError, PyJWTError
from rapidjwt.jwks.discovery import Issuer
from rapidjwt.jwks.messages import Request, headers_of
from rapidjwt.jwks.transport import UrllibTransport

if TYPE_CHECKING:
    from rapidjwt.jwks.messages import Response, Transport

_TIMEOUT = 10
_MAX_BYTES = 512 * 1024
#: The resolution of the header Date (RFC 9110 Section 5.6.7): half of it is known of neither side.
_RESOLUTION = 1.0


@dataclass(frozen=True, slots=True)
class Skew:
    """How many seconds this clock is ahead of the issuer's; `within` is the uncertainty."""

    ahead: float
    within: float

    @property
    def is_off(self) -> bool:
        """Whether the clocks differ by more than the measurement leaves open, and by a second."""
        return abs(self.ahead) - self.within > 1

    @property
    def words(self) -> str:
        """What it means, in a sentence."""
        if not self.is_off:
            return f"This clock agrees with the issuer's, within {self.within:.1f} s."
        direction = "ahead of" if self.ahead > 0 else "behind"
        advice = "Synchronize it (NTP), or allow for it with leeway."
        return f"This clock is {abs(self.ahead):.0f} s {direction} the issuer's. {advice}"


def measure_skew(issuer: str) -> Skew:
    """Compare this clock with the header Date of the issuer's answer, whatever its status.

    Raises PyJWKClientError if the issuer does not answer, or its answer has no date.
    """
    transport = UrllibTransport(timeout=_TIMEOUT, max_bytes=_MAX_BYTES, ssl_context=None)
    url = Issuer(issuer).metadata_urls()[0]
    return _measure(transport, Request(url, {"user-agent": f"rapidjwt/{__version__}"}))


def _measure(send: Transport, request: Request) -> Skew:
    before = now()
    try:
        response = send(request)
    except PyJWTError:
        raise
    except (OSError, HTTPException) as error:
        message = f"The issuer cannot be reached: {error}"
        raise PyJWKClientConnectionError(message) from None
    after = now()
    ahead = (before + after) / 2 - (_date(response) + _RESOLUTION / 2)
    return Skew(ahead, (after - before) / 2 + _RESOLUTION / 2)


def _date(response: Response) -> float:
    """Return the time of an answer. A cache's copy is older by its Age (RFC 9111 Section 5.1)."""
    headers = headers_of(response)
    try:
        return parsedate_to_datetime(headers["date"]).timestamp() + int(headers.get("age", 0))
    except (KeyError, ValueError, TypeError):
        raise PyJWKClientConnectionError("The issuer's answer has no date") from None
