"""Known attacks on JWE, one test each, named by CVE or by section of RFC 7516, 7518 or 8725."""

from __future__ import annotations

import base64
import json
import time
import zlib

import pytest
import rapidjwt
from rapidjwt import (
    DecodeError,
    InvalidAlgorithmError,
    InvalidKeyError,
    InvalidTokenError,
    Key,
    Signer,
    Verifier,
    jwe,
)
from rapidjwt.exceptions import DecryptionError

from .pairs import IDS, PAIRS, decrypter, encrypter, keys

every_pair = pytest.mark.parametrize(("alg", "enc", "curve"), PAIRS, ids=IDS)


def b64(data):
    if not isinstance(data, bytes):
        data = json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def header_of(token):
    return json.loads(unb64(token.split(".")[0]))


def with_header(token, **changes):
    """Return the token with changes in its header; None removes a parameter."""
    header = header_of(token) | changes
    header = {name: value for name, value in header.items() if value is not None}
    return ".".join([b64(header), *token.split(".")[1:]])


def with_segment(token, index, data):
    segments = token.split(".")
    segments[index] = b64(data)
    return ".".join(segments)


def pair(alg="A128KW", enc="A128GCM", curve=None, **options):
    public, private = keys(alg, enc, curve)
    return encrypter(public, alg, enc), decrypter(private, alg, enc, **options)


def refusal(decrypt, token):
    with pytest.raises(InvalidTokenError) as caught:
        decrypt(token)
    return type(caught.value), str(caught.value)


ONE_ERROR = (DecryptionError, "Decryption failed")


@every_pair
def test_wrong_key_tag_and_padding_are_one_error(alg, enc, curve):
    """RFC 7516 Section 11.5: no oracle. Every part is damaged, and the answer is the same."""
    public, private = keys(alg, enc, curve)
    token = encrypter(public, alg, enc).encrypt(b"x" * 15)
    decrypt = decrypter(private, alg, enc).decrypt
    _, encrypted_key, iv, ciphertext, tag = token.split(".")
    for index, text in ((1, encrypted_key), (2, iv), (3, ciphertext), (4, tag)):
        data = unb64(text)
        for at in {0, len(data) // 2, len(data) - 1} if data else ():
            flipped = bytearray(data)
            flipped[at] ^= 1
            assert refusal(decrypt, with_segment(token, index, bytes(flipped))) == ONE_ERROR
        if data:
            assert refusal(decrypt, with_segment(token, index, data[:-1])) == ONE_ERROR
            assert refusal(decrypt, with_segment(token, index, data + b"\0")) == ONE_ERROR
    assert refusal(decrypt, with_header(token, note="changed")) == ONE_ERROR


@pytest.mark.parametrize("alg", ["RSA-OAEP", "RSA-OAEP-256", "RSA-OAEP-384", "RSA-OAEP-512"])
def test_a_wrong_encrypted_key_takes_the_path_of_a_wrong_tag(alg):
    """RFC 7516 Section 11.5: a random key takes the place of a key that cannot be decrypted.

    CVE-2017-11424-like oracles (Manger's attack on OAEP) need to tell the two apart.
    """
    enc = "A128CBC-HS256"
    public, private = keys(alg, enc, None)
    token = encrypter(public, alg, enc).encrypt("x")
    decrypt = decrypter(private, alg, enc).decrypt
    modulus = len(unb64(private["n"]))
    wrong_keys = [b"", b"\0" * modulus, b"\xff" * modulus, b"\0" * (modulus - 1), b"\1" * modulus]
    short_cek = rapidjwt.jwe.Encrypter(public, alg, "A128GCM").encrypt("x").split(".")[1]
    for wrong in [*wrong_keys, unb64(short_cek)]:
        assert refusal(decrypt, with_segment(token, 1, wrong)) == ONE_ERROR
    errors = {refusal(decrypt, with_segment(token, index, b"\0" * 16)) for index in range(1, 5)}
    assert errors == {ONE_ERROR}


def test_a_truncated_tag_is_refused():
    """RFC 7518 Section 5.3 and CVE-2022-29217's relatives: 128 bits, never fewer."""
    for enc in ("A128GCM", "A128CBC-HS256"):
        encrypting, decrypting = pair(enc=enc)
        token = encrypting.encrypt("content")
        tag = unb64(token.split(".")[4])
        for length in range(len(tag)):
            shorter = with_segment(token, 4, tag[:length])
            assert refusal(decrypting.decrypt, shorter) == ONE_ERROR


def test_parts_of_two_tokens_cannot_be_combined():
    encrypting, decrypting = pair()
    one, other = (encrypting.encrypt(text).split(".") for text in ("one", "other"))
    for swapped in range(1, 16):
        parts = [(one, other)[swapped >> i & 1][1 + i] for i in range(4)]
        token = ".".join([one[0], *parts])
        if parts in (one[1:], other[1:]):
            decrypting.decrypt(token)
        else:
            assert refusal(decrypting.decrypt, token) == ONE_ERROR


@pytest.mark.parametrize("curve", ["P-256", "P-384", "P-521"])
def test_an_ephemeral_key_off_its_curve_is_refused(curve):
    """CVE-2017-16007 and RFC 8725 Section 2.5: an invalid point reveals the private key."""
    encrypting, decrypting = pair("ECDH-ES", "A128GCM", curve)
    token = encrypting.encrypt("x")
    epk = header_of(token)["epk"]
    length = len(unb64(epk["x"]))
    for x, y in [(unb64(epk["x"]), b"\1" * length), (b"\0" * length, b"\0" * length)]:
        forged = with_header(token, epk=epk | {"x": b64(x), "y": b64(y)})
        assert refusal(decrypting.decrypt, forged) == ONE_ERROR


def test_an_ephemeral_key_on_another_curve_is_refused():
    token = pair("ECDH-ES", "A128GCM", "P-256")[0].encrypt("x")
    for curve in ("P-384", "P-521", "X25519"):
        assert refusal(pair("ECDH-ES", "A128GCM", curve)[1].decrypt, token) == ONE_ERROR


#: RFC 7748 Section 6.1 and the list of small-order points of Curve25519.
SMALL_ORDER = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]


