"""The signature algorithms of RFC 7518 Section 3, RFC 8037 and RFC 8812 as Python objects.

If the cryptography package is installed, keys are its objects, as in PyJWT; otherwise they are
our own `Key`. Every method takes a `Key` in both cases.

The names of the cryptography package that PyJWT's module re-exports (`hashes`, `RSAPrivateKey`,
`AllowedKeys`, ...) are here too if it is installed. They are imported at first use.
"""
# mypy: implicit-reexport

from __future__ import annotations

import json
import sys
from abc import ABC, abstractmethod

from rapidjwt._rapidjwt import Key, algorithm_table, is_der_public_key, is_jwk

from ._backend import (
    CURVES,
    ResolvedAttribute,
    cryptography,
    curve,
    hashlib_hash,
    key_loaders,
    key_types,
    signature_hash,
)
from ._hooks import Hookable, HookableModule
from .exceptions import InvalidKeyError
from .utils import (
    base64url_decode,
    base64url_encode,
    der_to_raw_signature,
    force_bytes,
    from_base64url_uint,
    is_pem_format,
    is_ssh_key,
    raw_to_der_signature,
    to_base64url_uint,
)

TYPE_CHECKING = False  # like typing's, whose import takes longer than ours
if TYPE_CHECKING:
    from typing import Any, ClassVar, Literal, NoReturn, overload

    from ._cryptography import (  # noqa: F401 - some are imported by callers
        AllowedECKeys,
        AllowedKeys,
        AllowedOKPKeys,
        AllowedPrivateKeys,
        AllowedPublicKeys,
        AllowedRSAKeys,
        Ed448PrivateKey,
        Ed25519PrivateKey,
        EllipticCurve,
        EllipticCurvePrivateKey,
        RSAPrivateKey,
        RSAPublicKey,
        hashes,
        load_pem_private_key,
        load_pem_public_key,
        load_ssh_public_key,
        padding,
        x509,
    )
    from .types import HashlibHash, JWKDict

#: Whether the asymmetric algorithms can be used. They always can: they are native.
has_crypto: bool = True

#: The rows of the native algorithm table that PyJWT has, in PyJWT's order.
_ROWS: list[dict[str, Any]] = sorted(
    (row for row in algorithm_table() if row["is_pyjwts"]),
    key=lambda row: (("HS", "RS", "ES", "PS", "Ed").index(row["name"][:2]), row["name"]),
)

#: An old misspelling of ES512, kept by PyJWT.
_ES521 = "ES521"

#: The algorithms that PyJWT has only together with the cryptography package.
requires_cryptography = {_ES521, *(row["name"] for row in _ROWS if row["name"][:2] != "HS")}

_SHA256, _SHA384, _SHA512 = map(signature_hash, ("SHA256", "SHA384", "SHA512"))


def __getattr__(name: str) -> Any:
    """Return a name that PyJWT's module has from another module, imported on first use."""
    if name in {"hashlib", "hmac"}:
        return __import__(name)
    if not name.startswith("_"):
        names = cryptography()
        if hasattr(names, name):
            return getattr(names, name)
        if names is None and name.startswith("Allowed"):
            from typing import NoReturn  # noqa: PLC0415 - slow to import

            return NoReturn  # as in PyJWT, no key is allowed without the package
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def get_default_algorithms() -> dict[str, Algorithm]:
    """Return a new object for each built-in algorithm, by its `alg` (RFC 7518 Section 3.1).

    While `has_crypto` is false, the asymmetric ones are left out.
    """
    algorithms: dict[str, Algorithm] = {"none": NoneAlgorithm()}
    for row in _ROWS:
        name = row["name"]
        if has_crypto or name.startswith("HS"):
            if row["curve"] == "P-521":
                algorithms[_ES521] = _new_algorithm(row)
            algorithms[name] = _new_algorithm(row)
    return algorithms


def _new_algorithm(row: dict[str, Any]) -> Algorithm:
    family, hash_name = row["name"][:2], row["hash"]
    if family == "HS":
        return HMACAlgorithm(hashlib_hash(hash_name))
    if family == "RS":
        return RSAAlgorithm(signature_hash(hash_name))
    if family == "ES":
        return ECAlgorithm(signature_hash(hash_name), curve(row["curve"]))
    if family == "PS":
        return RSAPSSAlgorithm(signature_hash(hash_name))
    return OKPAlgorithm()


def _jwk_members(jwk: str | JWKDict) -> JWKDict:
    """Return the members of a JWK that is JSON text or a dictionary; else raise InvalidKeyError."""
    if isinstance(jwk, dict):
        return jwk
    if isinstance(jwk, str):
        try:
            members: JWKDict = json.loads(jwk)
        except ValueError:
            pass
        else:
            return members
    raise InvalidKeyError("Key is not valid JSON")


