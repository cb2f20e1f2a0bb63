"""The profiles of published standards. docs/profiles.md has a table of what each demands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rapidjwt.rules import (
    ABSENT,
    AN_AUDIENCE,
    ASCII_255,
    OBJECT,
    ONLY_AUDIENCES,
    PRESENT,
    STRING,
    STRINGS,
    TIME,
    URI,
    Rule,
    all_of,
    any_of,
    hash_of,
    members,
    one_of,
    optional,
    present_if_several,
    same_as,
    within,
)

from .profile import Profile

if TYPE_CHECKING:
    from datetime import timedelta

#: The member of `events` in a logout token.
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"

#: OAuth access tokens as RFC 9068 Sections 2 and 4 have them.
ACCESS_TOKEN = Profile(
    "access-token",
    typ=["at+jwt"],
    typ_required=True,  # Section 4
    rules={
        # Section 2.2
        "iss": STRING,
        "exp": TIME,
        "aud": PRESENT,
        "sub": STRING,
        "client_id": STRING,
        "iat": TIME,
        "jti": STRING,
        # Sections 2.2.1 and 2.2.3
        "auth_time": optional(TIME),
        "acr": optional(STRING),
        "amr": optional(STRINGS),
        "scope": optional(STRING),
    },
    needs=["issuer", "audience"],  # Section 4
)

#: Access tokens of providers that do not follow RFC 9068. `typ` may be missing, as RFC 7519
#: allows; what marks another kind of token is refused (RFC 8725 Section 3.12).
ACCESS_TOKEN_LENIENT = Profile(
    "access-token-lenient",
    typ=["JWT", "at+jwt"],
    rules={
        "iss": STRING,
        "sub": STRING,
        "aud": PRESENT,
        "exp": TIME,
        "nonce": ABSENT,
        "at_hash": ABSENT,
        "c_hash": ABSENT,
        "events": ABSENT,
    },
    needs=["issuer", "audience"],
)

#: ID tokens (OpenID Connect Core Sections 2 and 3.1.3.7). `login` makes the rules of one login.
ID_TOKEN = Profile(
    "id-token",
    typ=["JWT"],
    rules={
        "iss": STRING,
        "sub": ASCII_255,
        "aud": ONLY_AUDIENCES,
        "exp": TIME,
        "iat": TIME,
        "azp": all_of(present_if_several("aud"), any_of(ABSENT, AN_AUDIENCE)),
        "nonce": optional(STRING),
        "auth_time": optional(TIME),
        "acr": optional(STRING),
        "amr": optional(STRINGS),
        "at_hash": optional(STRING),
        "c_hash": optional(STRING),
        "events": ABSENT,  # of security events, logout tokens among them (RFC 8417 Section 4)
    },
    needs=["issuer", "audience"],
)

#: Logout tokens (OpenID Connect Back-Channel Logout Sections 2.4 and 2.6).
LOGOUT_TOKEN = Profile(
    "logout-token",
    typ=["logout+jwt", "JWT"],
    rules={
        "iss": STRING,
        "aud": ONLY_AUDIENCES,
        "iat": TIME,
        "exp": TIME,
        "jti": STRING,
        "events": OBJECT,
        ("events", LOGOUT_EVENT): OBJECT,
        "sub": optional(ASCII_255),
        "sid": optional(STRING),
        "nonce": ABSENT,
    },
    one_required=[["sub", "sid"]],
    needs=["issuer", "audience"],
)

#: Client assertions (RFC 7523 Section 3) under the rules of its revision, rfc7523bis: they say what
#: they are, and their only audience is the authorization server.
CLIENT_ASSERTION = Profile(
    "client-assertion",
    typ=["client-authentication+jwt"],
    typ_required=True,
    rules={
        "iss": STRING,
        "sub": all_of(STRING, same_as("iss")),
        "aud": STRING,
        "exp": TIME,
        "nbf": optional(TIME),
        "iat": optional(TIME),
        "jti": optional(STRING),
        "events": ABSENT,
    },
    needs=["audience"],
)

#: Client assertions of clients that do not follow rfc7523bis yet (RFC 7523 Section 3).
CLIENT_ASSERTION_LENIENT = Profile(
    "client-assertion-lenient",
    typ=["JWT", "client-authentication+jwt"],
    rules=[*(pair for pair in CLIENT_ASSERTION.rules if pair[0] != "aud"), ("aud", PRESENT)],
    needs=["audience"],
)

#: Assertions that are exchanged for an access token (RFC 7523 Section 3).
AUTHORIZATION_GRANT = Profile(
    "authorization-grant",
    typ=["JWT"],
    rules={
        "iss": STRING,
        "sub": STRING,
        "aud": PRESENT,
        "exp": TIME,
        "nbf": optional(TIME),
        "iat": optional(TIME),
        "jti": optional(STRING),
        "nonce": ABSENT,
        "events": ABSENT,
    },
    needs=["issuer", "audience"],
)

#: Security event tokens (RFC 8417 Section 2.2), typed as its Section 2.3 recommends.
SECURITY_EVENT = Profile(
    "security-event",
    typ=["secevent+jwt"],
    typ_required=True,
    rules={
        "iss": STRING,
        "iat": TIME,
        "jti": STRING,
        "events": members(URI, OBJECT),
        "sub": optional(STRING),
        "txn": optional(STRING),
        "toe": optional(TIME),
    },
    needs=["issuer"],
)

#: The profiles by name, the strictest of a kind first.
ALL = {
    profile.name: profile
    for profile in (
        ACCESS_TOKEN,
        ACCESS_TOKEN_LENIENT,
        ID_TOKEN,
        LOGOUT_TOKEN,
        CLIENT_ASSERTION,
        CLIENT_ASSERTION_LENIENT,
        AUTHORIZATION_GRANT,
        SECURITY_EVENT,
    )
}


def login(
    *,
    nonce: str | None = None,
    access_token: str | bytes | None = None,
    code: str | bytes | None = None,
    hashes_required: bool = False,
    max_age: float | timedelta | None = None,
    acr: tuple[str, ...] | list[str] | None = None,
) -> dict[str, Rule]:
    """Return the rules for the ID token of one login, for `Verifier.expecting`.

    `nonce` and `max_age` are those that were sent with the authentication request. `access_token`
    and `code` are those that came with the ID token: their hashes are compared if the token has
    them, and must be there with `hashes_required`, as for tokens from the authorization endpoint
    (OpenID Connect Core Sections 3.2.2.10 and 3.3.2.11). `acr` lists the accepted values.
    """
    hashes = {"at_hash": access_token, "c_hash": code}
    rules: dict[str, Any] = {
        claim: hash_of(value) if hashes_required else optional(hash_of(value))
        for claim, value in hashes.items()
        if value is not None
    }
    if nonce is not None:
        rules["nonce"] = one_of(nonce)
    if max_age is not None:
        rules["auth_time"] = within(max_age)
    if acr is not None:
        rules["acr"] = one_of(*acr)
    return rules
