"""DPoP (RFC 9449): proofs, and every reason to refuse one."""

from __future__ import annotations

import asyncio
import base64
import copy
import hashlib
import json
import math
import pickle
import re
import secrets
import time
from pathlib import Path

import pytest
import rapidjwt
import time_machine
from rapidjwt import Key, Signer
from rapidjwt.dpop import ALGORITHMS, DPoPNonces, DPoPProver, DPoPVerifier
from rapidjwt.exceptions import (
    InvalidDPoPProofError,
    StoreUnavailableError,
    TokenBindingError,
    UseDPoPNonceError,
)
from rapidjwt.replay import MemoryReplayStore

ROOT = Path(__file__).parents[2]
VECTORS = json.loads((ROOT / "tests/vectors/dpop.json").read_text(encoding="utf-8"))

KEY = Key.generate("ES256")
URL = "https://api.example/orders/7"
TOKEN = "an access token"


def ath(token=TOKEN):
    digest = hashlib.sha256(token.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def proof(key=KEY, *, header=(), without=(), **claims):
    """Return a proof for GET of URL with the token, changed as told."""
    usual = {"jti": secrets.token_hex(8), "htm": "GET", "htu": URL, "iat": int(time.time())}
    usual["ath"] = ath()
    claims = {name: value for name, value in (usual | claims).items() if name not in without}
    headers = {"typ": "dpop+jwt", "jwk": key.public().to_jwk()} | dict(header)
    headers = {name: value for name, value in headers.items() if name not in without}
    return Signer(key, headers=headers).encode(claims)


BOUND = {"cnf": {"jkt": KEY.thumbprint()}}


def verify(*proofs, method="GET", url=URL, token=TOKEN, claims=BOUND, **policy):
    claims = None if token is None else claims
    verifier = DPoPVerifier(**policy)
    return verifier.verify(proofs, method, url, access_token=token, claims=claims)


def refused(*proofs, because, error=InvalidDPoPProofError, **request):
    with pytest.raises(error, match=re.escape(because)) as raised:
        verify(*proofs, **request)
    for text in proofs:
        assert len(text) < 20 or text not in str(raised.value)
    return raised.value


# --- what verifies ---


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["source"] for vector in VECTORS])
def test_the_examples_of_the_rfc_verify(vector):
    with time_machine.travel(vector["time"], tick=False):
        thumbprint = DPoPVerifier().verify(
            [vector["proof"]],
            vector["method"],
            vector["url"],
            access_token=vector["access_token"],
            claims=vector["access_token"] and {"cnf": {"jkt": vector["thumbprint"]}},
        )
    assert thumbprint == vector["thumbprint"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_proof_of_every_asymmetric_algorithm_verifies(algorithm):
    key = Key.generate(algorithm)
    prover = DPoPProver(key)
    made = prover.proof("GET", URL, access_token=TOKEN)
    assert verify(made, claims={"cnf": {"jkt": prover.thumbprint}}) == key.thumbprint()
    assert prover.algorithm == rapidjwt.get_unverified_header(made)["alg"] == algorithm


def test_a_proof_has_what_the_rfc_demands_and_no_more():
    key = Key.generate("ES256", kid="mine")
    made = DPoPProver(key).proof("POST", f"{URL}?a=b#c", access_token=TOKEN, nonce="n")
    header = rapidjwt.get_unverified_header(made)
    assert (header["typ"], header["alg"]) == ("dpop+jwt", "ES256")
    assert set(header["jwk"]) == {"kty", "crv", "x", "y"}
    claims = rapidjwt.decode(made, key, algorithms=["ES256"])
    assert len(claims.pop("jti")) == 22
    assert time.time() - claims.pop("iat") < 60
    assert claims == {"htm": "POST", "htu": URL, "ath": ath(), "nonce": "n"}


def test_a_token_request_has_neither_a_token_nor_its_hash():
    made = DPoPProver(KEY).proof("POST", "https://auth.example/token")
    claims = rapidjwt.decode(made, KEY, algorithms=["ES256"])
    assert set(claims) == {"htm", "htu", "iat", "jti"}
    url = "https://auth.example/token"
    assert verify(made, method="POST", url=url, token=None) == KEY.thumbprint()


@pytest.mark.parametrize(
    ("htu", "url"),
    [
        ("https://api.example/orders/7?a=b#c", URL),
        (URL, "https://api.example/orders/7?x=y"),
        ("HTTPS://API.Example:443/orders/7", URL),
        ("http://api.example:80/orders/7", "http://api.example/orders/7"),
        ("https://api.example/%6Frders/./x/../7", URL),
        ("https://api.example/%c3%a9", "https://api.example/%C3%A9"),
        ("https://api.example", "https://api.example/"),
        ("https://[2001:DB8::1]/", "https://[2001:db8::1]:443/"),
    ],
)
def test_urls_are_compared_after_normalization_without_query_and_fragment(htu, url):
    assert verify(proof(htu=htu), url=url) == KEY.thumbprint()


def test_the_origin_can_be_that_of_the_clients():
    policy = {"url": "http://10.0.0.7:8000/orders/7?a=b", "origin": "https://api.example"}
    assert verify(proof(), **policy) == KEY.thumbprint()
    refused(proof(htu=policy["url"]), because="htu", **policy)


# --- RFC 9449 Section 4.3, in its order ---


@pytest.mark.parametrize("proofs", [[], ["a", "b"]])
def test_there_must_be_exactly_one_header(proofs):
    refused(*proofs, because="exactly one DPoP header")


def test_two_headers_that_a_server_has_joined_are_two():
    refused(f"{proof()}, {proof()}", because="exactly one DPoP header")


@pytest.mark.parametrize("text", ["", "a", "a.b", "a.b.c", "ä.b.c", "a.b.c.d.e", " ", "\ud800"])
def test_the_header_must_be_a_token(text):
    refused(text, because="is not a token")


def test_a_huge_proof_is_refused_before_it_is_read():
    refused(proof(x="a" * 16_000), because="more than 16384 characters")


@pytest.mark.parametrize(
    ("claim", "because"),
    [("jti", "(jti)"), ("htm", "(htm)"), ("htu", "(htu)"), ("iat", "(iat)"), ("ath", "(ath)")],
)
def test_every_claim_is_required(claim, because):
    refused(proof(without=[claim]), because=because)
    for value in (None, [], {}, True):
        refused(proof(**{claim: value}), because="DPoP proof")


@pytest.mark.parametrize("typ", ["JWT", "DPOP+JWT", "application/dpop+jwt", "", "at+jwt"])
def test_the_type_must_be_that_of_a_proof(typ):
    refused(proof(header={"typ": typ}), because="(typ)")
    refused(proof(without=["typ"]), because="(typ)")


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_symmetric_algorithm_is_refused(algorithm):
    secret = Key.generate(algorithm)
    header = {"typ": "dpop+jwt", "jwk": secret.to_jwk(private=True)}
    claims = {"jti": "1", "htm": "GET", "htu": URL, "iat": int(time.time()), "ath": ath()}
    refused(Signer(secret, headers=header).encode(claims), because="(alg)")


def test_an_unsigned_proof_is_refused():
    header = {"typ": "dpop+jwt", "jwk": KEY.public().to_jwk()}
    refused(rapidjwt.encode({}, None, algorithm="none", headers=header), because="(alg)")


def test_an_algorithm_that_is_not_accepted_is_refused():
    refused(proof(), algorithms=["ES384", "EdDSA"], because="(alg)")
    assert verify(proof(), algorithms=["ES256"]) == KEY.thumbprint()


def test_an_algorithm_that_does_not_fit_the_key_is_refused():
    jwk = Key.generate("RS256").public().to_jwk()
    refused(proof(header={"jwk": jwk}), because="signature")


def test_the_signature_must_be_that_of_the_key():
    stranger = Key.generate("ES256")
    refused(proof(header={"jwk": stranger.public().to_jwk()}), because="signature")
    good = proof()
    head, payload, signature = good.split(".")
    for changed in (
        f"{head}.{payload}.{'A' * len(signature)}",
        f"{head}.{payload}.",
        f"{head}.{proof().split('.')[1]}.{signature}",
    ):
        refused(changed, because="signature")


def test_a_private_key_is_refused():
    for algorithm in ("ES256", "RS256", "EdDSA", "ML-DSA-44"):
        key = Key.generate(algorithm)
        refused(proof(key, header={"jwk": key.to_jwk(private=True)}), because="not a public one")
    secret = {"kty": "oct", "k": "AAAA"}
    refused(proof(header={"jwk": secret}), because="not a public one")
    partial = KEY.public().to_jwk() | {"d": None}
    refused(proof(header={"jwk": partial}), because="not a public one")


@pytest.mark.parametrize("jwk", [None, "x", [], {}, {"kty": "EC"}, {"kty": "oct"}, {"kty": 1}])
def test_the_header_must_have_a_usable_key(jwk):
    refused(proof(header={"jwk": jwk}), because="(jwk)")
    refused(proof(without=["jwk"]), because="(jwk)")


def test_a_weak_key_is_refused():
    small = {"kty": "RSA", "e": "AQAB", "n": base64.urlsafe_b64encode(b"\xff" * 64).decode()[:-2]}
    refused(proof(header={"jwk": small}), because="(jwk)")


def test_an_unknown_critical_extension_is_refused():
    refused(critical(), because="is not a token")


def critical():
    """Return a proof with a `crit` that nobody knows; a Signer does not make one."""
    head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": KEY.public().to_jwk(), "crit": ["x"], "x": 1}
    claims = {"jti": "1", "htm": "GET", "htu": URL, "iat": int(time.time()), "ath": ath()}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()) for part in (head, claims)]
    signed = b".".join(part.rstrip(b"=") for part in parts)
    signature = base64.urlsafe_b64encode(KEY.sign(signed, "ES256")).rstrip(b"=")
    return (signed + b"." + signature).decode()