def _as_asked(members: JWKDict, as_dict: bool) -> JWKDict | str:
    return members if as_dict else json.dumps(members)


def _native_members(key: Key, kty: str, *names: str) -> JWKDict:
    """Return those of the named members that a native key's JWK has, in this order."""
    if key.kty != kty:
        raise InvalidKeyError(f"Expected a key of kty {kty!r}, got {key.kty!r}")
    members = key.to_jwk(private=key.is_private)
    return {name: members[name] for name in names if name in members}


class Algorithm(Hookable, ABC):
    """The base of the objects that sign and verify tokens of one `alg`.

    Derive from it and pass an instance to `register_algorithm` to add an algorithm of your own.
    """

    #: The classes of cryptography's keys that the algorithm takes. Keys of another family are
    #: refused, because cryptography would report them in confusing ways.
    _crypto_key_types: tuple[type[AllowedKeys], ...] | None = None

    #: The `kty` of the native keys that the algorithm takes.
    _kty: ClassVar[str | None] = None

    def compute_hash_digest(self, bytestr: bytes) -> bytes:
        """Hash bytes with the algorithm's `hash_alg`.

        Raises NotImplementedError for an algorithm without one.
        """
        hash_alg = getattr(self, "hash_alg", None)
        if hash_alg is None:
            raise NotImplementedError

        names = cryptography() if has_crypto and isinstance(hash_alg, type) else None
        if names is not None and issubclass(hash_alg, names.hashes.HashAlgorithm):
            digest = names.hashes.Hash(hash_alg(), backend=names.default_backend())
            digest.update(bytestr)
            return bytes(digest.finalize())
        return bytes(hash_alg(bytestr).digest())

    def check_crypto_key_type(self, key: Any) -> None:
        """Raise InvalidKeyError for a key object of another family than the algorithm's.

        Raises ValueError for algorithms that have no key objects (HMAC, none).
        """
        types = self._crypto_key_types
        if not has_crypto or types is None:
            raise ValueError(
                "This method requires the cryptography library, and should only be used by "
                "cryptography-based algorithms."
            )

        self_class = self.__class__.__name__
        if isinstance(key, Key):
            if key.kty != self._kty:
                raise InvalidKeyError(
                    f"Expected a key of kty {self._kty!r}, got: {key.kty!r}. "
                    f"Invalid Key type for {self_class}"
                )
        elif not isinstance(key, types):
            # PyJWT prints the generator instead of the names; our message is the same.
            valid_classes = (cls.__name__ for cls in types)
            actual_class = key.__class__.__name__
            raise InvalidKeyError(
                f"Expected one of {valid_classes}, got: {actual_class}. "
                f"Invalid Key type for {self_class}"
            )

    @abstractmethod
    def prepare_key(self, key: Any) -> Any:
        """Return a caller's key in the form that `sign` and `verify` take, or raise an error."""

    @abstractmethod
    def sign(self, msg: bytes, key: Any) -> bytes:
        """Return the signature of a JWS signing input by a prepared key."""

    @abstractmethod
    def verify(self, msg: bytes, key: Any, sig: bytes) -> bool:
        """Return whether the signature of a JWS signing input is that of a prepared key."""

    if TYPE_CHECKING:

        @overload
        @staticmethod
        @abstractmethod
        def to_jwk(key_obj: Any, as_dict: Literal[True]) -> JWKDict: ...

        @overload
        @staticmethod
        @abstractmethod
        def to_jwk(key_obj: Any, as_dict: Literal[False] = False) -> str: ...

    @staticmethod
    @abstractmethod
    def to_jwk(key_obj: Any, as_dict: bool = False) -> JWKDict | str:
        """Return a prepared key as a JWK (RFC 7517): JSON text or, with `as_dict`, a dictionary."""

    @staticmethod
    @abstractmethod
    def from_jwk(jwk: str | JWKDict) -> Any:
        """Read a key from a JWK (RFC 7517), given as JSON text or a dictionary."""

    def check_key_length(self, key: Any) -> str | None:  # noqa: ARG002 - for overriding
        """Return the message of the warning that a prepared key is too short, or None."""
        return None


