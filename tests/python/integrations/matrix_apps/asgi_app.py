import json

from rapidjwt.integrations.asgi import JWTMiddleware
from shared import RESOURCE, ROUTES, SOCKETS, answer, verifier


async def show(scope, receive, send):
    body = json.dumps(answer(scope["rapidjwt.claims"])).encode()
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def live(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    text = json.dumps(answer(scope["rapidjwt.claims"]))
    await send({"type": "websocket.send", "text": text})
    await receive()


routes = {
    path: JWTMiddleware(show, **{"verifier": verifier, **arguments})
    for path, arguments in ROUTES.items()
}
routes[RESOURCE.metadata_path] = routes["/resource"]
routes["/live"] = JWTMiddleware(live, verifier, sources=SOCKETS)


async def app(scope, receive, send):
    assert scope["type"] != "lifespan"  # which this app does not support
    await routes[scope["path"]](scope, receive, send)
