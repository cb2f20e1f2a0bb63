"""DPoP (RFC 9449): tokens that only the holder of a key can use. See docs/guides/dpop.md.

A client sends with each request a proof: a token that it signed, which names the request. The API
accepts an access token only with a proof of the key that the token is bound to.
"""

from __future__ import annotations

import hmac
import re
import time
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote_to_bytes, urlsplit

from ._confirmation import confirmation, is_confirmed
from ._rapidjwt import Key, Signer, Verifier, algorithm_table, get_unverified_header
from .exceptions import (
    InvalidDPoPProofError,
    InvalidKeyError,
    PyJWTError,
    ReplayedTokenError,
    TokenBindingError,
    UseDPoPNonceError,
)
from .replay import MemoryReplayStore
from .replay.store import checked_store, seen_before, seen_before_async

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .replay.store import AnyReplayStore
    from .types import Algorithm, Options

__all__ = ["ALGORITHMS", "DPoPNonces", "DPoPProver", "DPoPVerifier"]

#: Every algorithm that a proof can be signed with: the asymmetric ones.
ALGORITHMS: tuple[str, ...] = tuple(
    row["name"] for row in algorithm_table() if not row["name"].startswith("HS")
)

#: The members that make the public key of a JWK (RFC 7638 Section 3.2, RFC 8037 Section 2, RFC 9964
#: Section 4), and those of private keys and secrets (RFC 7518 Section 6).
_PUBLIC = ("kty", "crv", "x", "y", "n", "e", "pub")
_PRIVATE = frozenset(("d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"))

#: The most characters in a proof: one of ML-DSA-87 has about 11,000, one with RSA far fewer.
_MAX_SIZE = 16_384
_MAX_NESTING = 8
#: The checks of `Verifier` that a proof replaces by its own.
_OPTIONS: Options = {"verify_iat": False, "verify_aud": False}

_TOKEN = re.compile(r"[A-Za-z0-9_.-]+")
_URL = re.compile(r"[\x21-\x7e]+")
_PORTS = {"http": 80, "https": 443}


class DPoPProver:
    """Makes the proofs of a client, with one private key. It is safe to share between threads."""

    def __init__(self, key: Key, algorithm: Algorithm | None = None) -> None:
        """Take a private key, and its algorithm unless the key names it.

        Raises InvalidKeyError for a public key, TypeError and ValueError for what is not an
        asymmetric key or does not fit.
        """
        if not isinstance(key, Key):
            raise TypeError(
                f"A DPoPProver takes a Key, such as Key.generate('ES256'), got {type(key).__name__}"
            )
        if key.kty == "oct":
            raise ValueError("A DPoP proof needs an asymmetric key: a shared secret proves nothing")
        headers = {"typ": "dpop+jwt", "jwk": _public(key.public().to_jwk())}
        self._signer = Signer(key, algorithm, headers=headers, issued_at=True, jwt_id=True)
        self._thumbprint = key.thumbprint()

    @property
    def algorithm(self) -> str:
        """The `alg` of the proofs."""
        return self._signer.algorithm

    @property
    def thumbprint(self) -> str:
        """The thumbprint of the key: `dpop_jkt` of authorization requests, `cnf.jkt` of tokens."""
        return self._thumbprint

    def proof(
        self, method: str, url: str, *, access_token: str | None = None, nonce: str | None = None
    ) -> str:
        """Return the value of the `DPoP` header for one request.

        `access_token` is the token that the request has; a token request has none. `nonce` is the
        last `DPoP-Nonce` header of this server. Raises ValueError for a URL that is not an
        absolute one of http or https.
        """
        if _target(url) is None:
            raise ValueError("url must be an absolute URL of http or https")
        claims = {"htm": method, "htu": re.split(r"[?#]", url, maxsplit=1)[0]}
        if access_token is not None:
            claims["ath"] = _token_hash(access_token)
        if nonce is not None:
            claims["nonce"] = nonce
        return self._signer.encode(claims)