@pytest.mark.parametrize("method", ["POST", "get", "", "GE"])
def test_a_proof_for_another_method_is_refused(method):
    refused(proof(), method=method, because="(htm)")


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example/orders/8",
        "https://api.example/orders/7/",
        "https://api.example/Orders/7",
        "https://api.example:8443/orders/7",
        "https://api.example:0/orders/7",
        "http://api.example/orders/7",
        "https://other.example/orders/7",
        "https://api.example/orders%3F/7",
        "https://api.example/",
    ],
)
def test_a_proof_for_another_url_is_refused(url):
    refused(proof(), url=url, because="(htu)")
    refused(proof(htu=url), because="(htu)")


@pytest.mark.parametrize(
    "htu",
    [
        "/orders/7",
        "//api.example/orders/7",
        "https:///orders/7",
        "ftp://api.example/orders/7",
        "https://user@api.example/orders/7",
        "https://api.example:99999/orders/7",
        "https://api.example:x/orders/7",
        "https://[::1/orders/7",
        "https://api.example/orders/7\n",
        " https://api.example/orders/7",
        "https://api.exämple/orders/7",
        "",
    ],
)
def test_what_is_not_a_url_matches_nothing_not_even_itself(htu):
    refused(proof(htu=htu), because="(htu)")
    refused(proof(htu=htu), url=htu, because="(htu)")


