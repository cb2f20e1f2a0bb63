"""What programs read of an error: `code`, `claim`, `expected`, `actual`, `expired_at`."""

from __future__ import annotations

import copy
import importlib
import json
import pickle
import pkgutil
import re
from pathlib import Path

import pytest
import rapidjwt
from differential.keys import HMAC_SECRET
from differential.paths import OURS
from rapidjwt import Key, KeySet, Signer, Verifier
from rapidjwt.dpop import DPoPVerifier
from rapidjwt.exceptions import CODES, PyJWTError
from rapidjwt.integrations import bearer
from rapidjwt.integrations.sources import CrossSiteError
from rapidjwt.jwks import Response
from rapidjwt.keyring.document import read as read_key_ring
from rapidjwt.mtls import check_certificate
from rapidjwt.revocation import RevocationList
from test_error_variants import OURS_ALONE, SHARED

ROOT = Path(__file__).parents[2]
HS = ["HS256"]
LATE = 10**12
SECRET_VALUE = "the-name-of-somebody"


def helped(details):
    """Return the details of an error with the path of the page about its code."""
    return {**details, "help": f"error-codes/{details['code']}/"}


def raised_by(call):
    with pytest.raises((PyJWTError, bearer.BearerError)) as raised:
        call()
    return raised.value


def decoding(claims, **arguments):
    return lambda api: api.decode(
        rapidjwt.encode(claims, HMAC_SECRET), HMAC_SECRET, HS, **arguments
    )


WITHOUT_EXPECTED = {"code": "wrong_audience", "claim": "aud", "actual": "you"}
#: The details of an error, on every path of `decode`.
ON_EVERY_PATH = [
    (decoding({"exp": 1}), {"code": "expired", "claim": "exp", "actual": 1, "expired_at": 1}),
    (decoding({"exp": "1"}), {"code": "expired", "claim": "exp", "actual": "1", "expired_at": 1}),
    (decoding({"exp": "x"}), {"code": "invalid_claim", "claim": "exp", "actual": "x"}),
    (decoding({"nbf": LATE}), {"code": "not_yet_valid", "claim": "nbf", "actual": LATE}),
    (decoding({"nbf": []}), {"code": "invalid_claim", "claim": "nbf", "actual": []}),
    (decoding({"iat": LATE}), {"code": "not_yet_valid", "claim": "iat", "actual": LATE}),
    (decoding({"iat": "x"}), {"code": "invalid_claim", "claim": "iat", "actual": "x"}),
    (decoding({}, options={"require": ["exp"]}), {"code": "missing_claim", "claim": "exp"}),
    (decoding({}, issuer="me"), {"code": "missing_claim", "claim": "iss"}),
    (decoding({}, audience="me"), {"code": "missing_claim", "claim": "aud"}),
    (
        decoding({"iss": "you"}, issuer="me"),
        {"code": "wrong_issuer", "claim": "iss", "expected": "me", "actual": "you"},
    ),
    (
        decoding({"iss": "you"}, issuer=["me", "us"]),
        {"code": "wrong_issuer", "claim": "iss", "expected": ["me", "us"], "actual": "you"},
    ),
    (decoding({"aud": "you"}), {"code": "wrong_audience", "claim": "aud", "actual": "you"}),
    (
        decoding({"aud": ["you", "they"]}, audience=("me",)),
        {
            "code": "wrong_audience",
            "claim": "aud",
            "expected": ["me"],
            "actual": ["you", "they"],
        },
    ),
    (
        decoding({"aud": 7}, audience="me"),
        {"code": "invalid_claim", "claim": "aud", "expected": "me", "actual": 7},
    ),
    (
        decoding({"aud": "you"}, audience="me", options={"strict_aud": True}),
        {"code": "wrong_audience", "claim": "aud", "expected": "me", "actual": "you"},
    ),
    (decoding({"sub": SECRET_VALUE}, subject="me"), {"code": "wrong_subject", "claim": "sub"}),
    (decoding({"sub": 7}), {"code": "invalid_claim", "claim": "sub"}),
    (decoding({"jti": 7}), {"code": "invalid_claim", "claim": "jti"}),
    (
        lambda api: api.decode(rapidjwt.encode({}, HMAC_SECRET), HMAC_SECRET, ["HS384", "RS256"]),
        {"code": "wrong_algorithm", "expected": ["HS384", "RS256"], "actual": "HS256"},
    ),
    (decoding({"aud": "you"}, audience=iter(["me"])), WITHOUT_EXPECTED),
    (lambda api: api.decode("a.b.c", HMAC_SECRET), {"code": "missing_algorithms"}),
    (lambda api: api.decode("a.b.c", HMAC_SECRET, []), {"code": "missing_algorithms"}),
]


