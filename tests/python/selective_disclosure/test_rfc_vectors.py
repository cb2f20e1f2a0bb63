"""The examples of RFC 9901, in every serialization that they have."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from freezegun import freeze_time
from rapidjwt import Key, Signer, Verifier
from rapidjwt.sd_jwt import SDJWT, SDJWTVerifier, conceal, present
from rapidjwt.utils import base64url_decode

EXAMPLES = json.loads(
    (Path(__file__).parents[2] / "vectors" / "sd_jwt.json").read_text(encoding="utf-8")
)
VECTORS = EXAMPLES["vectors"]
ISSUER, HOLDER = Key.from_jwk(EXAMPLES["issuer_key"]), Key.from_jwk(EXAMPLES["holder_key"])


def verifier(vector, **options):
    key_binding = "required" if "key_binding" in vector else "refused"
    return SDJWTVerifier(Verifier(ISSUER, algorithms=["ES256"]), key_binding=key_binding, **options)


def decoded(text):
    return base64url_decode(text).decode()


def expected_by(vector):
    claims = vector.get("key_binding")
    return {"nonce": claims["nonce"], "audience": claims["aud"]} if claims else {}


def test_every_example_of_the_rfc_is_there():
    assert [vector["source"].removeprefix("RFC 9901 ") for vector in VECTORS] == [
        *("Section 5", "Appendix A.1", "Appendix A.2", "Appendix A.3", "Appendix A.4"),
        *("Section 6.1", "Section 6.2", "Section 6.2", "Section 6.3", "Section 8.2", "Section 8.3"),
    ]


@pytest.mark.parametrize("vector", [one for one in VECTORS if "presented" in one])
@freeze_time("2025-05-29 16:41:06")
def test_a_presentation_verifies_in_every_form(vector):
    forms = [vector["presented"], vector["presented"].encode()]
    if "json_presented" in vector:
        forms += [vector["json_presented"], json.dumps(vector["json_presented"])]
    for form in forms:
        verified = verifier(vector).verify(form, **expected_by(vector))
        assert verified.key_binding == vector.get("key_binding")
        assert verified.header["alg"] == "ES256"
        if "processed" in vector:
            assert verified.claims == vector["processed"]


@pytest.mark.parametrize("vector", [one for one in VECTORS if "issued" in one])
def test_what_was_issued_discloses_everything(vector):
    issued = SDJWT.parse(vector.get("json_issued", vector["issued"]))
    assert str(issued) == vector["issued"]
    if "json_issued" in vector:
        assert issued.to_flattened() == vector["json_issued"]
    texts = vector["issued"].split("~")[1:-1]
    assert sorted(one.text for one in issued.disclosures) == sorted(texts)
    holder = SDJWTVerifier(Verifier(ISSUER, algorithms=["ES256"]), key_binding="refused")
    assert set(vector.get("processed", ())) <= set(holder.verify(vector["issued"]).claims)


@pytest.mark.parametrize("vector", [one for one in VECTORS if "payload" in one])
def test_a_payload_with_its_disclosures_is_processed(vector):
    signer = Signer("a secret of at least thirty-two bytes", "HS256")
    issued = "~".join([signer.encode(vector["payload"]), *vector["disclosures"], ""])
    local = Verifier("a secret of at least thirty-two bytes", algorithms=["HS256"])
    assert SDJWTVerifier(local, key_binding="refused").verify(issued).claims == vector["processed"]


@freeze_time("2025-05-29 16:41:05")
def test_the_holder_makes_the_presentation_of_the_example():
    """All but the signature and the order, which the holder is free to choose."""
    vector = VECTORS[0]
    paths = ["given_name", "family_name", "address", ("nationalities", 0)]
    made = present(
        vector["issued"],
        paths,
        key=HOLDER,
        nonce="1234567890",
        audience="https://verifier.example.org",
    )
    assert sorted(made.split("~")[:-1]) == sorted(vector["presented"].split("~")[:-1])
    verified = verifier(vector).verify(made, **expected_by(vector))
    assert verified.claims == vector["processed"]
    example = SDJWT.parse(vector["presented"])
    assert example.sd_hash() == vector["key_binding"]["sd_hash"]


def test_the_disclosures_of_an_example_are_made_again():
    """The same salts, names and values; only white space differs, which RFC 9901 leaves open."""
    vector = VECTORS[8]
    read = [json.loads(decoded(text)) for text in vector["disclosures"]]
    claims = vector["processed"]
    parts = [("address", name) for name in claims["address"]]
    payload, made = conceal(claims, ["address", *parts])
    assert set(payload) - {"_sd"} == set(vector["payload"]) - {"_sd"}
    assert len(payload["_sd"]) == len(vector["payload"]["_sd"]) == 1
    names = [json.loads(decoded(text))[1] for text in made]
    assert names == [one[1] for one in read]
