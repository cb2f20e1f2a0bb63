"""Where a token may be, and what a route demands: the rules that every helper shares."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from rapidjwt.dpop import DPoPVerifier
from rapidjwt.integrations.bearer import BearerError, MissingTokenError
from rapidjwt.integrations.demands import Demands
from rapidjwt.integrations.guard import Guard
from rapidjwt.integrations.possession import PresentedRequest
from rapidjwt.integrations.sources import (
    AUTHORIZATION,
    Cookie,
    CrossSiteError,
    CustomHeader,
    DoubleSubmit,
    Query,
    Subprotocol,
    credentials_of,
    selected_subprotocol,
)
from rapidjwt.testing import FakeClock, Issuer

ISSUER = Issuer()
HEADER = {"Authorization": ["Bearer header"]}


@dataclass
class Sent(PresentedRequest):
    """A request of which the tests say everything."""

    headers: dict = field(default_factory=dict)
    method: str = "GET"
    url: str = "https://api.example/orders"
    query: str = ""
    is_websocket: bool = False
    original: object = None

    def values(self, header, /):
        return self.headers.get(header, [])


def found(request, *sources):
    return credentials_of(request, sources, ("Bearer",))[1]


def cookies(*values, **more):
    return Sent({"Cookie": list(values)}, **more)


def test_the_first_source_with_a_token_is_used():
    request = Sent({**HEADER, "Cookie": ["token=cookie"]}, query="access_token=query")
    sources = {"header": AUTHORIZATION, "cookie": Cookie("token"), "query": Query()}
    for first, second in (("header", "cookie"), ("cookie", "query"), ("query", "header")):
        assert found(request, sources[first], sources[second]) == first
    assert found(Sent(query="access_token=query"), *sources.values()) == "query"
    with pytest.raises(MissingTokenError):
        found(request, Subprotocol())
    basic = Sent({"Authorization": ["Basic YTpi"], "Cookie": ["token=cookie"]})
    assert found(basic, *sources.values()) == "cookie"


@pytest.mark.parametrize(
    "values",
    [
        ["token=abc"],
        ["a=b; token=abc; c"],
        ['token="abc"'],
        ["a=b", "token=abc"],
        ["a=b;token = abc "],
    ],
)
def test_a_cookie_is_found_among_others(values):
    assert found(cookies(*values), Cookie("token")) == "abc"


@pytest.mark.parametrize("value", ["", "token", "token=", "Token=abc", "token2=abc", "a=token=abc"])
def test_a_cookie_that_is_not_there_or_empty_is_no_token(value):
    with pytest.raises(MissingTokenError):
        found(cookies(value), Cookie("token"))


@pytest.mark.parametrize(
    ("request_", "source", "code"),
    [
        (cookies("token=a; token=b"), Cookie("token"), "invalid_request"),
        (cookies("token=a", "token=a"), Cookie("token"), "invalid_request"),
        (Sent(query="access_token=a&access_token=b"), Query(), "invalid_request"),
        (cookies("token=a b"), Cookie("token"), "malformed_token"),
        (cookies("token=ä"), Cookie("token"), "malformed_token"),
        (Sent(query="access_token=a%0d%0ab"), Query(), "malformed_token"),
    ],
)
def test_several_tokens_and_malformed_ones_are_refused(request_, source, code):
    with pytest.raises(BearerError) as raised:
        found(request_, source)
    assert raised.value.code == code
    assert raised.value.status == (400 if code == "invalid_request" else 401)


DOUBLE = ["token=abc; csrf_token=c5"]


@pytest.mark.parametrize(
    ("csrf", "headers", "passes"),
    [
        (DoubleSubmit(), {"Cookie": DOUBLE, "X-CSRF-Token": ["c5"]}, True),
        (DoubleSubmit(), {"Cookie": DOUBLE, "X-CSRF-Token": ["c6"]}, False),
        (DoubleSubmit(), {"Cookie": DOUBLE, "X-CSRF-Token": ["c5", "c5"]}, False),
        (DoubleSubmit(), {"Cookie": DOUBLE}, False),
        (DoubleSubmit(), {"Cookie": ["token=abc"], "X-CSRF-Token": ["c5"]}, False),
        (DoubleSubmit(), {"Cookie": ["token=abc"], "X-CSRF-Token": [""]}, False),
        (DoubleSubmit(), {"Cookie": ["token=abc; csrf_token="], "X-CSRF-Token": [""]}, False),
        (DoubleSubmit(), {"Cookie": [*DOUBLE, *DOUBLE[0:0]], "X-CSRF-Token": ["ä"]}, False),
        (
            DoubleSubmit(),
            {"Cookie": ["token=abc; csrf_token=c5; csrf_token=c6"], "X-CSRF-Token": ["c6"]},
            False,
        ),
        (
            DoubleSubmit("csrftoken", "X-CSRFToken"),
            {"Cookie": ["token=abc; csrftoken=c"], "X-CSRFToken": ["c"]},
            True,
        ),
        (CustomHeader(), {"Cookie": DOUBLE, "X-CSRF-Protection": ["1"]}, True),
        (CustomHeader(), {"Cookie": DOUBLE, "X-CSRF-Protection": [""]}, False),
        (CustomHeader(), {"Cookie": DOUBLE}, False),
        (None, {"Cookie": DOUBLE}, True),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "UNHEARD"])
def test_unsafe_methods_with_a_cookie_are_checked(csrf, headers, passes, method):
    source = Cookie("token", csrf)
    for safe in ("GET", "HEAD", "OPTIONS", "TRACE"):
        assert found(Sent(headers, safe), source) == "abc"
    if passes:
        assert found(Sent(headers, method), source) == "abc"
        return
    with pytest.raises(CrossSiteError) as raised:
        found(Sent(headers, method), source)
    assert (raised.value.status, raised.value.code) == (403, "csrf_failed")
    assert raised.value.headers("api") == {}


@pytest.mark.parametrize(
    ("origins", "passes"),
    [
        ([], True),  # a program, not a browser
        (["https://api.example"], True),
        (["http://api.example"], True),
        (["https://shop.example"], True),
        (["https://api.example:8443"], False),
        (["https://evil.example"], False),
        (["https://api.example.evil.example"], False),
        (["https://api.example", "https://evil.example"], False),
        (["null"], False),
        ([""], False),
    ],
)
def test_a_websocket_with_a_cookie_comes_from_a_known_page(origins, passes):
    source = Cookie("token", origins=["https://shop.example"])
    headers = {"Cookie": ["token=abc"], "Origin": origins}
    request = Sent(headers, url="wss://api.example/live", is_websocket=True)
    if passes:
        assert found(request, source) == "abc"
        return
    with pytest.raises(CrossSiteError):
        found(request, source)


def test_a_subprotocol_is_the_name_and_then_the_token():
    def offered(*values, is_websocket=True):
        return Sent({"Sec-WebSocket-Protocol": list(values)}, is_websocket=is_websocket)

    for request in (offered("bearer, abc"), offered("chat,bearer,abc"), offered("bearer", "abc")):
        assert found(request, Subprotocol()) == "abc"
        assert selected_subprotocol([AUTHORIZATION, Subprotocol()], request) == "bearer"
        assert selected_subprotocol([AUTHORIZATION], request) is None
    for request in (offered(), offered("abc"), offered("chat, bearer"), offered("bearer, ")):
        with pytest.raises(MissingTokenError):
            found(request, Subprotocol())
    with pytest.raises(MissingTokenError):
        found(offered("bearer, abc", is_websocket=False), Subprotocol())
    with pytest.raises(BearerError, match="more than one"):
        found(offered("bearer, a, bearer, b"), Subprotocol())
    assert selected_subprotocol([Subprotocol()], offered("chat")) is None


@pytest.mark.parametrize(
    ("sources", "error", "text"),
    [
        ("cookie", ValueError, "at least one source"),
        ([], ValueError, "at least one source"),
        (["cookie"], TypeError, "got str$"),
        ([Cookie], TypeError, "got type$"),
        ([None], TypeError, "got NoneType$"),
    ],
)
def test_sources_are_checked_when_a_helper_is_made(sources, error, text):
    with pytest.raises(error, match=text):
        Guard(ISSUER.verifier(), sources=sources)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Cookie("a b"),
        lambda: Cookie(""),
        lambda: Subprotocol("a,b"),
        lambda: DoubleSubmit(header="X:Y"),
        lambda: CustomHeader("a\r\n"),
    ],
)
def test_names_are_tokens(make):
    with pytest.raises(ValueError, match="ASCII token"):
        make()


def test_a_check_of_another_type_is_refused():
    with pytest.raises(TypeError, match=r"csrf must be a DoubleSubmit, .* not bool"):
        Cookie("token", True)
    with pytest.raises(TypeError, match="origins must be a list"):
        Cookie("token", origins="https://shop.example")


def test_where_dpop_is_required_only_the_header_is_read():
    dpop = DPoPVerifier(required=True)
    with pytest.raises(ValueError, match="Where DPoP is required"):
        Guard(ISSUER.verifier(), sources=[AUTHORIZATION, Cookie("token")], dpop=dpop)
    Guard(ISSUER.verifier(), sources=[AUTHORIZATION], dpop=dpop)


def test_a_token_that_is_bound_to_a_key_is_refused_in_a_cookie():
    token = ISSUER.token(cnf={"jkt": "x" * 43})
    guard = Guard(ISSUER.verifier(), sources=[Cookie("token")], dpop=DPoPVerifier(required=False))
    with pytest.raises(BearerError, match="sent without DPoP"):
        guard.check(cookies(f"token={token}"))


# --- demands ---

NESTED = ("realm_access", "roles")


@pytest.mark.parametrize(
    ("arguments", "claims", "scope"),
    [
        ({"scopes": "a b"}, {"scope": "b a c"}, None),
        ({"scopes": "a b"}, {"scope": "a"}, "a b"),
        ({"any_scope": "a b"}, {"scope": "c b"}, None),
        ({"any_scope": ["a", "b"]}, {"scp": ["b"]}, None),
        ({"any_scope": "a b"}, {"scope": "c"}, "a"),
        ({"any_scope": "a"}, {}, "a"),
        ({"scopes": "a", "any_scope": "b c"}, {"scope": "a"}, "b"),
        ({"roles": "admin"}, {"roles": ["admin"]}, None),
        ({"roles": "admin"}, {"roles": "admin"}, None),
        ({"roles": ["admin", "owner"]}, {"roles": ["owner"]}, None),
        ({"roles": "admin"}, {"roles": ["administrator"]}, ""),
        ({"roles": "admin"}, {"roles": "administrator"}, ""),
        ({"roles": "admin"}, {"roles": [["admin"], 1, None, {"admin": 1}]}, ""),
        ({"roles": "admin"}, {"roles": {"admin": True}}, ""),
        ({"roles": "admin"}, {}, ""),
        ({"roles": "admin", "roles_claim": NESTED}, {"realm_access": {"roles": ["admin"]}}, None),
        ({"roles": "admin", "roles_claim": NESTED}, {"realm_access": ["admin"]}, ""),
        ({"roles": "admin", "roles_claim": NESTED}, {"realm_access.roles": ["admin"]}, ""),
        ({"roles": "admin", "roles_claim": "https://a.example/roles"}, {"roles": ["admin"]}, ""),
    ],
)
def test_what_a_route_demands(arguments, claims, scope):
    demands = Demands.of(**arguments)
    if scope is None:
        demands.check(claims)
        return
    with pytest.raises(BearerError) as raised:
        demands.check(claims)
    assert (raised.value.status, raised.value.code) == (403, "insufficient_scope")
    assert " ".join(raised.value.scopes) == scope


def test_demands_are_checked_when_they_are_made():
    for arguments in ({"scopes": "a\r\n"}, {"any_scope": ['"']}):
        with pytest.raises(ValueError, match="Not a scope"):
            Demands.of(**arguments)
    with pytest.raises(ValueError, match="roles_claim must name a claim"):
        Demands.of(roles="admin", roles_claim=())


def test_optional_lets_requests_without_a_token_pass_and_no_others():
    results = []
    guard = Guard(
        ISSUER.verifier(), optional=True, scopes="a", claims=len, on_result=results.append
    )
    assert guard.check(Sent()) is None
    assert guard.check(Sent({"Authorization": ["Basic YTpi"]})) is None
    assert results == []
    assert guard.check(Sent({"Authorization": [ISSUER.bearer(scope="a")["Authorization"]]})) == 8
    refused = [ISSUER.bearer()["Authorization"], f"Bearer {ISSUER.expired_token()}", "Bearer"]
    for value in refused:
        with pytest.raises(BearerError):
            guard.check(Sent({"Authorization": [value]}))
    assert results == ["verified", "verified", "insufficient_scope", "expired", "invalid_request"]


def test_the_time_that_is_left_counts_the_leeway():
    guard = Guard(ISSUER.verifier(leeway=10))
    with FakeClock(1000) as clock:
        assert guard.seconds_left({"exp": 1060}) == 70
        clock.tick(75)
        assert guard.seconds_left({"exp": 1060}) == 0
    assert guard.seconds_left({}) is None
    assert guard.seconds_left(None) is None


def test_a_body_of_ones_own_must_be_made_by_a_function():
    with pytest.raises(TypeError, match="error_body must be a function, not dict"):
        Guard(ISSUER.verifier(), error_body={})


def test_a_body_of_ones_own_can_be_problem_details():
    guard = Guard(ISSUER.verifier(), error_body=BearerError.details, problem_details=True)
    body = guard.answers.body(MissingTokenError())
    members = {"status": 401, "code": "missing_token", "help": "error-codes/missing_token/"}
    assert body == (members, "application/problem+json")
