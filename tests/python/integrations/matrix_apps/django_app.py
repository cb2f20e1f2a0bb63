from django.conf import settings
from shared import COOKIES, DPOP, RESOURCE, own_body, verifier

settings.configure(
    ALLOWED_HOSTS=["*"],
    MIDDLEWARE=[
        "django.middleware.csrf.CsrfViewMiddleware",
        "rapidjwt.integrations.django.JWTMiddleware",
    ],
    RAPIDJWT={
        "VERIFIER": verifier,
        "SOURCES": COOKIES,
        "ERROR_BODY": own_body,
        "RESOURCE": RESOURCE,
        "DPOP": DPOP,
    },
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": ["rapidjwt.integrations.drf.JWTAuthentication"],
        "UNAUTHENTICATED_USER": None,
        "EXCEPTION_HANDLER": "rapidjwt.integrations.drf.error_body_handler",
    },
    ROOT_URLCONF="django_urls",
    SECRET_KEY="the secret of a project that exists only in tests",
)

import django  # noqa: E402 settings come first

django.setup()

from django.core.asgi import get_asgi_application  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402

wsgi, asgi = get_wsgi_application(), get_asgi_application()