@pytest.mark.parametrize("point", SMALL_ORDER)
@pytest.mark.parametrize("alg", ["ECDH-ES", "ECDH-ES+A256KW"])
def test_an_x25519_point_of_small_order_is_refused(alg, point):
    """RFC 8037 Section 3.2.1: an all-zero secret, which everybody knows, MUST be refused."""
    encrypting, decrypting = pair(alg, "A128GCM", "X25519")
    x = b64(bytes.fromhex(point))
    forged = with_header(encrypting.encrypt("x"), epk={"kty": "OKP", "crv": "X25519", "x": x})
    assert refusal(decrypting.decrypt, forged) == ONE_ERROR
    with pytest.raises(InvalidKeyError):
        jwe.Encrypter({"kty": "OKP", "crv": "X25519", "x": x}, alg, "A128GCM")


@pytest.mark.parametrize("count", [2**31, 2**32, 2**63, 1_200_001])
def test_a_huge_count_of_iterations_costs_nothing(count):
    """CVE-2023-50658, CVE-2023-51774, CVE-2023-6681: the attacker chooses p2c."""
    encrypting, decrypting = pair("PBES2-HS256+A128KW")
    start = time.perf_counter()
    error = refusal(decrypting.decrypt, with_header(encrypting.encrypt("x"), p2c=count))
    assert time.perf_counter() - start < 1
    assert error[0] is DecodeError
    assert "p2c" in error[1]


def test_a_small_count_of_iterations_is_refused():
    """RFC 7518 Section 4.8.1.2."""
    encrypting, decrypting = pair("PBES2-HS256+A128KW")
    for count in (1, 999, 0, -1, "1000", 1000.5, None):
        token = with_header(encrypting.encrypt("x"), p2c=count)
        assert refusal(decrypting.decrypt, token)[0] is DecodeError
    for salt in ("", b64(b"1234567"), 1, None):
        token = with_header(encrypting.encrypt("x"), p2s=salt)
        assert refusal(decrypting.decrypt, token)[0] is DecodeError


