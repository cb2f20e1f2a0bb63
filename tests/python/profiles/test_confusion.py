"""A token of one kind is not taken for another (RFC 8725 Sections 3.11 and 3.12).

Issuer, audience and key are the same for all: only the profile tells the tokens apart.
"""

from __future__ import annotations

import itertools

import pytest
import rapidjwt
from rapidjwt import Verifier
from rapidjwt.profiles import (
    ACCESS_TOKEN,
    ACCESS_TOKEN_LENIENT,
    ALL,
    AUTHORIZATION_GRANT,
    CLIENT_ASSERTION,
    CLIENT_ASSERTION_LENIENT,
)

from .tokens import AUDIENCE, ISSUER, KEY, conforming, verifier

#: Pairs (token, profile) that only issuer, audience or keys tell apart, because the standards give
#: neither kind a `typ` or a claim of its own, and profiles of which one is a lenient form.
ACCEPTED = {
    (ACCESS_TOKEN, ACCESS_TOKEN_LENIENT): "the lenient form",
    (CLIENT_ASSERTION, CLIENT_ASSERTION_LENIENT): "the lenient form",
    (ACCESS_TOKEN_LENIENT, AUTHORIZATION_GRANT): "a grant is a JWT with iss, sub, aud and exp",
    (AUTHORIZATION_GRANT, ACCESS_TOKEN_LENIENT): "and so is the access token",
    (CLIENT_ASSERTION_LENIENT, AUTHORIZATION_GRANT): "RFC 7523 Section 3 is about both",
    (CLIENT_ASSERTION_LENIENT, ACCESS_TOKEN_LENIENT): "and RFC 7519 gives them no typ",
    (ACCESS_TOKEN_LENIENT, "id-token"): "OpenID Connect Core requires neither typ nor nonce",
    (AUTHORIZATION_GRANT, "id-token"): "the same",
    (CLIENT_ASSERTION_LENIENT, "id-token"): "the same",
}
EXCEPTIONS = {(one, ALL.get(other, other) if isinstance(other, str) else other)
              for one, other in ACCEPTED}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "profile"), list(itertools.permutations(ALL.values(), 2)), ids=str
)
def test_a_token_of_one_kind_is_refused_as_another(kind, profile):
    accepting = Verifier(KEY.public(), issuer=[ISSUER, "app"], audience=AUDIENCE, profile=profile)
    if (kind, profile) in EXCEPTIONS:
        accepting.decode(conforming(kind))
    else:
        with pytest.raises(rapidjwt.InvalidTokenError):
            accepting.decode(conforming(kind))


def test_with_the_values_of_a_login_no_other_token_is_an_id_token():

    id_token = ALL["id-token"]
    for kind in ALL.values():
        if kind is not id_token:
            with pytest.raises(rapidjwt.InvalidTokenError):
                verifier(id_token).decode(conforming(kind))