def test_a_proof_needs_the_nonce_of_the_server():
    nonces = DPoPNonces(b"s" * 32)
    error = refused(proof(), nonces=nonces, because="needs the nonce", error=UseDPoPNonceError)
    assert error.nonce == nonces.current()
    assert verify(proof(nonce=error.nonce), nonces=nonces) == KEY.thumbprint()
    for wrong in ("", "x", None, 1, "ä", "\ud800", DPoPNonces(b"t" * 32).current()):
        refused(proof(nonce=wrong), nonces=nonces, because="nonce", error=UseDPoPNonceError)


def test_a_nonce_lives_for_its_lifetime_and_less_than_twice_as_long():
    nonces = DPoPNonces(b"s" * 32, lifetime=100)
    start = 1_700_000_000 // 100 * 100
    with time_machine.travel(start, tick=False) as clock:
        first = nonces.current()
        seen = []
        for second in (0, 99, 100, 199, 200, 1000):
            clock.move_to(start + second)
            seen.append((nonces.current() == first, nonces.is_valid(first)))
        clock.move_to(start - 1)  # a server whose clock is behind
        assert nonces.is_valid(first)
        clock.move_to(start - 101)
        assert not nonces.is_valid(first)
    yes, no = True, False
    assert seen == [(yes, yes), (yes, yes), (no, yes), (no, yes), (no, no), (no, no)]


