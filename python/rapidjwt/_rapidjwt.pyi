from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Container,
    Coroutine,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from collections.abc import Set as AbstractSet
from datetime import timedelta
from json import JSONEncoder
from types import GenericAlias
from typing import Any, ClassVar, Final, Generic, Literal, Protocol, TypeAlias, final, overload

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from typing_extensions import TypeVar, disjoint_base

from .algorithms import AllowedPrivateKeys, AllowedPublicKeys
from .api_jwk import PyJWK, PyJWKSet
from .exceptions import PyJWTError
from .historical_keys import HistoricalKeys
from .jwks import AsyncJWKSClient, JWKSClient
from .key_set import KeySet
from .profiles import Profile
from .replay.store import AnyReplayStore
from .revocation.store import Revocation
from .rules import AnyRule
from .types import Algorithm, DecodedToken, Options

__all__ = [
    "CHUNK",
    "CacheInfo",
    "DecodedMany",
    "Key",
    "Signer",
    "Verifier",
    "VerifierPolicy",
    "__version__",
    "algorithm_table",
    "build_info",
    "choose_keys",
    "clear_key_cache",
    "decode",
    "decode_complete",
    "decode_segment",
    "did_you_mean",
    "encode",
    "fast_path_changed",
    "fast_path_extended",
    "fast_path_obstacles",
    "get_unverified_header",
    "is_der",
    "is_der_public_key",
    "is_jwk",
    "is_pem",
    "is_ssh",
    "jwk_permits",
    "key_cache_info",
    "keys_may_be_outdated",
    "profile_gaps",
    "record_originals",
    "token_iterator",
    "token_text",
    "typed_claims",
    "unverified_claims",
    "verifier_of_policy",
    "verifier_under",
]

__version__: str

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)
#: What `decode` returns: a dict, or an object of the type that was passed as `claims`.
_ClaimsT_co = TypeVar("_ClaimsT_co", default=dict[str, Any], covariant=True)

class _TypeAdapter(Protocol[_T_co]):
    @property
    def validator(self) -> Any: ...
    def validate_python(self, object: Any, /) -> _T_co: ...

class _JSONDecoder(Protocol[_T_co]):
    def decode(self, buf: bytes, /) -> _T_co: ...

class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]

class _Attrs(Protocol):
    __attrs_attrs__: ClassVar[Any]

class _Struct(Protocol):
    __struct_fields__: ClassVar[tuple[str, ...]]

class _Model(Protocol):
    def model_dump(self) -> dict[str, Any]: ...

_ClaimsObject: TypeAlias = _Dataclass | _Attrs | _Struct | _Model
_ClaimsType: TypeAlias = type[_T] | _TypeAdapter[_T] | _JSONDecoder[_T]
# Any, because a Mapping is invariant in its keys: names of claims, or tuples of them.
_Rules: TypeAlias = Mapping[Any, AnyRule]
_SigningKey: TypeAlias = AllowedPrivateKeys | PyJWK | Key | RemoteKey | str | bytes
_VerifyingKey: TypeAlias = AllowedPublicKeys | PyJWK | Key | str | bytes
_VerifyingKeys: TypeAlias = _VerifyingKey | KeySet | PyJWKSet | Sequence[_VerifyingKey]
_EncryptionKey: TypeAlias = (
    AllowedPrivateKeys
    | AllowedPublicKeys
    | X25519PrivateKey
    | X25519PublicKey
    | Key
    | dict[str, Any]
    | str
    | bytes
)
_DecryptionKeys: TypeAlias = _EncryptionKey | KeySet | Sequence[_EncryptionKey]
_Strings: TypeAlias = list[str] | tuple[str, ...] | AbstractSet[str]
#: The name of a claim; or names, indexes of lists and None for each element of a list.
_ClaimPath: TypeAlias = str | Sequence[str | int | None]
_Algorithms: TypeAlias = list[Algorithm] | tuple[Algorithm, ...] | AbstractSet[Algorithm]

