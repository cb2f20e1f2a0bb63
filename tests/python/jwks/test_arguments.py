"""What the clients take when they are made."""

from __future__ import annotations

import inspect

import pytest
from rapidjwt.jwks import AsyncJWKSClient, JWKSClient
from rapidjwt.jwks.arguments import AsyncClientArguments, ClientArguments

CLIENTS = [(JWKSClient, ClientArguments), (AsyncJWKSClient, AsyncClientArguments)]


@pytest.mark.parametrize("client", [JWKSClient, AsyncJWKSClient])
@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("time_out", 'did you mean "timeout"?'),
        ("header", 'did you mean "headers"?'),
        ("policy", 'did you mean "refresh_policy"?'),
        ("zzz", "it takes url, refresh_policy, headers, "),
    ],
)
def test_an_unknown_argument_is_a_type_error_that_names_the_nearest(client, name, hint):
    message = f"{client.__name__}() got an unexpected keyword argument {name!r}: {hint}"
    for make in (client, client.from_issuer):
        with pytest.raises(TypeError) as caught:
            make("https://id.example", **{name: 1})
        assert str(caught.value).startswith(message)


@pytest.mark.parametrize(("client", "arguments"), CLIENTS)
def test_the_signature_and_the_types_of_from_issuer_name_the_same_arguments(client, arguments):
    names = list(inspect.signature(client).parameters)
    assert names[0] == "url"
    assert sorted(names[1:]) == sorted(arguments.__annotations__)