class NoneAlgorithm(Algorithm):
    """The algorithm of unsecured tokens (RFC 7519 Section 6); it never verifies."""

    def prepare_key(self, key: str | None) -> None:
        """Accept None and the empty string; raise InvalidKeyError for any other key."""
        if key is not None and key != "":
            raise InvalidKeyError('When alg = "none", key value must be None.')

    def sign(self, msg: bytes, key: None) -> bytes:  # noqa: ARG002 - nothing to sign with
        """Return the empty signature."""
        return b""

    def verify(self, msg: bytes, key: None, sig: bytes) -> bool:  # noqa: ARG002 - not needed
        """Return False."""
        return False

    @staticmethod
    def to_jwk(key_obj: Any, as_dict: bool = False) -> NoReturn:
        """Raise NotImplementedError."""
        raise NotImplementedError

    @staticmethod
    def from_jwk(jwk: str | JWKDict) -> NoReturn:
        """Raise NotImplementedError."""
        raise NotImplementedError


def _has_kty_member(document: Any) -> bool:
    """Return whether a JSON document has an object with the member `kty` anywhere."""
    values: list[Any] = [document]
    while values:
        value: dict[str, Any] | list[Any] | None = values.pop()
        if isinstance(value, dict):
            if "kty" in value:
                return True
            values.extend(value.values())
        elif isinstance(value, list):
            values.extend(value)
    return False


def _looks_like_jwk(secret: bytes) -> bool:
    """Return whether an HMAC secret is a JWK, a JWK Set or JSON that contains one."""
    try:
        # The digits of a number do not matter, and there may be too many for int().
        document = json.loads(secret, parse_int=lambda _: 0)
    except RecursionError:
        return is_jwk(secret)
    except ValueError:
        return False
    return _has_kty_member(document)


class HMACAlgorithm(Algorithm):
    """HMAC with a SHA-2 hash (RFC 7518 Section 3.2). Keys are bytes."""

    SHA256: ClassVar[HashlibHash] = hashlib_hash("SHA256")
    SHA384: ClassVar[HashlibHash] = hashlib_hash("SHA384")
    SHA512: ClassVar[HashlibHash] = hashlib_hash("SHA512")

    _kty = "oct"
    hash_alg = ResolvedAttribute()

    def __init__(self, hash_alg: HashlibHash) -> None:
        """Take a hash constructor of hashlib."""
        self.hash_alg = hash_alg

    @staticmethod
    def _is_der_key(key_bytes: bytes) -> bool:
        return has_crypto and is_der_public_key(key_bytes)

    def _native_name(self) -> str:
        return f"HS{self.hash_alg().digest_size * 8}"

    def prepare_key(self, key: str | bytes | Key) -> bytes | Key:
        """Return the secret as bytes; text is encoded as UTF-8. A native key is returned as it is.

        Raises InvalidKeyError for an empty secret, and for one that is an asymmetric key, a
        certificate or a JWK in any encoding: attackers, who choose `alg`, must not be able to use
        a public key as an HMAC secret (RFC 8725 Section 2.1). `from_jwk` reads a JWK of kty oct.
        """
        if isinstance(key, Key):
            if key.kty != self._kty:
                raise InvalidKeyError(
                    f"Expected a key of kty {self._kty!r}, got: {key.kty!r}. "
                    f"Invalid Key type for {self.__class__.__name__}"
                )
            return key

        secret = force_bytes(key)
        if not secret:
            raise InvalidKeyError("HMAC key must not be empty.")
        if is_pem_format(secret) or is_ssh_key(secret) or self._is_der_key(secret):
            raise InvalidKeyError(
                "The specified key is an asymmetric key or x509 certificate and"
                " should not be used as an HMAC secret."
            )
        if _looks_like_jwk(secret):
            raise InvalidKeyError(
                "The specified key looks like a JWK and should not be "
                "used directly as an HMAC secret. Load it via "
                "PyJWK / HMACAlgorithm.from_jwk first."
            )
        return secret

    if TYPE_CHECKING:

        @overload
        @staticmethod
        def to_jwk(key_obj: str | bytes | Key, as_dict: Literal[True]) -> JWKDict: ...

        @overload
        @staticmethod
        def to_jwk(key_obj: str | bytes | Key, as_dict: Literal[False] = False) -> str: ...

    @staticmethod
    def to_jwk(key_obj: str | bytes | Key, as_dict: bool = False) -> JWKDict | str:
        """Return a secret as a JWK of kty oct (RFC 7518 Section 6.4)."""
        if isinstance(key_obj, Key):
            members = _native_members(key_obj, "oct", "k", "kty")
        else:
            members = {"k": base64url_encode(force_bytes(key_obj)).decode(), "kty": "oct"}
        return _as_asked(members, as_dict)

    @staticmethod
    def from_jwk(jwk: str | JWKDict) -> bytes:
        """Read the secret of a JWK of kty oct (RFC 7518 Section 6.4).

        Raises InvalidKeyError for another kty or an empty secret, KeyError for a missing `k`.
        """
        members = _jwk_members(jwk)
        if members.get("kty") != "oct":
            raise InvalidKeyError("Not an HMAC key")
        secret = base64url_decode(members["k"])
        if not secret:
            raise InvalidKeyError("HMAC key must not be empty.")
        return secret

    def check_key_length(self, key: bytes | Key) -> str | None:
        """Return a message if the secret is shorter than the hash (RFC 7518 Section 3.2)."""
        size = key.size // 8 if isinstance(key, Key) else len(key)
        hash_object = self.hash_alg()
        if size >= hash_object.digest_size:
            return None
        return (
            f"The HMAC key is {size} bytes long, which is below "
            f"the minimum recommended length of {hash_object.digest_size} bytes for "
            f"{hash_object.name.upper()}. "
            f"See RFC 7518 Section 3.2."
        )

    def sign(self, msg: bytes, key: bytes | Key) -> bytes:
        """Return the HMAC of the message."""
        if isinstance(key, Key):
            return key.sign(msg, self._native_name())
        import hmac  # noqa: PLC0415 - loads OpenSSL

        return hmac.new(key, msg, self.hash_alg).digest()

    def verify(self, msg: bytes, key: bytes | Key, sig: bytes) -> bool:
        """Return whether the signature is the HMAC of the message; compare in constant time."""
        import hmac  # noqa: PLC0415 - loads OpenSSL

        return hmac.compare_digest(sig, self.sign(msg, key))


