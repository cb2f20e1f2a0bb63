"""Tokens that are signed and then encrypted, opened by `Verifier(decrypter=...)`."""

from __future__ import annotations

import asyncio

import pytest
from rapidjwt import (
    DecodeError,
    ExpiredSignatureError,
    InvalidAlgorithmError,
    InvalidSignatureError,
    Key,
    KeySet,
    MultiIssuerVerifier,
    Signer,
    Verifier,
    jwe,
)
from rapidjwt.exceptions import InvalidSubjectError
from rapidjwt.jwe import DecryptionError

ISSUER = "https://issuer.example"
SENDER = Key.generate("ES256", kid="1")
SIGNED = Signer(SENDER, issuer=ISSUER).encode({"sub": "me"})
SHARED = jwe.generate_key("dir", encryption="A128GCM")
NESTED = jwe.encrypt(SIGNED, SHARED, "dir", "A128GCM", {"cty": "JWT"})
DECRYPTER = jwe.Decrypter(SHARED, algorithms=["dir"], encryptions=["A128GCM"])
VERIFIER = Verifier(SENDER.public(), issuer=ISSUER, decrypter=DECRYPTER)


def nested(content, **headers):
    return jwe.encrypt(content, SHARED, "dir", "A128GCM", {"cty": "JWT"} | headers)


def test_a_nested_token_is_opened_in_one_call():
    claims = {"sub": "me", "iss": ISSUER}
    complete = VERIFIER.decode_complete(NESTED)
    assert VERIFIER.decode(NESTED) == VERIFIER.decode(NESTED.encode()) == claims
    assert complete["payload"] == claims
    assert complete["header"] == {"alg": "ES256", "kid": "1", "typ": "JWT"}
    assert asyncio.run(VERIFIER.decode_async(NESTED)) == claims
    assert asyncio.run(VERIFIER.decode_complete_async(NESTED)) == complete


@pytest.mark.parametrize(
    ("token", "error", "text"),
    [
        (SIGNED, DecodeError, "not a JWE, which is encrypted: verify it without a decrypter"),
        (jwe.encrypt(SIGNED, SHARED, "dir", "A128GCM"), DecodeError, 'cty is not "JWT"'),
        (nested(SIGNED, cty="text/plain"), DecodeError, 'cty is not "JWT"'),
        (nested(NESTED), DecodeError, "This is an encrypted token"),
        (nested('{"sub": "me"}'), DecodeError, "Not enough segments"),
        (nested(Signer(Key.generate("ES256")).encode({})), InvalidSignatureError, "failed"),
        (nested(Signer("s" * 32, "HS256").encode({})), InvalidAlgorithmError, "accepts ES256"),
        (
            nested(Signer(SENDER).encode({"exp": 1, "iss": ISSUER})),
            ExpiredSignatureError,
            "expired",
        ),
        (NESTED[:-4] + "AAAA", DecryptionError, "Decryption failed"),
        (nested(SIGNED).replace("..", ".AA.", 1), DecodeError, "must be empty"),
        ("", DecodeError, "five parts"),
        (1, DecodeError, "must be str or bytes, got int"),
    ],
)
def test_what_is_not_signed_and_encrypted_is_refused(token, error, text):
    with pytest.raises(error, match=text):
        VERIFIER.decode(token)
    with pytest.raises(error, match=text):
        VERIFIER.decode_complete(token)
    (result,) = VERIFIER.decode_many([token])
    assert isinstance(result, error)
    assert text in str(result)


def test_a_verifier_without_a_decrypter_refuses_an_encrypted_token_as_such():
    text = "encrypted token .*: pass a decrypter to Verifier"
    with pytest.raises(DecodeError, match=text):
        Verifier(SENDER.public(), issuer=ISSUER).decode(NESTED)


def test_many_tokens_keep_their_order():
    wrong = NESTED[:-4] + "AAAA"
    tokens = [NESTED, wrong, SIGNED, NESTED, None]

    def kinds(results):
        return [type(result).__name__ for result in results]

    async def collect():
        return [result async for result in VERIFIER.decode_many_async(tokens)]

    expected = ["dict", "DecryptionError", "DecodeError", "dict", "DecodeError"]
    assert kinds(VERIFIER.decode_many(tokens)) == expected
    assert kinds(VERIFIER.decode_complete_many(iter(tokens))) == expected
    assert kinds(asyncio.run(collect())) == expected
    (complete,) = VERIFIER.decode_complete_many([NESTED])
    assert complete["header"]["kid"] == "1"


def test_an_exception_of_the_iterable_comes_after_the_tokens_before_it():
    def tokens():
        yield NESTED
        raise KeyError("mine")

    results = VERIFIER.decode_many(tokens())
    assert next(results)["sub"] == "me"
    with pytest.raises(KeyError, match="mine"):
        next(results)


def test_the_size_is_checked_before_decrypting():
    small = Verifier(SENDER.public(), decrypter=DECRYPTER, max_token_size=len(NESTED) - 1)
    with pytest.raises(DecodeError, match=f"more than {len(NESTED) - 1} bytes"):
        small.decode(NESTED[:-4] + "AAAA")


def test_the_policy_shows_the_decrypter():
    assert VERIFIER.decrypter is DECRYPTER
    assert Verifier(SENDER.public()).decrypter is None
    assert (VERIFIER.algorithms, VERIFIER.issuer) == (("ES256",), ISSUER)
    decrypter = "<Decrypter algorithms=('dir',) encryptions=('A128GCM',)>"
    assert repr(DECRYPTER) == decrypter
    assert repr(VERIFIER).endswith(f" issuer={ISSUER!r} decrypter={decrypter}>")


def test_signatures_are_remembered():
    cached = Verifier(SENDER.public(), issuer=ISSUER, decrypter=DECRYPTER, cache_size=4)
    again = jwe.encrypt(SIGNED, SHARED, "dir", "A128GCM", {"cty": "JWT"})
    assert cached.decode(NESTED) == cached.decode(again)
    assert cached.cache_info().hits == 1
    cached.cache_clear()
    assert cached.cache_info().currsize == 0


def test_keys_of_a_set_verify_what_is_inside():
    keys = KeySet([SENDER.public(), Key.generate("ES256", kid="2").public()])
    verifier = Verifier(keys, algorithms=["ES256"], issuer=ISSUER, decrypter=DECRYPTER)
    assert verifier.decode(NESTED)["sub"] == "me"


def test_a_decrypter_is_a_decrypter():
    with pytest.raises(TypeError, match=r"must be a rapidjwt\.jwe\.Decrypter, got dict"):
        Verifier(SENDER.public(), decrypter=SHARED)


def test_a_nested_verifier_is_not_chosen_by_an_issuer_that_is_encrypted():
    with pytest.raises(ValueError, match="which is encrypted"):
        MultiIssuerVerifier([VERIFIER])


def test_rules_of_one_call_apply_to_the_claims_inside():
    assert VERIFIER.expecting({"sub": "me"}).decode(NESTED)["sub"] == "me"
    with pytest.raises(InvalidSubjectError, match="sub"):
        VERIFIER.expecting({"sub": "you"}).decode(NESTED)
    with pytest.raises(DecodeError, match="not a JWE"):
        VERIFIER.expecting({"sub": "me"}).decode(SIGNED)
