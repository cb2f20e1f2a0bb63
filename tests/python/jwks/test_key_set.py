"""Key sets: which keys are accepted, which one is chosen, and what is published."""

from __future__ import annotations

import json
import traceback
from pathlib import Path

import pytest
import rapidjwt
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidjwt import Key
from rapidjwt.exceptions import InvalidKeyError, InvalidTokenError, PyJWKSetError
from rapidjwt.key_set import KeySet

from .provider import SigningKey

VECTORS = Path(__file__).parents[2] / "vectors"
PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
SECRET = {"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldC0", "kid": "secret"}


def read_jwk(name):
    return json.loads((VECTORS / "keys" / name).read_text())


RSA_PRIVATE = read_jwk("jwk_rsa_key.json") | {"kid": "rsa"}
RSA = {name: value for name, value in RSA_PRIVATE.items() if name not in PRIVATE_MEMBERS}
EC_PRIVATE = read_jwk("jwk_ec_key_P-256.json") | {"kid": "ec"}
EC = {name: value for name, value in EC_PRIVATE.items() if name != "d"}
ED = read_jwk("jwk_okp_pub_Ed25519.json") | {"kid": "ed"}
PRIVATE_JWKS = [RSA_PRIVATE, EC_PRIVATE, read_jwk("jwk_okp_key_Ed25519.json"), SECRET]


def without(jwk, *names):
    return {name: value for name, value in jwk.items() if name not in names}


def kids(entries):
    return [entry.kid for entry in entries]


def test_a_set_is_read_from_a_dictionary_from_json_text_and_from_a_list():
    sets = [
        KeySet.from_jwks({"keys": [RSA, EC]}),
        KeySet.from_jwks(json.dumps({"keys": [RSA, EC]})),
        KeySet.from_jwks(json.dumps({"keys": [RSA, EC]}).encode()),
        KeySet([RSA, rapidjwt.Key.from_jwk(EC)]),
    ]
    for key_set in sets:
        assert kids(key_set) == ["rsa", "ec"]
        assert [entry.kty for entry in key_set] == ["RSA", "EC"]
        assert len(key_set) == 2
        assert key_set["ec"].kid == "ec"


def test_the_published_examples_are_read():
    for vector in json.loads((VECTORS / "jwk_sets.json").read_text()):
        key_set = KeySet.from_jwks({"keys": vector["keys"]})
        names = {jwk["kid"] for jwk in vector["keys"] if "kid" in jwk}
        read = {entry.kid for entry in key_set} | {skipped.kid for skipped in key_set.skipped}
        assert names <= read


def test_a_directory_gives_its_pem_files_the_file_name_as_key_id(tmp_path):
    (tmp_path / "2024-05.pem").write_text(rapidjwt.Key.from_jwk(RSA).to_pem())
    private = rapidjwt.Key.from_jwk(EC_PRIVATE)
    (tmp_path / "2024-06.pem").write_text(private.to_pem(private=True))
    (tmp_path / "broken.pem").write_text("-----BEGIN")
    (tmp_path / "README").write_text("no key")
    key_set = KeySet.from_directory(tmp_path)
    assert kids(key_set) == ["2024-05", "2024-06"]
    assert [(skipped.source, skipped.kid) for skipped in key_set.skipped] == [
        ("broken.pem", "broken")
    ]
    token = rapidjwt.encode({"sub": "x"}, private, "ES256", headers={"kid": "2024-06"})
    assert rapidjwt.Verifier(key_set, algorithms=["RS256", "ES256"]).decode(token) == {"sub": "x"}
    assert key_set.select("2024-06", operation="sign").key.is_private
    with pytest.raises(PyJWKSetError):
        key_set.select("2024-05", operation="sign")


def test_a_directory_without_usable_files_and_one_that_is_not_there_are_errors(tmp_path):
    with pytest.raises(PyJWKSetError, match="did not contain any keys"):
        KeySet.from_directory(tmp_path)
    with pytest.raises(FileNotFoundError):
        KeySet.from_directory(tmp_path / "missing")


