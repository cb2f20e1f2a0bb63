from collections.abc import Container, Coroutine, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from json import JSONEncoder
from typing import Any, Final, TypeAlias, final, overload

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from .algorithms import AllowedPrivateKeys, AllowedPublicKeys
from .api_jwk import PyJWK, PyJWKSet
from .jwks import AsyncJWKSClient, JWKSClient
from .key_set import KeySet
from .types import AlgorithmName, Options

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
    "choose_keys",
    "clear_key_cache",
    "decode",
    "decode_complete",
    "decode_segment",
    "encode",
    "fast_path_changed",
    "fast_path_extended",
    "fast_path_obstacles",
    "get_unverified_header",
    "is_der_public_key",
    "is_jwk",
    "is_pem",
    "is_ssh",
    "jwk_permits",
    "key_cache_info",
    "keys_may_be_outdated",
    "record_originals",
    "verifier_of_policy",
]

__version__: str

_SigningKey: TypeAlias = AllowedPrivateKeys | PyJWK | Key | str | bytes
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

@final
class Key:
    @staticmethod
    def from_pem(data: str | bytes, /, password: str | bytes | None = None) -> Key: ...
    @staticmethod
    def from_der(data: bytes, /, password: str | bytes | None = None) -> Key: ...
    @staticmethod
    def from_ssh(data: str | bytes, /) -> Key: ...
    @staticmethod
    def from_jwk(jwk: dict[str, Any] | str | bytes, /) -> Key: ...
    @staticmethod
    def from_secret(secret: str | bytes, /) -> Key: ...
    @staticmethod
    def generate(algorithm: AlgorithmName, *, size: int | None = None) -> Key: ...
    @property
    def kty(self) -> str: ...
    @property
    def curve(self) -> str | None: ...
    @property
    def size(self) -> int: ...
    @property
    def kid(self) -> str | None: ...
    @property
    def alg(self) -> str | None: ...
    @property
    def use(self) -> str | None: ...
    @property
    def key_ops(self) -> tuple[str, ...] | None: ...
    @property
    def is_private(self) -> bool: ...
    def public(self) -> Key: ...
    def to_jwk(self, private: bool = False) -> dict[str, Any]: ...
    def thumbprint(self, hash: str = "sha256") -> str: ...
    def thumbprint_uri(self, hash: str = "sha256") -> str: ...
    def to_der(self, private: bool = False, password: str | bytes | None = None) -> bytes: ...
    def to_pem(self, private: bool = False, password: str | bytes | None = None) -> str: ...
    def sign(self, message: bytes, algorithm: str) -> bytes: ...
    def verify(self, message: bytes, signature: bytes, algorithm: str) -> bool: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __copy__(self) -> Key: ...
    def __deepcopy__(self, _memo: Any) -> Key: ...

