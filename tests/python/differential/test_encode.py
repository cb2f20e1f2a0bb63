"""For any payload, PyJWT and rapidjwt return the same token or raise the same error."""

from __future__ import annotations

import json

import jwt
import pytest
import rapidjwt
from hypothesis import given
from hypothesis import strategies as st

from . import strategies as make
from .keys import ALGORITHMS, DETERMINISTIC, HMAC_SECRET, private_keys, private_pem, verifying_key
from .paths import Recipe, assert_same, assert_same_call

CLAIMS = {"sub": "user", "exp": 4_000_000_000}


@make.cases("payloads")
@given(make.payloads, make.encoders)
def test_every_payload_gives_the_same_token(payload, encoder):
    assert_same_call("encode", payload, HMAC_SECRET, json_encoder=encoder)


@make.cases("headers")
@given(make.headers, make.encoders, make.sort_headers)
def test_every_header_gives_the_same_token(headers, encoder, sort_headers):
    assert_same_call(
        "encode",
        CLAIMS,
        HMAC_SECRET,
        headers=headers,
        json_encoder=encoder,
        sort_headers=sort_headers,
    )


@make.cases("encode arguments")
@given(
    make.mix((1, make.payloads), (2, st.just(CLAIMS))),
    make.secrets,
    st.one_of(st.just([]), st.lists(make.algorithm_names, min_size=1, max_size=1)),
    make.headers,
)
def test_every_key_and_algorithm_gives_the_same_token(payload, key, algorithm, headers):
    assert_same_call("encode", payload, key, *algorithm, headers=headers)


@pytest.mark.parametrize("path", ["text", "object"])
@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_every_algorithm_signs_what_the_other_library_verifies(algorithm, path):
    key = make_signing_key(algorithm, path)

    def without_random_signature(token):
        header, payload, signature = token.split(".")
        decoded = [
            lib.decode(token, verifying_key(algorithm), [algorithm]) for lib in (jwt, rapidjwt)
        ]
        same = algorithm in DETERMINISTIC
        return header, payload, signature if same else len(signature), decoded

    assert_same(
        lambda api: api.encode(CLAIMS, key, algorithm),
        f"encode({CLAIMS}, {key!r}, {algorithm!r})",
        see=without_random_signature,
    )


def make_signing_key(algorithm, path):
    name = ALGORITHMS[algorithm]
    if name == "oct":
        return HMAC_SECRET if path == "text" else HMAC_SECRET.encode()
    return private_pem(name) if path == "text" else private_keys()[name]


def test_every_character_is_written_as_python_writes_it_wherever_it_stands():
    characters = [chr(code) for code in [*range(0x800), 0xFFFF, 0x10000, 0x1F600, 0x10FFFF]]
    for length in (0, 1, 7, 8, 15, 16, 17, 33):
        texts = ["a" * length + character + "b" for character in characters]
        _, payload, _ = rapidjwt.encode({"texts": texts}, HMAC_SECRET).split(".")
        written = rapidjwt.utils.base64url_decode(payload)
        assert written.decode() == json.dumps({"texts": texts}, separators=(",", ":"))


@pytest.mark.parametrize("kind", ["list", "dict"])
@pytest.mark.parametrize("encoder", [None, "SetEncoder", "PythonEncoder"])
def test_a_payload_too_deep_to_write_gives_the_same_error(kind, encoder):
    payload = {"deep": Recipe(f"nested(100_000, {kind})")}
    encoder = encoder and Recipe(encoder)
    assert_same_call("encode", payload, HMAC_SECRET, json_encoder=encoder)
    assert_same_call("encode", CLAIMS, HMAC_SECRET, headers=payload, json_encoder=encoder)
