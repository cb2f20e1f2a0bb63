"""Wrong keys and wrong calls: one clear error of the documented class, and no secret in it."""

from __future__ import annotations

import base64
import json
import sys
import traceback

import pytest
import rapidjwt
from differential.keys import HMAC_SECRET, forms, private_pem, public_pem
from rapidjwt import InvalidKeyError, Key, PyJWK, Signer, Verifier

MARK = "Hush-this-is-the-secret-part-of-a-key"
SECRET = MARK + "-and-it-is-long-enough"
SECRET_B64 = base64.urlsafe_b64encode(SECRET.encode()).rstrip(b"=").decode()
EC = Key.from_pem(private_pem("P-256")).to_jwk(private=True)
RSA = Key.from_pem(private_pem("RSA-2048")).to_jwk(private=True)
OKP = Key.from_pem(private_pem("Ed25519")).to_jwk(private=True)
EC_PEM = private_pem("P-256")


def middle(pem):
    """Return the part of a PEM text that differs between any two keys."""
    return "".join(pem.splitlines()[1:-1])[-60:-20]


# The call, the error that it raises, and the secret that must not be shown.
CALLS = {
    "text that is no PEM": (lambda: Key.from_pem(SECRET), InvalidKeyError, MARK),
    "text that is no OpenSSH key": (lambda: Key.from_ssh(SECRET), InvalidKeyError, MARK),
    "bytes that are no DER": (lambda: Key.from_der(SECRET.encode()), InvalidKeyError, MARK),
    "text that is no JWK": (lambda: Key.from_jwk(SECRET), InvalidKeyError, MARK),
    "a JWK with broken JSON": (
        lambda: Key.from_jwk(json.dumps({"kty": "oct", "k": SECRET_B64})[:-1]),
        InvalidKeyError,
        SECRET_B64,
    ),
    "a JWK that is a list": (
        lambda: Key.from_jwk(json.dumps([{"kty": "oct", "k": SECRET_B64}])),
        InvalidKeyError,
        SECRET_B64,
    ),
    "a JWK whose k is not base64url": (
        lambda: Key.from_jwk({"kty": "oct", "k": SECRET + "!"}),
        InvalidKeyError,
        MARK,
    ),
    "a JWK of an unknown kty": (
        lambda: Key.from_jwk({"kty": "new", "k": SECRET_B64}),
        InvalidKeyError,
        SECRET_B64,
    ),
    "a JWK without kty": (lambda: Key.from_jwk({"k": SECRET_B64}), InvalidKeyError, SECRET_B64),
    "a JWK with a value that is no JSON": (
        lambda: Key.from_jwk({"kty": "oct", "k": SECRET.encode()}),
        InvalidKeyError,
        MARK,
    ),
    "an EC JWK off the curve": (
        lambda: Key.from_jwk(EC | {"x": EC["y"]}),
        InvalidKeyError,
        EC["d"],
    ),
    "an EC JWK of an unknown curve": (
        lambda: Key.from_jwk(EC | {"crv": "P-1"}),
        InvalidKeyError,
        EC["d"],
    ),
    "an EC JWK with another public key": (
        lambda: Key.from_jwk(
            Key.from_pem(forms("P-256")["PKCS#8 PEM"]).to_jwk(private=True)
            | {"d": base64.urlsafe_b64encode(b"\1" * 32).rstrip(b"=").decode()}
        ),
        InvalidKeyError,
        base64.urlsafe_b64encode(b"\1" * 32).rstrip(b"=").decode(),
    ),
    "an RSA JWK with a wrong prime": (
        lambda: Key.from_jwk(RSA | {"p": RSA["q"]}),
        InvalidKeyError,
        RSA["d"][:40],
    ),
    "an OKP JWK whose d is too short": (
        lambda: Key.from_jwk(OKP | {"d": OKP["d"][:-4]}),
        InvalidKeyError,
        OKP["d"][:-4],
    ),
    "a PEM text that is cut off": (
        lambda: Key.from_pem(EC_PEM[:-60]),
        InvalidKeyError,
        middle(EC_PEM),
    ),
    "a PEM text with one wrong character": (
        lambda: Key.from_pem(EC_PEM.replace("MI", "!I", 1)),
        InvalidKeyError,
        middle(EC_PEM),
    ),
    "a PEM text of another label": (
        lambda: Key.from_pem(EC_PEM.replace("PRIVATE KEY", "SECRET KEY")),
        InvalidKeyError,
        middle(EC_PEM),
    ),
    "an encrypted PEM text": (
        lambda: Key.from_pem(forms("P-256")["PKCS#8 PEM, encrypted"]),
        InvalidKeyError,
        middle(forms("P-256")["PKCS#8 PEM, encrypted"].decode()),
    ),
    "a public key as a secret": (
        lambda: Key.from_secret(public_pem("P-256")),
        InvalidKeyError,
        middle(public_pem("P-256")),
    ),
    "a JWK as a secret": (
        lambda: Key.from_secret(json.dumps({"kty": "oct", "k": SECRET_B64})),
        InvalidKeyError,
        SECRET_B64,
    ),
    "an empty secret": (lambda: Key.from_secret(""), InvalidKeyError, None),
    "a list of secrets": (lambda: Key.from_secret([SECRET]), TypeError, MARK),
    "a secret that signs with RSA": (
        lambda: Key.from_secret(SECRET).sign(b"", "RS256"),
        InvalidKeyError,
        MARK,
    ),
    "an unknown algorithm": (
        lambda: Key.from_secret(SECRET).sign(b"", "HS1"),
        rapidjwt.InvalidAlgorithmError,
        MARK,
    ),
    "a signer with a secret for RSA": (lambda: Signer(SECRET, "RS256"), InvalidKeyError, MARK),
    "a signer with a list of keys": (lambda: Signer([SECRET], "HS256"), TypeError, MARK),
    "a signer with a private key for HMAC": (
        lambda: Signer(EC_PEM, "HS256"),
        InvalidKeyError,
        middle(EC_PEM),
    ),
    "a signer with a key on another curve": (
        lambda: Signer(EC_PEM, "ES384"),
        InvalidKeyError,
        middle(EC_PEM),
    ),
    "a signer with a PyJWK for another algorithm": (
        lambda: Signer(PyJWK(EC), "ES384"),
        (InvalidKeyError, TypeError),
        EC["d"],
    ),
    "a verifier with a secret for RSA": (
        lambda: Verifier(SECRET, algorithms=["RS256"]),
        InvalidKeyError,
        MARK,
    ),
    "a verifier without algorithms": (lambda: Verifier(SECRET), ValueError, MARK),
    "a verifier with a dict of keys": (
        lambda: Verifier({"kid": SECRET}, algorithms=["HS256"]),
        TypeError,
        MARK,
    ),
    "a verifier with a short secret": (
        lambda: Verifier(
            MARK[:16], algorithms=["HS256"], options={"enforce_minimum_key_length": True}
        ),
        InvalidKeyError,
        MARK[:16],
    ),
    "encode with a secret for RSA": (
        lambda: rapidjwt.encode({}, SECRET, "RS256"),
        InvalidKeyError,
        MARK,
    ),
    "encode with a JWK as a secret": (
        lambda: rapidjwt.encode({}, json.dumps({"kty": "oct", "k": SECRET_B64})),
        InvalidKeyError,
        SECRET_B64,
    ),
    "encode with a list of keys": (lambda: rapidjwt.encode({}, [SECRET]), TypeError, MARK),
    "encode with claims that are no JSON": (
        lambda: rapidjwt.encode({"a": object()}, SECRET),
        TypeError,
        MARK,
    ),
    "decode with another secret": (
        lambda: rapidjwt.decode(rapidjwt.encode({}, HMAC_SECRET), SECRET, ["HS256"]),
        rapidjwt.InvalidSignatureError,
        MARK,
    ),
    "decode with a secret for RSA": (
        lambda: rapidjwt.decode(
            rapidjwt.encode({}, private_pem("RSA-2048"), "RS256"), SECRET, ["RS256"]
        ),
        InvalidKeyError,
        MARK,
    ),
}


