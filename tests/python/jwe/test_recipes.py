"""The guide to encrypted tokens with cookies of Auth.js itself, and the guide to migrating."""

from __future__ import annotations

import json

import pytest
from rapidjwt import (
    DecodeError,
    ExpiredSignatureError,
    InvalidSignatureError,
    Key,
    KeySet,
    Signer,
    Verifier,
    jwe,
)
from rapidjwt.jws_json import JSONSigner
from test_docs import ROOT, program, run_page

PAGE = ROOT / "docs" / "guides" / "encrypted-tokens.md"
COOKIES = json.loads((ROOT / "tests" / "vectors" / "authjs.json").read_text("utf-8"))
CLAIMS = {"iss": "https://issuer.example", "aud": "api", "sub": "me"}


@pytest.mark.parametrize("at", range(len(COOKIES)))
def test_the_guide_reads_the_cookies_of_auth_js(at, tmp_path):
    cookie = COOKIES[at]
    make = "NextAuth4Sessions(SECRET)" if at else "AuthJSSessions(SECRET, COOKIE)"
    appended = f"""
SECRET, COOKIE, TOKEN = {cookie["secret"]!r}, {cookie["salt"]!r}, {cookie["token"]!r}
found = {make}.read(TOKEN)
assert found == {cookie["payload"]!r}, found
for wrong in (TOKEN[:-4] + "AAAA", "x", "", TOKEN.replace("..", ".A.", 1)):
    assert {make}.read(wrong) is None
assert {make}.read({make}.write({{}}, -1)) is None
print("done")
"""
    assert run_page(PAGE, tmp_path, appended).endswith("done\n")


def test_the_guides_key_derivation_is_hkdf():
    hkdf = pytest.importorskip("cryptography.hazmat.primitives.kdf.hkdf").HKDF
    from cryptography.hazmat.primitives.hashes import SHA256

    names: dict = {}
    exec(program(PAGE.read_text("utf-8")).partition("class AuthJSSessions")[0], names)
    for salt in (b"", b"salt"):
        expected = hkdf(SHA256(), 100, salt, b"info").derive(b"secret")
        assert names["hkdf_sha256"](b"secret", salt, b"info", 100) == expected


def test_what_jwcrypto_signs_and_encrypts_is_read_as_the_table_says():
    jwk = pytest.importorskip("jwcrypto.jwk")
    from jwcrypto import jwe as their_jwe
    from jwcrypto import jws, jwt

    theirs = jwk.JWK.generate(kty="EC", crv="P-256")
    key = Key.from_jwk(theirs.export())
    assert key.to_jwk(private=True) == theirs.export(as_dict=True)
    assert key.to_jwk() == theirs.export_public(as_dict=True)
    assert key.thumbprint() == theirs.thumbprint()
    pem = theirs.export_to_pem(private_key=True, password=b"password")
    assert Key.from_pem(pem, b"password") == Key.from_pem(theirs.export_to_pem()) == key
    assert jwk.JWK.from_pem(key.to_pem(private=True).encode()).thumbprint() == key.thumbprint()
    assert len(KeySet.from_jwks(json.dumps({"keys": [theirs.export_public(as_dict=True)]}))) == 1

    token = jwt.JWT(header={"alg": "ES256"}, claims=CLAIMS)
    token.make_signed_token(theirs)
    signed = token.serialize()
    verifier = Verifier(key, algorithms=["ES256"], issuer=CLAIMS["iss"], audience="api")
    assert verifier.decode(signed) == CLAIMS
    read = jwt.JWT(jwt=Signer(key, "ES256").encode(CLAIMS), key=theirs, algs=["ES256"])
    assert json.loads(read.claims) == CLAIMS
    parsed = jws.JWS()
    parsed.deserialize(json.dumps(JSONSigner(key, "ES256").sign_flattened("payload")), theirs)
    assert parsed.payload == b"payload"

    recipient = jwk.JWK.generate(kty="OKP", crv="X25519")
    mine = Key.from_jwk(recipient.export())
    protected = {"alg": "ECDH-ES", "enc": "A256GCM", "cty": "JWT"}
    outer = their_jwe.JWE(signed, json.dumps(protected), recipient=recipient)
    nested = outer.serialize(compact=True)
    decrypter = jwe.Decrypter(mine, algorithms=["ECDH-ES"], encryptions=["A256GCM"])
    assert decrypter.decrypt(nested) == signed.encode()
    opening = Verifier(
        key, algorithms=["ES256"], issuer=CLAIMS["iss"], audience="api", decrypter=decrypter
    )
    assert opening.decode(nested) == CLAIMS
    back = their_jwe.JWE(algs=["ECDH-ES", "A256GCM"])
    back.deserialize(jwe.Encrypter(mine, "ECDH-ES", "A256GCM").encrypt("x"), recipient)
    assert back.payload == b"x"


def test_what_joserfc_signs_and_encrypts_is_read_as_the_table_says():
    pytest.importorskip("joserfc")
    from joserfc import jwe as their_jwe
    from joserfc import jwt
    from joserfc.jwk import ECKey, OctKey

    theirs = ECKey.import_key(Key.generate("ES256").to_pem(private=True))
    key = Key.from_pem(theirs.as_pem(private=True))
    assert key.to_jwk() == Key.from_jwk(theirs.as_dict(private=False)).to_jwk()
    assert key.thumbprint() == theirs.thumbprint()
    token = jwt.encode({"alg": "ES256"}, CLAIMS, theirs)
    verifier = Verifier(key.public(), algorithms=["ES256"], issuer=CLAIMS["iss"], audience="api")
    assert verifier.decode(token) == CLAIMS
    assert jwt.decode(Signer(key, "ES256").encode(CLAIMS), theirs, ["ES256"]).claims == CLAIMS
    secret = OctKey.import_key(jwe.generate_key("dir", encryption="A256GCM"))
    text = their_jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM"}, "x", secret)
    shared = secret.as_dict(private=True)
    assert jwe.Decrypter(shared, algorithms=["dir"], encryptions=["A256GCM"]).decrypt(text) == b"x"
    with pytest.raises(InvalidSignatureError):
        verifier.decode(token[:-4] + "AAAA")
    with pytest.raises(ExpiredSignatureError):
        verifier.decode(jwt.encode({"alg": "ES256"}, CLAIMS | {"exp": 1}, theirs))
    with pytest.raises(DecodeError):
        verifier.decode(text)