@final
class Key:
    """A key, parsed and checked once. It is immutable and safe to share between threads."""
    @staticmethod
    def from_pem(
        data: str | bytes,
        /,
        password: str | bytes | None = None,
        *,
        kid: str | None = None,
        alg: Algorithm | None = None,
    ) -> Key:
        """Reads a key from PEM text: PKCS#8, PKCS#1, SEC1, `SubjectPublicKeyInfo` or, for its public
        key, an X.509 certificate, of which nothing else is checked (RFC 7468). Other text and, beside
        a key, other blocks are skipped.

        `password`, a str (in UTF-8) or bytes, decrypts a private key in encrypted PKCS#8.

        `kid` becomes the key's ID, and `alg` the only algorithm that the key can be used with.

        Raises `InvalidKeyError` for anything else, for several keys, for a wrong password, for a
        password that the key does not need and for an `alg` that does not take it; its subclass
        `PasswordRequiredError` for a missing password; `TypeError` for arguments of other types,
        `ValueError` for an unknown `alg`.
        """
    @staticmethod
    def from_der(
        data: bytes,
        /,
        password: str | bytes | None = None,
        *,
        kid: str | None = None,
        alg: Algorithm | None = None,
    ) -> Key:
        """Reads a key from DER bytes; formats, other arguments and errors are those of `from_pem`."""
    @staticmethod
    def from_ssh(
        data: str | bytes, /, *, kid: str | None = None, alg: Algorithm | None = None
    ) -> Key:
        """Reads an OpenSSH public key line (RFC 4253 Section 6.6, RFC 5656, RFC 8709).

        `kid` and `alg` are as for `from_pem`.

        Raises `InvalidKeyError` for anything else, `TypeError` if `data` is neither str nor bytes.
        """
    @staticmethod
    def from_jwk(jwk: dict[str, Any] | str | bytes, /) -> Key:
        """Reads a JWK (RFC 7517) from a dict or from JSON text, with its `kid`, `alg`, `use` and
        `key_ops`.

        Raises `InvalidKeyError` if it is not a usable key, `TypeError` for another type.
        """
    @staticmethod
    def from_secret(
        secret: str | bytes, /, *, kid: str | None = None, alg: Algorithm | None = None
    ) -> Key:
        """Makes a key of a shared secret for HMAC: a str (in UTF-8) or bytes. `kid` and `alg` are as
        for `from_pem`.

        Raises `InvalidKeyError` for an empty secret, and for keys and certificates (PEM, DER,
        OpenSSH, JWK; also in base64 or UTF-16), of which an attacker knows the public ones too (RFC
        8725 Section 2.1); `TypeError` for another type.
        """
    @staticmethod
    def generate(algorithm: Algorithm, *, size: int | None = None, kid: str | None = None) -> Key:
        """Generates a key for the algorithm of that name, which becomes its `alg`; `kid` becomes its ID.
        "X25519" makes a key for ECDH-ES, which has no `alg`: it is for `rapidjwt.jwe`.

        `size` is the number of bits of a secret (by default the length of the hash) or of an RSA
        modulus (2048 by default, or 3072, 4096, 8192). Other algorithms determine the size.

        Raises `ValueError` for an unknown algorithm, `InvalidKeyError` for a size that it does not
        allow and for Ed448 without the package cryptography, `NotImplementedError` for a key that
        this build cannot generate.
        """
    @property
    def kty(self) -> str:
        """The JWK key type: "oct", "RSA", "EC", "OKP" or "AKP" (RFC 7518 Section 6.1)."""
    @property
    def curve(self) -> str | None:
        """The JWK curve name, crv; None for RSA, oct and AKP."""
    @property
    def size(self) -> int:
        """The size in bits: of the secret, of the modulus, of the curve's field, or of the public key of
        ML-DSA.
        """
    @property
    def kid(self) -> str | None:
        """The key ID, kid (RFC 7517 Section 4.5): that of the JWK, or the argument of that name."""
    @property
    def alg(self) -> str | None:
        """The algorithm, alg (RFC 7517 Section 4.4): that of the JWK, the argument of that name, or the
        one that the key was generated for. The key cannot be used with any other.
        """
    @property
    def use(self) -> str | None:
        """The use that the JWK states, use: "sig" or "enc" (RFC 7517 Section 4.2)."""
    @property
    def key_ops(self) -> tuple[str, ...] | None:
        """The operations that the JWK states, `key_ops`: "sign", "verify", ... (RFC 7517 Section 4.3)."""
    @property
    def is_private(self) -> bool:
        """Whether the key has its private part: whether it can sign or, an X25519 key, decrypt."""
    def public(self) -> Key:
        """Returns the public half. Raises `InvalidKeyError` for a shared secret, which has none."""
    def to_jwk(self, private: bool = False) -> dict[str, Any]:
        """Returns the JWK (RFC 7517) as a dict: only public members, unless `private` is true. It
        includes the `kid`, `alg`, `use` and `key_ops` that the key has. The public half of a
        private key has the corresponding public operations in `key_ops`.

        Raises `InvalidKeyError` for a shared secret without `private`, and for a public key with
        `private`.
        """
    def thumbprint(self, hash: str = "sha256") -> str:
        """Returns the JWK thumbprint (RFC 7638), base64url-encoded; `hash` is "sha256", "sha384" or
        "sha512".

        It is the same for the private and the public half of a key. Raises `InvalidKeyError` for a
        shared secret, whose thumbprint would help to guess it, and `ValueError` for another hash.
        """
    def thumbprint_uri(self, hash: str = "sha256") -> str:
        """Returns the thumbprint as a URI (RFC 9278); arguments and errors are those of `thumbprint`."""
    def to_der(self, private: bool = False, password: str | bytes | None = None) -> bytes:
        """Returns the key in DER: as `SubjectPublicKeyInfo`, or as PKCS#8 if `private` is true. PKCS#8
        is encrypted if there is a `password` (str or bytes): PBES2 with PBKDF2, HMAC-SHA-256,
        600,000 iterations, and AES-256-CBC.

        Raises `InvalidKeyError` for a shared secret, for a public key with `private` and for an
        empty password, `ValueError` for a password without `private`.
        """
    def to_pem(self, private: bool = False, password: str | bytes | None = None) -> str:
        """Returns the key in PEM; arguments and errors are those of `to_der`."""
    def sign(self, message: bytes, algorithm: Algorithm) -> bytes:
        """Signs `message` with the algorithm of that name and returns the raw signature, in the form
        of JWS.

        Raises `InvalidKeyError` if the key does not fit the algorithm or is public. Warns about a
        secret shorter than the hash, as `rapidjwt.encode` does.
        """
    def verify(self, message: bytes, signature: bytes, algorithm: Algorithm) -> bool:
        """Returns whether `signature` is a signature of `message` under this key and the algorithm of
        that name.

        Raises `InvalidKeyError` if the key does not fit the algorithm.
        """
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __copy__(self) -> Key: ...
    def __deepcopy__(self, _memo: Any) -> Key: ...

@final
class CacheInfo:
    """The counters of a cache, with the names that `functools.lru_cache` uses."""
    def __new__(
        cls, hits: int = 0, misses: int = 0, maxsize: int = 0, currsize: int = 0
    ) -> CacheInfo: ...
    @property
    def hits(self) -> int:
        """Lookups that found an entry."""
    @property
    def misses(self) -> int:
        """Lookups that found nothing."""
    @property
    def maxsize(self) -> int:
        """The maximum number of entries."""
    @property
    def currsize(self) -> int:
        """The current number of entries."""
    def __eq__(self, other: object, /) -> bool: ...

