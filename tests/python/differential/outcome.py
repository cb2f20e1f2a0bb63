"""The outcome of a call as plain data, so that two libraries can be compared.

The data are the value with its types, or the exception with its class, its bases and its text, and
the warnings on the way. `jwt` and `rapidjwt` name the same library here.
"""

from __future__ import annotations

import re
import warnings
from types import FunctionType
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

PRIVATE_KEYS = (
    rsa.RSAPrivateKey,
    ec.EllipticCurvePrivateKey,
    ed25519.Ed25519PrivateKey,
    ed448.Ed448PrivateKey,
)
PUBLIC_KEYS = (
    rsa.RSAPublicKey,
    ec.EllipticCurvePublicKey,
    ed25519.Ed25519PublicKey,
    ed448.Ed448PublicKey,
)
# Objects of the libraries are compared by these attributes.
COMPARED_ATTRIBUTES = {
    "jwt.api_jwk.PyJWK": (
        "key_type",
        "key_id",
        "public_key_use",
        "algorithm_name",
        "Algorithm",
        "key",
    ),
    "jwt.api_jwk.PyJWKSet": ("keys",),
}
# What programs read of an error; test_error_codes.py compares it between the paths.
ADDED = {"actual", "claim", "code", "expected", "expired_at"}
# Deeper levels are compared by type only: circular and very deep values are possible arguments.
MAX_DEPTH = 100
GENERATOR = re.compile(r"<generator object \S+ at 0x[0-9a-fA-F]+>")
ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]+")


def outcome_of(call: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """Make a call and return its outcome."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = {"value": describe(call(*args, **kwargs))}
        except Exception as error:  # noqa: BLE001 every class is compared
            result = {"error": describe_error(error)}
    result["warnings"] = [(bases(w.category), without_address(str(w.message))) for w in caught]
    return result


def describe(value: Any, depth: int = 0) -> Any:  # noqa: C901, PLR0911, PLR0912
    """Return `value` as plain data in which 1, 1.0 and True differ, and NaN equals NaN."""
    kind = type_name(type(value))
    if depth > MAX_DEPTH:
        return kind, "..."

    def inner(item: Any) -> Any:
        return describe(item, depth + 1)

    if isinstance(value, dict):
        return kind, [(inner(key), inner(item)) for key, item in dict.items(value)]
    if isinstance(value, (list, tuple)):
        return kind, [inner(item) for item in type_of_sequence(value).__iter__(value)]
    if isinstance(value, (set, frozenset)):
        return kind, sorted((inner(item) for item in value), key=repr)
    if isinstance(value, float):
        return kind, float.__repr__(value)
    if isinstance(value, int):
        # In hexadecimal, because Python does not print an int of more than 4,300 decimal digits.
        return kind, f"{int(value):#x}"
    if isinstance(value, str):
        return kind, str.__str__(value)
    if value is None or isinstance(value, bytes):
        return kind, value
    if isinstance(value, type):
        return kind, type_name(value)
    if isinstance(value, FunctionType):
        return kind
    if isinstance(value, (PRIVATE_KEYS, PUBLIC_KEYS)):
        return kind, key_bytes(value)
    if kind in COMPARED_ATTRIBUTES:
        return kind, [inner(getattr(value, name)) for name in COMPARED_ATTRIBUTES[kind]]
    if kind.startswith("jwt."):
        return kind
    return kind, without_address(repr(value))


def type_of_sequence(value: Any) -> type:
    return list if isinstance(value, list) else tuple


def describe_error(error: BaseException) -> dict[str, Any]:
    """Return the classes, text, arguments and attributes of `error`."""
    return {
        "classes": bases(type(error)),
        "text": without_address(str(error)),
        "args": without_address(repr(describe(error.args))),
        "attributes": without_address(repr(describe(attributes(error)))),
    }


def attributes(error: BaseException) -> dict[str, Any]:
    """Return the attributes that are set on `error`, by name, without those that PyJWT lacks.

    From Python 3.14 on, json adds a note for every level at which an error occurs. The number of
    levels before a RecursionError depends on the caller's own frames, so equal notes count once.
    """
    added = ADDED if type(error).__name__ != "MissingRequiredClaimError" else ADDED - {"claim"}
    found = {name: value for name, value in sorted(vars(error).items()) if name not in added}
    if isinstance(error, RecursionError) and "__notes__" in found:
        found["__notes__"] = list(dict.fromkeys(found["__notes__"]))
    return found


def bases(kind: type) -> list[str]:
    return [type_name(base) for base in kind.__mro__]


def type_name(kind: type) -> str:
    """Return the full name of a class; the package is called jwt in both libraries."""
    if kind.__module__ == "rapidjwt._hooks" and issubclass(kind, dict):
        # The options of the global objects: a dict that reports changes to the fast path.
        kind = dict
    module = kind.__module__
    if module.partition(".")[0] == "rapidjwt":
        module = f"jwt{module.removeprefix('rapidjwt')}"
    return f"{module}.{kind.__qualname__}"


def without_address(text: str) -> str:
    """Replace parts that cannot be equal: addresses, and the qualified name of a generator."""
    return ADDRESS.sub("at ADDRESS", GENERATOR.sub("<generator object at ADDRESS>", text))


def key_bytes(key: Any) -> bytes:
    if isinstance(key, PRIVATE_KEYS):
        return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