def told(error):
    """Return everything that a program shows of an exception, by itself and in a log."""
    shown = [str(error), repr(error), repr(error.args), repr(vars(error))]
    return "\n".join([*shown, *traceback.format_exception_only(type(error), error)])


@pytest.mark.parametrize(("call", "error", "secret"), CALLS.values(), ids=CALLS)
def test_a_wrong_call_gives_the_documented_error_and_keeps_the_secret(call, error, secret):
    with pytest.raises(error) as raised:
        call()
    assert str(raised.value)
    shown = raised.value
    while shown is not None:
        assert secret is None or secret not in told(shown)
        shown = shown.__cause__ or (None if shown.__suppress_context__ else shown.__context__)


@pytest.mark.parametrize(
    "call",
    [lambda: Signer("HS256", SECRET), lambda: Verifier("HS256", algorithms=[SECRET])],
    ids=["Signer", "Verifier"],
)
def test_a_secret_in_the_place_of_the_algorithm_is_not_shown(call):
    with pytest.raises(ValueError, match="token") as raised:
        call()
    assert MARK not in told(raised.value)


def test_no_object_shows_its_secret():
    compact = rapidjwt.encode({}, SECRET)
    verifier = Verifier(SECRET, algorithms=["HS256"], cache_size=3)
    verifier.decode(compact)
    objects = [
        Key.from_secret(SECRET),
        Signer(SECRET, "HS256"),
        verifier,
        verifier.cache_info(),
        verifier.decode_many([compact]),
        rapidjwt.key_cache_info(),
    ]
    for one in objects:
        for shown in (repr(one), str(one), f"{one}", repr(dir(one))):
            assert MARK not in shown
        assert not hasattr(one, "__dict__")


def test_a_short_secret_is_not_in_its_warning():
    with pytest.warns(rapidjwt.InsecureKeyLengthWarning) as caught:
        rapidjwt.encode({}, "hush")
    assert "hush" not in str(caught[0].message)


def interrupting(name):
    """Trace calls, and raise what Ctrl-C raises in the first function of that name."""

    def trace(frame, event, _argument):
        if event == "call" and frame.f_code.co_name == name:
            raise KeyboardInterrupt

    return trace


#: It is not plainly a secret, so that Python is called.
ODD_SECRET = '{"no": "key"} but a secret of more than thirty-two bytes'
ODD_TOKEN = rapidjwt.encode({}, ODD_SECRET)


@pytest.mark.parametrize(
    "call",
    [
        lambda: rapidjwt.encode({}, ODD_SECRET, "HS256"),
        lambda: rapidjwt.decode(ODD_TOKEN, ODD_SECRET, ["HS256"]),
        lambda: rapidjwt.Signer(ODD_SECRET, "HS256"),
        lambda: rapidjwt.Verifier(ODD_SECRET, algorithms=["HS256"]),
        lambda: rapidjwt.Verifier(ODD_SECRET, algorithms=["HS256", "HS512"]),
    ],
    ids=["encode", "decode", "Signer", "Verifier", "Verifier of two algorithms"],
)
def test_an_interrupt_while_python_reads_a_key_is_not_lost(call):
    rapidjwt.clear_key_cache()
    before = sys.gettrace()
    sys.settrace(interrupting("prepare_key"))
    try:
        with pytest.raises(KeyboardInterrupt):
            call()
    finally:
        sys.settrace(before)
    call()