@final
class Signer:
    """A signer of claims, with a key and a header that are fixed when it is made.

    It returns the same tokens as `rapidjwt.encode` with the same arguments, in less time. It is
    immutable and safe to share between threads.

    Arguments:
        key: a private key as PEM text, a secret, a `Key`, a `PyJWK`, a key object of cryptography,
            or a `RemoteKey`.
        algorithm: the `alg`. It may be left out for a `Key` or a `PyJWK`.
        headers: additional header parameters, for example `{"kid": "2026-11"}`. The key ID of a
            `Key` or `PyJWK` becomes the `kid` unless `headers` has one.
        issuer: the `iss` of claims that have none.
        audience: the `aud` of claims that have none: a string or a list of strings.
        lifetime: seconds, or a timedelta. The `exp` of claims without one is this long after
            their `iat`, or after the current time if they have no `iat`.
        `allow_negative_lifetime`: whether `lifetime` may be zero or negative, for tests that need
            tokens that have expired.
        `issued_at`: whether claims without `iat` get one; a lifetime implies it.
        `jwt_id`: whether claims without `jti` get one: 128 random bits, base64url-encoded.
        `json_encoder`: a subclass of `json.JSONEncoder` for claims and headers that JSON does not
            have, such as a UUID. Python's json then writes them, which takes longer.
        profile: a profile of `rapidjwt.profiles`. The tokens get its `typ`, and an `iat` and a `jti`
            if it requires them; claims that it refuses are not signed.

    Raises `InvalidKeyError` for a key that does not fit the algorithm or cannot sign, `TypeError` and
    `ValueError` for other wrong arguments.
    """
    def __new__(
        cls,
        key: _SigningKey,
        algorithm: Algorithm | None = None,
        *,
        headers: dict[str, Any] | None = None,
        issuer: str | None = None,
        audience: str | list[str] | tuple[str, ...] | None = None,
        lifetime: float | timedelta | None = None,
        allow_negative_lifetime: bool = False,
        issued_at: bool = False,
        jwt_id: bool = False,
        json_encoder: type[JSONEncoder] | None = None,
        profile: Profile | None = None,
    ) -> Signer: ...
    @property
    def algorithm(self) -> str:
        """The `alg` of the tokens."""
    @property
    def key_id(self) -> str | None:
        """The `kid` of the tokens, or None."""
    @property
    def issuer(self) -> str | None:
        """The `iss` of claims that have none, or None."""
    @property
    def audience(self) -> str | tuple[str, ...] | None:
        """The `aud` of claims that have none: a str, a tuple of several, or None."""
    @property
    def lifetime(self) -> int | None:
        """The seconds from `iat` to the `exp` of claims that have none, or None."""
    @property
    def profile(self) -> Profile | None:
        """The profile, or None."""
    def encode(self, claims: Mapping[str, Any] | _ClaimsObject) -> str:
        """Signs claims, with the missing ones filled in, and returns the token.

        They are a dict, which is not changed, or an object of a type that the argument `claims` of
        a `Verifier` takes: a member that is None is left out, a datetime becomes seconds.

        Raises `TypeError` and `ValueError` for claims that are not JSON,
        as `rapidjwt.encode` does, and `ValueError` for claims that the profile refuses.
        """
    def encode_async(self, claims: Mapping[str, Any] | _ClaimsObject) -> Coroutine[Any, Any, str]:
        """Signs claims as `encode` does and returns a coroutine of the token, which raises what `encode`
        raises.

        With a key in memory the coroutine never waits. With an `AsyncRemoteKey` it waits for the
        service; with a `RemoteKey` it calls the service in a thread.
        """
    def _signing_input(self, claims: Mapping[str, Any] | _ClaimsObject) -> bytes: ...
    def __copy__(self) -> Signer: ...
    def __deepcopy__(self, _memo: Any) -> Signer: ...

@disjoint_base
class RemoteKey:
    """A private key in a service that signs: an HSM, a cloud's key service, a vault.

    A `Signer` takes it in place of a private key. Each signature is verified under the public key
    before a token leaves, so that a wrong key or a wrong setting is found with the first token.

    Arguments:
        sign: a function that takes bytes and returns the signature of the service. Its time-outs and
            retries are those of the service's client.
        algorithm: the `alg` of the tokens: one of the asymmetric ones.
        public: the public `Key`, or None if it is not known; signatures are then not verified.
        kid: the `kid` of the tokens, by default that of `public`.
        takes: what `sign` takes: `"message"`, the default, or `"digest"`, the hash of the message
            by the algorithm's hash function.
        returns: the form of ECDSA signatures: `"jose"`, the default, is R and S side by side (RFC
            7518 Section 3.4), `"der"` is that of X.509 (RFC 3279 Section 2.2.3).
        verify: whether signatures are verified under `public`.

    Raises `InvalidKeyError` for a public key that does not fit the algorithm, `TypeError` and
    `ValueError` for other wrong arguments.
    """
    def __new__(  # noqa: PYI034
        cls,
        sign: Callable[[bytes], bytes],
        *,
        algorithm: Algorithm,
        public: Key | None,
        kid: str | None = None,
        takes: Literal["message", "digest"] = "message",
        returns: Literal["jose", "der"] = "jose",
        verify: bool = True,
    ) -> RemoteKey: ...
    @property
    def algorithm(self) -> str:
        """The `alg` of the tokens."""
    @property
    def key_id(self) -> str | None:
        """The `kid` of the tokens, or None."""
    @property
    def public(self) -> Key | None:
        """The public `Key`, or None."""
    def sign(self, message: bytes) -> bytes:
        """Signs `message` and returns the raw signature, in the form of JWS.

        Raises `RemoteKeyError` if the service fails, with its error as `__cause__`, and if it
        returns anything other than a signature under the public key.
        """
    def __copy__(self) -> RemoteKey: ...
    def __deepcopy__(self, _memo: Any) -> RemoteKey: ...

@final
class AsyncRemoteKey(RemoteKey):
    """A [`RemoteKey`] whose `sign` is a coroutine function. A `Signer` with it has `encode_async` only."""
    def __new__(
        cls,
        sign: Callable[[bytes], Awaitable[bytes]],
        *,
        algorithm: Algorithm,
        public: Key | None,
        kid: str | None = None,
        takes: Literal["message", "digest"] = "message",
        returns: Literal["jose", "der"] = "jose",
        verify: bool = True,
    ) -> AsyncRemoteKey: ...
    def sign(self, message: bytes) -> Coroutine[Any, Any, bytes]:  # type: ignore[override]
        """Does what `RemoteKey.sign` does, as a coroutine."""

def remote_failure(error: BaseException, /) -> BaseException: ...
def remote_request(key: RemoteKey, message: bytes, /) -> Awaitable[Any]: ...
def remote_signature(key: RemoteKey, message: bytes, answer: Any, /) -> bytes: ...

