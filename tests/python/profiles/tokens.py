"""A conforming token of each profile, and one broken token for each MUST of its standard."""

from __future__ import annotations

import base64
import hashlib
import time
from dataclasses import dataclass, field
from typing import Any

import rapidjwt
from rapidjwt import Key, Signer, Verifier
from rapidjwt.profiles import (
    ACCESS_TOKEN,
    ACCESS_TOKEN_LENIENT,
    AUTHORIZATION_GRANT,
    CLIENT_ASSERTION,
    CLIENT_ASSERTION_LENIENT,
    ID_TOKEN,
    LOGOUT_TOKEN,
    SECURITY_EVENT,
    Profile,
    login,
)

NOW = int(time.time())
ISSUER = "https://server.example"
AUDIENCE = "s6BhdRkqt3"
KEY = Key.generate("ES256")
LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
REMOVE = object()

NONCE = "n-0S6_WzA2Mj"
ACCESS = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"
CODE = "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk"


def half_hash(text: str, hash_name: str = "sha256") -> str:
    digest = hashlib.new(hash_name, text.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


BASE = {"iss": ISSUER, "sub": "248289761001", "aud": AUDIENCE, "exp": NOW + 600, "iat": NOW}

#: The header's `typ` and the claims of a conforming token.
CONFORMING: dict[str, tuple[str | None, dict[str, Any]]] = {
    ACCESS_TOKEN.name: (
        "at+jwt",
        BASE | {"client_id": "app", "jti": "dbe39bf3", "scope": "read write", "auth_time": NOW},
    ),
    ACCESS_TOKEN_LENIENT.name: ("JWT", BASE),
    ID_TOKEN.name: (
        None,
        BASE
        | {"nonce": NONCE, "auth_time": NOW - 60, "acr": "urn:mace:incommon:iap:silver"}
        | {"azp": AUDIENCE, "at_hash": half_hash(ACCESS), "c_hash": half_hash(CODE)},
    ),
    LOGOUT_TOKEN.name: (
        "logout+jwt",
        BASE | {"jti": "bWJq", "sid": "08a5019c-17e1", "events": {LOGOUT: {}}},
    ),
    CLIENT_ASSERTION.name: (
        "client-authentication+jwt",
        BASE | {"iss": "app", "sub": "app", "jti": "a"},
    ),
    CLIENT_ASSERTION_LENIENT.name: (None, BASE | {"iss": "app", "sub": "app", "jti": "a"}),
    AUTHORIZATION_GRANT.name: (None, BASE),
    SECURITY_EVENT.name: (
        "secevent+jwt",
        {
            "iss": ISSUER,
            "iat": NOW,
            "jti": "756E69717565",
            "aud": [AUDIENCE],
            "txn": "8675309",
            "toe": NOW - 5,
            "events": {"https://schemas.openid.net/secevent/risc/event-type/account-disabled": {}},
        },
    ),
}

LOGIN = login(
    nonce=NONCE,
    access_token=ACCESS,
    code=CODE,
    hashes_required=True,
    max_age=300,
    acr=["urn:mace:incommon:iap:silver"],
)

INVALID = rapidjwt.InvalidTokenError
MISSING = rapidjwt.MissingRequiredClaimError
EXPIRED = rapidjwt.ExpiredSignatureError
AUD = rapidjwt.InvalidAudienceError
ISS = rapidjwt.InvalidIssuerError
SUB = rapidjwt.exceptions.InvalidSubjectError


@dataclass(frozen=True)
class Must:
    """One MUST, and a token that breaks it and nothing else."""

    name: str
    profile: Profile
    section: str
    error: type[Exception]
    claims: dict[str, Any] = field(default_factory=dict)
    typ: Any = ""

    def token(self) -> str:
        typ, claims = CONFORMING[self.profile.name]
        changed = {**claims, **self.claims}
        kept = {name: value for name, value in changed.items() if value is not REMOVE}
        return signed(typ if self.typ == "" else self.typ, kept)


def missing(profile: Profile, section: str, *claims: str) -> list[Must]:
    return [
        Must(f"{profile.name}-without-{claim}", profile, section, MISSING, {claim: REMOVE})
        for claim in claims
    ]


_AT, _ID, _LOGOUT = ACCESS_TOKEN, ID_TOKEN, LOGOUT_TOKEN
_CA, _CAL, _AG, _SE = (
    CLIENT_ASSERTION,
    CLIENT_ASSERTION_LENIENT,
    AUTHORIZATION_GRANT,
    SECURITY_EVENT,
)
_LENIENT = ACCESS_TOKEN_LENIENT
_9068, _CORE, _BCL = "RFC 9068 Section ", "OpenID Connect Core Section ", "Back-Channel Logout "
_7523, _8417 = "RFC 7523 Section 3", "RFC 8417 Section "

MUSTS = [
    # --- RFC 9068 ---
    Must("access-token-typ", _AT, _9068 + "4", INVALID, typ="JWT"),
    Must("access-token-without-typ", _AT, _9068 + "4", INVALID, typ=None),
    Must("access-token-iss", _AT, _9068 + "4", ISS, {"iss": "https://other.example"}),
    Must("access-token-aud", _AT, _9068 + "4", AUD, {"aud": "stranger"}),
    Must("access-token-exp", _AT, _9068 + "4", EXPIRED, {"exp": NOW - 1}),
    *missing(_AT, _9068 + "2.2", "iss", "exp", "aud", "sub", "client_id", "iat", "jti"),
    Must("access-token-client-id-type", _AT, _9068 + "2.2", INVALID, {"client_id": 7}),
    Must("access-token-auth-time-type", _AT, _9068 + "2.2.1", INVALID, {"auth_time": "now"}),
    Must("access-token-acr-type", _AT, _9068 + "2.2.1", INVALID, {"acr": ["0"]}),
    Must("access-token-amr-type", _AT, _9068 + "2.2.1", INVALID, {"amr": "mfa"}),
    Must("access-token-scope-type", _AT, _9068 + "2.2.3", INVALID, {"scope": ["read"]}),
    # --- access tokens of other providers ---
    *missing(_LENIENT, "RFC 7519 Section 4.1", "iss", "sub", "aud", "exp"),
    Must("access-token-lenient-typ", _LENIENT, "RFC 8725 Section 3.11", INVALID, typ="logout+jwt"),
    *(
        Must(
            f"access-token-lenient-with-{claim}",
            _LENIENT,
            "RFC 8725 Section 3.12",
            INVALID,
            {claim: value},
        )
        for claim, value in {"nonce": "n", "at_hash": "h", "c_hash": "h", "events": {}}.items()
    ),
    # --- OpenID Connect Core ---
    Must("id-token-iss", _ID, _CORE + "3.1.3.7 (2)", ISS, {"iss": "https://other.example"}),
    Must("id-token-aud", _ID, _CORE + "3.1.3.7 (3)", AUD, {"aud": "stranger"}),
    Must(
        "id-token-untrusted-aud", _ID, _CORE + "3.1.3.7 (3)", AUD, {"aud": [AUDIENCE, "stranger"]}
    ),
    Must(
        "id-token-several-aud-without-azp",
        _ID,
        _CORE + "3.1.3.7 (4)",
        MISSING,
        {"aud": [AUDIENCE, AUDIENCE], "azp": REMOVE},
    ),
    Must("id-token-azp", _ID, _CORE + "3.1.3.7 (5)", INVALID, {"azp": "stranger"}),
    Must("id-token-exp", _ID, _CORE + "3.1.3.7 (9)", EXPIRED, {"exp": NOW - 1}),
    Must("id-token-nonce", _ID, _CORE + "3.1.3.7 (11)", INVALID, {"nonce": "stranger"}),
    Must("id-token-without-nonce", _ID, _CORE + "3.1.3.7 (11)", MISSING, {"nonce": REMOVE}),
    Must("id-token-acr", _ID, _CORE + "3.1.3.7 (12)", INVALID, {"acr": "0"}),
    Must("id-token-auth-time", _ID, _CORE + "3.1.3.7 (13)", EXPIRED, {"auth_time": NOW - 9999}),
    Must("id-token-without-auth-time", _ID, _CORE + "2", MISSING, {"auth_time": REMOVE}),
    Must(
        "id-token-at-hash", _ID, _CORE + "3.2.2.9", INVALID, {"at_hash": half_hash("another token")}
    ),
    Must(
        "id-token-at-hash-of-other-alg",
        _ID,
        _CORE + "3.2.2.9",
        INVALID,
        {"at_hash": half_hash(ACCESS, "sha512")},
    ),
    Must("id-token-without-at-hash", _ID, _CORE + "3.2.2.10", MISSING, {"at_hash": REMOVE}),
    Must(
        "id-token-c-hash", _ID, _CORE + "3.3.2.10", INVALID, {"c_hash": half_hash("another token")}
    ),
    Must("id-token-without-c-hash", _ID, _CORE + "3.3.2.11", MISSING, {"c_hash": REMOVE}),
    *missing(_ID, _CORE + "2", "iss", "sub", "aud", "exp", "iat"),
    Must("id-token-sub-length", _ID, _CORE + "2", SUB, {"sub": "x" * 256}),
    Must("id-token-sub-ascii", _ID, _CORE + "2", SUB, {"sub": "é"}),
    Must("id-token-amr-type", _ID, _CORE + "2", INVALID, {"amr": "mfa"}),
    Must("id-token-events", _ID, _8417 + "4", INVALID, {"events": {LOGOUT: {}}}),
    Must("id-token-typ", _ID, "RFC 8725 Section 3.11", INVALID, typ="at+jwt"),
    # --- OpenID Connect Back-Channel Logout ---
    Must("logout-token-iss", _LOGOUT, _BCL + "2.6 (4)", ISS, {"iss": "https://other.example"}),
    Must("logout-token-aud", _LOGOUT, _BCL + "2.6 (4)", AUD, {"aud": "stranger"}),
    Must(
        "logout-token-untrusted-aud",
        _LOGOUT,
        _BCL + "2.6 (4)",
        AUD,
        {"aud": [AUDIENCE, "stranger"]},
    ),
    Must("logout-token-exp", _LOGOUT, _BCL + "2.6 (4)", EXPIRED, {"exp": NOW - 1}),
    *missing(_LOGOUT, _BCL + "2.4", "iss", "aud", "iat", "exp", "jti", "events"),
    Must(
        "logout-token-neither-sub-nor-sid",
        _LOGOUT,
        _BCL + "2.6 (5)",
        MISSING,
        {"sub": REMOVE, "sid": REMOVE},
    ),
    Must("logout-token-event", _LOGOUT, _BCL + "2.6 (6)", MISSING, {"events": {"https://e.x": {}}}),
    Must("logout-token-event-type", _LOGOUT, _BCL + "2.4", INVALID, {"events": {LOGOUT: 1}}),
    Must("logout-token-events-type", _LOGOUT, _BCL + "2.4", INVALID, {"events": [LOGOUT]}),
    Must("logout-token-nonce", _LOGOUT, _BCL + "2.6 (7)", INVALID, {"nonce": "n"}),
    Must("logout-token-typ", _LOGOUT, _BCL + "2.4", INVALID, typ="at+jwt"),
    # --- RFC 7523 and rfc7523bis ---
    Must("client-assertion-typ", _CA, "rfc7523bis Section 4", INVALID, typ="JWT"),
    Must("client-assertion-without-typ", _CA, "rfc7523bis Section 4", INVALID, typ=None),
    Must("client-assertion-aud-list", _CA, "rfc7523bis Section 4", AUD, {"aud": [AUDIENCE]}),
    Must("client-assertion-aud", _CA, _7523 + " (3)", AUD, {"aud": "stranger"}),
    Must("client-assertion-sub", _CA, _7523 + " (2)", SUB, {"sub": "stranger"}),
    Must("client-assertion-exp", _CA, _7523 + " (4)", EXPIRED, {"exp": NOW - 1}),
    Must(
        "client-assertion-nbf",
        _CA,
        _7523 + " (5)",
        rapidjwt.ImmatureSignatureError,
        {"nbf": NOW + 999},
    ),
    *missing(_CA, _7523, "iss", "sub", "aud", "exp"),
    Must("client-assertion-lenient-sub", _CAL, _7523 + " (2)", SUB, {"sub": "stranger"}),
    Must("client-assertion-lenient-aud", _CAL, _7523 + " (3)", AUD, {"aud": ["stranger"]}),
    *missing(_CAL, _7523, "iss", "sub", "aud", "exp"),
    *(
        Must(f"{kind.name}-events", kind, _8417 + "4", INVALID, {"events": {LOGOUT: {}}})
        for kind in (_CA, _CAL, _AG)
    ),
    Must("authorization-grant-iss", _AG, _7523 + " (1)", ISS, {"iss": "https://other.example"}),
    Must("authorization-grant-aud", _AG, _7523 + " (3)", AUD, {"aud": "stranger"}),
    Must("authorization-grant-exp", _AG, _7523 + " (4)", EXPIRED, {"exp": NOW - 1}),
    *missing(_AG, _7523, "iss", "sub", "aud", "exp"),
    Must("authorization-grant-typ", _AG, "RFC 8725 Section 3.11", INVALID, typ="at+jwt"),
    Must("authorization-grant-nonce", _AG, "RFC 8725 Section 3.12", INVALID, {"nonce": "n"}),
    # --- RFC 8417 ---
    *missing(_SE, _8417 + "2.2", "iss", "iat", "jti", "events"),
    Must("security-event-iss", _SE, _8417 + "2.2", ISS, {"iss": "https://other.example"}),
    Must("security-event-aud", _SE, _8417 + "2.2", AUD, {"aud": ["stranger"]}),
    Must("security-event-empty", _SE, _8417 + "2.2", INVALID, {"events": {}}),
    Must("security-event-name", _SE, _8417 + "2.2", INVALID, {"events": {"not a URI": {}}}),
    Must("security-event-payload", _SE, _8417 + "2.2", INVALID, {"events": {"https://e.x": 1}}),
    Must("security-event-toe-type", _SE, _8417 + "2.2", INVALID, {"toe": "now"}),
    Must("security-event-txn-type", _SE, _8417 + "2.2", INVALID, {"txn": 1}),
    Must("security-event-typ", _SE, _8417 + "2.3", INVALID, typ="JWT"),
]


def signed(typ: str | None, claims: dict[str, Any]) -> str:
    """Sign claims as they are, whatever a profile says."""
    return Signer(KEY, headers={"typ": typ}).encode(claims)


def conforming(profile: Profile) -> str:
    return signed(*CONFORMING[profile.name])


def verifier(profile: Profile, **arguments: Any) -> Verifier:
    """Return a verifier for conforming tokens of the profile; of a login for ID tokens."""
    is_client = profile.name.startswith("client-assertion")
    made = Verifier(
        KEY.public(),
        issuer="app" if is_client else ISSUER,
        audience=AUDIENCE,
        profile=profile,
        **arguments,
    )
    return made.expecting(LOGIN) if profile is ID_TOKEN else made
