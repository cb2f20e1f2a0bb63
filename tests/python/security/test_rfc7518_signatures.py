"""RFC 7518 Section 3: signatures that are nearly right, and keys that make forgeries easy."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import Any

import cryptography
import pytest
import rapidjwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from differential.keys import ALGORITHMS, RSA_PRIMES, private_keys, public_pem, signing_key
from rapidjwt import InvalidKeyError, InvalidSignatureError

from .harness import CLAIMS, SECRET, accepted, hmac_token, refused, segment, signed, unsigned

# --- every algorithm: signatures cut short, made longer, changed (RFC 8725 Section 3.3) ---

DAMAGE = {
    "without its last byte": lambda raw: raw[:-1],
    "without its first byte": lambda raw: raw[1:],
    "half": lambda raw: raw[: len(raw) // 2],
    "its first byte": lambda raw: raw[:1],
    "empty": lambda raw: b"",
    "a zero behind": lambda raw: raw + b"\0",
    "a zero before": lambda raw: b"\0" + raw,
    "twice": lambda raw: raw + raw,
    "all zero": lambda raw: bytes(len(raw)),
    "all one": lambda raw: b"\xff" * len(raw),
    "first bit": lambda raw: bytes([raw[0] ^ 0x80]) + raw[1:],
    "last bit": lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]),
    "reversed": lambda raw: raw[::-1],
}


def verifying(algorithm: str) -> Any:
    name = ALGORITHMS[algorithm]
    return SECRET if name == "oct" else public_pem(name)


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("algorithm", [name for name in ALGORITHMS if name != "ES521"])
def test_a_damaged_signature_is_refused(algorithm, damage):
    token = rapidjwt.encode(CLAIMS, signing_key(algorithm), algorithm=algorithm)
    signing_input, _, signature = token.rpartition(".")
    raw = rapidjwt.utils.base64url_decode(signature)
    forged = f"{signing_input}.{segment(DAMAGE[damage](raw))}"
    refused(forged, verifying(algorithm), [algorithm], InvalidSignatureError)
    accepted(token, verifying(algorithm), [algorithm])


def test_a_shortened_hmac_tag_is_refused_at_every_length():
    signing_input, _, signature = hmac_token().rpartition(".")
    raw = rapidjwt.utils.base64url_decode(signature)
    for length in range(len(raw)):
        forged = f"{signing_input}.{segment(raw[:length])}"
        refused(forged, SECRET, ["HS256"], InvalidSignatureError)


# --- ECDSA (RFC 7518 Section 3.4; CVE-2022-21449, CVE-2020-28042, CVE-2022-35929) ---

CURVES = {
    "ES256": (ec.SECP256R1(), hashes.SHA256(), 32),
    "ES384": (ec.SECP384R1(), hashes.SHA384(), 48),
    "ES512": (ec.SECP521R1(), hashes.SHA512(), 66),
    "ES256K": (ec.SECP256K1(), hashes.SHA256(), 32),
}
ORDERS = {
    "ES256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "ES384": int("F" * 48 + "C7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973", 16),
    "ES512": int(
        "1" + "F" * 65 + "A51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409", 16
    ),
    "ES256K": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
}
# r and s of a valid signature, the order, and 2 to the power of the field's bits.
NUMBERS = {
    "r = 0": lambda r, s, n, top: (0, s),
    "s = 0": lambda r, s, n, top: (r, 0),
    "r = s = 0": lambda r, s, n, top: (0, 0),
    "r = n": lambda r, s, n, top: (n, s),
    "s = n": lambda r, s, n, top: (r, n),
    "r = s = n": lambda r, s, n, top: (n, n),
    "r = 0, s = n": lambda r, s, n, top: (0, n),
    "r = n, s = 0": lambda r, s, n, top: (n, 0),
    "r + n": lambda r, s, n, top: (min(r + n, top - 1), s),
    "s + n": lambda r, s, n, top: (r, min(s + n, top - 1)),
    "r = n + 1": lambda r, s, n, top: (n + 1, s),
    "s = n + 1": lambda r, s, n, top: (r, n + 1),
    "-r": lambda r, s, n, top: (top - r, s),
    "-s in two's complement": lambda r, s, n, top: (r, top - s),
    "-1, -1": lambda r, s, n, top: (top - 1, top - 1),
    "1, 1": lambda r, s, n, top: (1, 1),
    "1, 0": lambda r, s, n, top: (1, 0),
    "n - 1, n - 1": lambda r, s, n, top: (n - 1, n - 1),
    "n - r": lambda r, s, n, top: (n - r, s),
    "exchanged": lambda r, s, n, top: (s, r),
}


def ec_signer(algorithm: str, spell: Any) -> Any:
    """Return a signing function that encodes r and s with `spell`."""
    private, (_, digest, length) = private_keys()[ALGORITHMS[algorithm]], CURVES[algorithm]

    def sign(message: bytes) -> bytes:
        der = private.sign(message, ec.ECDSA(digest))
        return spell(*decode_dss_signature(der), length)

    return sign


def raw(r: int, s: int, length: int) -> bytes:
    return r.to_bytes(length, "big") + s.to_bytes(length, "big")


@pytest.mark.parametrize("numbers", NUMBERS)
@pytest.mark.parametrize("algorithm", CURVES)
def test_ecdsa_numbers_out_of_range_are_refused(algorithm, numbers):
    def spell(r: int, s: int, length: int) -> bytes:
        numbers_of = NUMBERS[numbers](r, s, ORDERS[algorithm], 256**length)
        return raw(*numbers_of, length)

    token = signed({"alg": algorithm}, sign=ec_signer(algorithm, spell))
    refused(token, verifying(algorithm), [algorithm], InvalidSignatureError)


@pytest.mark.parametrize("algorithm", CURVES)
def test_ecdsa_verifies_with_s_in_either_half(algorithm):
    """RFC 7518 and RFC 8812 have no rule for s, so (r, n - s) is a signature, as in PyJWT."""
    for spell in (raw, lambda r, s, length: raw(r, ORDERS[algorithm] - s, length)):
        token = signed({"alg": algorithm}, sign=ec_signer(algorithm, spell))
        accepted(token, verifying(algorithm), [algorithm])


EC_SPELLINGS = {
    "DER": lambda r, s, length: encode_dss_signature(r, s),
    "DER with zeros up to the raw length": lambda r, s, length: encode_dss_signature(r, s).ljust(
        2 * length, b"\0"
    ),
    "DER cut to the raw length": lambda r, s, length: encode_dss_signature(r, s)[: 2 * length],
    "both one byte longer": lambda r, s, length: raw(r, s, length + 1),
    "both one byte shorter": lambda r, s, length: raw(r >> 8, s >> 8, length - 1),
    "little-endian": lambda r, s, length: (
        r.to_bytes(length, "little") + s.to_bytes(length, "little")
    ),
    "r alone": lambda r, s, length: r.to_bytes(length, "big"),
}


@pytest.mark.parametrize("spelling", EC_SPELLINGS)
@pytest.mark.parametrize("algorithm", CURVES)
def test_ecdsa_signatures_have_one_spelling(algorithm, spelling):
    token = signed({"alg": algorithm}, sign=ec_signer(algorithm, EC_SPELLINGS[spelling]))
    refused(token, verifying(algorithm), [algorithm], InvalidSignatureError)


# --- RSASSA-PKCS1-v1_5 (RFC 8017 Section 8.2.2; CVE-2006-4339, CVE-2014-1568, CVE-2016-1494) ---

SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")


def rsa_numbers() -> rsa.RSAPublicNumbers:
    return private_keys()["RSA-2048"].public_key().public_numbers()


def pkcs1(message: bytes, separator: bytes = b"", fill: bytes = b"\xff") -> int:
    """Return the encoded message as a number, in a form that an attacker chooses."""
    info = separator or b"\0" + SHA256_INFO + hashlib.sha256(message).digest()
    return int.from_bytes(b"\0\1" + fill * (254 - len(info)) + info, "big")


def rsa_private(number: int) -> bytes:
    """Apply the private key to a number, which gives the signature with any padding."""
    n, (p, q) = rsa_numbers().n, RSA_PRIMES[2048]
    return pow(number, pow(65537, -1, (p - 1) * (q - 1)), n).to_bytes(256, "big")


def info_of(message: bytes, identifier: str, tail: bytes = b"") -> bytes:
    """Return zero, digest information with another algorithm identifier, digest, and a tail."""
    digest = hashlib.sha256(message).digest()
    octets = bytes.fromhex(identifier) + b"\x04\x20" + digest
    return b"\0\x30" + bytes([len(octets)]) + octets + tail


PADDINGS = {
    "type 0": lambda m: pkcs1(m) - (1 << 8 * 254),
    "type 2": lambda m: pkcs1(m) + (1 << 8 * 254),
    "zeros for padding": lambda m: pkcs1(m, fill=b"\0"),
    "other bytes for padding": lambda m: pkcs1(m, fill=b"\xfe"),
    "short padding, garbage behind": lambda m: int.from_bytes(
        (b"\0\1" + b"\xff" * 8 + b"\0" + SHA256_INFO + hashlib.sha256(m).digest()).ljust(256, b"x"),
        "big",
    ),
    "no padding": lambda m: int.from_bytes(
        b"\0\1\0" + SHA256_INFO + hashlib.sha256(m).digest() + bytes(202), "big"
    ),
    "a digest alone": lambda m: pkcs1(m, separator=b"\0" + hashlib.sha256(m).digest()),
    "no NULL parameter": lambda m: pkcs1(m, info_of(m, "300b0609608648016503040201")),
    "garbage in the parameters": lambda m: pkcs1(
        m, info_of(m, "3013060960864801650304020105" + "06" + "41" * 6)
    ),
    "SHA-512's name": lambda m: pkcs1(m, info_of(m, "300d06096086480165030402030500")),
    "MD5's name": lambda m: pkcs1(m, info_of(m, "300c06082a864886f70d02050500")),
    "length in the long form": lambda m: pkcs1(
        m, b"\0\x30\x81\x31" + SHA256_INFO[2:] + hashlib.sha256(m).digest()
    ),
    "garbage behind the digest": lambda m: pkcs1(
        m, b"\0" + SHA256_INFO + hashlib.sha256(m).digest() + b"\0"
    ),
    "zero": lambda m: 0,
    "one": lambda m: 1,
}


def test_the_paddings_differ_from_the_right_one_only_where_they_say():
    token = signed({"alg": "RS256"}, sign=lambda m: rsa_private(pkcs1(m)))
    accepted(token, verifying("RS256"), ["RS256"])


@pytest.mark.parametrize("form", PADDINGS)
def test_pkcs1_padding_has_one_spelling(form):
    token = signed({"alg": "RS256"}, sign=lambda m: rsa_private(PADDINGS[form](m)))
    refused(token, verifying("RS256"), ["RS256"], InvalidSignatureError)


@cache
def rsa_key_with_exponent_3() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=3, key_size=2048)


def cube_root(number: int) -> int:
    """Return the smallest number whose cube is at least `number`."""
    low, high = 0, 1 << (number.bit_length() // 3 + 1)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if middle**3 < number else (low, middle)
    return low


def cube_root_of_suffix(suffix: int, bits: int) -> int:
    """Return the number whose cube ends with the bits of `suffix`, which is odd."""
    root = 1
    for bit in range(1, bits):
        if (root**3 ^ suffix) >> bit & 1:
            root |= 1 << bit
    return root


def garbage_behind(message: bytes) -> bytes:
    start = b"\0\1" + b"\xff" * 8 + b"\0" + SHA256_INFO + hashlib.sha256(message).digest()
    forged = cube_root(int.from_bytes(start.ljust(256, b"\0"), "big"))
    assert (forged**3).to_bytes(256, "big").startswith(start)
    return forged.to_bytes(256, "big")


def garbage_amid(message: bytes) -> bytes:
    end = b"\0" + SHA256_INFO + hashlib.sha256(message).digest()
    bits = 8 * len(end)
    low = cube_root_of_suffix(int.from_bytes(end, "big"), bits)
    high = cube_root(int.from_bytes((b"\0\1" + b"\xff" * 8).ljust(256, b"\0"), "big"))
    forged = (high >> bits << bits) + (1 << bits) + low
    assert (forged**3).to_bytes(256, "big").startswith(b"\0\1" + b"\xff" * 8)
    assert (forged**3).to_bytes(256, "big").endswith(end)
    return forged.to_bytes(256, "big")


@pytest.mark.parametrize("forge", [garbage_behind, garbage_amid])
def test_bleichenbachers_forgery_for_exponent_3_is_refused(forge):
    """CVE-2006-4339, CVE-2014-1568 (BERserk), CVE-2016-1494."""
    key = rsa_key_with_exponent_3()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    payload = next(
        payload
        for payload in ({"sub": "joe", "jti": str(number)} for number in range(100))
        # The cube root needs an odd digest.
        if hashlib.sha256(unsigned({"alg": "RS256"}, payload).encode()).digest()[-1] & 1
    )
    token = signed({"alg": "RS256"}, payload, sign=forge)
    refused(token, public, ["RS256"], InvalidSignatureError)
    genuine = signed(
        {"alg": "RS256"}, sign=lambda m: key.sign(m, padding.PKCS1v15(), hashes.SHA256())
    )
    accepted(genuine, public, ["RS256"])


def tlv(tag: int, content: bytes) -> bytes:
    length = len(content)
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return (
        bytes([tag])
        + (bytes([length]) if length < 128 else bytes([0x80 | len(octets)]) + octets)
        + content
    )


def rsa_public_pem(n: int, e: int) -> str:
    """Return an RSA public key that no library would write."""
    integers = (tlv(2, number.to_bytes(number.bit_length() // 8 + 1, "big")) for number in (n, e))
    identifier = tlv(0x30, bytes.fromhex("06092a864886f70d0101010500"))
    spki = tlv(0x30, identifier + tlv(3, b"\0" + tlv(0x30, b"".join(integers))))
    text = base64.encodebytes(spki).decode()
    return f"-----BEGIN PUBLIC KEY-----\n{text}-----END PUBLIC KEY-----\n"


def test_the_exponents_are_the_only_thing_wrong_with_these_keys():
    n = rsa_numbers().n
    token = signed({"alg": "RS256"}, sign=lambda m: rsa_private(pkcs1(m)))
    accepted(token, rsa_public_pem(n, 65537), ["RS256"])


@pytest.mark.parametrize("e", [0, 1, 2, 4, 65536])
@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
def test_an_exponent_that_is_none_of_rsas_is_refused(algorithm, e):
    """With e = 1 anybody can sign: the signature is the padded digest itself."""
    n = rsa_numbers().n
    token = signed({"alg": algorithm}, sign=lambda m: pkcs1(m).to_bytes(256, "big"))
    pem = rsa_public_pem(n, e)
    jwk = {
        "kty": "RSA",
        "n": segment(n.to_bytes(256, "big")),
        "e": segment(e.to_bytes(3, "big").lstrip(b"\0")),
    }
    drop_in = {
        "PEM": lambda: rapidjwt.decode(token, pem, algorithms=[algorithm]),
        "PyJWT()": lambda: rapidjwt.PyJWT().decode(token, pem, algorithms=[algorithm]),
        "PyJWK": lambda: rapidjwt.decode(token, rapidjwt.PyJWK(jwk, algorithm)),
    }
    native = {
        "Verifier": lambda: rapidjwt.Verifier(pem, algorithms=[algorithm]).decode(token),
        "Key.from_pem": lambda: rapidjwt.Key.from_pem(pem).verify(b"", b"", algorithm),
        "Key.from_jwk": lambda: rapidjwt.Key.from_jwk(jwk).verify(b"", b"", algorithm),
    }
    # What replaces PyJWT takes what cryptography takes: before its version 50 that is e = 1 too.
    follows = e == 1 and int(cryptography.__version__.partition(".")[0]) < 50
    for way in [*native.values(), *([] if follows else drop_in.values())]:
        with pytest.raises((InvalidKeyError, InvalidSignatureError, rapidjwt.PyJWKError)):
            way()


@pytest.mark.parametrize("number", [0, 1, -1])
def test_rsa_signatures_at_the_modulus_are_refused(number):
    n = rsa_numbers().n
    token = signed({"alg": "RS256"}, sign=lambda _: (n + number).to_bytes(256, "big"))
    refused(token, verifying("RS256"), ["RS256"], InvalidSignatureError)


def test_an_rsa_signature_plus_the_modulus_is_refused():
    """RFC 8017 Section 5.2.2: the representative is below the modulus."""
    n, algorithm = rsa_numbers().n, "RS256"
    for number in range(100):
        genuine = signed(
            {"alg": algorithm}, {"jti": str(number)}, sign=lambda m: rsa_private(pkcs1(m))
        )
        signing_input, _, signature = genuine.rpartition(".")
        twin = int.from_bytes(rapidjwt.utils.base64url_decode(signature), "big") + n
        if twin < 256**256:
            token = f"{signing_input}.{segment(twin.to_bytes(256, 'big'))}"
            refused(token, verifying(algorithm), [algorithm], InvalidSignatureError)
            accepted(genuine, verifying(algorithm), [algorithm])
            return
    pytest.fail("no signature had room for the modulus")


# --- RSASSA-PSS (RFC 7518 Section 3.5) ---

HASHES = {"PS256": hashes.SHA256(), "PS384": hashes.SHA384(), "PS512": hashes.SHA512()}


def pss_token(algorithm: str, salt: Any, mgf_hash: Any = None) -> str:
    digest = HASHES[algorithm]
    scheme = padding.PSS(padding.MGF1(mgf_hash or digest), salt)
    private = private_keys()["RSA-2048"]
    return signed({"alg": algorithm}, sign=lambda m: private.sign(m, scheme, digest))


@pytest.mark.parametrize("delta", ["0", "20", "-1", "+1", "max"])
@pytest.mark.parametrize("algorithm", HASHES)
def test_the_pss_salt_is_as_long_as_the_digest(algorithm, delta):
    size = HASHES[algorithm].digest_size
    salts = {"0": 0, "20": 20, "-1": size - 1, "+1": size + 1, "max": padding.PSS.MAX_LENGTH}
    token = pss_token(algorithm, salts[delta])
    refused(token, verifying(algorithm), [algorithm], InvalidSignatureError)
    accepted(pss_token(algorithm, size), verifying(algorithm), [algorithm])


def test_the_mask_function_has_the_hash_of_the_algorithm():
    token = pss_token("PS512", 64, hashes.SHA256())
    refused(token, verifying("PS512"), ["PS512"], InvalidSignatureError)


@pytest.mark.parametrize(
    ("signs", "claims"),
    [("RS256", "PS256"), ("PS256", "RS256"), ("PS256", "PS384"), ("RS512", "RS256")],
)
def test_a_signature_of_another_rsa_scheme_is_refused(signs, claims):
    key = rapidjwt.Key.from_pem(signing_key(signs))
    token = signed({"alg": claims}, sign=lambda m: key.sign(m, signs))
    refused(token, verifying(claims), [claims, signs], InvalidSignatureError)


# --- EdDSA (RFC 8032 Section 5.1.7) ---

ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493


def test_an_ed25519_signature_with_s_plus_the_order_is_refused():
    token = rapidjwt.encode(CLAIMS, signing_key("EdDSA"), algorithm="EdDSA")
    signing_input, _, signature = token.rpartition(".")
    octets = rapidjwt.utils.base64url_decode(signature)
    twin = int.from_bytes(octets[32:], "little") + ED25519_ORDER
    forged = segment(octets[:32] + twin.to_bytes(32, "little"))
    refused(f"{signing_input}.{forged}", verifying("EdDSA"), ["EdDSA"], InvalidSignatureError)


def test_an_ed25519_signature_over_a_digest_is_refused():
    """Ed25519ph and a signature over a hash are other algorithms."""
    private = private_keys()["Ed25519"]
    token = signed({"alg": "EdDSA"}, sign=lambda m: private.sign(hashlib.sha512(m).digest()))
    refused(token, verifying("EdDSA"), ["EdDSA"], InvalidSignatureError)
