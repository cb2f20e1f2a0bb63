"""Attacks on selective disclosure and key binding (RFC 9901 Section 9).

Those on the structure are in `tests/rust/sd_jwt.rs` too; here they pass through every layer.
"""

from __future__ import annotations

import hashlib
import json
import time

import pytest
import rapidjwt
from rapidjwt import (
    DecodeError,
    InvalidAlgorithmError,
    InvalidSignatureError,
    InvalidTokenError,
    Key,
    Signer,
    Verifier,
    jwe,
)
from rapidjwt.exceptions import TokenBindingError
from rapidjwt.sd_jwt import SDJWT, SDJWTVerifier, issue, present
from rapidjwt.utils import base64url_encode

SECRET = "a secret of at least thirty-two bytes, from a vault"
SIGNER = Signer(SECRET, "HS256")
VERIFIER = Verifier(SECRET, algorithms=["HS256"])
HOLDER, ATTACKER = Key.generate("ES256"), Key.generate("ES256")
FOR = {"nonce": "n-123", "audience": "https://verifier.example"}
BEARER = SDJWTVerifier(VERIFIER, key_binding="refused")
BOUND = SDJWTVerifier(VERIFIER)


def disclosure(*elements):
    return base64url_encode(json.dumps(elements).encode()).decode()


def digest(text):
    return base64url_encode(hashlib.sha256(text.encode()).digest()).decode()


A, B, ELEMENT = disclosure("s", "a", 1), disclosure("s", "b", 2), disclosure("s", 3)
NESTED = disclosure("s", "c", {"_sd": [digest(A)]})


def signed(payload, *disclosures):
    return "~".join([SIGNER.encode(payload), *disclosures, ""])


TRICKS = {
    "a disclosure twice": (signed({"_sd": [digest(A)]}, A, A), "a disclosure occurs twice"),
    "an unreferenced one": (signed({"_sd": [digest(A)]}, B), "has no digest"),
    "a nested one alone": (signed({"_sd": [digest(NESTED)]}, A), "has no digest"),
    "a changed salt": (signed({"_sd": [digest(A)]}, disclosure("t", "a", 1)), "has no digest"),
    "a changed value": (signed({"_sd": [digest(A)]}, disclosure("s", "a", 2)), "has no digest"),
    "a padded one": (signed({"_sd": [digest(A)]}, A + "="), "base64url|has no digest"),
    "a digest twice": (signed({"_sd": [digest(A), digest(A)]}, A), "a digest occurs twice"),
    "a digest at two places": (
        signed({"_sd": [digest(NESTED), digest(A)]}, NESTED, A),
        "a digest occurs twice",
    ),
    "a claim overwritten": (signed({"_sd": [digest(A)], "a": 0}, A), "there already"),
    "an element as a claim": (signed({"_sd": [digest(ELEMENT)]}, ELEMENT), "array element"),
    "a claim as an element": (signed({"x": [{"...": digest(A)}]}, A), "array element"),
    "the name _sd": (signed({}, disclosure("s", "_sd", [])), "reserved"),
    "the name ...": (signed({}, disclosure("s", "...", 1)), "reserved"),
    "the name _sd_alg": (signed({}, disclosure("s", "_sd_alg", "sha-256")), "reserved"),
    "_sd left": (signed({"x": {"_sd": "x"}}), "_sd is not a list of strings"),
    "... left": (signed({"x": {"...": "x"}}), "has no meaning"),
    "... with others": (signed({"x": [{"...": "x", "y": 1}]}), "is not alone"),
    "an unknown _sd_alg": (signed({"_sd_alg": "md5"}), "_sd_alg is not"),
    "_sd_alg in an object": (signed({"x": {"_sd_alg": "sha-256"}}), "has no meaning"),
    "four elements": (signed({}, disclosure("s", "a", 1, 2)), "two or three elements"),
    "a salt that is a number": (signed({}, disclosure(1, "a", 1)), "is not a string"),
    "a name that is a number": (signed({}, disclosure("s", 1, 1)), "is not a string"),
    "a name twice": (signed({"_sd": [digest(A)]}, A).replace("~", "~~", 1), "two or three"),
    "no tilde": (SIGNER.encode({}), "ends with"),
    "nothing": ("", "ends with"),
    "a tilde": ("~", "three parts"),
    "a key binding that is not a JWT": (signed({}) + "abc", "three parts"),
    "a key binding with other characters": (signed({}) + "a.b.+", "three parts"),
}


