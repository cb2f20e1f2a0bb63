"""Each error of the core about a token, a key or a call, on every path.

The texts of most errors are both in the core and in Python, where PyJWT's hooks need them. This
table causes every variant of the core's error through the module functions, through an instance and
through a subclass, and compares class and text with PyJWT. Variants that PyJWT does not have are
caused only by the prepared objects and keys.
"""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import TypedDict

import pytest
import rapidjwt
from differential.keys import HMAC_SECRET, private_pem, public_pem
from differential.paths import assert_same
from rapidjwt import HistoricalKeys, Key, KeySet, Signer, Verifier, jwe, jws_json, sd_jwt
from rapidjwt.profiles import Profile
from rapidjwt.remote import RemoteKey
from rapidjwt.rules import ABSENT, STRING

HS = ["HS256"]
LATE = 10**12
VARIANTS = re.findall(
    r"^    ([A-Z]\w+)\b",
    (Path(__file__).parents[2] / "src" / "error.rs")
    .read_text(encoding="utf-8")
    .partition("pub enum Error {")[2]
    .partition("\n}\n")[0],
    re.MULTILINE,
)


def part(value):
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def token(claims=None, header=None, *, payload=None, key=HMAC_SECRET):
    """Return a signed token with any header and any payload."""
    header = {"alg": "HS256", "typ": "JWT"} | (header or {})
    signing_input = f"{part(header)}.{part({} if claims is None else claims)}"
    if payload is not None:
        signing_input = f"{part(header)}.{payload}"
    signature = Key.from_secret(key).sign(signing_input.encode(), "HS256")
    return f"{signing_input}.{part(signature)}"


def claims(claims_, **arguments):
    return lambda api: api.decode(token(claims_), HMAC_SECRET, HS, **arguments)


def header(**members):
    return lambda api: api.decode(token({}, members), HMAC_SECRET, HS)


def read(text, key=HMAC_SECRET, algorithms=HS, **arguments):
    return lambda api: api.decode(text, key, algorithms, **arguments)


def encode(key, algorithm):
    return lambda api: api.encode({}, key, algorithm)


GOOD = token({})
STRICT = {"strict_aud": True}

#: Errors on all paths, which PyJWT has too.
SHARED = {
    "NotEnoughSegments": [read("a.b"), read("")],
    "InvalidBase64": [read("!.e30.x"), read(GOOD[:-1] + "!"), read(token(payload="!"))],
    "HeaderNotJson": [read(part(b"{") + ".e30.x")],
    "HeaderNotObject": [read(part([]) + ".e30.x")],
    "PayloadNotJson": [read(token(payload=part(b"{")))],
    "PayloadNotObject": [claims([1])],
    "KidNotString": [header(kid=1)],
    "CritNotList": [header(crit=[]), header(crit="b64")],
    "CritNotStrings": [header(crit=[1])],
    "CritUnsupported": [header(crit=["exp"], exp=1)],
    "CritMissing": [header(crit=["b64"])],
    "B64NotCritical": [header(b64=False)],
    "UnencodedPayloadInToken": [header(b64=False, crit=["b64"])],
    "DetachedPayloadRequired": [
        read(token({}, {"b64": False, "crit": ["b64"]}, payload="")),
    ],
    "DetachedPayloadUnexpected": [read(GOOD, detached_payload=b"x")],
    "AlgorithmMissing": [read(f"{part({'typ': 'JWT'})}.e30.x")],
    "AlgorithmNotAllowed": [read(GOOD, algorithms=["HS512"]), header(alg=7)],
    "AlgorithmUnknown": [
        lambda api: api.encode({}, HMAC_SECRET, "HS1"),
        read(token({}, {"alg": "HS1"}), algorithms=["HS1"]),
    ],
    "SignatureMismatch": [read(GOOD, key=HMAC_SECRET + "x")],
    "MissingClaim": [
        claims({}, options={"require": ["exp"]}),
        claims({}, issuer="me"),
        claims({}, audience="api"),
    ],
    "IssuedAtNotInteger": [claims({"iat": "now"})],
    "IssuedInFuture": [claims({"iat": LATE})],
    "NotBeforeNotInteger": [claims({"nbf": "now"})],
    "NotYetValid": [claims({"nbf": LATE})],
    "ExpirationNotInteger": [claims({"exp": "now"})],
    "Expired": [claims({"exp": 1})],
    "IssuerNotString": [claims({"iss": 7}, issuer="me")],
    "IssuerMismatch": [claims({"iss": "you"}, issuer="me"), claims({"iss": "you"}, issuer=["me"])],
    "AudienceUnexpected": [claims({"aud": "api"})],
    "AudienceFormat": [claims({"aud": 7}, audience="api"), claims({"aud": [7]}, audience="api")],
    "AudienceMismatch": [claims({"aud": "api"}, audience="web")],
    "StrictAudienceNotString": [claims({"aud": "api"}, audience=["api"], options=STRICT)],
    "StrictAudienceFormat": [claims({"aud": ["api"]}, audience="api", options=STRICT)],
    "StrictAudienceMismatch": [claims({"aud": "api"}, audience="web", options=STRICT)],
    "SubjectNotString": [claims({"sub": 7})],
    "SubjectMismatch": [claims({"sub": "alice"}, subject="bob")],
    "JwtIdNotString": [claims({"jti": 7})],
    "SecretEmpty": [encode("", "HS256"), read(GOOD, key="")],
    "SecretIsAsymmetricKey": [
        encode(public_pem("P-256"), "HS256"),
        read(GOOD, key=public_pem("RSA-2048")),
    ],
    "SecretIsJwk": [encode('{"kty": "oct", "k": "AAAA"}', "HS256")],
    "KeyTooShort": [
        read(token(key="short"), key="short", options={"enforce_minimum_key_length": True})
    ],
    "KeyForNone": [encode("key", "none")],
    "InvalidKey": [encode("not a key", "RS256"), encode(private_pem("P-384"), "ES256")],
}

