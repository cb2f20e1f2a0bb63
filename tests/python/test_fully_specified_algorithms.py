"""RFC 9864: `Ed25519` and `Ed448` beside `EdDSA`, and Ed448 by means of cryptography."""

from __future__ import annotations

import pickle
import subprocess
import sys

import jwt as pyjwt
import pytest
import rapidjwt
from differential.keys import forms, private_keys, private_pem, public_pem
from rapidjwt import InvalidAlgorithmError, InvalidKeyError, Key, Signer, Verifier, _rapidjwt

CURVES = ["Ed25519", "Ed448"]
CLAIMS = {"sub": "user-42"}
OTHER = {"Ed25519": "Ed448", "Ed448": "Ed25519"}


@pytest.mark.parametrize("curve", CURVES)
def test_a_new_key_has_the_name_of_its_curve(curve):
    key = Key.generate(curve)
    assert (key.kty, key.curve, key.alg, key.is_private) == ("OKP", curve, curve, True)
    token = Signer(key).encode(CLAIMS)
    assert rapidjwt.get_unverified_header(token)["alg"] == curve
    assert Verifier(key.public()).decode(token) == CLAIMS
    assert Key.generate(curve) != key
    with pytest.raises(InvalidKeyError, match="fixes the size"):
        Key.generate(curve, size=256)


@pytest.mark.parametrize("algorithm", ["own", "EdDSA"])
@pytest.mark.parametrize("curve", CURVES)
def test_signatures_are_those_of_cryptography(curve, algorithm):
    name = curve if algorithm == "own" else algorithm
    private, public = Key.from_pem(private_pem(curve)), Key.from_pem(public_pem(curve))
    signature = private.sign(b"message", name)
    assert signature == private_keys()[curve].sign(b"message")  # RFC 8032: one per message
    assert public.verify(b"message", signature, name)
    assert private.verify(b"message", signature, name)
    for place in range(len(signature)):
        changed = bytearray(signature)
        changed[place] ^= 1
        assert not public.verify(b"message", bytes(changed), name)
    for wrong in (b"", signature[:-1], signature + b"\0"):
        assert not public.verify(b"message", wrong, name)
    assert not public.verify(b"other", signature, name)


@pytest.mark.parametrize("curve", CURVES)
def test_a_name_binds_the_curve(curve):
    private, public = Key.from_pem(private_pem(curve)), Key.from_pem(public_pem(curve))
    for call in (
        lambda: private.sign(b"", OTHER[curve]),
        lambda: public.verify(b"", b"", OTHER[curve]),
        lambda: Signer(private, OTHER[curve]),
        lambda: Verifier(public, algorithms=[OTHER[curve]]),
        lambda: Signer(private_pem(curve), OTHER[curve]),
        lambda: Verifier(public_pem(curve), algorithms=[OTHER[curve]]),
        lambda: Verifier(private_keys()[curve].public_key(), algorithms=[OTHER[curve]]),
    ):
        message = f"needs an {OTHER[curve]} key, this is an {curve} key"
        with pytest.raises(InvalidKeyError, match=message):
            call()


def test_the_three_names_are_three_algorithms():
    private = Key.from_pem(private_pem("Ed25519"))
    tokens = {name: Signer(private, name).encode(CLAIMS) for name in ("EdDSA", "Ed25519")}
    for name, token in tokens.items():
        for allowed in tokens:
            verifier = Verifier(private.public(), algorithms=[allowed])
            if allowed == name:
                assert verifier.decode(token) == CLAIMS
            else:
                with pytest.raises(InvalidAlgorithmError):
                    verifier.decode(token)
    both = Verifier(private.public(), algorithms=list(tokens))
    assert [both.decode(token) for token in tokens.values()] == [CLAIMS, CLAIMS]
    for name, other in (("EdDSA", "Ed25519"), ("Ed25519", "EdDSA")):
        with pytest.raises(
            InvalidKeyError, match=rf"for {name} \(its own alg\), {other} was asked"
        ):
            Key.generate(name).sign(b"", other)


@pytest.mark.parametrize("curve", CURVES)
def test_signer_and_verifier_take_every_form_of_the_key(curve):
    private, public = private_keys()[curve], private_keys()[curve].public_key()
    tokens = [
        Signer(key, curve).encode(CLAIMS)
        for key in (private_pem(curve), private, Key.from_pem(private_pem(curve)))
    ]
    assert len(set(tokens)) == 1
    for key in (public_pem(curve), public, private, Key.from_pem(public_pem(curve))):
        assert Verifier(key, algorithms=[curve]).decode(tokens[0]) == CLAIMS