@pytest.mark.parametrize("trick", TRICKS)
def test_a_trick_with_disclosures_is_refused(trick):
    token, message = TRICKS[trick]
    for form in (token, token.encode()):
        with pytest.raises(DecodeError, match=f"^Invalid SD-JWT: .*({message})"):
            BEARER.verify(form)


@pytest.mark.parametrize(
    "form",
    [
        {"payload": "e30"},
        {"payload": "e30", "protected": "e30", "signature": "AA", "signatures": []},
        {"payload": "e30", "signatures": []},
        {"payload": "e30~x", "protected": "e30", "signature": "AA"},
        {"payload": "e30", "protected": "e30", "signature": "AA", "header": {"kb_jwt": 1}},
        {"payload": "e30", "protected": "e30", "signature": "AA", "header": {"disclosures": "x"}},
    ],
)
def test_a_json_serialization_that_is_malformed_is_refused(form):
    for text in (form, json.dumps(form)):
        with pytest.raises(DecodeError, match=r"^Invalid SD-JWT: "):
            BEARER.verify(text)


def test_nesting_and_numbers_are_bounded():
    deep = "1"
    for _ in range(20_000):
        deep = f"[{deep}]"
    text = base64url_encode(f'["s","a",{deep}]'.encode()).decode()
    started = time.monotonic()
    with pytest.raises(DecodeError, match="Invalid SD-JWT"):
        BEARER.verify(signed({"_sd": [digest(text)]}, text))
    with pytest.raises(DecodeError, match="more disclosures than are allowed"):
        BEARER.verify(signed({}, *[A] * 10_000))
    # Each disclosure is one deeper than the one around it.
    chain, inside = [], A
    for number in range(40):
        chain.append(inside)
        inside = disclosure("s", f"x{number}", {"_sd": [digest(inside)]})
    with pytest.raises(DecodeError, match="32"):
        BEARER.verify(signed({"_sd": [digest(inside)]}, inside, *chain))
    with pytest.raises(DecodeError, match="bytes"):
        SDJWTVerifier(VERIFIER, key_binding="refused", max_token_size=100).verify(signed({}, A, B))
    small = SDJWTVerifier(VERIFIER, key_binding="refused", max_token_size=200, max_disclosures=1)
    with pytest.raises(DecodeError, match="disclosures"):
        small.verify(signed({}, A, B))
    large = SDJWT.parse(signed({"x": "x" * 200})).to_flattened()
    with pytest.raises(DecodeError, match="200 bytes"):
        small.verify(large)
    assert time.monotonic() - started < 10


def test_the_size_limit_of_the_verifier_itself_holds_too():
    local = Verifier(SECRET, algorithms=["HS256"], max_token_size=100)
    with pytest.raises(DecodeError, match="100 bytes"):
        SDJWTVerifier(local, key_binding="refused").verify(signed({"_sd": [digest(A)]}, A))


def test_only_the_signature_of_the_issuer_counts():
    genuine = signed({"_sd": [digest(A)]}, A)
    header, payload, signature = genuine.split("~")[0].split(".")
    none = base64url_encode(b'{"alg":"none"}').decode()
    with pytest.raises(InvalidAlgorithmError):
        BEARER.verify(f"{none}.{payload}.~{A}~")
    with pytest.raises(InvalidSignatureError):
        BEARER.verify(f"{header}.{payload}.{signature[:-4]}AAAA~{A}~")
    with pytest.raises(InvalidSignatureError):
        SDJWTVerifier(Verifier(SECRET + "x", algorithms=["HS256"]), key_binding="refused").verify(
            genuine
        )