def test_a_set_without_a_usable_key_says_of_each_member_why():
    members = [
        {"kty": "unknown", "kid": "a"},
        EC | {"kid": "b", "alg": "RS256"},
        7,
        {"kid": "c" * 500, "kty": "d" * 500},
    ]
    with pytest.raises(PyJWKSetError) as caught:
        KeySet.from_jwks({"keys": members})
    assert str(caught.value) == (
        "The JWK Set did not contain any usable keys: "
        "member 0 (kid 'a', kty 'unknown'): Unsupported kty: unknown; "
        "member 1 (kid 'b', kty 'EC'): The key cannot be used with its algorithm 'RS256'; "
        "member 2: A JWK must be a JSON object; "
        f"member 3 (kid '{'c' * 99}..., kty '{'d' * 99}...): Unsupported kty: {'d' * 83}..."
    )


def test_no_more_than_five_members_are_listed():
    for number, end in [(5, "Unsupported kty: none"), (6, "; and 1 more"), (900, "; and 895 more")]:
        with pytest.raises(PyJWKSetError) as caught:
            KeySet([{"kty": "none", "kid": str(index)} for index in range(number)])
        assert str(caught.value).endswith(end)
        assert str(caught.value).count("member ") == 5


def test_a_directory_without_a_usable_file_names_the_files(tmp_path):
    (tmp_path / "broken.pem").write_text("-----BEGIN")
    with pytest.raises(PyJWKSetError, match=r"usable keys: broken\.pem \(kid 'broken'\): "):
        KeySet.from_directory(tmp_path)


@pytest.mark.parametrize("name", ["d", "k"])
def test_the_listing_of_skipped_members_has_no_private_part(name):
    with pytest.raises(PyJWKSetError) as caught:
        KeySet([{"kty": "oct" if name == "k" else "EC", "crv": "P-256", name: "s3cret!"}])
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        (7, "A JWK must be a JSON object"),
        (without(RSA, "kty"), "kty"),
        (RSA | {"kty": "unknown"}, "Unsupported kty: unknown"),
        (RSA | {"n": "AQAB"}, "RSA"),
        (EC | {"crv": "P-999"}, "Invalid curve: P-999"),
        (EC | {"alg": "ECDH-ES"}, "The key cannot be used with its algorithm 'ECDH-ES'"),
        (EC | {"alg": "ES384"}, "The key cannot be used with its algorithm 'ES384'"),
        (EC | {"alg": "RS256"}, "The key cannot be used with its algorithm 'RS256'"),
        (EC | {"alg": "none"}, "The key cannot be used with its algorithm 'none'"),
        (EC | {"kid": 7}, '"kid" must be a string'),
        (EC | {"use": ["sig"]}, '"use" must be a string'),
        (EC | {"key_ops": "verify"}, '"key_ops" must be a list of strings'),
        (EC | {"key_ops": [1]}, '"key_ops" must be a list of strings'),
    ],
)
def test_an_unusable_member_is_skipped_and_reported(member, reason):
    key_set = KeySet.from_jwks({"keys": [member, RSA]})
    assert kids(key_set) == ["rsa"]
    (skipped,) = key_set.skipped
    assert skipped.source == 0
    assert reason in skipped.reason


@pytest.mark.parametrize(
    "jwk",
    [
        {"kty": "unknown", "alg": "RS256"},
        RSA,
        RSA_PRIVATE,
        EC,
        EC_PRIVATE,
        ED,
        SECRET,
        EC | {"alg": "ECDH-ES"},
        EC | {"use": "enc"},
        RSA | {"alg": "PS256"},
        RSA | {"alg": "HS256"},
        RSA | {"alg": "RSA-OAEP"},
        without(EC, "y"),
        {},
    ],
)
def test_what_pyjwk_set_skips_is_skipped_here(jwk):
    def count(make):
        try:
            return len(list(make([jwk, RSA])))
        except PyJWKSetError:
            return 0

    assert count(KeySet) == count(rapidjwt.PyJWKSet)