@final
class Verifier(Generic[_ClaimsT_co]):
    """A verifier of tokens, with keys and a policy that are fixed when it is made.

    It accepts what `rapidjwt.decode` accepts with the same arguments, in less time: keys are parsed
    and arguments are read only once. It is immutable and safe to share between threads.

    Arguments:
        key: a PEM or OpenSSH text, a secret, a `Key`, a `PyJWK`, a key object of cryptography, a
            list or tuple of those, a `KeySet`, a `PyJWKSet` or `HistoricalKeys`, of which those are
            used that are valid at the time. If there are several keys, the one with the token's
            `kid` is used (RFC 7515 Section 4.1.4); see
            docs/prepared-objects.md for tokens without a `kid`.
        jwks: instead of `key`, a `JWKSClient` or an `AsyncJWKSClient`, which fetches the keys.
        algorithms: the allowed `alg` values. They may be left out for keys that name theirs (a
            `PyJWK`, a `Key` whose JWK has `alg`), but not with `jwks`, which refuses HS algorithms.
        audience: the accepted audience or audiences; None refuses tokens with an `aud` claim.
        issuer: the accepted issuer or issuers; None accepts all.
        subject: the accepted subject; None accepts all.
        leeway: seconds, or a timedelta, by which clocks may differ; 0 by default.
        require: names of claims that must be present.
        options: as for `rapidjwt.decode`; `verify_signature` cannot be False.
        `cache_size`: the number of verified signatures to remember, 0 (none) by default. The claims
            of a remembered token are checked each time.
        `max_token_size`: the maximum number of bytes in a token, checked before any other work;
            None, the default, means no limit, as in PyJWT.
        `max_nesting`: the maximum depth of nested arrays and objects in the payload, where the
            payload itself counts as 1; None, the default, means as deep as Python's json reads.
        decrypter: a `rapidjwt.jwe.Decrypter`. Tokens must then be signed and encrypted: a JWE with
            `cty` JWT around a JWS (RFC 7519 Section 5.2). Without one, the default, a JWE is
            refused.
        profile: what a standard demands of this kind of token, from `rapidjwt.profiles`.
        rules: a dict from claims, or tuples of names inside them, to what they must be: a value, a
            rule of `rapidjwt.rules`, or a function that gets the value and returns a bool.
        `max_age`: the most seconds, or a timedelta, since `iat`, which is then required.
        `max_lifetime`: the most seconds, or a timedelta, from `iat` to `exp`, which are then
            required.
        replay: a store of `rapidjwt.replay`. Tokens are then accepted once; they must have `jti` and
            `exp`.
        revocation: a list of `rapidjwt.revocation`, whose tokens are refused.
        claims: the type of the claims that `decode` returns in place of a dict: a dataclass, a
            `TypedDict`, a `msgspec.Struct`, a pydantic model, a `TypeAdapter` or a class of attrs.

    Raises `InvalidKeyError` for a key that fits none of the algorithms, `PyJWKSetError` for a set
    without a key that does, `TypeError` and `ValueError` for other wrong arguments.
    """
    @overload
    def __new__(
        cls,
        key: _VerifyingKeys | HistoricalKeys,
        *,
        jwks: None = None,
        algorithms: _Algorithms | None = None,
        audience: str | _Strings | None = None,
        issuer: str | _Strings | None = None,
        subject: str | None = None,
        leeway: float | timedelta = 0,
        require: _Strings = (),
        options: Options | None = None,
        cache_size: int = 0,
        max_token_size: int | None = None,
        max_nesting: int | None = None,
        decrypter: Decrypter | None = None,
        profile: Profile | None = None,
        rules: _Rules | None = None,
        max_age: float | timedelta | None = None,
        max_lifetime: float | timedelta | None = None,
        replay: AnyReplayStore | None = None,
        revocation: Revocation | None = None,
        claims: None = None,
    ) -> Verifier[dict[str, Any]]: ...
    @overload
    def __new__(
        cls,
        key: _VerifyingKeys | HistoricalKeys,
        *,
        jwks: None = None,
        algorithms: _Algorithms | None = None,
        audience: str | _Strings | None = None,
        issuer: str | _Strings | None = None,
        subject: str | None = None,
        leeway: float | timedelta = 0,
        require: _Strings = (),
        options: Options | None = None,
        cache_size: int = 0,
        max_token_size: int | None = None,
        max_nesting: int | None = None,
        decrypter: Decrypter | None = None,
        profile: Profile | None = None,
        rules: _Rules | None = None,
        max_age: float | timedelta | None = None,
        max_lifetime: float | timedelta | None = None,
        replay: AnyReplayStore | None = None,
        revocation: Revocation | None = None,
        claims: _ClaimsType[_T],
    ) -> Verifier[_T]: ...
    @overload
    def __new__(
        cls,
        key: None = None,
        *,
        jwks: JWKSClient | AsyncJWKSClient,
        algorithms: _Algorithms,
        audience: str | _Strings | None = None,
        issuer: str | _Strings | None = None,
        subject: str | None = None,
        leeway: float | timedelta = 0,
        require: _Strings = (),
        options: Options | None = None,
        cache_size: int = 0,
        max_token_size: int | None = None,
        max_nesting: int | None = None,
        decrypter: Decrypter | None = None,
        profile: Profile | None = None,
        rules: _Rules | None = None,
        max_age: float | timedelta | None = None,
        max_lifetime: float | timedelta | None = None,
        replay: AnyReplayStore | None = None,
        revocation: Revocation | None = None,
        claims: None = None,
    ) -> Verifier[dict[str, Any]]: ...
    @overload
    def __new__(
        cls,
        key: None = None,
        *,
        jwks: JWKSClient | AsyncJWKSClient,
        algorithms: _Algorithms,
        audience: str | _Strings | None = None,
        issuer: str | _Strings | None = None,
        subject: str | None = None,
        leeway: float | timedelta = 0,
        require: _Strings = (),
        options: Options | None = None,
        cache_size: int = 0,
        max_token_size: int | None = None,
        max_nesting: int | None = None,
        decrypter: Decrypter | None = None,
        profile: Profile | None = None,
        rules: _Rules | None = None,
        max_age: float | timedelta | None = None,
        max_lifetime: float | timedelta | None = None,
        replay: AnyReplayStore | None = None,
        revocation: Revocation | None = None,
        claims: _ClaimsType[_T],
    ) -> Verifier[_T]: ...
    @property
    def algorithms(self) -> tuple[str, ...]:
        """The names of the allowed algorithms."""
    @property
    def decrypter(self) -> Decrypter | None:
        """The decrypter of nested tokens; None if tokens must not be encrypted."""
    @property
    def replay(self) -> AnyReplayStore | None:
        """The store of one-time tokens; None if tokens may be used many times."""
    @property
    def revocation(self) -> Revocation | None:
        """The list of revoked tokens, or None."""
    @property
    def audience(self) -> str | tuple[str, ...] | None:
        """The accepted audience, or a tuple of several; None refuses tokens with an audience."""
    @property
    def issuer(self) -> str | tuple[str, ...] | None:
        """The accepted issuer, or a tuple of several; None accepts all, as with the option `verify_iss`
        set to False.
        """
    @property
    def subject(self) -> str | None:
        """The accepted subject; None accepts all."""
    @property
    def leeway(self) -> float:
        """The seconds by which clocks may differ."""
    @property
    def require(self) -> tuple[str, ...]:
        """The names of the claims that must be present."""
    @property
    def profile(self) -> Profile | None:
        """The profile, or None."""
    @property
    def claims(self) -> Any:
        """The type of the claims that `decode` returns; None for a dict."""
    def expecting(self, rules: _Rules) -> Verifier[_ClaimsT_co]:
        """Returns a verifier with the same keys that checks these rules too, such as those of
        `rapidjwt.profiles.login` for one ID token.

        `rules` is a dict as for the argument of that name. The keys are shared, so it is cheap.
        """
    def decode(self, token: str | bytes) -> _ClaimsT_co:
        """Verifies a token and returns its claims.

        Raises the exceptions of `rapidjwt.decode`. With a `JWKSClient`, also raises
        `UnknownKeyError`, which is a `PyJWKClientError` and an `InvalidTokenError`, if the provider
        has no key for the token, and `PyJWKClientError` if keys are needed and cannot be fetched.
        Raises `TypeError` with an `AsyncJWKSClient`.
        """
    def decode_complete(self, token: str | bytes) -> DecodedToken:
        """Verifies a token and returns a dict with its `payload`, `header` and `signature`.

        The payload is a dict, even if the verifier has a type for claims. Raises the exceptions of
        `decode`.
        """
    def decode_many(self, tokens: Iterable[Any]) -> Iterator[_ClaimsT_co | PyJWTError]:
        """Verifies many tokens and returns an iterator over their claims, in the order of the tokens.

        It takes any iterable of str and bytes: a list, a generator, a column of pandas, polars or
        pyarrow. For a token that is refused, the iterator returns the exception object instead; an
        item that is None or of another type is refused with a `DecodeError` that names the type.
        Tokens are taken from the iterable in chunks, whose signatures are verified on all cores
        outside the interpreter lock. Raises `TypeError` with an `AsyncJWKSClient`, and for what is
        not an iterable of tokens.
        """
    def decode_complete_many(self, tokens: Iterable[Any]) -> Iterator[DecodedToken | PyJWTError]:
        """Does what `decode_many` does, for the results of `decode_complete`."""
    def decode_many_async(self, tokens: Iterable[Any]) -> AsyncIterator[_ClaimsT_co | PyJWTError]:
        """Does what `decode_many` does, as an asynchronous iterator: `async for claims in ...`.

        Chunks are verified in a thread, so the event loop is not blocked; the iterable itself is
        read in the event loop. With an `AsyncJWKSClient` it waits for keys that are not in memory.
        """
    def decode_async(self, token: str | bytes) -> Coroutine[Any, Any, _ClaimsT_co]:
        """Verifies a token and returns a coroutine of its claims, which raises what `decode` raises.

        With keys in memory the coroutine never waits; with an `AsyncJWKSClient` it waits only for
        keys that are not in memory. With a `JWKSClient` it calls `decode` in a thread.
        """
    def decode_complete_async(self, token: str | bytes) -> Coroutine[Any, Any, DecodedToken]:
        """Does what `decode_async` does, for the result of `decode_complete`."""
    def cache_info(self) -> CacheInfo:
        """Returns the hits, misses, capacity and entries of the cache of verified signatures, which
        is empty after a new set of keys was fetched.
        """
    def cache_clear(self) -> None:
        """Empties the cache of verified signatures."""
    def __class_getitem__(cls, key: Any) -> GenericAlias: ...
    def __copy__(self) -> Verifier[_ClaimsT_co]: ...
    def __deepcopy__(self, _memo: Any) -> Verifier[_ClaimsT_co]: ...