def test_an_sd_jwt_is_not_a_token():
    bound = present(issue({}, SIGNER, [], holder_key=HOLDER), [], key=HOLDER, **FOR)
    for token in (signed({"_sd": [digest(A)]}, A), signed({}), bound):
        with pytest.raises(DecodeError, match=r"SD-JWT.*rapidjwt\.sd_jwt"):
            VERIFIER.decode(token)
        with pytest.raises(DecodeError, match=r"SD-JWT.*rapidjwt\.sd_jwt"):
            VERIFIER.decode_complete(token)
        with pytest.raises(DecodeError):  # with PyJWT's text
            rapidjwt.decode(token, SECRET, ["HS256"])
        [error] = VERIFIER.decode_many([token])
        assert "rapidjwt.sd_jwt" in str(error)


def test_a_jwe_is_not_an_sd_jwt_and_the_reverse():
    encrypter = jwe.Encrypter(b"k" * 32, "dir", "A256GCM")
    token = encrypter.encrypt(signed({}))
    for form in (token, f"{token}~", f"{SIGNER.encode({})}~{token}"):
        with pytest.raises(InvalidTokenError):
            BEARER.verify(form)
    decrypter = jwe.Decrypter(b"k" * 32, algorithms=["dir"], encryptions=["A256GCM"])
    with pytest.raises(DecodeError):
        decrypter.decrypt(signed({}))
    flattened = encrypter.encrypt_flattened(signed({}))
    with pytest.raises(DecodeError, match="Invalid SD-JWT"):
        BEARER.verify(flattened)


# --- key binding ---

ISSUED = issue({"a": 1, "b": 2}, SIGNER, ["a", "b"], holder_key=HOLDER)


def bind(key=HOLDER, headers=None, sd_jwt=ISSUED, algorithm=None, **claims):
    selected = SDJWT.parse(sd_jwt)
    all_claims = {"nonce": FOR["nonce"], "aud": FOR["audience"], "iat": int(time.time()),
                  "sd_hash": selected.sd_hash()}  # fmt: skip
    claims = {name: one for name, one in (all_claims | claims).items() if one is not None}
    headers = {"typ": "kb+jwt"} | (headers or {})
    jwt = rapidjwt.encode(claims, key, algorithm or "ES256", headers)
    return str(selected.with_key_binding(jwt))


OLD = int(time.time()) - 10_000
BINDINGS = {
    "for another nonce": (bind(nonce="n-124"), "another nonce"),
    "without a nonce": (bind(nonce=None), "another nonce"),
    "for another verifier": (bind(aud="https://other.example"), "another verifier"),
    "for several verifiers": (bind(aud=[FOR["audience"]]), "wrong type"),
    "without an audience": (bind(aud=None), "no time .* or no audience"),
    "for another SD-JWT": (bind(sd_hash=SDJWT.parse(signed({})).sd_hash()), "sd_hash"),
    "without a hash": (bind(sd_hash=None), "sd_hash"),
    "too old": (bind(iat=OLD), "too old"),
    "from the future": (bind(iat=OLD + 20_000), "not yet valid"),
    "without a time": (bind(iat=None), "no time"),
    "that has expired": (bind(exp=OLD), "expired"),
    "of another type": (bind(headers={"typ": "JWT"}), "typ"),
    "by another key": (bind(ATTACKER), "signature"),
    "by the key in its header": (
        bind(ATTACKER, {"jwk": ATTACKER.public().to_jwk()}),
        "signature",
    ),
    "with a MAC": (bind(Key.from_secret(b"k" * 32), algorithm="HS256"), "alg is not allowed"),
    "with extensions": (bind(headers={"crit": ["x"], "x": 1}), "malformed"),
    "that is garbage": (f"{ISSUED}a.b.c", "malformed"),
    "that is stripped": (ISSUED, "missing"),
}


