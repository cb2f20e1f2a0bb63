"""The examples of RFC 7515, 7517, 7520, 7638, 7797 and 8037, read from tests/vectors."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import rapidjwt

VECTORS = Path(__file__).parent.parent / "vectors"
PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi"}

Vector = dict[str, Any]


def load(name: str) -> list[Vector]:
    vectors: list[Vector] = json.loads((VECTORS / name).read_text(encoding="utf-8"))
    assert vectors
    return vectors


JWS = load("jws.json")
SIGNED = [vector for vector in JWS if vector["algorithm"] != "none"]
UNSECURED = [vector for vector in JWS if vector["algorithm"] == "none"]
SIGNABLE = [vector for vector in SIGNED if {"d", "k"} & vector["key"].keys()]


def parametrize(vectors: list[Vector]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("vector", vectors, ids=lambda vector: vector["source"])


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def parts(vector: Vector) -> tuple[bytes, bytes]:
    """Return the signing input (RFC 7515 Section 5.1, RFC 7797 Section 3) and the signature."""
    header, payload, signature = vector["token"].split(".")
    signed_payload = vector["payload"] if vector["detached"] else payload
    signing_input = f"{header}.{signed_payload}".encode()
    return signing_input, base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))


def public_jwk(jwk: Vector) -> Vector:
    return {name: value for name, value in jwk.items() if name not in PRIVATE_MEMBERS}


def decode(vector: Vector, token: str) -> bytes:
    """Return the payload of `token`, verified with the vector's key."""
    payload: bytes = rapidjwt.PyJWS().decode(
        token,
        key=rapidjwt.PyJWK(public_jwk(vector["key"]), algorithm=vector["algorithm"]),
        algorithms=[vector["algorithm"]],
        detached_payload=vector["payload"].encode() if vector["detached"] else None,
    )
    return payload


def flip_one_bit_in_each_byte(data: bytes) -> list[bytes]:
    return [
        data[:index] + bytes([byte ^ 1 << index % 8]) + data[index + 1 :]
        for index, byte in enumerate(data)
    ]


def test_every_source_that_the_readme_names_is_there() -> None:
    assert [vector["source"] for vector in JWS] == [
        *(f"RFC 7515 Appendix A.{number}" for number in range(1, 6)),
        *(f"RFC 7520 Section 4.{number}" for number in range(1, 5)),
        "RFC 7797 Section 4.1",
        "RFC 7797 Section 4.2",
        "RFC 8037 Appendix A.4",
        "RFC 8037 Appendix A.5",
    ]


@parametrize(JWS)
def test_the_stored_texts_are_those_of_the_token(vector: Vector) -> None:
    header, payload, _ = vector["token"].split(".")
    assert base64url(vector["header"].encode()) == header
    assert payload == ("" if vector["detached"] else base64url(vector["payload"].encode()))


@parametrize(JWS)
def test_the_header_is_read(vector: Vector) -> None:
    header = rapidjwt.get_unverified_header(vector["token"])
    assert header == json.loads(vector["header"])
    assert header["alg"] == vector["algorithm"]


@parametrize(SIGNED)
def test_a_token_gives_its_payload(vector: Vector) -> None:
    assert decode(vector, vector["token"]) == vector["payload"].encode()


@parametrize([vector for vector in SIGNABLE if vector["deterministic"]])
def test_a_deterministic_signature_comes_out_byte_for_byte(vector: Vector) -> None:
    signing_input, signature = parts(vector)
    key = rapidjwt.Key.from_jwk(vector["key"])
    assert key.sign(signing_input, vector["algorithm"]) == signature


@parametrize([vector for vector in SIGNABLE if not vector["deterministic"]])
def test_a_randomized_signature_of_our_own_verifies(vector: Vector) -> None:
    signing_input, published = parts(vector)
    key = rapidjwt.Key.from_jwk(vector["key"])
    signature = key.sign(signing_input, vector["algorithm"])
    assert signature != published
    assert len(signature) == len(published)
    assert key.public().verify(signing_input, signature, vector["algorithm"])