def test_processes_with_one_secret_accept_each_others_nonces():
    assert DPoPNonces(b"s" * 32).is_valid(DPoPNonces(b"s" * 32).current())


def test_without_nonces_a_nonce_does_not_matter():
    assert verify(proof(nonce="whatever")) == KEY.thumbprint()


def test_a_proof_is_accepted_for_a_while_after_its_time():
    made = int(time.time())
    with time_machine.travel(made, tick=False) as clock:
        text = proof()
        for second, is_accepted in ((-6, False), (-5, True), (0, True), (64, True), (65, False)):
            clock.move_to(made + second)
            if is_accepted:
                verify(text, max_age=60, leeway=5)
            else:
                because = "in the future" if second < 0 else "too old"
                refused(text, because=because, max_age=60, leeway=5)


@pytest.mark.parametrize("iat", ["1", "", [], math.nan, math.inf, -math.inf, 10**400, -(10**400)])
def test_a_time_that_is_none_is_refused(iat):
    claims = {"jti": "1", "htm": "GET", "htu": URL, "iat": iat, "ath": ath()}
    header = {"typ": "dpop+jwt", "jwk": KEY.public().to_jwk()}
    refused(rapidjwt.encode(claims, KEY, "ES256", headers=header), because="iat")


@pytest.mark.parametrize(
    "value", [ath("another token"), "", "ä", "\ud800", 1, [ath()], ath() + "="]
)
def test_a_proof_for_another_token_is_refused(value):
    refused(proof(ath=value), because="(ath)")


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"cnf": None},
        {"cnf": []},
        {"cnf": "x"},
        {"cnf": {}},
        {"cnf": {"jkt": None}},
        {"cnf": {"jkt": 1}},
        {"cnf": {"jkt": "ä"}},
        {"cnf": {"jkt": "\ud800"}},
        {"cnf": {"jkt": Key.generate("ES256").thumbprint()}},
    ],
)
def test_the_token_must_be_bound_to_the_key(claims):
    refused(proof(), claims=claims, because="bound", error=TokenBindingError)


def test_a_proof_is_accepted_once():
    verifier, made = DPoPVerifier(), proof()
    verifier.verify([made], "GET", URL, access_token=TOKEN, claims=BOUND)
    with pytest.raises(InvalidDPoPProofError, match="used before"):
        verifier.verify([made], "GET", URL, access_token=TOKEN, claims=BOUND)


def test_the_same_id_of_another_key_is_another_proof():
    verifier, other = DPoPVerifier(), Key.generate("ES256")
    verifier.verify([proof(jti="1")], "GET", URL)
    assert verifier.verify([proof(other, jti="1")], "GET", URL) == other.thumbprint()


def test_a_proof_that_is_refused_does_not_fill_the_store():
    store = MemoryReplayStore()
    refused(proof(htm="POST"), replay=store, because="(htm)")
    refused(proof(), claims={}, replay=store, because="bound", error=TokenBindingError)
    assert len(store) == 0


def test_a_proof_is_remembered_as_long_as_it_is_accepted():
    store = MemoryReplayStore()
    with time_machine.travel(int(time.time()), tick=False) as clock:
        verify(proof(), replay=store, max_age=60, leeway=5)
        clock.shift(64)
        store.seen_before("a", "b", time.time() + 1)
        assert len(store) == 2
        clock.shift(1)
        store.seen_before("a", "c", time.time() + 1)
        assert len(store) == 1


def test_a_store_out_of_reach_refuses():
    class Down:
        def seen_before(self, issuer, jti, until, /):
            raise StoreUnavailableError("down")

    with pytest.raises(StoreUnavailableError):
        verify(proof(), replay=Down())


def test_a_long_id_takes_no_more_room_than_a_short_one():
    class Noting(MemoryReplayStore):
        def seen_before(self, issuer, jti, until, /):
            self.noted = jti
            return super().seen_before(issuer, jti, until)

    store = Noting()
    verify(proof(jti="a" * 4000), replay=store)
    assert len(store.noted) == 43


# --- asyncio ---