class RSAAlgorithm(Algorithm):
    """RSASSA-PKCS1-v1_5 with a hash (RFC 7518 Section 3.3)."""

    SHA256: ClassVar[type[hashes.HashAlgorithm]] = _SHA256
    SHA384: ClassVar[type[hashes.HashAlgorithm]] = _SHA384
    SHA512: ClassVar[type[hashes.HashAlgorithm]] = _SHA512

    _crypto_key_types: Any = key_types("RSAPrivateKey", "RSAPublicKey")
    _kty = "RSA"
    _MIN_KEY_SIZE: ClassVar[int] = 2048
    _NATIVE_FAMILY: ClassVar[str] = "RS"
    hash_alg = ResolvedAttribute()

    def __init__(self, hash_alg: type[hashes.HashAlgorithm]) -> None:
        """Take a hash class of cryptography, SHA-1 included."""
        self.hash_alg = hash_alg

    def _native_name(self) -> str:
        return f"{self._NATIVE_FAMILY}{self.hash_alg().digest_size * 8}"

    def _padding(self) -> Any:
        from ._cryptography import padding  # noqa: PLC0415 - slow to import

        return padding.PKCS1v15()

    def check_key_length(self, key: AllowedRSAKeys | Key) -> str | None:
        """Return a message if the modulus has less than 2048 bits (RFC 7518 Section 3.3)."""
        size = key.size if isinstance(key, Key) else key.key_size
        if size >= self._MIN_KEY_SIZE:
            return None
        return (
            f"The RSA key is {size} bits long, which is below "
            f"the minimum recommended size of {self._MIN_KEY_SIZE} bits. "
            f"See NIST SP 800-131A."
        )

    def prepare_key(self, key: AllowedRSAKeys | Key | str | bytes) -> Any:
        """Read a key from PEM or OpenSSH text; return a key object as it is.

        Raises TypeError for anything but text, bytes and RSA keys, and for a PEM that needs a
        password; InvalidKeyError for what cannot be read or is a key of another family.
        """
        if isinstance(key, Key):
            self.check_crypto_key_type(key)
            return key
        if isinstance(key, self._crypto_key_types):
            return key
        if not isinstance(key, (bytes, str)):
            raise TypeError("Expecting a PEM-formatted key.")

        key_bytes = force_bytes(key)
        loaders = key_loaders()
        try:
            if key_bytes.startswith(b"ssh-rsa"):
                loaded = loaders.load_ssh_public_key(key_bytes)
            else:
                loaded = loaders.load_pem_private_key(key_bytes, password=None)
            self.check_crypto_key_type(loaded)
        except ValueError:
            loaded = self._load_public_pem(loaders, key_bytes)
        return loaded

    def _load_public_pem(self, loaders: Any, key_bytes: bytes) -> Any:
        """Read a PEM that does not contain a private key."""
        from ._cryptography import UnsupportedAlgorithm  # noqa: PLC0415 - slow to import

        try:
            loaded = loaders.load_pem_public_key(key_bytes)
            self.check_crypto_key_type(loaded)
        except (ValueError, UnsupportedAlgorithm):
            raise InvalidKeyError("Could not parse the provided public key.") from None
        return loaded

    if TYPE_CHECKING:

        @overload
        @staticmethod
        def to_jwk(key_obj: AllowedRSAKeys | Key, as_dict: Literal[True]) -> JWKDict: ...

        @overload
        @staticmethod
        def to_jwk(key_obj: AllowedRSAKeys | Key, as_dict: Literal[False] = False) -> str: ...

    @staticmethod
    def to_jwk(key_obj: Any, as_dict: bool = False) -> JWKDict | str:
        """Return a key as a JWK (RFC 7518 Section 6.3), a private one with its private members.

        Raises InvalidKeyError for anything that is not an RSA key.
        """
        if isinstance(key_obj, Key):
            members = _native_members(key_obj, "RSA", "n", "e", "d", "p", "q", "dp", "dq", "qi")
            key_ops = ["sign"] if key_obj.is_private else ["verify"]
            return _as_asked({"kty": "RSA", "key_ops": key_ops, **members}, as_dict)

        if hasattr(key_obj, "private_numbers"):
            private = key_obj.private_numbers()
            key_ops = ["sign"]
            numbers = {
                "n": private.public_numbers.n,
                "e": private.public_numbers.e,
                "d": private.d,
                "p": private.p,
                "q": private.q,
                "dp": private.dmp1,
                "dq": private.dmq1,
                "qi": private.iqmp,
            }
        elif hasattr(key_obj, "verify"):
            public = key_obj.public_numbers()
            key_ops = ["verify"]
            numbers = {"n": public.n, "e": public.e}
        else:
            raise InvalidKeyError("Not a public or private key")

        members = {name: to_base64url_uint(value).decode() for name, value in numbers.items()}
        return _as_asked({"kty": "RSA", "key_ops": key_ops, **members}, as_dict)

    @staticmethod
    def from_jwk(jwk: str | JWKDict) -> Any:
        """Read a key from a JWK (RFC 7518 Section 6.3).

        A private key may leave out the primes and their derived values, but only all together.
        Raises InvalidKeyError for missing members and for more than two primes, ValueError for
        numbers that do not form an RSA key.
        """
        members = _jwk_members(jwk)
        if members.get("kty") != "RSA":
            raise InvalidKeyError("Not an RSA key")
        if "n" not in members or "e" not in members:
            raise InvalidKeyError("Not a public or private key")

        private_names: list[str] = []
        if "d" in members:
            if "oth" in members:
                raise InvalidKeyError("Unsupported RSA private key: > 2 primes not supported")
            private_names = [name for name in ("p", "q", "dp", "dq", "qi") if name in members]
            if len(private_names) not in (0, 5):
                raise InvalidKeyError(
                    "RSA key must include all parameters if any are present besides d"
                )

        names = cryptography()
        if names is None:
            return Key.from_jwk(members)

        e, n = from_base64url_uint(members["e"]), from_base64url_uint(members["n"])
        public_numbers = names.RSAPublicNumbers(e, n)
        if "d" not in members:
            return public_numbers.public_key()
        d = from_base64url_uint(members["d"])
        if private_names:
            p, q, dp, dq, qi = (from_base64url_uint(members[name]) for name in private_names)
        else:
            p, q = names.rsa_recover_prime_factors(n, d, e)
            dp, dq = names.rsa_crt_dmp1(d, p), names.rsa_crt_dmq1(d, q)
            qi = names.rsa_crt_iqmp(p, q)
        return names.RSAPrivateNumbers(
            p=p, q=q, d=d, dmp1=dp, dmq1=dq, iqmp=qi, public_numbers=public_numbers
        ).private_key()

    def sign(self, msg: bytes, key: RSAPrivateKey | Key) -> bytes:
        """Return the signature of the message."""
        if isinstance(key, Key):
            return key.sign(msg, self._native_name())
        signature: bytes = key.sign(msg, self._padding(), self.hash_alg())
        return signature

    def verify(self, msg: bytes, key: RSAPublicKey | Key, sig: bytes) -> bool:
        """Return whether the signature is valid.

        Raises AttributeError for a private key of cryptography.
        """
        if isinstance(key, Key):
            return key.verify(msg, sig, self._native_name())
        from ._cryptography import InvalidSignature  # noqa: PLC0415 - slow to import

        try:
            key.verify(sig, msg, self._padding(), self.hash_alg())
        except InvalidSignature:
            return False
        return True


