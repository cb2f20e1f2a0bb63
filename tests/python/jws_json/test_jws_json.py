"""The JSON serializations of a JWS: vectors, interoperability, policies and attacks."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path

import pytest
from rapidjwt import (
    DecodeError,
    InvalidAlgorithmError,
    InvalidKeyError,
    InvalidSignatureError,
    InvalidTokenError,
    Key,
    KeySet,
    PyJWKSetError,
    jwe,
    jws_json,
)
from rapidjwt.jws_json import JSONSigner, JSONVerifier, sign_general

EXAMPLES = json.loads(
    (Path(__file__).parents[2] / "vectors" / "jws_json.json").read_text(encoding="utf-8")
)
SECRETS = [bytes([number]) * 32 for number in range(1, 4)]
ONE, TWO, THREE = (JSONSigner(secret, "HS256") for secret in SECRETS)


def verifier(*secrets, policy="all", **options):
    return JSONVerifier(list(secrets), algorithms=["HS256"], policy=policy, **options)


def test_every_example_of_the_specifications_is_there():
    assert [example["source"] for example in EXAMPLES] == [
        "RFC 7515 Appendix A.6",
        "RFC 7515 Appendix A.7",
        *(f"RFC 7520 Section 4.{number}" for number in range(1, 9)),
    ]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["source"])
def test_an_example_verifies_in_both_serializations(example):
    keys = [Key.from_jwk(key) for key in example["keys"]]
    verifier = JSONVerifier(keys, algorithms=example["algorithms"])
    payload = example["payload"].encode()
    detached = payload if example.get("detached") else None
    for form in ("flattened", "general"):
        if form in example:
            for jws in (example[form], json.dumps(example[form])):
                verified = verifier.verify(jws, detached)
                assert verified.payload == payload
                indexes = [signature.key_index for signature in verified.signatures]
                assert indexes == list(range(len(keys)))
            with pytest.raises(InvalidTokenError):
                verifier.verify(example[form], None if detached else payload)


@pytest.mark.filterwarnings("ignore")
def test_jwcrypto_and_joserfc_verify_ours_and_we_verify_theirs():
    jwk = pytest.importorskip("jwcrypto.jwk")
    jws = pytest.importorskip("jwcrypto.jws")
    joserfc_jws = pytest.importorskip("joserfc.jws")
    joserfc_jwk = pytest.importorskip("joserfc.jwk")
    for alg in ("HS256", "RS256", "ES256", "ES512", "EdDSA"):
        key = Key.generate(alg)
        private = {name: v for name, v in key.to_jwk(private=True).items() if name != "alg"}
        signer = JSONSigner(key, alg, headers={"typ": "x"}, unprotected={"kid": "1"})
        own = JSONVerifier(key, algorithms=[alg])
        for ours in (signer.sign_flattened("payload"), sign_general([signer], "payload")):
            read = jws.JWS()
            read.deserialize(json.dumps(ours), jwk.JWK(**private), alg=alg)
            assert read.payload == b"payload"
            their_key = joserfc_jwk.import_key(private)
            read = joserfc_jws.deserialize_json(ours, their_key, algorithms=[alg])
            assert read.payload == b"payload"
        theirs = jws.JWS(b"payload")
        theirs.add_signature(jwk.JWK(**private), alg, json.dumps({"alg": alg}), '{"kid":"1"}')
        assert own.verify(theirs.serialize()).payload == b"payload"
        member = {"protected": {"alg": alg}, "header": {"kid": "1"}}
        theirs = joserfc_jws.serialize_json([member], "payload", their_key, algorithms=[alg])
        assert own.verify(theirs).payload == b"payload"


def test_verification_says_which_signatures_hold_under_which_keys():
    one = JSONSigner(SECRETS[0], "HS256", headers={"kid": "a"}, unprotected={"note": 1})
    jws = sign_general([TWO, one], "payload")
    verified = verifier(*SECRETS[:2], policy="all").verify(jws)
    first, second = verified.signatures
    assert (first.key_index, second.key_index) == (1, 0)
    assert first.header == first.protected_header == {"alg": "HS256"}
    assert second.protected_header == {"alg": "HS256", "kid": "a"}
    assert second.header == {"alg": "HS256", "kid": "a", "note": 1}


def test_signatures_that_do_not_verify_are_left_out():
    jws = sign_general([ONE, TWO, THREE], "payload")
    verified = verifier(SECRETS[1], policy="any").verify(jws)
    assert [signature.key_index for signature in verified.signatures] == [0]


def test_the_policy_decides():
    jws = sign_general([ONE, TWO], "payload")
    assert verifier(*SECRETS[:2]).verify(jws).payload == b"payload"
    assert verifier(*SECRETS[:2], policy=2).verify(jws).payload == b"payload"
    for policy, found, required in (("all", 1, 2), (2, 1, 2), (3, 1, 3)):
        with pytest.raises(InvalidSignatureError, match=f"{found} of {required} required"):
            verifier(SECRETS[0], policy=policy).verify(jws)
    with pytest.raises(InvalidSignatureError, match="0 of 1"):
        verifier(SECRETS[2], policy="any").verify(jws)


def test_one_key_counts_once_however_often_it_signed():
    """An attacker who has one of two keys copies its signature."""
    jws = sign_general([ONE, ONE, ONE], "payload")
    with pytest.raises(InvalidSignatureError, match="1 of 2"):
        verifier(*SECRETS, policy=2).verify(jws)


def test_a_number_notices_a_removed_signature_and_all_does_not():
    jws = sign_general([ONE, TWO], "payload")
    del jws["signatures"][0]
    assert verifier(*SECRETS).verify(jws).payload == b"payload"
    with pytest.raises(InvalidSignatureError):
        verifier(*SECRETS, policy=2).verify(jws)


def test_a_changed_payload_header_or_signature_is_refused():
    jws = ONE.sign_flattened("payload")
    other = TWO.sign_flattened("another")
    for member in ("payload", "signature"):
        with pytest.raises(InvalidSignatureError):
            verifier(SECRETS[0]).verify(jws | {member: other[member]})
    typed = JSONSigner(SECRETS[0], "HS256", headers={"typ": "x"}).sign_flattened("payload")
    with pytest.raises(InvalidSignatureError):
        verifier(SECRETS[0]).verify(jws | {"protected": typed["protected"]})
    # The unprotected header is anybody's.
    assert verifier(SECRETS[0]).verify(jws | {"header": {"kid": "x"}}).payload == b"payload"


def test_alg_is_the_callers_choice_wherever_it_stands():
    """RFC 8725 Section 3.1: alg may be unprotected (RFC 7515 Section 4.1.1), not decisive."""
    jws = {"payload": "e30", "signature": ""}
    for alg in ("none", "None", "HS512", "RS256", 1, None):
        with pytest.raises(InvalidAlgorithmError):
            verifier(SECRETS[0]).verify(jws | {"header": {"alg": alg}})
    with pytest.raises(InvalidAlgorithmError, match="not specified"):
        verifier(SECRETS[0]).verify(jws)
    public = Key.generate("ES256").public()
    with pytest.raises(InvalidKeyError):
        JSONVerifier(public.to_pem(), algorithms=["HS256"])


def test_detached_and_unencoded_payloads():
    for headers in (None, {"b64": False, "crit": ["b64"]}):
        signer = JSONSigner(SECRETS[0], "HS256", headers=headers)
        whole = signer.sign_flattened("a.b/c")
        assert verifier(SECRETS[0]).verify(whole).payload == b"a.b/c"
        assert whole["payload"] == ("a.b/c" if headers else "YS5iL2M")
        for jws in (
            signer.sign_flattened("a.b/c", detached=True),
            sign_general([signer], "a.b/c", detached=True),
        ):
            assert "payload" not in jws
            assert verifier(SECRETS[0]).verify(jws, b"a.b/c").payload == b"a.b/c"
            with pytest.raises(InvalidSignatureError):
                verifier(SECRETS[0]).verify(jws, "another")
            with pytest.raises(DecodeError, match="detached"):
                verifier(SECRETS[0]).verify(jws)
        with pytest.raises(DecodeError, match="so has the caller"):
            verifier(SECRETS[0]).verify(whole, "a.b/c")
        binary = signer.sign_flattened(b"\xff", detached=True)
        assert verifier(SECRETS[0]).verify(binary, b"\xff").payload == b"\xff"
    with pytest.raises(ValueError, match="UTF-8"):
        signer.sign_flattened(b"\xff")
    with pytest.raises(ValueError, match="same for all"):
        sign_general([ONE, signer], "payload")


def test_an_encoded_and_an_unencoded_signature_cannot_be_mixed():
    """RFC 7797 Section 3."""
    raw = JSONSigner(SECRETS[1], "HS256", headers={"b64": False, "crit": ["b64"]})
    one, two = ONE.sign_flattened("e30"), raw.sign_flattened("e30")
    both = [{name: jws[name] for name in ("protected", "signature")} for jws in (one, two)]
    with pytest.raises(DecodeError, match="b64 must be the same"):
        verifier(*SECRETS, policy="any").verify({"payload": "e30", "signatures": both})


def test_crit_and_b64_must_be_signed():
    jws = ONE.sign_flattened("payload")
    for name, value in {"crit": ["exp"], "b64": False}.items():
        with pytest.raises(InvalidTokenError, match="protected header"):
            verifier(SECRETS[0]).verify(jws | {"header": {name: value}})
    for headers in ({"crit": ["exp"], "exp": 1}, {"b64": False}, {"kid": 1}):
        with pytest.raises(InvalidTokenError):
            JSONSigner(SECRETS[0], "HS256", headers=headers)


def test_malformed_json_is_refused():
    jws = ONE.sign_flattened("payload")
    one = {name: jws[name] for name in ("protected", "signature")}
    general = {"payload": jws["payload"], "signatures": [one]}
    for wrong in (
        "", "[]", "null", "{}", "[" * 5000, '{"payload":""}', "\ud800",
        jws | {"signature": 1}, jws | {"signature": "*"}, jws | {"protected": "*"},
        jws | {"protected": "W10"}, jws | {"protected": 1}, jws | {"header": 1},
        jws | {"header": {"alg": "HS256"}}, jws | {"payload": "*"}, jws | {"payload": 1},
        jws | {"signatures": [one]}, general | {"header": {}}, general | {"protected": ""},
        general | {"signatures": []}, general | {"signatures": {}},
        general | {"signatures": ["x"]}, general | {"signatures": [one, {}]},
        general | {"signatures": [one] * 17},
    ):  # fmt: skip
        with pytest.raises(InvalidTokenError):
            verifier(SECRETS[0]).verify(wrong)
    with pytest.raises(DecodeError, match="more than 10 bytes"):
        verifier(SECRETS[0], max_token_size=10).verify(jws)
    with pytest.raises(DecodeError, match="must be str or bytes, got int"):
        verifier(SECRETS[0]).verify(1)


def test_a_jwe_is_not_a_jws():
    encrypted = jwe.Encrypter(b"0123456789abcdef", "A128KW", "A128GCM").encrypt_flattened("x")
    with pytest.raises(DecodeError, match="This is a JWE"):
        verifier(SECRETS[0]).verify(encrypted)
    with pytest.raises(DecodeError, match="members of a JWE"):
        verifier(SECRETS[0]).verify(ONE.sign_flattened("x") | encrypted)


def test_keys_are_chosen_by_their_ids():
    keys = [Key.generate("ES256").to_jwk(private=True) | {"kid": kid} for kid in "ab"]
    private = [Key.from_jwk(key) for key in keys]
    signers = [JSONSigner(key, "ES256") for key in private]
    jws = sign_general(signers, "payload")
    for key_set in ([key.public() for key in private], KeySet.from_jwks({"keys": keys})):
        verified = JSONVerifier(key_set, algorithms=["ES256", "HS256"], policy=2).verify(jws)
        assert [one.key_index for one in verified.signatures] == [0, 1]
        assert [one.header["kid"] for one in verified.signatures] == ["a", "b"]
    renamed = JSONSigner(private[0], "ES256", headers={"kid": "b"}).sign_flattened("payload")
    with pytest.raises(InvalidSignatureError):
        JSONVerifier(private, algorithms=["ES256"]).verify(renamed)
    with pytest.raises(PyJWKSetError):
        JSONVerifier(KeySet.from_jwks({"keys": keys}), algorithms=["RS256"])


@pytest.mark.parametrize(
    ("arguments", "options", "error"),
    [
        ((SECRETS[0],), {}, TypeError),
        ((SECRETS[0],), {"algorithms": []}, TypeError),
        ((SECRETS[0],), {"algorithms": ["none"]}, ValueError),
        ((SECRETS[0],), {"algorithms": ["A128KW"]}, ValueError),
        ((SECRETS[0],), {"algorithms": ["HS256"], "policy": 0}, ValueError),
        ((SECRETS[0],), {"algorithms": ["HS256"], "policy": -1}, ValueError),
        ((SECRETS[0],), {"algorithms": ["HS256"], "policy": True}, ValueError),
        ((SECRETS[0],), {"algorithms": ["HS256"], "policy": "some"}, ValueError),
        (([],), {"algorithms": ["HS256"]}, ValueError),
        ((SECRETS[0],), {"algorithms": ["RS256"]}, InvalidKeyError),
    ],
)
def test_wrong_arguments_of_a_verifier_are_refused(arguments, options, error):
    with pytest.raises(error):
        JSONVerifier(*arguments, **options)


def test_wrong_arguments_of_a_signer_are_refused():
    with pytest.raises(InvalidKeyError, match="private key"):
        JSONSigner(Key.generate("ES256").public(), "ES256")
    for options in ({"headers": {"alg": "none"}}, {"unprotected": {"crit": ["b64"]}}):
        with pytest.raises(ValueError, match=r"alg|crit"):
            JSONSigner(SECRETS[0], "HS256", **options)
    with pytest.raises(ValueError, match="two headers"):
        JSONSigner(SECRETS[0], "HS256", headers={"kid": "1"}, unprotected={"kid": "2"})
    with pytest.raises(ValueError, match="needs a signature"):
        sign_general([], "payload")
    with pytest.raises(TypeError):
        ONE.sign_flattened({"sub": "me"})


def test_a_copy_is_the_same_object_and_pickling_is_refused():
    for prepared in (ONE, verifier(SECRETS[0])):
        assert copy.copy(prepared) is copy.deepcopy(prepared) is prepared
        with pytest.raises(TypeError, match="cannot pickle"):
            pickle.dumps(prepared)
    assert set(jws_json.__all__) <= set(dir(jws_json))
