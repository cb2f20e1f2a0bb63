"""What drf-spectacular writes about views with `JWTAuthentication`."""

from __future__ import annotations

import pytest

pytest.importorskip("rest_framework")
pytest.importorskip("drf_spectacular")

from . import django_project  # isort: skip - settings come first
from django.test import override_settings
from django.urls import path
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from rapidjwt.dpop import DPoPVerifier
from rapidjwt.integrations.drf import JWTAuthentication, has_scopes
from rapidjwt.integrations.spectacular import JWTScheme
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from .tokens import SCOPE, verifier


class Mine(JWTAuthentication):
    """A class of an application's own."""


class Order(serializers.Serializer):
    number = serializers.IntegerField()


class Plain(APIView):
    serializer_class = Order

    def get(self, request):
        return Response(request.auth)


class Scoped(Plain):
    permission_classes = (has_scopes(SCOPE, "orders:write"),)


class Public(Plain):
    authentication_classes = ()
    permission_classes = (AllowAny,)


def schema(authentication=JWTAuthentication, **given):
    frameworks = django_project.settings.REST_FRAMEWORK
    views = [
        type(view.__name__, (view,), {"authentication_classes": (authentication,)})
        for view in (Plain, Scoped)
    ]
    urls = [path(view.__name__, view.as_view()) for view in (*views, Public)]
    described = frameworks | {"DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema"}
    with override_settings(REST_FRAMEWORK=described, RAPIDJWT={"VERIFIER": verifier(), **given}):
        found = SchemaGenerator(patterns=urls).get_schema(request=None, public=True)
    validate_schema(found)
    paths = {name[1:]: operations["get"] for name, operations in found["paths"].items()}
    required = {name: operation.get("security") for name, operation in paths.items()}
    return found["components"]["securitySchemes"], required


@pytest.mark.parametrize("authentication", [JWTAuthentication, Mine])
def test_views_have_the_scheme_of_bearer_tokens(authentication):
    schemes, required = schema(authentication)
    assert schemes == {
        "JWTAuthentication": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    }
    assert required["Plain"] == required["Scoped"] == [{"JWTAuthentication": []}]
    assert required["Public"] == [{}]


def test_views_that_require_proofs_have_the_scheme_of_dpop():
    schemes, _ = schema(DPOP=DPoPVerifier())
    assert schemes == {"JWTAuthentication": {"type": "http", "scheme": "dpop"}}
    schemes, _ = schema(DPOP=DPoPVerifier(required=False))
    assert schemes["JWTAuthentication"]["scheme"] == "bearer"


def test_a_scheme_with_scopes_lists_those_of_the_view():
    url = "https://auth.example/.well-known/openid-configuration"

    class OpenIDScheme(JWTScheme):
        name = "auth.example"
        priority = 1

        def get_security_definition(self, auto_schema):
            return {"type": "openIdConnect", "openIdConnectUrl": url}

    try:
        schemes, required = schema()
    finally:
        OpenApiAuthenticationExtension._registry.remove(OpenIDScheme)
    assert schemes == {"auth.example": {"type": "openIdConnect", "openIdConnectUrl": url}}
    assert required["Plain"] == [{"auth.example": []}]
    assert required["Scoped"] == [{"auth.example": [SCOPE, "orders:write"]}]