class ECAlgorithm(Algorithm):
    """ECDSA with a hash, and on one curve if it is given (RFC 7518 Section 3.4, RFC 8812)."""

    SHA256: ClassVar[type[hashes.HashAlgorithm]] = _SHA256
    SHA384: ClassVar[type[hashes.HashAlgorithm]] = _SHA384
    SHA512: ClassVar[type[hashes.HashAlgorithm]] = _SHA512

    _crypto_key_types: Any = key_types("EllipticCurvePrivateKey", "EllipticCurvePublicKey")
    _kty = "EC"
    #: `alg` by a native key's curve and the name of the hash.
    _NATIVE_NAMES: ClassVar[dict[tuple[str | None, str], str]] = {
        (row["curve"], row["hash"].lower()): row["name"] for row in _ROWS if row["curve"]
    }
    hash_alg = ResolvedAttribute()
    expected_curve = ResolvedAttribute()

    def __init__(
        self,
        hash_alg: type[hashes.HashAlgorithm],
        expected_curve: type[EllipticCurve] | None = None,
    ) -> None:
        """Take a hash class and the class of the only allowed curve; None allows every curve."""
        self.hash_alg = hash_alg
        self.expected_curve = expected_curve

    def _native_name(self, key: Key) -> str:
        hash_name = self.hash_alg().name
        try:
            return self._NATIVE_NAMES[key.curve, hash_name]
        except KeyError:
            raise InvalidKeyError(
                f"The key's curve {key.curve!r} is not for ECDSA with {hash_name}"
            ) from None

    def _validate_curve(self, key: AllowedECKeys | Key) -> None:
        """Raise InvalidKeyError for a key on another curve than the expected one."""
        expected = self.expected_curve
        if expected is None:
            return
        if isinstance(key, Key):
            curve_name = CURVES[str(key.curve)][1]
            fits = curve_name == expected.name
        else:
            curve_name = key.curve.name
            fits = isinstance(key.curve, expected)
        if not fits:
            raise InvalidKeyError(
                f"The key's curve '{curve_name}' does not match the expected "
                f"curve '{expected.name}' for this algorithm"
            )

    def prepare_key(self, key: AllowedECKeys | Key | str | bytes) -> Any:
        """Read a key from PEM or OpenSSH text; return a key object as it is.

        Raises TypeError for anything but text, bytes and EC keys; InvalidKeyError for a key of
        another family or on another curve; cryptography's ValueError for what cannot be read, or
        InvalidKeyError without the package.
        """
        if isinstance(key, Key):
            self.check_crypto_key_type(key)
            self._validate_curve(key)
            return key
        if isinstance(key, self._crypto_key_types):
            self._validate_curve(key)  # pyright: ignore[reportArgumentType] - an EC key, as seen
            return key
        if not isinstance(key, (bytes, str)):
            raise TypeError("Expecting a PEM-formatted key.")

        key_bytes = force_bytes(key)
        loaders = key_loaders()
        try:
            if key_bytes.startswith(b"ecdsa-sha2-"):
                loaded = loaders.load_ssh_public_key(key_bytes)
            else:
                loaded = loaders.load_pem_public_key(key_bytes)
            self.check_crypto_key_type(loaded)
            self._validate_curve(loaded)
        except ValueError:
            loaded = loaders.load_pem_private_key(key_bytes, password=None)
            self.check_crypto_key_type(loaded)
            self._validate_curve(loaded)
        return loaded

    def sign(self, msg: bytes, key: EllipticCurvePrivateKey | Key) -> bytes:
        """Return the signature of the message as `R || S`."""
        if isinstance(key, Key):
            return key.sign(msg, self._native_name(key))
        from ._cryptography import ECDSA  # noqa: PLC0415 - slow to import

        return der_to_raw_signature(key.sign(msg, ECDSA(self.hash_alg())), key.curve)

    def verify(self, msg: bytes, key: AllowedECKeys | Key, sig: bytes) -> bool:
        """Return whether the signature `R || S` is valid; a private key acts as its public one."""
        if isinstance(key, Key):
            return key.verify(msg, sig, self._native_name(key))
        from ._cryptography import (  # noqa: PLC0415 - slow to import
            ECDSA,
            EllipticCurvePrivateKey,
            InvalidSignature,
        )

        try:
            der_sig = raw_to_der_signature(sig, key.curve)
        except ValueError:
            return False
        try:
            public_key = key.public_key() if isinstance(key, EllipticCurvePrivateKey) else key
            public_key.verify(der_sig, msg, ECDSA(self.hash_alg()))
        except InvalidSignature:
            return False
        return True

    if TYPE_CHECKING:

        @overload
        @staticmethod
        def to_jwk(key_obj: AllowedECKeys | Key, as_dict: Literal[True]) -> JWKDict: ...

        @overload
        @staticmethod
        def to_jwk(key_obj: AllowedECKeys | Key, as_dict: Literal[False] = False) -> str: ...

    @staticmethod
    def to_jwk(key_obj: Any, as_dict: bool = False) -> JWKDict | str:
        """Return a key as a JWK (RFC 7518 Section 6.2), a private one with its private member.

        Raises InvalidKeyError for anything that is not an EC key on a curve known to JOSE.
        """
        if isinstance(key_obj, Key):
            members = _native_members(key_obj, "EC", "kty", "crv", "x", "y", "d")
            return _as_asked(members, as_dict)

        private_type, public_type = ECAlgorithm._crypto_key_types
        if isinstance(key_obj, private_type):
            public = key_obj.public_key().public_numbers()
        elif isinstance(key_obj, public_type):
            public = key_obj.public_numbers()
        else:
            raise InvalidKeyError("Not a public or private key")

        names = cryptography()
        for crv, (class_name, _, _) in CURVES.items():
            if isinstance(key_obj.curve, getattr(names, class_name)):
                kty_and_crv = {"kty": "EC", "crv": crv}
                break
        else:
            raise InvalidKeyError(f"Invalid curve: {key_obj.curve}")

        numbers = {"x": public.x, "y": public.y}
        if isinstance(key_obj, private_type):
            numbers["d"] = key_obj.private_numbers().private_value
        bit_length = key_obj.curve.key_size
        members = {
            name: to_base64url_uint(value, bit_length=bit_length).decode()
            for name, value in numbers.items()
        }
        return _as_asked({**kty_and_crv, **members}, as_dict)

    @staticmethod
    def from_jwk(jwk: str | JWKDict) -> Any:
        """Read a key from a JWK (RFC 7518 Section 6.2).

        Raises InvalidKeyError for a missing member, an unknown curve and a coordinate of the
        wrong length; ValueError for a point that is not on the curve.
        """
        members = _jwk_members(jwk)
        if members.get("kty") != "EC" or "x" not in members or "y" not in members:
            raise InvalidKeyError("Not an Elliptic curve key")
        x, y = base64url_decode(members["x"]), base64url_decode(members["y"])

        crv = members.get("crv")
        if not isinstance(crv, str) or crv not in CURVES:
            raise InvalidKeyError(f"Invalid curve: {crv}")
        class_name, _, size = CURVES[crv]
        if not len(x) == len(y) == size:
            raise InvalidKeyError(f"Coords should be {size} bytes for curve {crv}")

        names = cryptography()
        if names is None:
            return Key.from_jwk(members)

        public_numbers = names.EllipticCurvePublicNumbers(
            x=int.from_bytes(x, byteorder="big"),
            y=int.from_bytes(y, byteorder="big"),
            curve=getattr(names, class_name)(),
        )
        if "d" not in members:
            return public_numbers.public_key()

        d = base64url_decode(members["d"])
        if len(d) != size:
            # PyJWT's message lacks the `f` prefix, and ours is the same.
            raise InvalidKeyError("D should be {} bytes for curve {}", size, crv)
        private_value = int.from_bytes(d, byteorder="big")
        return names.EllipticCurvePrivateNumbers(private_value, public_numbers).private_key()


