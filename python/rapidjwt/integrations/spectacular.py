"""OpenAPI for Django REST Framework: importing this module registers it with drf-spectacular."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from .django import settings

if TYPE_CHECKING:
    from drf_spectacular.openapi import AutoSchema

__all__ = ["JWTScheme"]

#: The types of schemes whose requirements list scopes (OpenAPI 3.0, Security Requirement Object).
_WITH_SCOPES = ("oauth2", "openIdConnect")


class JWTScheme(OpenApiAuthenticationExtension):
    """Describes `rapidjwt.integrations.drf.JWTAuthentication` and its subclasses: HTTP bearer.

    To describe another scheme, override `get_security_definition` in a subclass with a higher
    `priority`. If its type is `oauth2` or `openIdConnect`, the scopes that `has_scopes` requires of
    a view are listed.
    """

    target_class = "rapidjwt.integrations.drf.JWTAuthentication"
    match_subclasses = True
    name = "JWTAuthentication"
    priority = 0

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:  # noqa: ARG002
        """Return the security scheme."""
        if "Bearer" not in settings().guard.answers.possession.schemes:
            return {"type": "http", "scheme": "dpop"}
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}

    def get_security_requirement(self, auto_schema: AutoSchema) -> dict[str, list[str]]:
        """Return what a view needs: the scheme and, if it has scopes, those of the view."""
        scopes: list[str] = []
        if self.get_security_definition(auto_schema)["type"] in _WITH_SCOPES:
            for permission in auto_schema.view.get_permissions():
                scopes += getattr(permission, "jwt_scopes", ())
        return {str(self.name): scopes}