class DPoPNonces:
    """The nonces of a server (RFC 9449 Section 8), which it does not have to remember.

    A nonce is a MAC of the time. All processes that share the secret accept each other's nonces.
    """

    def __init__(self, secret: bytes, lifetime: float = 300) -> None:
        """Take a secret of at least 32 bytes, and the seconds after which the nonce changes.

        A nonce is accepted for at least that long and less than twice as long.
        """
        if not isinstance(secret, bytes):
            raise TypeError(f"secret must be bytes, got {type(secret).__name__}")
        if len(secret) < sha256().digest_size:
            raise ValueError("secret must have at least 32 bytes, as secrets.token_bytes(32) has")
        if lifetime < 1:
            raise ValueError("lifetime must be at least one second")
        self._secret = secret
        self._lifetime = lifetime

    def current(self) -> str:
        """Return the nonce for the header `DPoP-Nonce`."""
        return self._nonce(self._period())

    def is_valid(self, nonce: object) -> bool:
        """Return whether a nonce is the current one or one of its neighbours.

        The next one may come from a server whose clock is a little ahead.
        """
        if not isinstance(nonce, str):
            return False
        given, period = nonce.encode(errors="replace"), self._period()
        valid = [self._nonce(number).encode() for number in (period, period - 1, period + 1)]
        return any(hmac.compare_digest(given, each) for each in valid)

    def _period(self) -> int:
        return int(time.time() // self._lifetime)

    def _nonce(self, period: int) -> str:
        return _base64url(hmac.digest(self._secret, b"DPoP-Nonce %d" % period, "sha256"))


class _Proof(NamedTuple):
    """A proof that holds by itself, and what is still to be asked."""

    thumbprint: str
    jti: str
    until: float


class DPoPVerifier:
    """Verifies the proofs that requests have. It is safe to share between threads.

    Pass it as `dpop=` to a helper of `rapidjwt.integrations`, or call it: an authorization server
    does so before it issues a token.
    """

    def __init__(
        self,
        *,
        algorithms: Iterable[Algorithm] = ALGORITHMS,
        replay: AnyReplayStore | None = None,
        nonces: DPoPNonces | None = None,
        origin: str | None = None,
        required: bool = True,
        max_age: float = 60,
        leeway: float = 5,
    ) -> None:
        """Set the policy; raise TypeError and ValueError for wrong arguments.

        Arguments:
            algorithms: the `alg` values that are accepted, all of which are asymmetric.
            replay: the store of proofs that were seen; a MemoryReplayStore by default, which one
                process has for itself.
            nonces: the nonces that proofs must have; None demands none.
            origin: the scheme and the authority that clients use, such as
                "https://api.example.com". Without it they come from the request: from its `Host`
                header, and from what the server knows about proxies in front of it.
            required: whether requests with plain bearer tokens are refused. They are accepted
                beside DPoP if it is False; a bound token is never accepted without a proof.
            max_age: the seconds from a proof's `iat` during which it is accepted.
            leeway: the seconds by which the clocks of clients may differ.

        """
        self.algorithms = _checked_algorithms(algorithms)
        self.required = required
        self.nonces = nonces
        self._replay = MemoryReplayStore() if replay is None else checked_store(replay)
        self._origin = None if origin is None else _checked_origin(origin)
        if max_age <= 0 or leeway < 0:
            raise ValueError("max_age must be above 0, and leeway cannot be negative")
        self._max_age, self._leeway = max_age, leeway

    def verify(
        self,
        proofs: Sequence[str],
        method: str,
        url: str,
        *,
        access_token: str | None = None,
        claims: Mapping[str, Any] | None = None,
    ) -> str:
        """Verify the proof of a request and return the thumbprint of its key.

        `proofs` are the values of the `DPoP` headers, of which there must be one. `access_token` is
        the token of the request, and `claims` are its verified claims; a token request has neither.

        Raises InvalidDPoPProofError to refuse a proof; UseDPoPNonceError, which is one, if a newer
        nonce is needed; TokenBindingError if the token is not bound to the key;
        StoreUnavailableError if the replay store cannot be asked.
        """
        proof = self._checked(proofs, method, url, access_token, claims)
        _refuse_seen(seen_before(self._replay, *_identity(proof)))
        return proof.thumbprint

    async def verify_async(
        self,
        proofs: Sequence[str],
        method: str,
        url: str,
        *,
        access_token: str | None = None,
        claims: Mapping[str, Any] | None = None,
    ) -> str:
        """Do what `verify` does without blocking the event loop."""
        proof = self._checked(proofs, method, url, access_token, claims)
        _refuse_seen(await seen_before_async(self._replay, *_identity(proof)))
        return proof.thumbprint

    def _checked(
        self,
        proofs: Sequence[str],
        method: str,
        url: str,
        access_token: str | None,
        claims: Mapping[str, Any] | None,
    ) -> _Proof:
        """Make every check but the one that the proof is new (RFC 9449 Section 4.3)."""
        if (access_token is None) != (claims is None):
            raise TypeError("access_token and claims belong together: pass both or neither")
        token = _single(proofs)
        key, algorithm = self._key_of(token)
        proof = _verified(token, key, algorithm)
        if proof.get("htm") != method:
            raise InvalidDPoPProofError("The DPoP proof is for another method (htm)")
        if not self._is_target(proof.get("htu"), url):
            raise InvalidDPoPProofError("The DPoP proof is for another URL (htu)")
        if access_token is not None:
            _check_token_hash(proof.get("ath"), access_token)
        if self.nonces is not None and not self.nonces.is_valid(proof.get("nonce")):
            raise UseDPoPNonceError(self.nonces.current())
        until = self._check_time(proof.get("iat"))
        jti = proof.get("jti")
        if not isinstance(jti, str) or not jti:
            raise InvalidDPoPProofError("The DPoP proof has no ID (jti)")
        thumbprint = key.thumbprint()
        if claims is not None:
            _check_binding(claims, thumbprint)
        return _Proof(thumbprint, jti, until)

    def _key_of(self, token: str) -> tuple[Key, str]:
        """Return the key of a proof's header, and the algorithm."""
        try:
            header = get_unverified_header(token)
        except PyJWTError as error:
            raise InvalidDPoPProofError("The DPoP proof is not a token") from error
        if header.get("typ") != "dpop+jwt":
            raise InvalidDPoPProofError('The type (typ) of the DPoP proof is not "dpop+jwt"')
        algorithm = header.get("alg")
        if algorithm not in self.algorithms:
            raise InvalidDPoPProofError("The algorithm (alg) of the DPoP proof is not accepted")
        jwk = header.get("jwk")
        if not isinstance(jwk, dict):
            raise InvalidDPoPProofError("The DPoP proof has no public key (jwk)")
        if not _PRIVATE.isdisjoint(jwk):
            raise InvalidDPoPProofError("The key (jwk) of the DPoP proof is not a public one")
        try:
            return Key.from_jwk(_public(jwk)), algorithm
        except InvalidKeyError as error:
            raise InvalidDPoPProofError("The key (jwk) of the DPoP proof is not usable") from error

    def _is_target(self, htu: object, url: str) -> bool:
        claimed, actual = _target(htu), _target(url)
        if self._origin is not None and actual is not None:
            actual = (*self._origin, actual[-1])
        return claimed is not None and claimed == actual

    def _check_time(self, iat: object) -> float:
        """Return the time after which a proof is not accepted any more."""
        if isinstance(iat, bool) or not isinstance(iat, (int, float)):
            raise InvalidDPoPProofError("The DPoP proof has no time (iat)")
        now, allowed = time.time(), self._max_age + self._leeway
        if not iat <= now + self._leeway:
            raise InvalidDPoPProofError("The time (iat) of the DPoP proof is in the future")
        if iat <= now - allowed:
            raise InvalidDPoPProofError("The DPoP proof is too old (iat)")
        return iat + allowed


def _public(jwk: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a JWK that make its public key: no ID and no use."""
    names = (*_PUBLIC, "alg") if jwk.get("kty") == "AKP" else _PUBLIC
    return {name: jwk[name] for name in names if name in jwk}


def _checked_algorithms(algorithms: Iterable[Algorithm]) -> tuple[str, ...]:
    if isinstance(algorithms, str):
        raise TypeError('algorithms must be a list of names, for example ["ES256"]')
    names = tuple(algorithms)
    wrong = [name for name in names if name not in ALGORITHMS]
    if wrong or not names:
        raise ValueError(f"algorithms must be some of {', '.join(ALGORITHMS)}")
    return names


def _checked_origin(origin: str) -> tuple[str, str, int]:
    target = _target(origin)
    if target is None or target[-1] != b"/" or re.search(r"[?#]", origin):
        raise ValueError('origin must be a scheme and an authority: "https://api.example.com"')
    return target[:-1]


def _single(proofs: Sequence[str]) -> str:
    """Return the only proof; servers join several headers by commas."""
    if isinstance(proofs, str):
        raise TypeError("proofs must be a list with the values of the DPoP headers")
    if len(proofs) != 1 or "," in proofs[0]:
        raise InvalidDPoPProofError("The request must have exactly one DPoP header")
    token = proofs[0].strip(" \t")
    if not _TOKEN.fullmatch(token):
        raise InvalidDPoPProofError("The DPoP proof is not a token")
    if len(token) > _MAX_SIZE:
        raise InvalidDPoPProofError(f"The DPoP proof has more than {_MAX_SIZE} characters")
    return token


def _verified(token: str, key: Key, algorithm: str) -> dict[str, Any]:
    try:
        verifier = Verifier(key, algorithms=[algorithm], options=_OPTIONS, max_nesting=_MAX_NESTING)
        return verifier.decode(token)
    except (PyJWTError, NotImplementedError) as error:  # an algorithm that this build lacks
        raise InvalidDPoPProofError("The signature of the DPoP proof is not valid") from error


def _check_token_hash(ath: object, access_token: str) -> None:
    expected = _token_hash(access_token).encode()
    given = ath.encode(errors="replace") if isinstance(ath, str) else b""
    if not hmac.compare_digest(given, expected):
        raise InvalidDPoPProofError("The DPoP proof is for another access token (ath)")


def _check_binding(claims: Mapping[str, Any], thumbprint: str) -> None:
    jkt = confirmation(claims, "jkt")
    if jkt is None:
        raise TokenBindingError("The access token is not bound to a key")
    if not is_confirmed(jkt, thumbprint):
        raise TokenBindingError("The access token is bound to another key")


def _identity(proof: _Proof) -> tuple[str, str, float]:
    """Return what a store remembers of a proof; the client chose the length of its `jti`."""
    return f"dpop {proof.thumbprint}", _token_hash(proof.jti), proof.until


def _refuse_seen(is_seen: bool) -> None:
    if is_seen:
        raise InvalidDPoPProofError("The DPoP proof was used before") from ReplayedTokenError()


def _token_hash(text: str) -> str:
    return _base64url(sha256(text.encode(errors="surrogatepass")).digest())


def _base64url(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def _target(url: object) -> tuple[str, str, int, bytes] | None:
    """Return the parts of a URL by which requests differ; None if it is not one.

    They are normalized (RFC 3986 Section 6.2.2 and 6.2.3), without query and fragment. All of the
    path is decoded, because that is what an application gets from its server.
    """
    if not isinstance(url, str) or not _URL.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not host or "@" in parts.netloc:
        return None
    port = _PORTS[parts.scheme] if port is None else port
    return parts.scheme, host, port, _path(unquote_to_bytes(parts.path))


def _path(path: bytes) -> bytes:
    """Return a path without dot segments (RFC 3986 Section 5.2.4)."""
    kept: list[bytes] = []
    *folders, last = path.split(b"/")[1:] or [b""]
    for segment in folders:
        if segment == b"..":
            del kept[-1:]
        elif segment != b".":
            kept.append(segment)
    if last == b"..":
        del kept[-1:]
    return b"/" + b"/".join([*kept, b"" if last in {b".", b".."} else last])
