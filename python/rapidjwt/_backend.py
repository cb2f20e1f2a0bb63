"""The keys behind the algorithms: cryptography's if it is installed, our own `Key` otherwise.

Whether it is installed is checked when a key, a hash or a curve is first needed, never on import.
"""

from __future__ import annotations

from functools import cache, partial
from types import SimpleNamespace

from rapidjwt._rapidjwt import Key
from rapidjwt.exceptions import InvalidKeyError

TYPE_CHECKING = False  # like typing's, whose import takes longer than ours
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

#: By the `crv` of a JWK (RFC 7518 Section 6.2.1.1, RFC 8812 Section 3.1): the class that
#: cryptography has for the curve, the curve's name in SEC 2, and the bytes of a coordinate.
CURVES: dict[str, tuple[str, str, int]] = {
    "P-256": ("SECP256R1", "secp256r1", 32),
    "P-384": ("SECP384R1", "secp384r1", 48),
    "P-521": ("SECP521R1", "secp521r1", 66),
    "secp256k1": ("SECP256K1", "secp256k1", 32),
}


@cache
def cryptography() -> ModuleType | None:
    """Return the names that this package uses of cryptography, or None if it is not installed."""
    try:
        from rapidjwt import _cryptography  # noqa: PLC0415 - slow to import
    except ModuleNotFoundError:
        return None
    return _cryptography


def _load_pem_key(data: bytes, password: None = None) -> Key:  # noqa: ARG001 - cryptography's
    key = Key.from_pem(data)
    # `Key.from_pem` takes certificates; PyJWT's functions do not. A public key is the first block.
    _, _, first_block = data.partition(b"-----BEGIN ")
    if not key.is_private and not first_block.startswith((b"PUBLIC KEY", b"RSA PUBLIC KEY")):
        raise InvalidKeyError(
            "Expected a key, got a certificate; rapidjwt.Key.from_pem reads its public key"
        )
    return key


_NATIVE_LOADERS = SimpleNamespace(
    load_pem_private_key=_load_pem_key,
    load_pem_public_key=_load_pem_key,
    load_ssh_public_key=Key.from_ssh,
)


def key_loaders() -> Any:
    """Return an object with PyJWT's three loaders, such as `load_pem_private_key`."""
    return cryptography() or _NATIVE_LOADERS


def key_object(key: Key) -> Any:
    """Return cryptography's object for a native key, or the key itself without the package."""
    names = cryptography()
    if names is None:
        return key
    if key.is_private:
        return names.load_der_private_key(key.to_der(private=True), password=None)
    return names.load_der_public_key(key.to_der())


class Deferred(partial["Any"]):
    """A name in an optional or slow module, looked up each time it is used.

    As an attribute of a class it evaluates to the object that it represents.
    """

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        """Return the object that this represents."""
        return self()


class ResolvedAttribute:
    """An instance attribute that accepts a `Deferred` and evaluates to the object it represents."""

    def __set_name__(self, owner: type, name: str) -> None:
        """Store the name under which instances keep the value."""
        self.name = name

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        """Return the value, looked up each time, so that the instance is not changed."""
        try:
            value = vars(instance)[self.name]
        except (KeyError, TypeError):
            raise AttributeError(self.name) from None
        return value() if isinstance(value, Deferred) else value

    def __set__(self, instance: object, value: Any) -> None:
        """Store the value."""
        vars(instance)[self.name] = value

    def __delete__(self, instance: object) -> None:
        """Delete the value."""
        try:
            del vars(instance)[self.name]
        except KeyError:
            raise AttributeError(self.name) from None


def _hashlib_hash(name: str) -> Any:
    import hashlib  # noqa: PLC0415 - loads OpenSSL

    return getattr(hashlib, name.lower())


def _signature_hash(name: str) -> Any:
    names = cryptography()
    return _hashlib_hash(name) if names is None else getattr(names.hashes, name)


def _curve(crv: str) -> Any:
    class_name, sec2_name, _ = CURVES[crv]
    names = cryptography()
    return SimpleNamespace(name=sec2_name) if names is None else getattr(names, class_name)


def _key_types(*class_names: str) -> tuple[type, ...]:
    names = cryptography()
    return tuple(Key if names is None else getattr(names, name) for name in class_names)


def hashlib_hash(name: str) -> Any:
    """Defer the constructor of a hash in hashlib, by its name in cryptography ("SHA256")."""
    return Deferred(_hashlib_hash, name)


def signature_hash(name: str) -> Any:
    """Defer the class of a hash in cryptography, or hashlib's constructor without the package."""
    return Deferred(_signature_hash, name)


def curve(crv: str) -> Any:
    """Defer the class of a curve in cryptography, or its bare `name` without the package."""
    return Deferred(_curve, crv)


def key_types(*class_names: str) -> Any:
    """Defer the classes of keys in cryptography, each of them our `Key` without the package."""
    return Deferred(_key_types, *class_names)