@final
class VerifierPolicy:
    @property
    def algorithms(self) -> list[str] | None: ...
    @property
    def issuers(self) -> list[str] | None: ...
    def with_issuer(self, issuer: str, /) -> VerifierPolicy: ...
    def check_size(self, token: str | bytes, /) -> None: ...

@final
class DecodedMany(Iterator[Any]):
    def __iter__(self) -> DecodedMany: ...
    def __next__(self) -> Any: ...

@final
class Encrypter:
    """An encrypter for one recipient, whose key and header are fixed when it is made.

    It is immutable and safe to share between threads.

    Arguments:
        key: the recipient's key: a `Key`, a JWK as a dict, PEM text, a secret or a password (str or
            bytes), or a key object of cryptography. A public key is enough for RSA-OAEP and ECDH-ES.
        algorithm: the `alg`, for example "RSA-OAEP-256", "ECDH-ES" or "dir".
        encryption: the `enc`, for example "A256GCM".
        headers: additional header parameters, for example `{"cty": "JWT"}`. The key ID of a `Key`
            or a JWK becomes the `kid` unless `headers` has one.
        p2c: the count of iterations for PBES2; by default 600,000, or 210,000 with HS384 and HS512.

    Raises `InvalidKeyError` for a key that does not fit the algorithm, `NotImplementedError` for an
    algorithm that this build lacks, `TypeError` and `ValueError` for other wrong arguments.
    """
    def __new__(
        cls,
        key: _EncryptionKey,
        algorithm: str,
        encryption: str,
        *,
        headers: dict[str, Any] | None = None,
        p2c: int | None = None,
    ) -> Encrypter: ...
    def encrypt(self, plaintext: str | bytes) -> str:
        """Encrypts `plaintext`, a str (in UTF-8) or bytes, and returns the compact serialization."""
    def encrypt_flattened(
        self,
        plaintext: str | bytes,
        *,
        unprotected: dict[str, Any] | None = None,
        aad: str | bytes | None = None,
    ) -> dict[str, Any]:
        """Encrypts `plaintext` and returns the flattened JSON serialization (RFC 7516 Section 7.2.2).

        `unprotected` is a header that is neither encrypted nor authenticated; `aad`, str or bytes,
        is authenticated and not encrypted.
        """
    def __copy__(self) -> Encrypter: ...
    def __deepcopy__(self, _memo: Any) -> Encrypter: ...

