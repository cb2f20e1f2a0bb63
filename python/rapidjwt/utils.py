"""Base64url, integers, and the recognition of asymmetric keys in text.

The functions are as lenient as PyJWT's. Segments of tokens are decoded by the strict native
`decode_segment` instead.
"""

from __future__ import annotations

import re
import sys

from ._backend import cryptography
from ._hooks import HookableModule
from ._rapidjwt import is_pem, is_ssh

TYPE_CHECKING = False  # like typing's, whose import takes longer than ours
if TYPE_CHECKING:
    from typing import Any

    from ._cryptography import EllipticCurve


def __getattr__(name: str) -> Any:
    """Return a name of the cryptography package that PyJWT's module has, if it is installed."""
    if name in {"EllipticCurve", "decode_dss_signature", "encode_dss_signature"}:
        names = cryptography()
        if names is not None:
            return getattr(names, name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def force_bytes(value: bytes | str) -> bytes:
    """Encode text as UTF-8 and return bytes as they are; raise TypeError for anything else."""
    if isinstance(value, str):
        return value.encode("utf-8")
    if isinstance(value, bytes):
        return value
    raise TypeError("Expected a string or bytes value")


def base64url_decode(input: bytes | str) -> bytes:  # noqa: A002 - PyJWT's name
    """Decode base64url (RFC 4648 Section 5), padded or not.

    Characters outside the alphabet are skipped. Raises binascii.Error, a ValueError, for an
    impossible length. What else is tolerated, and what is warned about, depends on the version of
    Python, as it does in PyJWT.
    """
    import base64  # noqa: PLC0415 - few programs need it

    data = force_bytes(input)
    return base64.urlsafe_b64decode(data + b"=" * (-len(data) % 4))


def base64url_encode(input: bytes) -> bytes:  # noqa: A002 - PyJWT's name
    """Encode as base64url without padding (RFC 7515 Section 2)."""
    import binascii  # noqa: PLC0415 - a shared library, which few programs need

    data = binascii.b2a_base64(input, newline=False)
    return data.rstrip(b"=").replace(b"+", b"-").replace(b"/", b"_")


def to_base64url_uint(val: int, *, bit_length: int | None = None) -> bytes:
    """Encode an integer as Base64urlUInt (RFC 7518 Section 2).

    `bit_length` adds leading zeros up to that many bits, which elliptic curve coordinates need.
    Raises ValueError for a negative integer, OverflowError for one that exceeds `bit_length`.
    """
    if val < 0:
        raise ValueError("Must be a positive integer")
    return base64url_encode(bytes_from_int(val, bit_length=bit_length) or b"\x00")


def from_base64url_uint(val: bytes | str) -> int:
    """Decode a Base64urlUInt (RFC 7518 Section 2)."""
    return int.from_bytes(base64url_decode(force_bytes(val)), byteorder="big")


def number_to_bytes(num: int, num_bytes: int) -> bytes:
    """Return an integer as at least `num_bytes` big-endian bytes."""
    import binascii  # noqa: PLC0415 - as above

    digits = "%0*x" % (2 * num_bytes, num)  # noqa: UP031 - raises TypeError for other types
    return binascii.a2b_hex(digits)


def bytes_to_number(string: bytes) -> int:
    """Return the integer of big-endian bytes; raise ValueError for empty bytes."""
    import binascii  # noqa: PLC0415 - as above

    return int(binascii.b2a_hex(string), 16)


def bytes_from_int(val: int, *, bit_length: int | None = None) -> bytes:
    """Return an integer as big-endian bytes for `bit_length` bits, by default its own."""
    if bit_length is None:
        bit_length = val.bit_length()
    return val.to_bytes((bit_length + 7) // 8, "big", signed=False)


def _coordinate_size(curve: EllipticCurve) -> int:
    return (curve.key_size + 7) // 8


def der_to_raw_signature(der_sig: bytes, curve: EllipticCurve) -> bytes:
    """Convert an ECDSA signature from DER to the `R || S` of RFC 7518 Section 3.4.

    Needs the cryptography package. Raises ValueError for malformed DER.
    """
    from ._cryptography import decode_dss_signature  # noqa: PLC0415 - slow to import

    size = _coordinate_size(curve)
    r, s = decode_dss_signature(der_sig)
    return number_to_bytes(r, size) + number_to_bytes(s, size)


def raw_to_der_signature(raw_sig: bytes, curve: EllipticCurve) -> bytes:
    """Convert the `R || S` of RFC 7518 Section 3.4 to DER.

    Needs the cryptography package. Raises ValueError for a length that does not fit the curve.
    """
    size = _coordinate_size(curve)
    if len(raw_sig) != 2 * size:
        raise ValueError("Invalid signature")

    from ._cryptography import encode_dss_signature  # noqa: PLC0415 - slow to import

    r, s = bytes_to_number(raw_sig[:size]), bytes_to_number(raw_sig[size:])
    return bytes(encode_dss_signature(r, s))


def is_pem_format(key: bytes) -> bool:
    """Return whether the bytes contain a PEM block: a BEGIN boundary and later its END."""
    if not isinstance(key, bytes):
        re.match(b"", key)  # raises what PyJWT raises for anything but bytes-like objects
        key = memoryview(key).tobytes()
    return is_pem(key)


def is_ssh_key(key: bytes) -> bool:
    """Return whether the bytes begin like an OpenSSH public key."""
    if not isinstance(key, (bytes, bytearray)):
        return key.startswith((b"ssh-",))  # raises what PyJWT raises for anything else
    return is_ssh(bytes(key))


sys.modules[__name__].__class__ = HookableModule
