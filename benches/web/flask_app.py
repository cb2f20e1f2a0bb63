"""A Flask app with a public and a token-protected route."""

from flask import Flask, Response, request
from jwt_library import subject

app = Flask(__name__)


@app.get("/public")
def public() -> Response:
    return Response("hello", mimetype="text/plain")


@app.get("/me")
def me() -> Response:
    sub = subject(request.headers.get("Authorization", ""))
    if sub is None:
        return Response("unauthorized", status=401, mimetype="text/plain")
    return Response(sub, mimetype="text/plain")
