from fastapi import Depends, FastAPI, WebSocket
from rapidjwt.integrations.fastapi import REFUSALS, JWTBearer, metadata_response
from shared import METHODS, RESOURCE, ROUTES, SOCKETS, answer, verifier

app = FastAPI(exception_handlers=REFUSALS)
for path, arguments in ROUTES.items():
    bearer = JWTBearer(**{"verifier": verifier, **arguments})

    def view(claims=Depends(bearer)):  # noqa: B008 - FastAPI's way
        return answer(claims)

    app.api_route(path, methods=METHODS)(view)


@app.get(RESOURCE.metadata_path)
def metadata():
    return metadata_response(RESOURCE)


of_sockets = JWTBearer(verifier, sources=SOCKETS)


@app.websocket("/live")
async def live(socket: WebSocket):
    async with of_sockets.accepted(socket) as claims:
        await socket.send_json(answer(claims))
        await socket.receive_text()