@final
class Decrypter:
    """A decrypter with keys, allowed algorithms and limits that are fixed when it is made.

    Decrypted content is not verified: with RSA-OAEP and ECDH-ES, everybody can encrypt who has the
    public key. Sign first and encrypt the token, or use a key that only the two parties have.

    It is immutable and safe to share between threads.

    Arguments:
        keys: the recipient's key, or several of them: a list or tuple, a JWK Set as a dict or a
            `KeySet`, of which those that fit are used. Keys are what `Encrypter` takes. The `kid` of
            a token chooses among keys with an ID; keys without one are tried in turn.
        algorithms: the allowed values of `alg`.
        encryptions: the allowed values of `enc`.
        decompress: whether content may be compressed (`zip`).
        `max_decompressed_size`: the maximum number of bytes in decompressed content.
        `max_token_size`: the maximum number of bytes in a token.
        `max_header_size`: the maximum number of bytes in its encoded protected header.
        `max_recipients`: the maximum number of recipients of a JSON serialization.
        `min_p2c`: the minimum count of iterations of PBES2.
        `max_p2c`: their maximum, for all recipients of a token together.

    Raises `InvalidKeyError` for a key that fits none of the algorithms, `PyJWKSetError` for a
    set without one that fits, `NotImplementedError` for an algorithm that this build lacks,
    `TypeError` and `ValueError` for other wrong arguments.
    """
    def __new__(
        cls,
        keys: _DecryptionKeys,
        *,
        algorithms: _Strings,
        encryptions: _Strings,
        decompress: bool = False,
        max_decompressed_size: int = 256000,
        max_token_size: int = 1048576,
        max_header_size: int = 16384,
        max_recipients: int = 16,
        min_p2c: int = 1000,
        max_p2c: int = 1200000,
    ) -> Decrypter: ...
    def decrypt(self, token: str | bytes) -> bytes:
        """Decrypts a token in the compact serialization, a str or bytes, and returns its content.

        Raises `DecryptionError` if it cannot be decrypted, whatever the reason; `DecodeError` for a
        token that is malformed or exceeds a limit, and for a JWS; `InvalidAlgorithmError` for an
        `alg` or `enc` that is not allowed; `InvalidTokenError` for other rules of the header.
        """
    def decrypt_complete(self, token: str | bytes) -> Decrypted:
        """Decrypts a token in the compact serialization and returns a `Decrypted`, which has its header
        too. Errors are those of `decrypt`.
        """
    def decrypt_json(self, jwe: dict[str, Any] | str | bytes) -> Decrypted:
        """Decrypts a token in a JSON serialization, general or flattened: a dict, or its JSON text.

        It is decrypted for whichever of its recipients a key fits. Errors are those of `decrypt`.
        """
    def __copy__(self) -> Decrypter: ...
    def __deepcopy__(self, _memo: Any) -> Decrypter: ...

@final
class Decrypted:
    """The decrypted content of a token, with its header. It is not verified."""
    @property
    def plaintext(self) -> bytes:
        """The content."""
    @property
    def header(self) -> dict[str, Any]:
        """The JOSE header of the recipient: protected and unprotected parameters."""
    @property
    def protected_header(self) -> dict[str, Any]:
        """The parameters of the header that are authenticated."""
    @property
    def aad(self) -> bytes | None:
        """The additional authenticated data of a JSON serialization, or None."""

@final
class VerifiedColumns:
    """What `rapidjwt.arrow.verify` returns: a stream of Arrow tables, which every library that knows
    the Arrow `PyCapsule` interface reads, and which can be read once.
    """
    def __arrow_c_schema__(self) -> object: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

def verify_columns(
    verifier: Verifier[Any],
    tokens: Any,
    at: Any,
    claims: dict[Any, Any] | None,
    threads: int | None,
    /,
) -> VerifiedColumns: ...
def core_count() -> int: ...
def encrypt_general(
    encrypters: Sequence[Encrypter],
    plaintext: str | bytes,
    *,
    unprotected: dict[str, Any] | None = None,
    aad: str | bytes | None = None,
) -> dict[str, Any]:
    """Encrypts a plaintext for several recipients and returns the general JSON serialization (RFC 7516
    Section 7.2.1).

    Arguments:
        encrypters: one `Encrypter` for each recipient, all with the same `encryption`. "dir" and
            "ECDH-ES" determine the content encryption key and so cannot stand beside others.
        plaintext: a str (in UTF-8) or bytes.
        unprotected: a shared header that is neither encrypted nor authenticated.
        aad: a str or bytes that is authenticated and not encrypted.

    Raises `ValueError` without an encrypter, for encrypters that do not go together, and for header
    parameters that occur twice; `InvalidKeyError` for "dir" and "ECDH-ES" beside others.
    """

def generate_key(
    algorithm: str, *, encryption: str | None = None, curve: str = "P-256", size: int = 2048
) -> dict[str, Any]:
    """Generates a key for a key management algorithm and returns it as a private JWK.

    Arguments:
        algorithm: the `alg`, which the JWK names.
        encryption: the `enc`, needed for "dir" alone: it determines the length of the key.
        curve: the curve for ECDH-ES: "P-256", "P-384", "P-521" or "X25519".
        size: the bits of an RSA modulus: 2048, 3072, 4096 or 8192.

    Raises `ValueError` for unknown names and for PBES2, whose key is a password;
    `NotImplementedError` for what this build lacks.
    """

@final
class JSONSigner:
    """A signer of any payload into a JSON serialization, with a key and headers that are fixed when it
    is made.

    It is immutable and safe to share between threads.

    Arguments:
        key: a private key: what `Signer` takes.
        algorithm: the `alg`.
        headers: parameters of the protected header, which are signed. The key ID of a `Key` becomes
            the `kid` unless one of the headers has one. `{"b64": False, "crit": ["b64"]}` signs the
            payload as it is (RFC 7797).
        unprotected: parameters of the unprotected header, which anybody can change.

    Raises `InvalidKeyError` for a key that does not fit the algorithm or cannot sign, `TypeError` and
    `ValueError` for other wrong arguments.
    """
    def __new__(
        cls,
        key: _SigningKey,
        algorithm: Algorithm,
        *,
        headers: dict[str, Any] | None = None,
        unprotected: dict[str, Any] | None = None,
    ) -> JSONSigner: ...
    def sign_flattened(self, payload: str | bytes, *, detached: bool = False) -> dict[str, Any]:
        """Signs `payload`, a str (in UTF-8) or bytes, and returns the flattened JSON serialization (RFC
        7515 Section 7.2.2). A detached payload is signed and left out (RFC 7515 Appendix F).
        """
    def __copy__(self) -> JSONSigner: ...
    def __deepcopy__(self, _memo: Any) -> JSONSigner: ...

