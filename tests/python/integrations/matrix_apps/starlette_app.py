from rapidjwt.integrations.starlette import REFUSALS, JWTBearer, metadata_response
from shared import RESOURCE, ROUTES, SOCKETS, answer, verifier
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute


def endpoint(bearer):
    class Endpoint(HTTPEndpoint):
        async def get(self, request):
            return JSONResponse(answer(await bearer(request)))

        post = get

    return Endpoint


of_sockets = JWTBearer(verifier, sources=SOCKETS)


async def live(socket):
    async with of_sockets.accepted(socket) as claims:
        await socket.send_json(answer(claims))
        await socket.receive_text()


app = Starlette(
    routes=[
        *(
            Route(path, endpoint(JWTBearer(**{"verifier": verifier, **arguments})))
            for path, arguments in ROUTES.items()
        ),
        Route(RESOURCE.metadata_path, lambda request: metadata_response(RESOURCE)),
        WebSocketRoute("/live", live),
    ],
    exception_handlers=REFUSALS,
)