@pytest.mark.parametrize(
    "jwks",
    ["{", b"\xff", "[" * 100_000, "[]", "7", {"keys": {}}, {"keys": []}, {}, {"keys": [{}]}],
)
def test_what_is_no_set_with_a_usable_key_is_one_error(jwks):
    with pytest.raises(PyJWKSetError) as caught:
        KeySet.from_jwks(jwks)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_token_with_an_id_gets_the_key_with_that_id():
    key_set = KeySet([EC | {"kid": "a"}, EC | {"kid": "b"}, RSA | {"kid": "b"}])
    assert key_set.select("b", "ES256") is list(key_set)[1]
    assert key_set.select("b", "RS256") is list(key_set)[2]
    with pytest.raises(PyJWKSetError, match="has no key for kid 'c'"):
        key_set.select("c", "ES256")
    with pytest.raises(PyJWKSetError, match="has no key"):
        key_set.select("a", "RS256")


def test_a_token_without_an_id_needs_exactly_one_key_that_fits():
    key_set = KeySet([RSA, EC, EC | {"kid": "other"}])
    assert key_set.select(alg="RS256").kid == "rsa"
    with pytest.raises(PyJWKSetError, match="Several keys"):
        key_set.select(alg="ES256")
    with pytest.raises(PyJWKSetError, match="has no key"):
        key_set.select(alg="EdDSA")


def test_a_token_with_an_unknown_id_gets_the_only_key_without_one():
    key_set = KeySet([EC, without(EC, "kid")])
    assert key_set.select("unknown", "ES256").kid is None


def test_keys_are_found_by_id_type_use_algorithm_and_operation():
    key_set = KeySet(
        [
            RSA | {"kid": "1", "use": "enc"},
            without(RSA, "use") | {"kid": "2", "alg": "PS256"},
            without(RSA, "use") | {"kid": "3", "key_ops": ["encrypt"]},
            without(EC_PRIVATE, "use") | {"kid": "4", "key_ops": ["sign", "verify"]},
            SECRET | {"kid": "5"},
        ]
    )
    assert kids(key_set.find()) == ["1", "2", "3", "4", "5"]
    assert kids(key_set.find(kid="2")) == ["2"]
    assert kids(key_set.find(kty="RSA")) == ["1", "2", "3"]
    assert kids(key_set.find(use="sig")) == ["2", "3", "4", "5"]
    assert kids(key_set.find(use="enc")) == ["1", "2", "3", "4", "5"]
    assert kids(key_set.find(alg="RS256")) == ["1", "3"]
    assert kids(key_set.find(alg="PS256")) == ["1", "2", "3"]
    assert kids(key_set.find(alg="HS256")) == ["5"]
    assert kids(key_set.find(operation="verify")) == ["1", "2", "4", "5"]
    assert kids(key_set.find(operation="sign")) == ["4", "5"]
    assert key_set.find(kid="nobody") == ()


def test_select_chooses_as_the_native_verifier_does(signing_keys):
    first, second = signing_keys[:2]
    nameless = SigningKey(None)
    for members in ([first], [first, second], [first, nameless], [nameless], [first] * 2):
        key_set = KeySet([key.jwk() for key in members])
        verifier = rapidjwt.Verifier(key_set, algorithms=["ES256"])
        for signer in (first, second, nameless):
            try:
                chosen = key_set.select(signer.kid, "ES256").key == signer.key
            except PyJWKSetError:
                chosen = False
            try:
                accepted = verifier.decode(signer.token()) == {"sub": "user"}
            except InvalidTokenError:
                accepted = False
            assert chosen == accepted, (members, signer.kid)


def test_a_verifier_uses_signature_keys_only(signing_keys):
    signer = signing_keys[0]
    for members in ({"use": "enc"}, {"key_ops": ["sign"]}, {"alg": "ES256", "key_ops": []}):
        key_set = KeySet([signer.jwk() | members, RSA])
        verifier = rapidjwt.Verifier(key_set, algorithms=["ES256", "RS256"])
        with pytest.raises(InvalidTokenError):
            verifier.decode(signer.token())