@final
class JSONVerifier:
    """A verifier of the JSON serializations, with keys, algorithms and a policy that are fixed when it
    is made.

    It is immutable and safe to share between threads.

    Arguments:
        keys: the key, or several of them: a list or tuple, or a `KeySet`. Keys are what `Verifier`
            takes. The `kid` of a signature chooses among keys with an ID.
        algorithms: the allowed values of `alg`.
        policy: which signatures must verify: "all" that the JWS has, "any" one, or the number of
            different keys that must have signed. The default is "all". Only a number notices that
            somebody has removed signatures.
        `max_signatures`: the maximum number of signatures of a JWS.
        `max_token_size`: the maximum number of bytes in its JSON text.

    Raises `InvalidKeyError` for a key that fits none of the algorithms, `TypeError` and `ValueError`
    for other wrong arguments.
    """
    def __new__(
        cls,
        keys: _VerifyingKey | KeySet | Sequence[_VerifyingKey],
        *,
        algorithms: _Strings,
        policy: str | int | None = None,
        max_signatures: int = 16,
        max_token_size: int = 1048576,
    ) -> JSONVerifier: ...
    def verify(
        self, jws: dict[str, Any] | str | bytes, detached_payload: str | bytes | None = None
    ) -> VerifiedJWS:
        """Verifies a JWS in a JSON serialization, general or flattened: a dict, or its JSON text.

        `detached_payload`, a str or bytes, is the payload of a JWS that has none. Returns a
        `VerifiedJWS` with the payload and the signatures that verified; the others are left out.

        Raises `InvalidSignatureError` if fewer signatures verify than the policy requires,
        `DecodeError` for a JWS that is malformed or exceeds a limit, and for a JWE;
        `InvalidTokenError` for rules of the header; `InvalidAlgorithmError` if the only signature
        has an `alg` that is not allowed.
        """
    def __copy__(self) -> JSONVerifier: ...
    def __deepcopy__(self, _memo: Any) -> JSONVerifier: ...

@final
class VerifiedJWS:
    """A payload of which as many signatures were checked as the policy of the verifier requires."""
    @property
    def payload(self) -> bytes:
        """The payload."""
    @property
    def signatures(self) -> tuple[VerifiedSignature, ...]:
        """The signatures that verified, in order."""

@final
class VerifiedSignature:
    """A signature that verified."""
    @property
    def header(self) -> dict[str, Any]:
        """The JOSE header: protected and unprotected parameters."""
    @property
    def protected_header(self) -> dict[str, Any]:
        """The parameters of the header that are signed."""
    @property
    def key_index(self) -> int:
        """The position of the key that verified it, among those of the verifier."""

def sign_general(
    signers: Sequence[JSONSigner], payload: str | bytes, *, detached: bool = False
) -> dict[str, Any]:
    """Signs a payload with several keys and returns the general JSON serialization (RFC 7515 Section
    7.2.1).

    Arguments:
        signers: one `JSONSigner` for each signature; all with `b64` false, or none.
        payload: a str (in UTF-8) or bytes.
        detached: whether the payload is left out of the result (RFC 7515 Appendix F).

    Raises `ValueError` without a signer and for signers that do not go together.
    """

@final
class SDJWT:
    """An SD-JWT (RFC 9901) that was taken apart. Nothing of it is verified: an `SDJWTVerifier` does
    that.

    Its `str` is the compact form. It is immutable.
    """
    @staticmethod
    def parse(
        sd_jwt: dict[str, Any] | str | bytes, *, max_disclosures: int = 256, max_nesting: int = 32
    ) -> SDJWT:
        """Reads an SD-JWT in compact form, or in a JSON serialization: a dict, or its text.

        Of the general JSON serialization the first signature counts; the others are kept for
        `to_general`. Raises `DecodeError` for anything else and beyond the limits.
        """
    @property
    def issuer_jwt(self) -> str:
        """The JWT that the issuer has signed, in which digests stand for claims."""
    @property
    def key_binding_jwt(self) -> str | None:
        """The key binding JWT, or None."""
    @property
    def disclosures(self) -> tuple[Disclosure, ...]:
        """The disclosures, in the order of the claims. Raises `DecodeError` if they do not belong to
        the issuer-signed JWT.
        """
    def select(self, paths: Iterable[_ClaimPath]) -> SDJWT:
        """Returns an SD-JWT with only those disclosures that are needed for the claims at these paths:
        their own, those inside them and those around them.

        Paths are those of `conceal`. A key binding JWT is left out. Raises `ValueError` for a path
        that leads to no claim, `DecodeError` for disclosures that do not belong to the SD-JWT.
        """
    def sd_hash(self) -> str:
        """Returns the `sd_hash` of a key binding JWT for this SD-JWT (RFC 9901 Section 4.3.1)."""
    def with_key_binding(self, jwt: str) -> SDJWT:
        """Returns the same SD-JWT with this key binding JWT. Raises `DecodeError` for what is not a JWT."""
    def to_flattened(self) -> dict[str, Any]:
        """Returns the flattened JSON serialization (RFC 9901 Section 8.2)."""
    def to_general(self) -> dict[str, Any]:
        """Returns the general JSON serialization (RFC 9901 Section 8.3)."""

@final
class Disclosure:
    """A disclosure of an SD-JWT (RFC 9901 Section 4.2). Nothing of it is verified."""
    @property
    def text(self) -> str:
        """The disclosure as it travels, in base64url."""
    @property
    def salt(self) -> str:
        """The salt."""
    @property
    def name(self) -> str | None:
        """The name of the claim; None for an element of a list."""
    @property
    def value(self) -> Any:
        """The value of the claim."""
    @property
    def path(self) -> tuple[str | int, ...]:
        """The path to the claim: names, and the indexes of elements."""

@final
class PresentationPolicy:
    def __new__(
        cls,
        key_binding: str,
        algorithms: _Strings | None,
        max_age: float | timedelta,
        max_disclosures: int,
        max_nesting: int,
        max_size: int,
    ) -> PresentationPolicy: ...
    def compact(self, sd_jwt: dict[str, Any] | str | bytes, /) -> str | bytes: ...
    def verifier(
        self, verifier: Verifier, nonce: str | None, audience: str | None, /
    ) -> Verifier: ...