JWKS = KeySet.from_jwks({"keys": [Key.generate("ES256").to_jwk() | {"kid": "a"}]})
EC = [Key.generate("ES256").to_jwk(private=True) | {"kid": kid} for kid in "ab"]
HS_VERIFIER = Verifier(HMAC_SECRET, algorithms=HS)
EC_VERIFIER = Verifier(KeySet.from_jwks({"keys": EC}), algorithms=["ES256"])


class Claims(TypedDict):
    a: str


def demanding(claims_, **arguments):
    return lambda: Verifier(HMAC_SECRET, algorithms=HS, **arguments).decode(token(claims_))


def typed(typ):
    profile = Profile("mine", typ=["a+jwt", "b+jwt"], typ_required=True)
    verifier = Verifier(HMAC_SECRET, algorithms=HS, profile=profile)
    return lambda: verifier.decode(rapidjwt.encode({}, HMAC_SECRET, headers={"typ": typ}))


def signed_by_ec(**headers):
    return Signer(Key.from_jwk(EC[0]), "ES256", headers=headers)


#: Errors of the prepared objects and keys only: PyJWT has nothing like them.
OURS_ALONE = {
    "TokenTooLarge": (
        lambda: Verifier(HMAC_SECRET, algorithms=HS, max_token_size=9).decode(GOOD),
        rapidjwt.DecodeError,
        "The token has more than 9 bytes",
    ),
    "PayloadTooDeep": (
        lambda: Verifier(HMAC_SECRET, algorithms=HS, max_nesting=1).decode(token({"a": []})),
        rapidjwt.DecodeError,
        "Invalid payload string: arrays and objects nested more than 1 deep",
    ),
    "NoMatchingKey": (
        lambda: EC_VERIFIER.decode(signed_by_ec(kid="c").encode({})),
        rapidjwt.InvalidTokenError,
        "No key matches the token's kid",
    ),
    "KeyNotValid": (
        lambda: Verifier(
            HistoricalKeys({"keys": [EC[0] | {"exp": 5}]}), algorithms=["ES256"]
        ).decode(signed_by_ec(kid="a").encode({})),
        rapidjwt.InvalidTokenError,
        "The key of the token has expired: its exp is 5",
    ),
    "KidRequired": (
        lambda: EC_VERIFIER.decode(
            rapidjwt.encode({}, Key.generate("ES256"), "ES256"),
        ),
        rapidjwt.InvalidTokenError,
        "The token has no kid, and several keys fit its alg",
    ),
    "NoUsableKey": (
        lambda: Verifier(JWKS, algorithms=["RS256"]),
        rapidjwt.PyJWKSetError,
        "The JWK Set has no key for the allowed algorithms",
    ),
    "TokenType": (
        lambda: HS_VERIFIER.decode(7),
        rapidjwt.DecodeError,
        "The token must be str or bytes, got int",
    ),
    "TokenMistake": (
        lambda: HS_VERIFIER.decode(f"Bearer {GOOD}"),
        rapidjwt.DecodeError,
        'The token starts with "Bearer ": pass the token alone',
    ),
    "AlgorithmRefused": (
        lambda: EC_VERIFIER.decode(GOOD),
        rapidjwt.InvalidAlgorithmError,
        "The token's alg HS256 is not allowed: this verifier accepts ES256",
    ),
    "AudienceNotConfigured": (
        lambda: HS_VERIFIER.decode(token({"aud": "api"})),
        rapidjwt.InvalidAudienceError,
        (
            "The token is for 'api' (aud), and the verifier was made without an audience: pass "
            "audience=..."
        ),
    ),
    "TypeMissing": (
        typed(None),
        rapidjwt.InvalidTokenError,
        "The token has no typ: a+jwt or b+jwt is needed",
    ),
    "TypeRefused": (
        typed("c+jwt"),
        rapidjwt.InvalidTokenError,
        "The token's typ is not accepted: a+jwt or b+jwt is needed",
    ),
    "ClaimRefused": (
        demanding({"a": 1}, rules={"a": STRING}),
        rapidjwt.InvalidTokenError,
        'The claim "a" is not accepted: it must be a string',
    ),
    "ClaimForbidden": (
        demanding({"a": None}, rules={"a": ABSENT}),
        rapidjwt.InvalidTokenError,
        'The token must not have the claim "a"',
    ),
    "TooOld": (
        demanding({"iat": 1}, max_age=60),
        rapidjwt.ExpiredSignatureError,
        'The time in the claim "iat" is too long ago',
    ),
    "LivesTooLong": (
        demanding({"iat": 1, "exp": LATE}, max_lifetime=60),
        rapidjwt.InvalidTokenError,
        "The token is valid for too long: exp is too far from iat",
    ),
    "ClaimsMisfit": (
        demanding({"a": 1}, claims=Claims),
        rapidjwt.InvalidTokenError,
        'The claim "a" does not fit Claims',
    ),
    "KeyDoesNotFit": (
        lambda: Key.from_pem(private_pem("P-256")).sign(b"", "HS256"),
        rapidjwt.InvalidKeyError,
        "HS256 needs a shared secret, this is an EC key on P-256: use ES256",
    ),
    "KeyForOtherAlgorithm": (
        lambda: Key.generate("ES256").sign(b"", "ES384"),
        rapidjwt.InvalidKeyError,
        "The key is for ES256 (its own alg), ES384 was asked for",
    ),
    "PasswordRequired": (
        lambda: Key.from_pem(Key.generate("ES256").to_pem(private=True, password="secret")),
        rapidjwt.PasswordRequiredError,
        "The private key is encrypted: pass its password, as in Key.from_pem(data, password=...)",
    ),
    "RemoteSignature": (
        lambda: RemoteKey(lambda _: None, algorithm="ES256", public=None).sign(b""),
        rapidjwt.exceptions.RemoteKeyError,
        "The key service must return the signature as bytes, got None",
    ),
    "RemoteService": (
        lambda: RemoteKey(lambda _: 1 / 0, algorithm="ES256", public=None).sign(b""),
        rapidjwt.exceptions.RemoteKeyError,
        "The key service failed: ZeroDivisionError (see __cause__)",
    ),
    "PrivateKeyRequired": (
        lambda: Key.generate("ES256").public().sign(b"", "ES256"),
        rapidjwt.InvalidKeyError,
        "Signing needs a private key, got a public key",
    ),
}

