"""An app of each framework that publishes its keys, for servers to run."""

from __future__ import annotations

import os

from rapidjwt import Key

PATH = "/.well-known/jwks.json"


def keys():
    """Return private keys, of which only the public halves may leave."""
    return [Key.from_pem(os.environ["PRIVATE_PEM"], kid="a", alg="ES256")]


def flask_app():
    from flask import Flask
    from rapidjwt.integrations.flask import jwks_response

    app = Flask("publishing")
    app.add_url_rule(PATH, view_func=lambda: jwks_response(keys(), max_age=60), endpoint="keys")
    return app


def starlette_app():
    from rapidjwt.integrations.starlette import jwks_response
    from starlette.applications import Starlette
    from starlette.routing import Route

    def publish(request):
        return jwks_response(request, keys(), max_age=60)

    return Starlette(routes=[Route(PATH, publish)])


def fastapi_app():
    from fastapi import FastAPI, Request
    from rapidjwt.integrations.fastapi import jwks_response

    app = FastAPI()

    def publish(request):
        return jwks_response(request, keys(), max_age=60)

    publish.__annotations__ = {"request": Request}
    app.get(PATH)(publish)
    return app


def django_app():
    from django.conf import settings
    from django.urls import path

    settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__)

    from django.core.wsgi import get_wsgi_application
    from rapidjwt.integrations.django import jwks_response

    application = get_wsgi_application()
    publish = path(PATH[1:], lambda request: jwks_response(request, keys(), max_age=60))
    globals()["urlpatterns"] = [publish]
    return application
