"""Tokens to and from joserfc and jwcrypto, for every pair of algorithms."""

from __future__ import annotations

import base64
import json

import pytest
from rapidjwt import jwe

from .pairs import IDS, P2C, PAIRS, decrypter, encrypter, keys

joserfc_jwe = pytest.importorskip("joserfc.jwe")
joserfc_jwk = pytest.importorskip("joserfc.jwk")
jwcrypto_jwe = pytest.importorskip("jwcrypto.jwe")
jwcrypto_jwk = pytest.importorskip("jwcrypto.jwk")

CONTENT = '{"sub":"user-42","name":"Zoë"}'.encode()

#: Neither library has these two; jose of JavaScript does.
LACKING = ("RSA-OAEP-384", "RSA-OAEP-512")
every_pair = pytest.mark.parametrize(
    ("alg", "enc", "curve"),
    [
        pytest.param(*pair, id=name)
        for pair, name in zip(PAIRS, IDS, strict=True)
        if pair[0] not in LACKING
    ],
)


def joserfc_key(key):
    if isinstance(key, str):
        return joserfc_jwk.OctKey.import_key(key)
    return joserfc_jwk.import_key({k: v for k, v in key.items() if k != "alg"})


def jwcrypto_key(key):
    if isinstance(key, str):
        return jwcrypto_jwk.JWK.from_password(key)
    return jwcrypto_jwk.JWK(**{k: v for k, v in key.items() if k != "alg"})


def protected(alg, enc):
    header = {"alg": alg, "enc": enc}
    return header | ({"p2c": P2C} if alg.startswith("PBES2") else {})


@every_pair
@pytest.mark.filterwarnings("ignore")
def test_joserfc_decrypts_ours_and_we_decrypt_its(alg, enc, curve):
    public, private = keys(alg, enc, curve)
    ours = encrypter(public, alg, enc).encrypt(CONTENT)
    read = joserfc_jwe.decrypt_compact(ours, joserfc_key(private), algorithms=[alg, enc])
    assert read.plaintext == CONTENT
    theirs = joserfc_jwe.encrypt_compact(
        protected(alg, enc), CONTENT, joserfc_key(public), algorithms=[alg, enc]
    )
    assert decrypter(private, alg, enc).decrypt(theirs) == CONTENT


@every_pair
@pytest.mark.filterwarnings("ignore")
def test_jwcrypto_decrypts_ours_and_we_decrypt_its(alg, enc, curve):
    public, private = keys(alg, enc, curve)
    ours = encrypter(public, alg, enc).encrypt(CONTENT)
    read = jwcrypto_jwe.JWE(algs=[alg, enc])
    read.deserialize(ours, key=jwcrypto_key(private))
    assert read.payload == CONTENT
    theirs = jwcrypto_jwe.JWE(CONTENT, json.dumps(protected(alg, enc)), algs=[alg, enc])
    theirs.add_recipient(jwcrypto_key(public))
    assert decrypter(private, alg, enc).decrypt(theirs.serialize(compact=True)) == CONTENT


#: One of each family.
FAMILIES = [
    ("A128KW", "A128CBC-HS256", None),
    ("A256GCMKW", "A256GCM", None),
    ("RSA-OAEP-256", "A192CBC-HS384", None),
    ("ECDH-ES+A128KW", "A192GCM", "P-521"),
    ("ECDH-ES", "A256CBC-HS512", "X25519"),
    ("dir", "A128GCM", None),
]


@pytest.mark.parametrize(("alg", "enc", "curve"), FAMILIES)
def test_flattened_json_with_aad_goes_both_ways(alg, enc, curve):
    public, private = keys(alg, enc, curve)
    ours = encrypter(public, alg, enc).encrypt_flattened(
        CONTENT, unprotected={"note": "n"}, aad="context"
    )
    read = jwcrypto_jwe.JWE(algs=[alg, enc])
    read.allowed_algs = [alg, enc]
    read.deserialize(json.dumps(ours), key=jwcrypto_key(private))
    assert read.payload == CONTENT
    theirs = jwcrypto_jwe.JWE(
        CONTENT,
        json.dumps({"enc": enc}),
        unprotected=json.dumps({"alg": alg}),
        aad=b"context",
        algs=[alg, enc],
    )
    theirs.add_recipient(jwcrypto_key(public))
    decrypted = decrypter(private, alg, enc).decrypt_json(theirs.serialize())
    assert decrypted.plaintext == CONTENT
    assert decrypted.aad == b"context"
    assert decrypted.protected_header == {"enc": enc}