def test_a_batch_is_verified_with_ed448():
    key = Key.generate("Ed448")
    signer = Signer(key)
    tokens = [signer.encode({"n": number}) for number in range(50)]
    tokens[7] = tokens[8][:-4] + "AAAA"
    results = list(Verifier(key.public()).decode_many(tokens))
    assert isinstance(results.pop(7), rapidjwt.InvalidSignatureError)
    assert results == [{"n": number} for number in range(50) if number != 7]


def test_ed448_keys_are_read_written_and_checked_like_others():
    key = Key.from_pem(private_pem("Ed448"))
    for again in (
        Key.from_der(forms("Ed448")["PKCS#8 DER"]),
        Key.from_jwk(key.to_jwk(private=True)),
        Key.from_pem(key.to_pem(private=True)),
        Key.from_der(key.to_der(private=True)),
    ):
        assert again.to_jwk(private=True) == key.to_jwk(private=True)
    assert key.to_pem(private=True).encode() == forms("Ed448")["PKCS#8 PEM"]
    assert key.to_pem().encode() == forms("Ed448")["SPKI PEM"]
    assert (key.size, repr(key)) == (448, "<Key OKP Ed448 private>")
    assert pickle.loads(pickle.dumps(key.public())) == key
    wrong = Key.generate("Ed448").to_jwk()["x"]
    with pytest.raises(InvalidKeyError, match="does not match private key"):
        Key.from_jwk(key.to_jwk(private=True) | {"x": wrong})


@pytest.mark.parametrize("name", CURVES)
def test_the_drop_in_functions_do_not_know_the_names_as_pyjwt_does_not(name):
    pem, key = private_pem(name), Key.from_pem(private_pem(name))
    token = Signer(key, name).encode(CLAIMS)
    assert name not in rapidjwt.PyJWS().get_algorithms()
    for ours in (pem, key, private_keys()[name]):
        theirs = pem if ours is key else ours
        for call in (
            lambda library, key: library.encode({}, key, name),
            lambda library, key: library.decode(token, key, [name]),
            lambda library, key: library.decode(token, key, ["EdDSA"]),
            lambda library, key: library.PyJWS().decode(token, key, [name]),
            lambda library, key: library.get_algorithm_by_name(name),
        ):
            outcomes = []
            for library, given in ((pyjwt, theirs), (rapidjwt, ours)):
                with pytest.raises(Exception) as raised:  # noqa: PT011 - whichever PyJWT raises
                    call(library, given)
                outcomes.append((type(raised.value).__name__, str(raised.value)))
            assert outcomes[0] == outcomes[1]
    assert _rapidjwt.fast_path_obstacles() == []


@pytest.mark.parametrize("name", CURVES)
def test_a_registered_algorithm_of_that_name_serves_the_drop_in_functions(name):
    rapidjwt.register_algorithm(name, rapidjwt.get_algorithm_by_name("EdDSA"))
    try:
        token = rapidjwt.encode(CLAIMS, private_pem(name), name)
        assert rapidjwt.decode(token, public_pem(name), [name]) == CLAIMS
    finally:
        rapidjwt.unregister_algorithm(name)
    assert Verifier(public_pem(name), algorithms=[name]).decode(token) == CLAIMS
    with pytest.raises(InvalidAlgorithmError):
        rapidjwt.decode(token, public_pem(name), [name])


def test_the_drop_in_functions_read_ed448_as_pyjwt_does():
    private, public = private_pem("Ed448"), public_pem("Ed448")
    token = rapidjwt.encode(CLAIMS, private, "EdDSA")
    assert token == pyjwt.encode(CLAIMS, private, "EdDSA")
    for library in (rapidjwt, pyjwt):
        assert library.decode(token, public, ["EdDSA"]) == CLAIMS


def test_without_cryptography_an_ed448_key_says_what_to_install():
    program = """
import sys
sys.modules["cryptography"] = None
from rapidjwt import InvalidKeyError, Key
jwk, pem = {jwk!r}, {pem!r}
for make, given in ((Key.generate, "Ed448"), (Key.from_jwk, jwk), (Key.from_pem, pem)):
    try:
        make(given)
    except InvalidKeyError as error:
        assert "pip install rapidjwt[crypto]" in str(error), error
    else:
        raise AssertionError
assert Key.generate("Ed25519").sign(b"", "Ed25519")
"""
    jwk = Key.from_pem(public_pem("Ed448")).to_jwk()
    program = program.replace("{jwk!r}", repr(jwk)).replace("{pem!r}", repr(private_pem("Ed448")))
    subprocess.run([sys.executable, "-c", program], check=True)


def test_ed25519_needs_no_cryptography():
    program = (
        "import sys, rapidjwt; rapidjwt.Key.generate('Ed25519').sign(b'', 'Ed25519'); "
        "assert 'cryptography' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