def test_many_recipients_do_not_multiply_the_iterations():
    encrypting, _ = pair("PBES2-HS256+A128KW")
    _, private = keys("PBES2-HS256+A128KW", "A128GCM", None)
    decrypting = decrypter(private, "PBES2-HS256+A128KW", "A128GCM", max_p2c=2500)
    two = jwe.encrypt_general([encrypting] * 2, "x")
    assert decrypting.decrypt_json(two).plaintext == b"x"
    three = jwe.encrypt_general([encrypting] * 3, "x")
    assert "with all recipients" in refusal(decrypting.decrypt_json, three)[1]


def compressed(content):
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    return compressor.compress(content) + compressor.flush()


def zip_token(content, **options):
    """Return a token whose content is already compressed: we do not compress ourselves."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    _, private = keys("dir", "A128GCM", None)
    header = b64({"alg": "dir", "enc": "A128GCM", "zip": "DEF"} | options)
    iv = b"\0" * 12
    sealed = AESGCM(unb64(private["k"])).encrypt(iv, content, header.encode())
    return f"{header}..{b64(iv)}.{b64(sealed[:-16])}.{b64(sealed[-16:])}"


def test_a_decompression_bomb_is_refused():
    """CVE-2024-33664, CVE-2024-28102 and RFC 8725 Section 3.6."""
    bomb = zip_token(compressed(b"\0" * 50_000_000))
    refused = pair("dir")[1]
    assert "has to be allowed" in refusal(refused.decrypt, bomb)[1]
    allowed = pair("dir", decompress=True)[1]
    start = time.perf_counter()
    assert refusal(allowed.decrypt, bomb) == (
        DecodeError, "The decompressed content has more than 256000 bytes"
    )  # fmt: skip
    assert time.perf_counter() - start < 1
    just = zip_token(compressed(b"\0" * 256_000))
    assert len(allowed.decrypt(just)) == 256_000
    assert "DEFLATE" in refusal(allowed.decrypt, zip_token(b"not compressed"))[1]
    assert refusal(allowed.decrypt, zip_token(b"", zip="GZ"))[0] is DecodeError


def test_sizes_are_bounded():
    encrypting, decrypting = pair(max_token_size=2000, max_header_size=200)
    assert refusal(decrypting.decrypt, encrypting.encrypt("x" * 1600))[0] is DecodeError
    padded = with_header(encrypting.encrypt("x"), x5c="A" * 200)
    assert refusal(decrypting.decrypt, padded) == (
        DecodeError, "The JOSE header has more than 200 bytes"
    )  # fmt: skip
    flattened = encrypting.encrypt_flattened("x" * 1600)
    assert refusal(decrypting.decrypt_json, flattened)[0] is DecodeError
    _, decrypting = pair(max_recipients=2)
    jwe_of_three = jwe.encrypt_general([encrypting] * 3, "x")
    assert "more recipients" in refusal(decrypting.decrypt_json, jwe_of_three)[1]


@pytest.mark.parametrize("crit", [["exp"], ["b64"], [], "exp", None, [1], ["alg"]])
def test_no_critical_extension_is_ignored(crit):
    """RFC 7516 Section 4.1.13; b64 is an extension of JWS (RFC 7797)."""
    encrypting, decrypting = pair()
    token = encrypting.encrypt("x")
    header = header_of(token) | {"crit": crit, "exp": 1, "b64": True}
    token = ".".join([b64(header), *token.split(".")[1:]])
    kind, text = refusal(decrypting.decrypt, token)
    assert kind is InvalidTokenError
    assert "crit" in text


def test_crit_and_zip_outside_the_protected_header_are_refused():
    encrypting, decrypting = pair()
    for name, value in (("crit", ["exp"]), ("zip", "DEF")):
        token = encrypting.encrypt_flattened("x", unprotected={"note": 1})
        token["unprotected"] = {name: value}
        assert "protected header" in refusal(decrypting.decrypt_json, token)[1]


def test_alg_and_enc_are_the_callers_choice():
    """RFC 8725 Section 3.1."""
    encrypting, decrypting = pair()
    token = encrypting.encrypt("x")
    for name, values in {
        "alg": ["A192KW", "dir", "RSA1_5", "none", "HS256", "", 1, None, ["A128KW"]],
        "enc": ["A192GCM", "A128CBC-HS256", "none", "", 1, None],
    }.items():
        for value in values:
            kind, _ = refusal(decrypting.decrypt, with_header(token, **{name: value}))
            assert kind is InvalidAlgorithmError, (name, value)


def test_a_jws_is_not_a_jwe_and_a_jwe_is_not_a_jws():
    """RFC 8725bis: the two are never confused. CVE-2023-5868-like mixes, both ways."""
    secret = "0123456789abcdef"
    signed = rapidjwt.encode({"sub": "me"}, secret * 2, "HS256")
    decrypting = jwe.Decrypter((secret * 2).encode(), algorithms=["dir"], encryptions=["A256GCM"])
    kind, text = refusal(decrypting.decrypt, signed)
    assert kind is DecodeError
    assert "This is a JWS" in text
    encrypted = jwe.Encrypter((secret * 2).encode(), "dir", "A256GCM").encrypt('{"sub":"me"}')
    for decode in (
        Verifier(secret * 2, algorithms=["HS256"]).decode,
        lambda token: rapidjwt.decode(token, secret * 2, ["HS256"]),
    ):
        with pytest.raises(InvalidTokenError):
            decode(encrypted)
    # A header that says both, over parts of a JWS.
    for header in ({"alg": "HS256", "enc": "A256GCM"}, {"alg": "dir", "enc": "A256GCM"}):
        token = ".".join([b64(header), *signed.split(".")[1:]])
        assert refusal(decrypting.decrypt, token)[0] is DecodeError


def test_json_that_is_a_jws_or_both_is_refused():
    encrypting, decrypting = pair()
    token = encrypting.encrypt_flattened("x")
    for name, value in {"payload": "e30", "signature": "AA", "signatures": []}.items():
        both = refusal(decrypting.decrypt_json, token | {name: value})
        assert "members of a JWS" in both[1]
    jws = {"payload": "e30", "protected": "e30", "signature": "AA"}
    assert "This is a JWS" in refusal(decrypting.decrypt_json, jws)[1]


def test_an_rsa_public_key_is_not_a_shared_key():
    """CVE-2022-29217's counterpart: a key of one algorithm used with another."""
    public = Key.from_jwk(keys("RSA-OAEP", None, None)[0])
    pem = public.to_pem()
    for alg in ("dir", "A128KW", "PBES2-HS256+A128KW"):
        with pytest.raises(InvalidKeyError):
            jwe.Decrypter(pem, algorithms=[alg], encryptions=["A128GCM"])
        with pytest.raises(InvalidKeyError):
            jwe.Encrypter(pem, alg, "A128GCM")
    with pytest.raises(InvalidKeyError):
        jwe.Encrypter(json.dumps(public.to_jwk()), "PBES2-HS256+A128KW", "A128GCM")