@final
class CacheInfo:
    @property
    def hits(self) -> int: ...
    @property
    def misses(self) -> int: ...
    @property
    def maxsize(self) -> int: ...
    @property
    def currsize(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...

@final
class Signer:
    def __new__(
        cls,
        key: _SigningKey,
        algorithm: AlgorithmName | None = None,
        *,
        headers: dict[str, Any] | None = None,
        issuer: str | None = None,
        audience: str | list[str] | tuple[str, ...] | None = None,
        lifetime: float | timedelta | None = None,
        issued_at: bool = False,
        jwt_id: bool = False,
    ) -> Signer: ...
    def encode(self, claims: dict[str, Any]) -> str: ...
    def __copy__(self) -> Signer: ...
    def __deepcopy__(self, _memo: Any) -> Signer: ...

@final
class Verifier:
    @overload
    def __new__(
        cls,
        key: _VerifyingKeys,
        *,
        jwks: None = None,
        algorithms: _Strings | None = None,
        audience: str | _Strings | None = None,
        issuer: str | _Strings | None = None,
        subject: str | None = None,
        leeway: float | timedelta = 0,
        require: _Strings = (),
        options: Options | None = None,
        cache_size: int = 0,
        max_token_size: int | None = None,
        max_nesting: int | None = None,
    ) -> Verifier: ...
    @overload
    def __new__(
        cls,
        key: None = None,
        *,
        jwks: JWKSClient | AsyncJWKSClient,
        algorithms: _Strings,
        audience: str | _Strings | None = None,
        issuer: str | _Strings | None = None,
        subject: str | None = None,
        leeway: float | timedelta = 0,
        require: _Strings = (),
        options: Options | None = None,
        cache_size: int = 0,
        max_token_size: int | None = None,
        max_nesting: int | None = None,
    ) -> Verifier: ...
    def decode(self, token: str | bytes) -> dict[str, Any]: ...
    def decode_complete(self, token: str | bytes) -> dict[str, Any]: ...
    def decode_many(
        self, tokens: Iterable[str | bytes]
    ) -> Iterator[dict[str, Any] | Exception]: ...
    def decode_async(self, token: str | bytes) -> Coroutine[Any, Any, dict[str, Any]]: ...
    def decode_complete_async(self, token: str | bytes) -> Coroutine[Any, Any, dict[str, Any]]: ...
    def cache_info(self) -> CacheInfo: ...
    def cache_clear(self) -> None: ...
    def __copy__(self) -> Verifier: ...
    def __deepcopy__(self, _memo: Any) -> Verifier: ...

@final
class VerifierPolicy:
    @property
    def algorithms(self) -> list[str] | None: ...
    @property
    def issuers(self) -> list[str] | None: ...
    def with_issuer(self, issuer: str, /) -> VerifierPolicy: ...
    def check_size(self, token: str | bytes, /) -> None: ...

@final
class DecodedMany(Iterator[dict[str, Any] | Exception]):
    def __iter__(self) -> DecodedMany: ...
    def __next__(self) -> dict[str, Any] | Exception: ...

@final
class Encrypter:
    def __new__(
        cls,
        key: _EncryptionKey,
        algorithm: str,
        encryption: str,
        *,
        headers: dict[str, Any] | None = None,
        p2c: int | None = None,
    ) -> Encrypter: ...
    def encrypt(self, plaintext: str | bytes) -> str: ...
    def encrypt_flattened(
        self,
        plaintext: str | bytes,
        *,
        unprotected: dict[str, Any] | None = None,
        aad: str | bytes | None = None,
    ) -> dict[str, Any]: ...
    def __copy__(self) -> Encrypter: ...
    def __deepcopy__(self, _memo: Any) -> Encrypter: ...

@final
class Decrypter:
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
    def decrypt(self, token: str | bytes) -> bytes: ...
    def decrypt_complete(self, token: str | bytes) -> Decrypted: ...
    def decrypt_json(self, jwe: dict[str, Any] | str | bytes) -> Decrypted: ...
    def __copy__(self) -> Decrypter: ...
    def __deepcopy__(self, _memo: Any) -> Decrypter: ...

@final
class Decrypted:
    @property
    def plaintext(self) -> bytes: ...
    @property
    def header(self) -> dict[str, Any]: ...
    @property
    def protected_header(self) -> dict[str, Any]: ...
    @property
    def aad(self) -> bytes | None: ...

def encrypt_general(
    encrypters: Sequence[Encrypter],
    plaintext: str | bytes,
    *,
    unprotected: dict[str, Any] | None = None,
    aad: str | bytes | None = None,
) -> dict[str, Any]: ...
def generate_key(
    algorithm: str, *, encryption: str | None = None, curve: str = "P-256", size: int = 2048
) -> dict[str, Any]: ...

@final
class JSONSigner:
    def __new__(
        cls,
        key: _SigningKey,
        algorithm: AlgorithmName,
        *,
        headers: dict[str, Any] | None = None,
        unprotected: dict[str, Any] | None = None,
    ) -> JSONSigner: ...
    def sign_flattened(self, payload: str | bytes, *, detached: bool = False) -> dict[str, Any]: ...
    def __copy__(self) -> JSONSigner: ...
    def __deepcopy__(self, _memo: Any) -> JSONSigner: ...

@final
class JSONVerifier:
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
    ) -> VerifiedJWS: ...
    def __copy__(self) -> JSONVerifier: ...
    def __deepcopy__(self, _memo: Any) -> JSONVerifier: ...

@final
class VerifiedJWS:
    @property
    def payload(self) -> bytes: ...
    @property
    def signatures(self) -> tuple[VerifiedSignature, ...]: ...

@final
class VerifiedSignature:
    @property
    def header(self) -> dict[str, Any]: ...
    @property
    def protected_header(self) -> dict[str, Any]: ...
    @property
    def key_index(self) -> int: ...

def sign_general(
    signers: Sequence[JSONSigner], payload: str | bytes, *, detached: bool = False
) -> dict[str, Any]: ...
def encryption_tables() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]: ...
def encode(
    payload: dict[str, Any],
    key: _SigningKey,
    algorithm: str | None = ...,
    headers: dict[str, Any] | None = None,
    json_encoder: type[JSONEncoder] | None = None,
    sort_headers: bool = True,
) -> str: ...
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
) -> dict[str, Any]: ...
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
) -> dict[str, Any]: ...
def get_unverified_header(jwt: str | bytes) -> dict[str, Any]: ...
def algorithm_table() -> list[dict[str, Any]]: ...

CHUNK: Final[int]

def choose_keys(ids: list[str | None], kid: str | None, /) -> list[int]: ...
def decode_segment(segment: bytes, /) -> bytes | None: ...
def is_der_public_key(data: bytes, /) -> bool: ...
def is_jwk(data: bytes, /) -> bool: ...
def is_pem(data: bytes, /) -> bool: ...
def is_ssh(data: bytes, /) -> bool: ...
def clear_key_cache() -> None: ...
def key_cache_info() -> CacheInfo: ...
def record_originals() -> None: ...
def jwk_permits(
    key_use: object, key_ops: object, /, *, use: str | None = None, operation: str | None = None
) -> bool: ...
def keys_may_be_outdated(
    verifier: Verifier, token: str | bytes, is_signature_wrong: bool, /
) -> bool: ...
def verifier_of_policy(policy: VerifierPolicy, keys: _VerifyingKeys, /) -> Verifier: ...
def fast_path_changed() -> None: ...
def fast_path_extended() -> None: ...
def fast_path_obstacles() -> list[tuple[str, str]]: ...
