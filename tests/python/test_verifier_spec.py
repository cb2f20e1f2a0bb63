"""`VerifierSpec`: it is pickled without secrets and makes the verifier once per process."""

from __future__ import annotations

import json
import pickle
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import pytest
import rapidjwt
from differential.keys import HMAC_SECRET
from rapidjwt import InvalidKeyError, Key, KeySet, PyJWKSetError, Verifier, VerifierSpec, rules

PRIVATE = Key.generate("ES256", kid="a")
PUBLIC = PRIVATE.public()
OTHER = Key.generate("RS256", kid="b").public()
TOKEN = rapidjwt.Signer(PRIVATE).encode({"sub": "alice", "aud": "api"})
POLICY = {"algorithms": ["ES256", "RS256"], "audience": "api"}

FORMS = {
    "Key": PUBLIC,
    "PEM": PUBLIC.to_pem(),
    "PEM in bytes": PUBLIC.to_pem().encode(),
    "JWK": PUBLIC.to_jwk(),
    "JWK as JSON": json.dumps(PUBLIC.to_jwk()),
    "JWK Set": {"keys": [PUBLIC.to_jwk(), OTHER.to_jwk()]},
    "JWK Set as JSON": json.dumps({"keys": [PUBLIC.to_jwk()]}).encode(),
    "KeySet": KeySet([PUBLIC, OTHER]),
    "list": [PUBLIC, OTHER.to_jwk(), OTHER.to_pem()],
    "tuple": (PUBLIC,),
}


def the_secret():
    return HMAC_SECRET


@pytest.mark.parametrize("keys", FORMS.values(), ids=FORMS)
def test_public_keys_of_every_form_are_carried_to_the_worker(keys):
    spec = pickle.loads(pickle.dumps(VerifierSpec(keys, **POLICY)))
    assert spec.verifier().decode(TOKEN)["sub"] == "alice"
    assert isinstance(spec.verifier(), Verifier)


def test_the_verifier_is_made_once_per_process():
    spec = VerifierSpec(PUBLIC, **POLICY)
    assert spec.verifier() is spec.verifier()
    assert pickle.loads(pickle.dumps(spec)).verifier() is spec.verifier()
    assert VerifierSpec(PUBLIC, algorithms=["ES256"]).verifier() is not spec.verifier()


SECRETS = {
    "a private key": PRIVATE,
    "a private PEM": PRIVATE.to_pem(private=True),
    "a private JWK": PRIVATE.to_jwk(private=True),
    "a private JWK in a set": {"keys": [PRIVATE.to_jwk(private=True)]},
    "a secret": HMAC_SECRET,
    "a secret in bytes": HMAC_SECRET.encode(),
    "a Key of a secret": Key.from_secret(HMAC_SECRET),
    "a secret in a list": [PUBLIC, HMAC_SECRET],
    "a secret JWK": {"kty": "oct", "k": "c2VjcmV0" * 8},
}


@pytest.mark.parametrize("keys", SECRETS.values(), ids=SECRETS)
def test_secrets_are_refused_and_not_shown(keys):
    with pytest.raises(InvalidKeyError, match="does not hold secrets or private keys") as error:
        VerifierSpec(keys, algorithms=["HS256", "ES256"])
    assert HMAC_SECRET not in str(error.value)


def test_a_secret_is_found_in_the_environment_of_the_worker(monkeypatch):
    token = rapidjwt.encode({"sub": "bob"}, HMAC_SECRET)
    spec = VerifierSpec(secret_env="SPEC_SECRET", algorithms=["HS256"], leeway=1)
    with pytest.raises(InvalidKeyError, match="The environment variable SPEC_SECRET is not set"):
        spec.verifier()
    monkeypatch.setenv("SPEC_SECRET", HMAC_SECRET)
    assert spec.verifier().decode(token) == {"sub": "bob"}
    assert HMAC_SECRET.encode() not in pickle.dumps(spec)


def test_a_function_fetches_the_secret_in_the_worker():
    token = rapidjwt.encode({"sub": "bob"}, HMAC_SECRET)
    spec = VerifierSpec(load=the_secret, algorithms=["HS256"], leeway=2)
    assert HMAC_SECRET.encode() not in pickle.dumps(spec)
    assert spec.verifier().decode(token) == {"sub": "bob"}


def test_rules_and_types_are_part_of_the_description():
    spec = VerifierSpec(PUBLIC, **POLICY, rules={"sub": rules.one_of("bob")})
    with pytest.raises(rapidjwt.InvalidTokenError):
        pickle.loads(pickle.dumps(spec)).verifier().decode(TOKEN)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, TypeError, "takes one of keys, secret_env and load"),
        ({"keys": PUBLIC, "load": the_secret}, TypeError, "takes one of keys"),
        ({"keys": 5}, TypeError, "keys must be public keys or a JWK Set, got int"),
        ({"keys": PUBLIC, "algoritms": []}, TypeError, "has no argument 'algoritms': did you mean"),
        ({"keys": PUBLIC, "replay": None}, TypeError, "A VerifierSpec has no replay"),
        ({"keys": PUBLIC, "jwks": None}, TypeError, "A VerifierSpec has no jwks"),
        ({"load": lambda: HMAC_SECRET}, TypeError, "holds what can be pickled"),
        ({"keys": PUBLIC, "algorithms": []}, ValueError, "algorithms is empty"),
        ({"keys": KeySet([PUBLIC]), "algorithms": ["RS256"]}, PyJWKSetError, "key"),
    ],
)
def test_wrong_arguments_are_refused_at_once(arguments, error, message):
    with pytest.raises(error, match=message):
        VerifierSpec(**arguments)


def test_equal_descriptions_are_equal_and_a_repr_shows_no_values():
    spec = VerifierSpec(PUBLIC, **POLICY)
    assert spec == VerifierSpec(PUBLIC, **POLICY)
    assert hash(spec) == hash(VerifierSpec(PUBLIC, **POLICY))
    assert spec != VerifierSpec(PUBLIC, algorithms=["ES256"])
    assert spec != "spec"
    assert repr(spec) == "<VerifierSpec keys, algorithms, audience>"
    assert repr(VerifierSpec(secret_env="A")) == "<VerifierSpec secret_env>"
    assert repr(VerifierSpec(load=the_secret)) == "<VerifierSpec load>"


def subject(spec, token):
    return spec.verifier().decode(token)["sub"]


def test_a_process_that_was_spawned_makes_its_own():
    spec = VerifierSpec(PUBLIC, **POLICY)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        assert list(pool.map(partial(subject, spec), [TOKEN] * 3)) == ["alice"] * 3
