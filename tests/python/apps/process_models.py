"""The app that every process model of `test_process_models.py` serves, by WSGI and by ASGI.

It verifies the token of a request, and signs another for its subject.
"""

import json
import os

import rapidjwt

SECRET = "the secret of an app that exists only in tests"
IMPORTED_BY = os.getpid()
VERIFIER = rapidjwt.Verifier(SECRET, algorithms=["HS256"])
SIGNER = rapidjwt.Signer(SECRET, "HS256", lifetime=60)


def answer(token):
    """Return what a process did with a token, and whether another process imported the app."""
    forked = os.getpid() != IMPORTED_BY
    try:
        subject = VERIFIER.decode(token)["sub"]
    except rapidjwt.InvalidTokenError as error:
        return {"refused": type(error).__name__, "forked": forked}
    return {"signed": SIGNER.encode({"sub": f"{subject} again"}), "forked": forked}


def body(authorization):
    return json.dumps(answer(authorization.removeprefix("Bearer "))).encode()


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [body(environ["HTTP_AUTHORIZATION"])]


async def asgi(scope, receive, send):
    assert scope["type"] == "http"
    authorization = dict(scope["headers"])[b"authorization"].decode()
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body(authorization)})