def test_a_verifier_keeps_its_policy(signing_keys):
    key_set = KeySet([key.jwk() for key in signing_keys])
    verifier = rapidjwt.Verifier(key_set, algorithms=["ES256"], audience="api", issuer="me")
    assert verifier.decode(signing_keys[1].token(aud="api", iss="me"))["aud"] == "api"
    with pytest.raises(rapidjwt.InvalidAudienceError):
        verifier.decode(signing_keys[1].token(aud="else", iss="me"))


def test_a_key_that_names_its_algorithm_serves_no_other(signing_keys):
    key_set = KeySet([RSA | {"alg": "PS256"}, signing_keys[0].jwk()])
    assert kids(key_set.find(alg="RS256")) == []
    verifier = rapidjwt.Verifier(key_set, algorithms=["RS256", "ES256"])
    token = rapidjwt.encode({}, rapidjwt.Key.from_jwk(RSA_PRIVATE), "RS256", headers={"kid": "rsa"})
    with pytest.raises(rapidjwt.InvalidAlgorithmError):
        verifier.decode(token)


def test_a_verifier_for_algorithms_that_no_key_serves_is_an_error():
    with pytest.raises(PyJWKSetError, match="no key for the allowed algorithms"):
        rapidjwt.Verifier(KeySet([RSA]), algorithms=["ES256", "EdDSA"])
    with pytest.raises(TypeError, match="list of names"):
        rapidjwt.Verifier(KeySet([RSA]), algorithms="RS256")


def test_only_public_parts_are_published():
    key_set = KeySet([*PRIVATE_JWKS, EC_PRIVATE | {"kid": "ops", "key_ops": ["sign"]}])
    published = key_set.to_jwks()["keys"]
    assert len(published) == len(key_set) - 1
    assert not any(PRIVATE_MEMBERS & jwk.keys() for jwk in published)
    assert published[0]["kid"] == "rsa"
    assert published[0]["use"] == "sig"
    assert published[-1]["key_ops"] == ["verify"]
    again = KeySet.from_jwks({"keys": published})
    assert again.skipped == ()
    assert again.to_jwks() == {"keys": published}


def test_a_set_cannot_be_changed():
    key_set = KeySet([RSA])
    for name in ("skipped", "_new"):
        with pytest.raises(AttributeError):
            setattr(key_set, name, ())
    with pytest.raises(AttributeError):
        key_set["rsa"].kid = "other"


broken_values = st.one_of(
    st.none(), st.integers(), st.text(max_size=20), st.lists(st.integers(), max_size=2)
)


@settings(deadline=None)
@given(st.data())
def test_no_text_shows_private_members(data):
    jwk = dict(data.draw(st.sampled_from(PRIVATE_JWKS)))
    for name in data.draw(st.lists(st.sampled_from(sorted(jwk)), max_size=2)):
        if name not in PRIVATE_MEMBERS:
            jwk[name] = data.draw(broken_values)
    secrets = [jwk[name] for name in PRIVATE_MEMBERS & jwk.keys()]
    key_set = KeySet([jwk, RSA])
    texts = [repr(key_set), str(key_set), repr(list(key_set)), str(key_set.skipped)]
    texts.append(json.dumps(key_set.to_jwks()))
    for secret in secrets:
        assert not any(secret in text for text in texts)
    with pytest.raises(PyJWKSetError) as caught:
        KeySet.from_jwks(json.dumps({"keys": [jwk]})[:-1])
    shown = [repr(caught.value), *(traceback.format_exception(caught.value))]
    assert not any(secret in text for secret in secrets for text in shown)


def test_a_shared_secret_has_no_public_jwk():
    with pytest.raises(InvalidKeyError):
        KeySet([SECRET])["secret"].to_jwk()


def test_an_id_that_no_key_has_is_a_key_error():
    with pytest.raises(KeyError, match="keyset has no key for kid: nobody"):
        KeySet([RSA])["nobody"]


def test_a_set_of_shared_secrets_has_nothing_to_publish():
    secrets = KeySet([Key.generate("HS256")])
    with pytest.raises(InvalidKeyError, match="shared secrets only"):
        secrets.to_jwks()
    assert len(KeySet([Key.generate("HS256"), Key.generate("ES256")]).to_jwks()["keys"]) == 1