@pytest.mark.parametrize("binding", BINDINGS)
def test_a_key_binding_is_refused(binding):
    token, message = BINDINGS[binding]
    with pytest.raises(TokenBindingError, match=message) as caught:
        BOUND.verify(token, **FOR)
    assert caught.value.code == "wrong_binding"
    if binding != "that is stripped":
        with pytest.raises(TokenBindingError, match=message):
            SDJWTVerifier(VERIFIER, key_binding="optional").verify(token, **FOR)
        with pytest.raises(TokenBindingError, match="does not take one"):
            BEARER.verify(token)


def test_none_is_not_a_signature_of_the_holder():
    none = base64url_encode(b'{"alg":"none","typ":"kb+jwt"}').decode()
    for signature in ("", "AA"):
        token = f"{ISSUED}{none}.{bind().split('~')[-1].split('.')[1]}.{signature}"
        with pytest.raises(TokenBindingError, match="alg is not allowed"):
            BOUND.verify(token, **FOR)


def test_a_presentation_cannot_be_reduced_or_extended():
    both = bind(sd_jwt=present(ISSUED, ["a", "b"]))
    issuer_jwt, *disclosures, key_binding = both.split("~")
    assert BOUND.verify(both, **FOR).claims["b"] == 2
    for kept in ([], disclosures[:1], disclosures[::-1]):
        with pytest.raises(TokenBindingError, match="sd_hash"):
            BOUND.verify("~".join([issuer_jwt, *kept, key_binding]), **FOR)


def test_the_algorithms_of_the_key_binding_are_the_verifiers_choice():
    verifier = SDJWTVerifier(VERIFIER, key_binding_algorithms=["EdDSA"])
    with pytest.raises(TokenBindingError, match="alg is not allowed"):
        verifier.verify(bind(), **FOR)


def test_key_binding_is_optional_if_the_verifier_says_so():
    verifier = SDJWTVerifier(VERIFIER, key_binding="optional")
    assert verifier.verify(ISSUED, **FOR).key_binding is None
    assert verifier.verify(bind(), **FOR).key_binding["aud"] == FOR["audience"]


@pytest.mark.parametrize("cnf", [None, {}, {"jkt": "x"}, {"jwk": HOLDER.to_jwk(private=True)}, "x"])
def test_a_token_that_names_no_public_key_cannot_be_bound(cnf):
    issued = issue({} if cnf is None else {"cnf": cnf}, SIGNER, [])
    with pytest.raises(TokenBindingError, match=r"cnf\.jwk"):
        BOUND.verify(bind(sd_jwt=issued), **FOR)


def test_clocks_may_differ_by_the_leeway():
    ahead = bind(iat=int(time.time()) + 30)
    with pytest.raises(TokenBindingError, match="not yet valid"):
        BOUND.verify(ahead, **FOR)
    local = Verifier(SECRET, algorithms=["HS256"], leeway=60)
    assert SDJWTVerifier(local).verify(ahead, **FOR)
    late = bind(iat=int(time.time()) - 320)
    assert SDJWTVerifier(local).verify(late, **FOR)
    with pytest.raises(TokenBindingError, match="too old"):
        SDJWTVerifier(local, max_age=100).verify(late, **FOR)


def test_no_message_shows_a_claim_or_a_token():
    for token, _ in [*TRICKS.values(), *BINDINGS.values()]:
        verifier, arguments = (BOUND, FOR)
        with pytest.raises(InvalidTokenError) as caught:
            verifier.verify(token, **arguments)
        text = str(caught.value)
        assert not any(part in text for part in token.split("~") if len(part) > 8)