def conceal(
    claims: Mapping[str, Any] | object,
    disclosable: Iterable[_ClaimPath],
    *,
    decoys: int = 0,
    hash_algorithm: str = "sha-256",
) -> tuple[dict[str, Any], list[str]]:
    """Conceals claims and returns the payload to sign and the disclosures, for the holder.

    Arguments:
        claims: a dict, or an object of a type that `Verifier(claims=...)` takes.
        disclosable: the paths of the claims that the holder may disclose or not: the name of a claim,
            or a tuple of names, of indexes of lists, and of None for each element of a list.
        decoys: the number of digests that stand for nothing, added wherever a claim is concealed.
        `hash_algorithm`: "sha-256", "sha-384" or "sha-512".

    Raises `ValueError` for a path that leads to no claim, and for the claims `iss`, `aud`, `exp`,
    `nbf` and `cnf`, which every verifier needs.
    """

def encryption_tables() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]: ...
def encode(
    payload: dict[str, Any],
    key: _SigningKey,
    algorithm: str | None = "HS256",
    headers: dict[str, Any] | None = None,
    json_encoder: type[JSONEncoder] | None = None,
    sort_headers: bool = True,
) -> str:
    """Sign claims and return the token.

    `payload` has the claims; `exp`, `nbf` and `iat` may be datetimes, naive ones in UTC, and
    lose their microseconds. `key` is a secret, a private key as PEM text, a key object or a
    PyJWK. `algorithm` is the `alg`: by default that of a PyJWK, else HS256; None means that
    of a PyJWK, else "none". `headers` are added to the header, and an `alg` among them takes
    precedence. `json_encoder` serializes both payload and header, `sort_headers` sorts the
    header's members.

    Raises TypeError for a payload that is not a dictionary and an `iss` that is not a string,
    InvalidKeyError for a key that does not fit, NotImplementedError for an unknown algorithm.
    A key that is too short causes an InsecureKeyLengthWarning or, depending on the options, an
    InvalidKeyError.
    """

def decode(
    jwt: str | bytes,
    key: _VerifyingKeys = "",
    algorithms: Sequence[str] | None = None,
    options: Options | None = None,
    verify: bool | None = None,
    detached_payload: bytes | None = None,
    audience: str | Iterable[str] | None = None,
    subject: str | None = None,
    issuer: str | Container[str] | None = None,
    leeway: float | timedelta = 0,
    **kwargs: Any,
) -> dict[str, Any]:
    """Verify a token and return its claims.

    `key` is a secret, a public key as PEM or OpenSSH text, a key object or a PyJWK. Beyond
    PyJWT it can be several of them in a list, a tuple, a KeySet or a PyJWKSet; the token's
    `kid` and `alg` then select the key (RFC 7515 Section 4.1.4).
    `algorithms` are the allowed `alg` values; they must not come from the token
    (RFC 8725 Section 3.1), and may be left out only with a PyJWK, which has its own.
    `options` are described in `types.Options`. `audience` is the accepted value of `aud`, or
    several; `issuer` that of `iss`, or a container of several; `subject` that of `sub`.
    `leeway` is how far clocks may differ, in seconds or as a timedelta. `detached_payload` is
    the payload of a token whose header has `b64` set to false (RFC 7797). `verify` and
    further keyword arguments have no effect except a warning.

    Raises InvalidTokenError for every fault of the token: DecodeError if it is malformed,
    InvalidSignatureError, InvalidAlgorithmError, and for the claims, in the order of the
    checks, MissingRequiredClaimError, InvalidIssuedAtError, ImmatureSignatureError,
    ExpiredSignatureError, InvalidIssuerError, InvalidAudienceError, InvalidSubjectError and
    InvalidJTIError. Raises InvalidKeyError for a key that does not fit.
    """

def decode_complete(
    jwt: str | bytes,
    key: _VerifyingKeys = "",
    algorithms: Sequence[str] | None = None,
    options: Options | None = None,
    verify: bool | None = None,
    detached_payload: bytes | None = None,
    audience: str | Iterable[str] | None = None,
    issuer: str | Container[str] | None = None,
    subject: str | None = None,
    leeway: float | timedelta = 0,
    **kwargs: Any,
) -> dict[str, Any]:
    """Verify a token and return its `payload` (claims), `header` (dict), `signature` (bytes).

    Arguments and errors are those of `decode`.
    """

def get_unverified_header(jwt: str | bytes) -> dict[str, Any]:
    """Return the header of a token whose signature is not checked: do not trust any of it.

    Raises DecodeError for a malformed token, InvalidTokenError for a header that must not be
    accepted.
    """

def algorithm_table() -> list[dict[str, Any]]: ...
def build_info() -> dict[str, Any]: ...

CHUNK: Final[int]

def choose_keys(ids: list[str | None], kid: str | None, /) -> list[int]: ...
def decode_segment(segment: bytes, /) -> bytes | None: ...
def did_you_mean(name: str, known: Sequence[str], /) -> str | None: ...
def is_der(data: bytes, /) -> bool: ...
def is_der_public_key(data: bytes, /) -> bool: ...
def is_jwk(data: bytes, /) -> bool: ...
def is_pem(data: bytes, /) -> bool: ...
def is_ssh(data: bytes, /) -> bool: ...
def clear_key_cache() -> None:
    """Removes every prepared key and sets the counters of `key_cache_info()` to zero.

    Keys that another thread is using stay alive until its call ends.
    """

def key_cache_info() -> CacheInfo:
    """Returns the counters of the cache of prepared keys; `maxsize` is per algorithm."""

def profile_gaps(
    profile: Profile, header: dict[str, Any], claims: dict[str, Any], /
) -> list[str]: ...
def record_originals() -> None: ...
def jwk_permits(
    key_use: object, key_ops: object, /, *, use: str | None = None, operation: str | None = None
) -> bool: ...
def keys_may_be_outdated(
    verifier: Verifier[Any], token: str | bytes, is_signature_wrong: bool, /
) -> bool: ...
def token_iterator(tokens: Iterable[Any], method: str, /) -> Iterator[Any]: ...
def token_text(item: Any, /) -> Any: ...
def unverified_claims(token: str | bytes, max_token_size: int | None, /) -> dict[str, Any]: ...
def open_nested(decrypter: Decrypter, token: str | bytes, /) -> bytes: ...
def typed_claims(verifier: Verifier[Any], claims: dict[str, Any], /) -> Any: ...
def verifier_of_policy(policy: VerifierPolicy, keys: _VerifyingKeys, /) -> Verifier[Any]: ...
def verifier_under(verifier: Verifier[Any], policy: VerifierPolicy, /) -> Verifier[Any]: ...
def fast_path_changed() -> None: ...
def fast_path_extended() -> None: ...
def fast_path_obstacles() -> list[tuple[str, str]]: ...
