"""Private parts appear nowhere: not in public JWKs, not in a repr, not in an error."""

from __future__ import annotations

import base64
import json
import traceback

import pytest
import rapidjwt
from differential.keys import HMAC_SECRET, forms, private_pem
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidjwt import Key, KeySet, Signer, Verifier

NAMES = ["RSA-2048", "P-256", "P-384", "P-521", "secp256k1", "Ed25519", "Ed448"]
SECRET_MEMBERS = ("d", "p", "q", "dp", "dq", "qi", "k")
SECRET = Key.from_secret(HMAC_SECRET)
JWKS = {name: Key.from_pem(private_pem(name)).to_jwk(private=True) for name in NAMES}
JWKS["oct"] = SECRET.to_jwk(private=True)
#: With lone surrogates: errors of Python's codecs contain the text around them.
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=5)
#: The number of consecutive characters of a secret that count as shown.
PIECE = 16
READERS = [
    Key.from_pem,
    Key.from_ssh,
    Key.from_jwk,
    Key.from_secret,
    lambda data: Key.from_pem(data, "password"),
    lambda data: Key.from_der(as_bytes(data)),
    KeySet.from_jwks,
    lambda data: Signer(data, "RS256"),
    lambda data: Signer(data, "ES256"),
    lambda data: Verifier(data, algorithms=["EdDSA"]),
]
USES = [
    *(lambda key, name=name: key.sign(b"m", name) for name in ("HS256", "RS256", "ES384", "Ed448")),
    *(lambda key, name=name: key.verify(b"m", b"", name) for name in ("PS256", "ES256K", "EdDSA")),
    lambda key: key.sign(b"m", "HS1"),
    lambda key: key.to_pem(private=True, password=""),
    lambda key: key.thumbprint(),
    lambda key: key.public(),
    lambda key: Signer(key, "ES512"),
    lambda key: Verifier(key, algorithms=["RS512"]),
]


def as_bytes(data):
    return data if isinstance(data, bytes) else data.encode("utf-8", "replace")


def secrets(jwk):
    """Return the private parts as texts: base64url, the bytes' repr, hexadecimal, decimal."""
    texts = []
    for name in SECRET_MEMBERS:
        if name in jwk:
            data = base64.urlsafe_b64decode(jwk[name] + "==")
            texts += [jwk[name], base64.b64encode(data).decode(), data.hex(), repr(data)[2:-1]]
            texts.append(str(int.from_bytes(data, "big")))
    return texts


def assert_untold(text, secret_texts):
    for secret in secret_texts:
        for start in range(0, max(1, len(secret) - PIECE), PIECE // 2):
            piece = secret[start : start + PIECE]
            # Runs of one character (the keys are made of small numbers) are in every text.
            assert len(set(piece)) < 5 or piece not in text


def told(error):
    """Return everything that a log shows of an exception."""
    return "".join(traceback.format_exception(error, limit=0)) + repr(error) + repr(error.args)


def body(pem):
    return ["".join(pem.splitlines()[1:-1])]


def private_texts(name):
    """Return a key in each format that has private parts, and those parts as texts."""
    jwk = JWKS[name]
    texts = [(json.dumps(jwk), secrets(jwk)), (json.dumps({"keys": [jwk]}), secrets(jwk))]
    if name == "oct":
        return [*texts, (HMAC_SECRET, [HMAC_SECRET])]
    for form, data in forms(name).items():
        if form.startswith(("PKCS#8 PEM", "traditional", "OpenSSH private")):
            pem = data.decode()
            texts.append((pem, [*body(pem), *secrets(jwk)]))
        elif form == "PKCS#8 DER":
            texts.append((data, secrets(jwk)))
    return texts


@st.composite
def damaged(draw):
    """Return a damaged private key and the texts that must not be shown."""
    data, secret_texts = draw(st.sampled_from(PRIVATE_TEXTS))
    text = isinstance(data, str)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 40)))
        junk = draw(ANY_TEXT if text else st.binary(max_size=5))
        if draw(st.booleans()):
            data = data[:start] + junk + data[end:]
        else:
            data = data[:start] if draw(st.booleans()) else data[start:]
    return data, secret_texts


@st.composite
def damaged_jwk(draw):
    """Return a private JWK with members changed or left out, and its secrets."""
    jwk = dict(draw(st.sampled_from(list(JWKS.values()))))
    secret_texts = secrets(jwk)
    for name in draw(st.lists(st.sampled_from(sorted(jwk)), min_size=1, max_size=3)):
        change = draw(st.sampled_from(["leave out", "cut off", "longer", "number", "list", "null"]))
        value = jwk.get(name)
        if change == "leave out" or not isinstance(value, str):
            jwk.pop(name, None)
        elif name not in ("kty", "crv"):
            jwk[name] = {
                "cut off": value[: draw(st.integers(0, len(value)))],
                "longer": value + draw(st.sampled_from("A=!\u00e9\n")),
                "number": 5,
                "list": [value],
                "null": None,
            }[change]
    return jwk, secret_texts


PRIVATE_TEXTS = [pair for name in JWKS for pair in private_texts(name)]


def attempt(call, argument, secret_texts):
    """Return the result of a call; None if it raises without showing a secret."""
    try:
        return call(argument)
    except Exception as error:  # noqa: BLE001 - whichever it is
        assert_untold(told(error), secret_texts)
        return None


def assert_harmless(key, secret_texts):
    """Check everything that a key shows unless its private half is requested."""
    shown = [repr(key), str(key), f"{key}"]
    if key.kty != "oct":
        public = [key.to_jwk(), KeySet([key]).to_jwks(), key.to_pem(), key.thumbprint()]
        assert not set(SECRET_MEMBERS) & set(key.to_jwk())
        shown += [*map(repr, public), repr(key.public())]
    for text in shown:
        assert_untold(text, secret_texts)
    for use in USES:
        attempt(use, key, secret_texts)


@pytest.mark.parametrize("name", JWKS)
def test_a_sound_key_shows_nothing_private(name):
    key = Key.from_jwk(JWKS[name] | {"kid": "1"})
    assert_harmless(key, secrets(JWKS[name]))
    published = json.dumps(KeySet([key, JWKS["P-256"]]).to_jwks())
    assert_untold(published, secrets(JWKS[name]) + secrets(JWKS["P-256"]))


@settings(deadline=None, max_examples=300)
@given(damaged(), st.sampled_from(READERS))
def test_no_error_of_a_damaged_key_tells_of_it(key, read):
    data, secret_texts = key
    result = attempt(read, data, secret_texts)
    assert_untold(repr(result) + str(result), secret_texts)


@settings(deadline=None, max_examples=300)
@given(damaged_jwk())
def test_no_error_of_a_damaged_jwk_tells_of_it(key):
    jwk, secret_texts = key
    for read in (
        Key.from_jwk,
        lambda jwk: Key.from_jwk(json.dumps(jwk)),
        lambda jwk: KeySet([jwk]),
        rapidjwt.PyJWK,
    ):
        result = attempt(read, jwk, secret_texts)
        assert_untold(repr(result), secret_texts)
        if isinstance(result, Key):
            assert_harmless(result, secret_texts)


def test_the_check_itself_finds_what_is_told():
    jwk = JWKS["RSA-2048"]
    for text in (jwk["d"], f"x{jwk['p'][40:60]}y", repr(base64.urlsafe_b64decode(jwk["q"] + "=="))):
        with pytest.raises(AssertionError):
            assert_untold(text, secrets(jwk))