@pytest.mark.parametrize(("call", "details"), ON_EVERY_PATH, ids=str)
def test_the_details_of_refused_claims_are_the_same_on_every_path(call, details):
    for api in OURS:
        assert raised_by(lambda api=api: call(api)).details() == helped(details), api.name


def details_of(call, api):
    """Return the details of an error; None for one of Python's own classes."""
    with pytest.raises((PyJWTError, NotImplementedError)) as raised:
        call(api)
    return raised.value.details() if isinstance(raised.value, PyJWTError) else None


@pytest.mark.parametrize("variant", SHARED)
def test_a_variant_has_the_same_details_on_every_path(variant):
    for call in SHARED[variant]:
        first, *others = [details_of(call, api) for api in OURS]
        assert others == [first] * len(others)


def test_a_prepared_verifier_has_the_details_of_decode():
    verifier = Verifier(HMAC_SECRET, algorithms=HS, issuer=["me", "us"])
    token = rapidjwt.encode({"iss": "you"}, HMAC_SECRET)
    details = {"code": "wrong_issuer", "claim": "iss", "expected": ["me", "us"], "actual": "you"}
    assert raised_by(lambda: verifier.decode(token)).details() == helped(details)
    assert next(verifier.decode_many([token])).details() == helped(details)
    other = rapidjwt.encode({"iss": "me"}, HMAC_SECRET, "HS512")
    assert raised_by(lambda: verifier.decode(other)).details() == helped(
        {"code": "wrong_algorithm", "expected": ["HS256"], "actual": "HS512"}
    )


def ec_keys():
    return KeySet([Key.generate("ES256", kid=kid) for kid in "ab"])


def without_a_provider(status):
    client = rapidjwt.JWKSClient(
        "https://issuer.example/jwks", transport=lambda _request: Response(status, {}, b"[]")
    )
    return client.refresh


def from_a_request(authorization):
    verifier = Verifier(HMAC_SECRET, algorithms=HS)
    return lambda: bearer.verify(verifier, authorization)


def revoked():
    listed = RevocationList(60)
    listed.revoke_token("1")
    listed.check({"jti": "1"}, {})


#: A way to each code that `test_error_variants.py` does not cause, but for those in `THROWN`.
OTHERS = {
    "missing_algorithms": lambda: rapidjwt.decode("a.b.c", HMAC_SECRET),
    "invalid_jwk": lambda: rapidjwt.PyJWK({"kty": "oct", "k": "AAAA"}, algorithm="XX"),
    "keys_unavailable": without_a_provider(200),
    "keys_unreachable": without_a_provider(500),
    "missing_token": from_a_request([]),
    "invalid_request": from_a_request(["Bearer a b"]),
    "revoked_token": revoked,
    "key_ring": lambda: read_key_ring(b""),
    "wrong_binding": lambda: check_certificate({}, None),
    "invalid_dpop_proof": lambda: DPoPVerifier().verify([], "GET", "https://api.example/"),
    "use_dpop_nonce": lambda: (_ for _ in ()).throw(rapidjwt.exceptions.UseDPoPNonceError("n")),
    "insufficient_scope": lambda: bearer.require_scopes({}, ["orders:read"]),
    "csrf_failed": lambda: (_ for _ in ()).throw(CrossSiteError()),
}
#: Errors that applications raise, or that need other software.
THROWN = {
    "error": PyJWTError("of yours"),
    "invalid_token": rapidjwt.InvalidTokenError("revoked"),
    "missing_cryptography": rapidjwt.exceptions.MissingCryptographyError("RS256"),
    "replayed_token": rapidjwt.exceptions.ReplayedTokenError(),
    "store_unavailable": rapidjwt.exceptions.StoreUnavailableError(),
}


def test_every_code_occurs_and_is_documented():
    found = {raised_by(call).code for call in OTHERS.values()}
    found |= {error.code for error in THROWN.values()}
    found |= {raised_by(call).code for call, _error, _message in OURS_ALONE.values()}
    shared = [details_of(call, OURS[0]) for calls in SHARED.values() for call in calls]
    found |= {details["code"] for details in shared if details}
    assert found == set(CODES)