DIR = {"algorithms": ["dir"], "encryptions": ["A128GCM"]}
PBES2 = "PBES2-HS256+A128KW"
SHARED_KEY = b"0123456789abcdef"
ENCRYPTED = jwe.Encrypter(SHARED_KEY, "dir", "A128GCM").encrypt("x")


def decrypt(header, **options):
    """Decrypt a token with another header."""
    changed = part({"alg": "dir", "enc": "A128GCM"} | header)
    token = ".".join([changed, *ENCRYPTED.split(".")[1:]])
    return lambda: jwe.Decrypter(SHARED_KEY, **DIR, **options).decrypt(token)


#: Errors of encryption.
OURS_ALONE |= {
    "JwsNotJwe": (
        lambda: jwe.Decrypter(SHARED_KEY, **DIR).decrypt(GOOD),
        rapidjwt.DecodeError,
        (
            "This is a JWS, which is signed, not a JWE, which is encrypted: verify it without a "
            "decrypter"
        ),
    ),
    "InvalidJwe": (
        lambda: jwe.Decrypter(SHARED_KEY, **DIR).decrypt("a.b"),
        rapidjwt.DecodeError,
        "Invalid JWE: the compact serialization has five parts",
    ),
    "HeaderTooLarge": (
        decrypt({}, max_header_size=9),
        rapidjwt.DecodeError,
        "The JOSE header has more than 9 bytes",
    ),
    "EncryptionNotAllowed": (
        decrypt({"enc": "A256GCM"}),
        rapidjwt.InvalidAlgorithmError,
        "The specified enc value is not allowed",
    ),
    "IterationsNotAllowed": (
        lambda: jwe.Decrypter("password", algorithms=[PBES2], encryptions=["A128GCM"]).decrypt(
            part({"alg": PBES2, "enc": "A128GCM", "p2s": "A" * 12, "p2c": 1}) + "...."
        ),
        rapidjwt.DecodeError,
        "The PBES2 count (p2c) is not allowed: expected 1000 to 1200000, with all recipients",
    ),
    "CompressionNotAllowed": (
        decrypt({"zip": "DEF"}),
        rapidjwt.DecodeError,
        "The content is compressed (zip), which has to be allowed first",
    ),
    "DecryptionFailed": (
        decrypt({"changed": True}),
        rapidjwt.exceptions.DecryptionError,
        "Decryption failed",
    ),
}