@parametrize(SIGNED)
def test_one_flipped_bit_is_refused(vector: Vector) -> None:
    signing_input, signature = parts(vector)
    # The public JWK: a secret has no public half.
    key = rapidjwt.Key.from_jwk(public_jwk(vector["key"]))
    assert key.verify(signing_input, signature, vector["algorithm"])
    for tampered in flip_one_bit_in_each_byte(signature):
        assert not key.verify(signing_input, tampered, vector["algorithm"])
    for tampered in flip_one_bit_in_each_byte(signing_input):
        assert not key.verify(tampered, signature, vector["algorithm"])


@parametrize(SIGNED)
def test_a_token_with_one_flipped_bit_is_refused(vector: Vector) -> None:
    _, signature = parts(vector)
    head = vector["token"].rpartition(".")[0]
    for tampered in flip_one_bit_in_each_byte(signature):
        with pytest.raises(
            rapidjwt.InvalidSignatureError, match=r"\ASignature verification failed\Z"
        ):
            decode(vector, f"{head}.{base64url(tampered)}")


@parametrize([vector for vector in SIGNED if vector["detached"]])
def test_another_detached_payload_is_refused(vector: Vector) -> None:
    with pytest.raises(rapidjwt.InvalidSignatureError):
        decode({**vector, "payload": vector["payload"] + "0"}, vector["token"])


@parametrize(UNSECURED)
def test_an_unsecured_token_is_refused_when_verifying(vector: Vector) -> None:
    with pytest.raises(rapidjwt.InvalidSignatureError):
        rapidjwt.PyJWS().decode(vector["token"], key=None, algorithms=["none"])
    with pytest.raises(rapidjwt.InvalidAlgorithmError):
        rapidjwt.PyJWS().decode(vector["token"], key="secret", algorithms=["HS256"])
    with pytest.raises(rapidjwt.InvalidAlgorithmError):
        rapidjwt.decode(vector["token"], key="secret", algorithms=["HS256"])


@parametrize(UNSECURED)
def test_an_unsecured_token_can_be_read_unverified(vector: Vector) -> None:
    unverified = {"verify_signature": False}
    payload = rapidjwt.PyJWS().decode(vector["token"], options=unverified)
    assert payload == vector["payload"].encode()
    claims = rapidjwt.decode(vector["token"], options=unverified)
    assert claims == json.loads(vector["payload"])


@parametrize(load("thumbprints.json"))
def test_the_public_members_give_the_published_thumbprint(vector: Vector) -> None:
    written = rapidjwt.Key.from_jwk(vector["key"]).to_jwk()
    members = {name: value for name, value in written.items() if name not in ("kid", "alg")}
    canonical = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
    assert base64url(hashlib.sha256(canonical).digest()) == vector["sha256"]


@parametrize(load("jwk_sets.json"))
def test_the_keys_of_a_published_jwk_set_load(vector: Vector) -> None:
    for jwk in vector["keys"]:
        key = rapidjwt.Key.from_jwk(jwk)
        assert key.kty == jwk["kty"]
        assert key.is_private == ("d" in jwk or "k" in jwk)
        assert key.to_jwk(private=key.is_private).items() <= jwk.items()


@parametrize(load("x5c.json"))
def test_the_certificate_of_a_published_jwk_holds_its_key(vector: Vector) -> None:
    key = rapidjwt.Key.from_jwk(vector["key"])
    assert (key.use, key.kid) == (vector["key"]["use"], vector["key"]["kid"])
    assert rapidjwt.Key.from_der(base64.b64decode(vector["key"]["x5c"][0])) == key


def test_the_private_and_the_public_jwk_set_hold_the_same_keys() -> None:
    public, private, _ = (vector["keys"] for vector in load("jwk_sets.json"))
    for public_half, jwk in zip(public, private, strict=True):
        key = rapidjwt.Key.from_jwk(jwk)
        assert key.public().to_jwk() == rapidjwt.Key.from_jwk(public_half).to_jwk()
