"""The settings: what concerns tokens stands at the end."""

import os
import secrets

import rapidjwt

SECRET_KEY = secrets.token_urlsafe()  # nothing here outlives the process
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "urls"
USE_TZ = True
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rapidjwt.integrations.drf.JWTAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "UNAUTHENTICATED_USER": None,  # this app has no users of its own
}

MIDDLEWARE = ["rapidjwt.integrations.django.JWTMiddleware"]
RAPIDJWT = {
    "VERIFIER": rapidjwt.Verifier(
        os.environ["JWT_SECRET"],
        algorithms=["HS256"],
        audience="https://orders.example",
        issuer="https://auth.example",
        require=["exp", "sub"],
    ),
}