class RSAPSSAlgorithm(RSAAlgorithm):
    """RSASSA-PSS with MGF1, salt as long as the hash (RFC 7518 Section 3.5)."""

    _NATIVE_FAMILY = "PS"

    def _padding(self) -> Any:
        from ._cryptography import padding  # noqa: PLC0415 - slow to import

        hash_object = self.hash_alg()
        return padding.PSS(mgf=padding.MGF1(hash_object), salt_length=hash_object.digest_size)


class OKPAlgorithm(Algorithm):
    """EdDSA with Ed25519 or, through cryptography, Ed448 (RFC 8037 Section 3.1)."""

    _crypto_key_types: Any = key_types(
        "Ed25519PrivateKey", "Ed25519PublicKey", "Ed448PrivateKey", "Ed448PublicKey"
    )
    _kty = "OKP"

    def __init__(self, **kwargs: Any) -> None:
        """Accept the arguments that PyJWT accepts, and ignore them."""

    def prepare_key(self, key: AllowedOKPKeys | Key | str | bytes) -> Any:
        """Read a key from PEM or OpenSSH text; return a key object as it is.

        Raises InvalidKeyError for another key object and for text that is neither PEM nor
        OpenSSH; cryptography's ValueError for what cannot be read, or InvalidKeyError without the
        package.
        """
        if not isinstance(key, (str, bytes)):
            self.check_crypto_key_type(key)
            return key

        key_str = key.decode("utf-8") if isinstance(key, bytes) else key
        key_bytes = force_bytes(key)
        loaders = key_loaders()
        if "-----BEGIN PUBLIC" in key_str:
            loaded = loaders.load_pem_public_key(key_bytes)
        elif "-----BEGIN PRIVATE" in key_str:
            loaded = loaders.load_pem_private_key(key_bytes, password=None)
        elif key_str.startswith("ssh-"):
            loaded = loaders.load_ssh_public_key(key_bytes)
        else:
            raise InvalidKeyError("Not a public or private key")
        self.check_crypto_key_type(loaded)
        return loaded

    def sign(self, msg: str | bytes, key: Ed25519PrivateKey | Ed448PrivateKey | Key) -> bytes:
        """Return the signature of the message; text is encoded as UTF-8."""
        if isinstance(key, Key):
            return key.sign(_utf8(msg), "EdDSA")
        signature: bytes = key.sign(_utf8(msg))
        return signature

    def verify(self, msg: str | bytes, key: AllowedOKPKeys | Key, sig: str | bytes) -> bool:
        """Return whether the signature is valid; a private key acts as its public one."""
        if isinstance(key, Key):
            return key.verify(_utf8(msg), _utf8(sig), "EdDSA")
        from ._cryptography import (  # noqa: PLC0415 - slow to import
            Ed448PrivateKey,
            Ed25519PrivateKey,
            InvalidSignature,
        )

        try:
            msg_bytes, sig_bytes = _utf8(msg), _utf8(sig)
            private_types = (Ed25519PrivateKey, Ed448PrivateKey)
            public_key = key.public_key() if isinstance(key, private_types) else key
            public_key.verify(sig_bytes, msg_bytes)
        except InvalidSignature:
            return False
        return True

    if TYPE_CHECKING:

        @overload
        @staticmethod
        def to_jwk(key: AllowedOKPKeys | Key, as_dict: Literal[True]) -> JWKDict: ...

        @overload
        @staticmethod
        def to_jwk(key: AllowedOKPKeys | Key, as_dict: Literal[False] = False) -> str: ...

    @staticmethod
    def to_jwk(key: Any, as_dict: bool = False) -> JWKDict | str:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return a key as a JWK (RFC 8037 Section 2), a private one with its private member.

        Raises InvalidKeyError for anything that is not an Ed25519 or Ed448 key.
        """
        if isinstance(key, Key):
            members = _native_members(key, "OKP", "x", "d", "kty", "crv")
            return _as_asked(members, as_dict)

        ed25519_private, ed25519_public, ed448_private, ed448_public = (
            OKPAlgorithm._crypto_key_types
        )
        is_private = isinstance(key, (ed25519_private, ed448_private))
        if not is_private and not isinstance(key, (ed25519_public, ed448_public)):
            raise InvalidKeyError("Not a public or private key")

        public_key = key.public_key() if is_private else key
        members = {"x": base64url_encode(public_key.public_bytes_raw()).decode()}
        if is_private:
            members["d"] = base64url_encode(key.private_bytes_raw()).decode()
        crv = "Ed25519" if isinstance(key, (ed25519_private, ed25519_public)) else "Ed448"
        return _as_asked({**members, "kty": "OKP", "crv": crv}, as_dict)

    @staticmethod
    def from_jwk(jwk: str | JWKDict) -> Any:
        """Read a key from a JWK (RFC 8037 Section 2).

        Raises InvalidKeyError for a missing member, an unknown curve, a value of the wrong length
        and a public key that does not belong to the private one.
        """
        members = _jwk_members(jwk)
        if members.get("kty") != "OKP":
            raise InvalidKeyError("Not an Octet Key Pair")
        crv = members.get("crv")
        if crv not in ("Ed25519", "Ed448"):
            raise InvalidKeyError(f"Invalid curve: {crv}")
        if "x" not in members:
            raise InvalidKeyError('OKP should have "x" parameter')

        names = cryptography()
        if names is None:
            return Key.from_jwk(members)

        x = base64url_decode(members["x"])
        try:
            if "d" not in members:
                return getattr(names, f"{crv}PublicKey").from_public_bytes(x)
            d = base64url_decode(members["d"])
            private_key = getattr(names, f"{crv}PrivateKey").from_private_bytes(d)
        except ValueError as err:
            raise InvalidKeyError("Invalid key parameter") from err
        if private_key.public_key().public_bytes_raw() != x:
            raise InvalidKeyError("Public key does not match private key")
        return private_key


def _utf8(value: Any) -> Any:
    return value.encode("utf-8") if isinstance(value, str) else value


sys.modules[__name__].__class__ = HookableModule