#: Errors of selective disclosure.
OURS_ALONE |= {
    "InvalidSdJwt": (
        lambda: sd_jwt.SDJWT.parse("~"),
        rapidjwt.DecodeError,
        "Invalid SD-JWT: the issuer-signed JWT does not have three parts",
    ),
    "KeyBinding": (
        lambda: sd_jwt.SDJWTVerifier(Verifier(HMAC_SECRET, algorithms=HS)).verify(
            f"{GOOD}~", nonce="x", audience="x"
        ),
        rapidjwt.exceptions.TokenBindingError,
        ("The key binding JWT is not accepted: it is missing, and the verifier requires one"),
    ),
}

BOTH = jws_json.sign_general(
    [jws_json.JSONSigner(secret, "HS256") for secret in (HMAC_SECRET, HMAC_SECRET + "x")], "x"
)


def verify_json(jws):
    return lambda: jws_json.JSONVerifier(HMAC_SECRET, algorithms=HS).verify(jws)


#: Errors of the JSON serializations.
OURS_ALONE |= {
    "JweNotJws": (
        verify_json({"ciphertext": ""}),
        rapidjwt.DecodeError,
        "This is a JWE, which is encrypted, not a JWS, which is signed: decrypt it first",
    ),
    "InvalidJws": (
        verify_json("[]"),
        rapidjwt.DecodeError,
        "Invalid JWS: the JSON serialization is a JSON object",
    ),
    "NotEnoughSignatures": (
        verify_json(BOTH),
        rapidjwt.InvalidSignatureError,
        "Signature verification failed: 1 of 2 required signatures verify",
    ),
}

#: tests/python/jwe/test_attacks.py causes it: we do not compress.
OF_ANOTHER_TEST = {"CannotConceal", "ContentTooLarge", "NothingToDisclose"}

#: Only a build without the feature `aws-lc` causes it; cargo test covers that build.
OF_ANOTHER_BUILD = {"AlgorithmUnavailable"}

#: test_out_of_memory.py causes it.
OF_LITTLE_MEMORY = {"OutOfMemory"}


def test_every_variant_is_in_the_table():
    others = {*OF_ANOTHER_BUILD, *OF_ANOTHER_TEST, *OF_LITTLE_MEMORY}
    assert sorted(VARIANTS) == sorted({*SHARED, *OURS_ALONE, *others})


@pytest.mark.parametrize("variant", SHARED)
def test_a_variant_has_pyjwts_class_and_text_on_every_path(variant):
    for number, call in enumerate(SHARED[variant]):
        outcome = assert_same(call, f"{variant} {number}")
        assert "raised" in str(outcome) or "error" in str(outcome).lower(), outcome


@pytest.mark.parametrize("variant", OURS_ALONE)
def test_a_variant_of_ours_has_its_class_and_text(variant):
    call, error, message = OURS_ALONE[variant]
    with pytest.raises(error) as raised:
        call()
    assert type(raised.value) is error
    assert str(raised.value) == message
