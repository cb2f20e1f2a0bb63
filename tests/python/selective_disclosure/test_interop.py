"""SD-JWTs of the reference implementation, the package sd-jwt, are read here, and the reverse."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("sd_jwt")

from jwcrypto.jwk import JWK
from rapidjwt import Key, Signer, Verifier
from rapidjwt.sd_jwt import SDJWT, SDJWTVerifier, issue, present
from sd_jwt.common import SDObj
from sd_jwt.holder import SDJWTHolder
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.verifier import SDJWTVerifier as ReferenceVerifier

ISSUER, HOLDER = Key.generate("ES256"), Key.generate("ES256")
THEIRS = {key: JWK.from_json(json.dumps(key.to_jwk(private=True))) for key in (ISSUER, HOLDER)}
FOR = {"nonce": "n-123", "audience": "https://verifier.example"}
VERIFIER = Verifier(ISSUER.public(), algorithms=["ES256"])
CLAIMS = {
    "iss": "me",
    "sub": "alice",
    "given_name": "Möbius",
    "address": {"country": "DE", "city": "Berlin"},
    "nationalities": ["DE", "FR"],
    "n": 1.5,
}


def reference_claims():
    return {
        "iss": "me",
        SDObj("sub"): "alice",
        SDObj("given_name"): "Möbius",
        SDObj("address"): {SDObj("country"): "DE", "city": "Berlin"},
        "nationalities": [SDObj("DE"), SDObj("FR")],
        SDObj("n"): 1.5,
    }


@pytest.mark.parametrize("decoys", [False, True])
def test_the_reference_issues_and_we_present_and_verify(decoys):
    made = SDJWTIssuer(
        reference_claims(), THEIRS[ISSUER], THEIRS[HOLDER], add_decoy_claims=decoys
    ).sd_jwt_issuance
    paths = {one.path for one in SDJWT.parse(made).disclosures}
    assert ("address", "country") in paths
    verifier = SDJWTVerifier(VERIFIER)
    everything = present(made, [*CLAIMS], key=HOLDER, **FOR)
    verified = verifier.verify(everything, **FOR)
    assert {name: verified.claims[name] for name in CLAIMS} == CLAIMS
    some = present(made, [("nationalities", 1), "given_name"], key=HOLDER, **FOR)
    claims = verifier.verify(some, **FOR).claims
    assert (claims["nationalities"], claims["given_name"]) == (["FR"], "Möbius")
    assert not {"sub", "address", "n"} & set(claims)


def test_the_reference_presents_what_we_issued_and_we_verify_it():
    paths = ["sub", "given_name", "address", ("address", "country"), ("nationalities", None), "n"]
    issued = issue(CLAIMS, Signer(ISSUER, "ES256"), paths, holder_key=HOLDER)
    holder = SDJWTHolder(issued)
    chosen = {"given_name": True, "address": {"country": True}, "nationalities": [False, True]}
    holder.create_presentation(chosen, FOR["nonce"], FOR["audience"], THEIRS[HOLDER])
    verified = SDJWTVerifier(VERIFIER).verify(holder.sd_jwt_presentation, **FOR)
    assert verified.claims["address"] == CLAIMS["address"]
    assert verified.claims["nationalities"] == ["FR"]
    assert not {"sub", "n"} & set(verified.claims)


@pytest.mark.parametrize("decoys", [0, 3])
def test_the_reference_verifies_what_we_issued_and_presented(decoys):
    paths = ["sub", "given_name", "address", ("address", "country"), ("nationalities", None), "n"]
    signer = Signer(ISSUER, "ES256", headers={"typ": "example+sd-jwt"})
    issued = issue(CLAIMS, signer, paths, holder_key=HOLDER, decoys=decoys)
    for disclose in ([], [*CLAIMS], ["sub", ("nationalities", 0)]):
        presented = present(issued, disclose, key=HOLDER, **FOR)
        reference = ReferenceVerifier(
            presented, lambda _issuer, _header: THEIRS[ISSUER], FOR["audience"], FOR["nonce"]
        )
        claims = reference.get_verified_payload()
        assert claims == SDJWTVerifier(VERIFIER).verify(presented, **FOR).claims