def test_joserfc_reads_our_general_json_and_we_read_its():
    enc = "A128CBC-HS256"
    algs = [("RSA-OAEP-256", None), ("A128KW", None), ("ECDH-ES+A256KW", "X25519")]
    pairs = [keys(alg, enc, curve) for alg, curve in algs]
    ours = jwe.encrypt_general(
        [
            encrypter(public, alg, enc, headers={"kid": alg})
            for (alg, _), (public, _) in zip(algs, pairs, strict=True)
        ],
        CONTENT,
        aad="context",
        unprotected={"cty": "json"},
    )
    names = [*(alg for alg, _ in algs), enc]
    theirs = joserfc_jwe.GeneralJSONEncryption({"enc": enc}, CONTENT, aad=b"context")
    for (alg, _), (public, private) in zip(algs, pairs, strict=True):
        # joserfc asks for a key for every recipient.
        one = ours | {"recipients": [r for r in ours["recipients"] if r["header"]["alg"] == alg]}
        read = joserfc_jwe.decrypt_json(one, joserfc_key(private), algorithms=names)
        assert read.plaintext == CONTENT
        mine = decrypter({**private, "kid": alg}, alg, enc)
        assert mine.decrypt_json(ours).header["kid"] == alg
        theirs.add_recipient({"alg": alg}, joserfc_key(public))
    encrypted = joserfc_jwe.encrypt_json(theirs, None, algorithms=names)
    for (alg, _), (_, private) in zip(algs, pairs, strict=True):
        decrypted = decrypter(private, alg, enc).decrypt_json(encrypted)
        assert decrypted.plaintext == CONTENT
        assert decrypted.aad == b"context"


def test_compressed_content_of_joserfc_is_read_if_allowed():
    public, private = keys("A128KW", "A128GCM", None)
    header = {"alg": "A128KW", "enc": "A128GCM", "zip": "DEF"}
    token = joserfc_jwe.encrypt_compact(header, CONTENT, joserfc_key(public))
    assert decrypter(private, "A128KW", "A128GCM", decompress=True).decrypt(token) == CONTENT


def test_empty_aad_is_left_out():
    """RFC 7516 Section 7.2.1."""
    public, private = keys("A128KW", "A128GCM", None)
    ours = encrypter(public, "A128KW", "A128GCM").encrypt_flattened("x", aad="")
    assert "aad" not in ours
    assert decrypter(private, "A128KW", "A128GCM").decrypt_json(ours).aad is None


def test_party_information_is_part_of_the_agreement():
    """Both libraries derive the same key from apu and apv."""
    public, private = keys("ECDH-ES", "A128GCM", "P-256")
    apu, apv = (base64.urlsafe_b64encode(name).rstrip(b"=").decode() for name in (b"Alice", b"Bob"))
    token = encrypter(public, "ECDH-ES", "A128GCM", headers={"apu": apu, "apv": apv}).encrypt("x")
    read = joserfc_jwe.decrypt_compact(token, joserfc_key(private))
    assert read.plaintext == b"x"
    assert read.headers()["apu"] == apu


def test_the_password_is_text_in_utf_8():
    password, alg = "a long enough pässword", "PBES2-HS256+A128KW"
    token = jwe.Encrypter(password, alg, "A128GCM", p2c=P2C).encrypt("x")
    key = joserfc_jwk.OctKey.import_key(password)
    assert joserfc_jwe.decrypt_compact(token, key, algorithms=[alg, "A128GCM"]).plaintext == b"x"
