"""Keys over HTTP: fetched once, refreshed in the background, usable while the provider is down."""

from .async_client import AsyncJWKSClient
from .client import JWKSClient
from .memory import JWKSMetrics
from .messages import AsyncHeaders, AsyncTransport, Headers, Request, Response, Transport
from .policy import RefreshPolicy
from .verifier import UnknownKeyError

__all__ = [
    "AsyncHeaders",
    "AsyncJWKSClient",
    "AsyncTransport",
    "Headers",
    "JWKSClient",
    "JWKSMetrics",
    "RefreshPolicy",
    "Request",
    "Response",
    "Transport",
    "UnknownKeyError",
]
