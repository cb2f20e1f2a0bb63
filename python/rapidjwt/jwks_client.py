"""A client for JWKS endpoints, where issuers publish their keys (RFC 7517 Section 5)."""

from __future__ import annotations

import http.client
import json
import math
import threading
import time
import urllib.request
from functools import lru_cache
from ssl import SSLContext  # noqa: TC003 - urllib imports it anyway
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlparse

from ._proxy import EnvironmentProxies, NamedProxy
from .api_jwk import PyJWK, PyJWKSet
from .api_jwt import decode_complete as decode_token
from .exceptions import PyJWKClientConnectionError, PyJWKClientError, described
from .jwk_set_cache import JWKSetCache


class _NoRedirectHandler(urllib.request.HTTPRedirectHandler):
    """Treats redirects as errors: keys must come from the address that the caller trusts."""

    def redirect_request(
        self,
        req: urllib.request.Request,  # noqa: ARG002
        fp: Any,  # noqa: ARG002
        code: int,  # noqa: ARG002
        msg: str,  # noqa: ARG002
        headers: Any,  # noqa: ARG002
        newurl: str,  # noqa: ARG002
    ) -> urllib.request.Request | None:
        return None


class PyJWKClient:
    """Fetches the keys of an issuer and finds the one that signed a token.

    Two caches save requests. The JWK Set as a whole is kept for `lifespan` seconds; an unknown
    `kid` causes it to be fetched again, but not within `cooldown_duration` seconds of the last
    fetch. Up to `max_cached_keys` single keys can be kept too, without a time limit.

    Override `fetch_data` to fetch the set in another way.
    """

    def __init__(
        self,
        uri: str,
        cache_keys: bool = False,
        max_cached_keys: int = 16,
        cache_jwk_set: bool = True,
        lifespan: float = 300,
        headers: dict[str, Any] | None = None,
        timeout: float = 30,
        ssl_context: SSLContext | None = None,
        cooldown_duration: float = 30,
        *,
        proxy: str | None = None,
    ) -> None:
        """Create a client for one endpoint; nothing is fetched yet.

        `uri` is its address, http or https. `cache_keys` turns on the cache of single keys,
        `cache_jwk_set` that of the set. `headers` are sent with each request, which may take
        `timeout` seconds; `ssl_context` replaces Python's default one. A new key of the issuer may
        be unknown to us for `cooldown_duration` seconds; 0 means that every unknown `kid` causes a
        request. `proxy`, which PyJWT does not have, is the URL of an HTTP proxy
        (http://user:password@host:port); None means those of the environment.

        Raises PyJWKClientError for another scheme, a lifespan that is not positive, a cooldown that
        is negative or not finite, and a proxy that cannot be used.
        """
        # urllib would also open local files, so refuse everything but web addresses first.
        scheme = urlparse(uri).scheme.lower()
        if scheme not in ("http", "https"):
            raise PyJWKClientError(
                f"Invalid JWKS URI scheme {scheme!r}: only 'http' and 'https' are supported."
            )
        if cooldown_duration < 0:
            raise PyJWKClientError(
                "Cooldown duration must be greater than or equal to 0, "
                f'the input is "{cooldown_duration}"'
            )
        if not math.isfinite(cooldown_duration):
            raise PyJWKClientError(
                f'Cooldown duration must be finite, the input is "{cooldown_duration}"'
            )
        if cache_jwk_set and lifespan <= 0:
            raise PyJWKClientError(f'Lifespan must be greater than 0, the input is "{lifespan}"')

        self.uri = uri
        self.headers = {} if headers is None else headers
        self.timeout = timeout
        self.ssl_context = ssl_context
        self._named_proxy = None if proxy is None else NamedProxy(proxy)
        self.cooldown_duration = cooldown_duration
        self.jwk_set_cache = JWKSetCache(lifespan) if cache_jwk_set else None
        self._last_successful_fetch: float | None = None
        self._client_lock = threading.RLock()
        if cache_keys:
            cached = lru_cache(maxsize=max_cached_keys)(self.get_signing_key)
            self.get_signing_key = cached  # type: ignore[method-assign]

    def fetch_data(self) -> Any:
        """Fetch the JWK Set and return it as a dictionary; if sets are cached, cache it.

        Raises PyJWKClientConnectionError for a failed request, PyJWKClientError for a response
        that is not a JSON object, PyJWKSetError if it is to be cached and has no usable key.
        """
        handlers: list[Any] = [
            _NoRedirectHandler(),
            self._named_proxy or EnvironmentProxies(),
        ]
        if self.ssl_context is not None:
            handlers.append(urllib.request.HTTPSHandler(context=self.ssl_context))
        try:
            request = urllib.request.Request(url=self.uri, headers=self.headers)  # noqa: S310 - http(s)
            opener = urllib.request.build_opener(*handlers)
            with opener.open(request, timeout=self.timeout) as response:
                jwk_set = json.load(response)
        except (URLError, TimeoutError, http.client.HTTPException) as error:
            if isinstance(error, HTTPError):
                error.close()
            raise PyJWKClientConnectionError(
                f'Fail to fetch data from the url, err: "{error}"'
            ) from error

        # Only a usable response replaces the cached set: its keys must survive an endpoint that
        # fails for a while.
        jwk_set = self._as_jwk_set_payload(jwk_set)
        if self.jwk_set_cache is not None:
            self.jwk_set_cache.put(jwk_set)
        self._last_successful_fetch = time.monotonic()
        return jwk_set

    def get_jwk_set(self, refresh: bool = False) -> PyJWKSet:
        """Return the cached JWK Set, or a new one if there is none or `refresh` is true.

        Raises the errors of `fetch_data`, and PyJWKSetError for a set without usable keys.
        """
        cache = self.jwk_set_cache
        cached: Any = None if cache is None or refresh else cache.get()
        data = self.fetch_data() if cached is None else cached
        if not isinstance(data, PyJWKSet):
            data = PyJWKSet.from_dict(self._as_jwk_set_payload(data))
        if cached is None and cache is not None:
            cache.put(data)  # an overridden `fetch_data` may return something else than it cached
        return data

    @staticmethod
    def _as_jwk_set_payload(data: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise PyJWKClientError("The JWKS endpoint did not return a JSON object")
        return data

    def get_signing_keys(self, refresh: bool = False) -> list[PyJWK]:
        """Return the keys that have a `kid` and whose `use` is "sig" or absent.

        Raises PyJWKClientError if there is no such key, and the errors of `get_jwk_set`.
        """
        return self._get_signing_keys_from_jwk_set(self.get_jwk_set(refresh))

    @staticmethod
    def _get_signing_keys_from_jwk_set(jwk_set: PyJWKSet) -> list[PyJWK]:
        signing_keys = [
            key for key in jwk_set.keys if key.public_key_use in ("sig", None) and key.key_id
        ]
        if not signing_keys:
            raise PyJWKClientError("The JWKS endpoint did not contain any signing keys")
        return signing_keys

    def get_signing_key(self, kid: str) -> PyJWK:
        """Return the key with this ID.

        If it is unknown the set is fetched again, unless the last fetch was less than
        `cooldown_duration` seconds ago. Raises PyJWKClientError for an ID that stays unknown, and
        the errors of `get_jwk_set`.
        """
        with self._client_lock:
            signing_key = self.match_kid(self.get_signing_keys(), kid)
            if not signing_key and not self._is_cooling_down():
                signing_keys = self.get_signing_keys(refresh=True)
                self._last_successful_fetch = time.monotonic()
                signing_key = self.match_kid(signing_keys, kid)
            if not signing_key:
                error = PyJWKClientError(f'Unable to find a signing key that matches: "{kid}"')
                raise described(error, code="unknown_key")
            return signing_key

    def _is_cooling_down(self) -> bool:
        return (
            self.jwk_set_cache is not None
            and self._last_successful_fetch is not None
            and time.monotonic() - self._last_successful_fetch < self.cooldown_duration
        )

    def get_signing_key_from_jwt(self, token: str | bytes) -> PyJWK:
        """Return the key whose ID is in a token's header; the token is not verified.

        Raises DecodeError for a malformed token, and the errors of `get_signing_key`.
        """
        unverified = decode_token(token, options={"verify_signature": False})
        return self.get_signing_key(unverified["header"].get("kid"))

    @staticmethod
    def match_kid(signing_keys: list[PyJWK], kid: str) -> PyJWK | None:
        """Return the first key with this ID, or None."""
        return next((key for key in signing_keys if key.key_id == kid), None)