def test_coroutines_get_the_same_answers():
    class Sync:
        def __init__(self):
            self.store = MemoryReplayStore()

        def seen_before(self, issuer, jti, until, /):
            return self.store.seen_before(issuer, jti, until)

    class Async(Sync):
        async def seen_before_async(self, issuer, jti, until, /):
            return self.store.seen_before(issuer, jti, until)

        seen_before = None

    async def twice(verifier):
        made = proof()
        await verifier.verify_async([made], "GET", URL, access_token=TOKEN, claims=BOUND)
        with pytest.raises(InvalidDPoPProofError, match="used before"):
            await verifier.verify_async([made], "GET", URL, access_token=TOKEN, claims=BOUND)
        with pytest.raises(InvalidDPoPProofError, match="htm"):
            await verifier.verify_async([proof()], "PUT", URL)

    for store in (MemoryReplayStore(), Sync(), Async()):
        asyncio.run(twice(DPoPVerifier(replay=store)))
    with pytest.raises(TypeError, match="asyncio"):
        verify(proof(), replay=Async())


# --- wrong use ---


@pytest.mark.parametrize(
    ("call", "error", "because"),
    [
        (lambda: DPoPProver("a secret"), TypeError, "takes a Key"),
        (lambda: DPoPProver(Key.generate("HS256")), ValueError, "asymmetric"),
        (lambda: DPoPProver(KEY.public()), rapidjwt.InvalidKeyError, "private"),
        (lambda: DPoPProver(KEY).proof("GET", "/orders/7"), ValueError, "absolute URL"),
        (lambda: DPoPNonces("s" * 32), TypeError, "bytes"),
        (lambda: DPoPNonces(b"short"), ValueError, "32 bytes"),
        (lambda: DPoPNonces(b"s" * 32, lifetime=0), ValueError, "lifetime"),
        (lambda: DPoPVerifier(algorithms="ES256"), TypeError, "list"),
        (lambda: DPoPVerifier(algorithms=[]), ValueError, "some of"),
        (lambda: DPoPVerifier(algorithms=["HS256"]), ValueError, "some of"),
        (lambda: DPoPVerifier(replay=object()), TypeError, "replay store"),
        (lambda: DPoPVerifier(replay=MemoryReplayStore), TypeError, "replay store"),
        (lambda: DPoPVerifier(origin="api.example"), ValueError, "origin"),
        (lambda: DPoPVerifier(origin="https://api.example/v1"), ValueError, "origin"),
        (lambda: DPoPVerifier(max_age=0), ValueError, "max_age"),
        (lambda: DPoPVerifier(leeway=-1), ValueError, "leeway"),
        (lambda: DPoPVerifier().verify("a.b.c", "GET", URL), TypeError, "list"),
        (lambda: DPoPVerifier().verify([], "GET", URL, access_token="x"), TypeError, "both"),
        (lambda: DPoPVerifier().verify([], "GET", URL, claims=BOUND), TypeError, "both"),
    ],
)
def test_a_wrong_call_says_what_to_do(call, error, because):
    with pytest.raises(error, match=because):
        call()


RSA = Key.generate("RS256").to_jwk(private=True)
del RSA["alg"]


def test_a_key_without_a_name_of_its_algorithm_needs_it():
    assert DPoPProver(Key.from_jwk(RSA), "PS256").algorithm == "PS256"


def test_errors_can_be_copied_and_pickled():
    error = UseDPoPNonceError("n")
    for same in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert (type(same), same.nonce, str(same)) == (type(error), "n", str(error))


@pytest.mark.parametrize(("guide", "least"), [("dpop", 20), ("mtls", 8)])
def test_every_must_of_the_guides_names_a_test_that_exists(guide, least):
    page = (ROOT / f"docs/guides/{guide}.md").read_text(encoding="utf-8")
    named = re.findall(r"`(test_\w+)`", page)
    assert len(named) >= least
    here = Path(__file__).parent
    files = [f"test_{guide}.py", "integrations/test_possession.py"]
    sources = [(here / file).read_text(encoding="utf-8") for file in files]
    tests = set(re.findall(r"^def (test_\w+)", "\n".join(sources), re.MULTILINE))
    assert set(named) - tests == set()