@pytest.mark.parametrize("code", [*OTHERS, *THROWN])
def test_an_error_has_its_code(code):
    error = THROWN[code] if code in THROWN else raised_by(OTHERS[code])
    assert error.code == error.details()["code"] == code


def all_classes(of):
    return {of}.union(*map(all_classes, of.__subclasses__()))


def test_every_class_of_the_package_and_every_code_of_the_core_is_in_the_table():
    for module in pkgutil.walk_packages(rapidjwt.__path__, "rapidjwt."):
        if re.search(r"\.(cli|integrations\.\w+|__main__)", module.name):
            continue
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError as error:  # of a package that is not installed here
            if error.name.startswith("rapidjwt"):
                raise
    ours = [
        kind
        for base in (PyJWTError, bearer.BearerError)
        for kind in all_classes(base)
        if kind.__module__.startswith("rapidjwt")
    ]
    assert len(ours) > 20
    assert {kind.code for kind in ours if issubclass(kind, PyJWTError)} <= set(CODES)
    package = ROOT / "python" / "rapidjwt"
    sources = {path: path.read_text(encoding="utf-8") for path in package.rglob("*.py")}
    for path, source in sources.items():
        if "cli" not in path.parts:
            assert set(re.findall(r'\bcode"?[=:] ?"(\w+)"', source)) <= set(CODES), path
    core = (ROOT / "src" / "python" / "errors.rs").read_text(encoding="utf-8")
    native = set(re.findall(r'Error, Some\("(\w+)"\)\)', core))
    assert len(native) > 4
    assert native <= set(CODES)


def test_pickling_and_copying_keep_the_attributes():
    for call, details in ON_EVERY_PATH:
        error = raised_by(lambda call=call: call(OURS[0]))
        for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
            assert twin.details() == helped(details)
            assert (type(twin), twin.args) == (type(error), error.args)


def test_a_subclass_has_its_own_code_or_inherits_one():
    def of_another_class(base, *arguments, **members):
        return type("Mine", (base,), members)(*arguments)

    revoked = of_another_class(rapidjwt.InvalidTokenError, "a", code="revoked")
    assert revoked.details() == {"code": "revoked"}
    assert of_another_class(rapidjwt.ExpiredSignatureError).details() == helped(
        {"code": "expired", "claim": "exp"}
    )

    assert of_another_class(rapidjwt.InvalidTokenError, code=["a"]).details() == {"code": ["a"]}

    def takes_a_number(self, code):
        self.code, self.claim = code, "azp"

    numbered = of_another_class(rapidjwt.InvalidAudienceError, 403, __init__=takes_a_number)
    assert numbered.details() == {"code": 403, "claim": "azp"}


def test_details_are_short_and_json():
    claims = {"aud": ["x" * 5000, {"a": 1}, 10**30, None, 1.5, *("y" * 30)]}
    details = raised_by(lambda: decoding(claims, audience="me")(OURS[0])).details()
    assert details["actual"][:5] == ["x" * 200 + "...", "dict", "int", "NoneType", 1.5]
    assert len(details["actual"]) == 10
    assert len(json.dumps(details)) < 2000
    far = raised_by(lambda: decoding({"exp": -(10**300)})(OURS[0])).details()
    assert far["expired_at"] == "int"


def test_details_contain_no_token_key_or_person():
    signer = Signer(HMAC_SECRET, "HS256")
    token = signer.encode({"sub": SECRET_VALUE, "jti": SECRET_VALUE, "exp": 1})
    for key, options in (
        (HMAC_SECRET, {}),
        (HMAC_SECRET + "x", {}),
        (HMAC_SECRET, {"subject": "me", "options": {"verify_exp": False}}),
    ):
        error = raised_by(
            lambda key=key, options=options: rapidjwt.decode(token, key, HS, **options)
        )
        assert not [one for one in (token, key, SECRET_VALUE) if one in str(error.details())]


def test_errors_of_key_sets_and_issuers_have_codes():
    assert raised_by(lambda: ec_keys().select(kid="c", alg="ES256")).code == "unknown_key"
    several = rapidjwt.MultiIssuerVerifier(
        [Verifier(HMAC_SECRET, algorithms=HS, issuer="https://a.example")]
    )
    stranger = rapidjwt.encode({"iss": "https://b.example"}, HMAC_SECRET)
    assert raised_by(lambda: several.decode(stranger)).details() == helped(
        {
            "code": "wrong_issuer",
            "claim": "iss",
            "expected": ["https://a.example"],
            "actual": "https://b.example",
        }
    )