def test_decrypted_is_not_verified():
    """Whoever has the public key can encrypt claims: nothing here calls them verified."""
    public, private = keys("RSA-OAEP-256", "A256GCM", None)
    forged = jwe.encrypt('{"admin":true}', public, "RSA-OAEP-256", "A256GCM")
    opened = jwe.decrypt(forged, private, ["RSA-OAEP-256"], ["A256GCM"])
    assert opened == b'{"admin":true}'
    verifier = Verifier("0123456789abcdef" * 2, algorithms=["HS256"])
    with pytest.raises(DecodeError):
        verifier.decode(opened)
    nested = jwe.encrypt(
        Signer("0123456789abcdef" * 2, "HS256").encode({"admin": False}),
        public, "RSA-OAEP-256", "A256GCM", {"cty": "JWT"},
    )  # fmt: skip
    opened = jwe.decrypt(nested, private, ["RSA-OAEP-256"], ["A256GCM"])
    assert verifier.decode(opened) == {"admin": False}


def test_recipients_cannot_disagree_or_repeat_header_parameters():
    """RFC 7516 Section 7.2.1."""
    encrypting, decrypting = pair()
    general = jwe.encrypt_general([encrypting, encrypting], "x")
    first, second = general["recipients"]

    def refused(change):
        kind, text = refusal(decrypting.decrypt_json, general | change)
        assert issubclass(kind, InvalidTokenError)
        return text

    def recipients(*each):
        return {"recipients": list(each)}

    with_enc = second | {"header": second["header"] | {"enc": "A128GCM"}}
    assert "two headers" in refused(recipients(first, with_enc))
    assert "two headers" in refused({"unprotected": {"alg": "A128KW"}})
    assert "single recipient" in refused(recipients(first, {"header": {"alg": "dir"}}))
    assert "general and flattened" in refused({"encrypted_key": first["encrypted_key"]})
    assert "general and flattened" in refused({"header": {}})
    assert "non-empty list" in refused(recipients())
    assert "non-empty list" in refused({"recipients": {}})
    assert "not a JSON object" in refused(recipients("x"))
    unprotected = {key: value for key, value in general.items() if key != "protected"}
    other_enc = second | {"header": second["header"] | {"enc": "A256GCM"}}
    own_enc = first | {"header": first["header"] | {"enc": "A128GCM"}}
    with pytest.raises(InvalidTokenError):
        decrypting.decrypt_json(unprotected | recipients(own_enc, other_enc))


