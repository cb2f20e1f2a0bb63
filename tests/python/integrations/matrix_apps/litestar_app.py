from litestar import Litestar, Response, WebSocket, get, route, websocket
from litestar.di import NamedDependency, Provide
from litestar.middleware import DefineMiddleware
from rapidjwt.integrations.asgi import JWTMiddleware
from rapidjwt.integrations.litestar import REFUSALS, JWTBearer
from shared import METHODS, RESOURCE, ROUTES, SOCKETS, answer, verifier


def handler(path, arguments):
    bearer = JWTBearer(**{"verifier": verifier, **arguments})

    @route(path, http_method=METHODS, status_code=200, dependencies={"claims": Provide(bearer)})
    async def show(claims: NamedDependency[dict | None]) -> dict:
        return answer(claims)

    return show


@get(RESOURCE.metadata_path)
async def metadata() -> Response[bytes]:
    answer = RESOURCE.response()
    return Response(answer.body, status_code=answer.status, headers=answer.headers)


@websocket(
    "/live", middleware=[DefineMiddleware(JWTMiddleware, verifier=verifier, sources=SOCKETS)]
)
async def live(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_json(answer(socket.scope["rapidjwt.claims"]))
    await socket.receive_text()


app = Litestar(
    [*(handler(path, arguments) for path, arguments in ROUTES.items()), metadata, live],
    exception_handlers=REFUSALS,
    openapi_config=None,
)
