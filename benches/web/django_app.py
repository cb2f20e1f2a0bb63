"""A one-file Django app with a public and a token-protected route."""

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import path
from jwt_library import subject


def public(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello", content_type="text/plain")


def me(request: HttpRequest) -> HttpResponse:
    sub = subject(request.headers.get("Authorization", ""))
    if sub is None:
        return HttpResponse("unauthorized", status=401, content_type="text/plain")
    return HttpResponse(sub, content_type="text/plain")


urlpatterns = [path("public", public), path("me", me)]

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1"], SECRET_KEY="unused")
django.setup()
app = WSGIHandler()