def test_a_recipient_for_somebody_else_does_no_harm():
    encrypting, decrypting = pair()
    other = jwe.Encrypter(jwe.generate_key("A256KW"), "A256KW", "A128GCM")
    token = jwe.encrypt_general([other, encrypting], "x")
    assert decrypting.decrypt_json(token).plaintext == b"x"
    broken = token | {"recipients": [{"header": {"alg": "unknown"}}, *token["recipients"]]}
    assert decrypting.decrypt_json(broken).plaintext == b"x"
    only = token | {"recipients": token["recipients"][:1]}
    assert refusal(decrypting.decrypt_json, only)[0] is InvalidAlgorithmError


def test_a_direct_key_has_no_encrypted_key():
    """RFC 7516 Section 5.2 step 10."""
    for alg, curve in (("dir", None), ("ECDH-ES", "P-256")):
        encrypting, decrypting = pair(alg, "A128GCM", curve)
        token = with_segment(encrypting.encrypt("x"), 1, b"12345678")
        assert "must be empty" in refusal(decrypting.decrypt, token)[1]


def test_every_form_that_is_not_canonical_is_refused():
    encrypting, decrypting = pair()
    token = encrypting.encrypt("x")
    segments = token.split(".")
    for wrong in (
        "", ".", "....", "a.b.c.d.e", token + ".", "." + token, token + "A", token[:-1],
        token.replace(".", "..", 1), " " + token, token + "\n", ".".join(segments[:4]),
        b64([]) + "." + ".".join(segments[1:]), b64(b"{") + "." + ".".join(segments[1:]),
        b64(b"\xff") + "." + ".".join(segments[1:]), "é" + token, "*" + token[1:],
    ):  # fmt: skip
        with pytest.raises(InvalidTokenError):
            decrypting.decrypt(wrong)
    for wrong in ("", "[]", "{}", '{"ciphertext":1}', '{"ciphertext":""}', "null", "[" * 5000,
                  '{"ciphertext":"","iv":1}', '{"ciphertext":"","header":1}',
                  '{"ciphertext":"*"}', '{"ciphertext":"","protected":""}'):  # fmt: skip
        with pytest.raises(InvalidTokenError):
            decrypting.decrypt_json(wrong)


def test_no_error_holds_a_key_or_content():
    _, private = keys("RSA-OAEP", "A128GCM", None)
    _, decrypting = pair("RSA-OAEP", "A128GCM")
    token = pair("RSA-OAEP", "A128GCM")[0].encrypt("the content")
    for index in range(1, 5):
        text = refusal(decrypting.decrypt, with_segment(token, index, b"\0" * 16))[1]
        assert text == "Decryption failed"
    for holder in (decrypting, pair("dir")[0], decrypting.decrypt_complete(token)):
        assert private["d"] not in repr(holder)
        assert "content" not in repr(holder)
