"""A FastAPI app with a public and a token-protected route."""

from typing import Annotated

from fastapi import FastAPI, Header, Response
from jwt_library import subject

app = FastAPI()


@app.get("/public")
async def public() -> Response:
    return Response("hello", media_type="text/plain")


@app.get("/me")
async def me(authorization: Annotated[str, Header()] = "") -> Response:
    sub = subject(authorization)
    if sub is None:
        return Response("unauthorized", status_code=401, media_type="text/plain")
    return Response(sub, media_type="text/plain")
