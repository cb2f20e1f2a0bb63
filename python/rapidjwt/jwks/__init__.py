"""Keys over HTTP: fetched once, refreshed in the background, usable while the provider is down."""

from .async_client import AsyncJWKSClient
from .client import JWKSClient
from .memory import JWKSMetrics
from .messages import AsyncTransport, Request, Response, Transport
from .policy import RefreshPolicy
from .verifier import UnknownKeyError

__all__ = [
    "AsyncJWKSClient",
    "AsyncTransport",
    "JWKSClient",
    "JWKSMetrics",
    "RefreshPolicy",
    "Request",
    "Response",
    "Transport",
    "UnknownKeyError",
]
