"""The Django app, which INSTALLED_APPS needs for the management command only."""

from __future__ import annotations

from django.apps import AppConfig


class RapidJWTConfig(AppConfig):
    """Brings the command `rotate_jwt_keys`."""

    name = "rapidjwt.integrations.django"
    label = "rapidjwt"  # the last part of the name, django, would be misleading
    verbose_name = "JSON Web Tokens"
