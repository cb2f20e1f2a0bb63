"""Handlers that are functions, and on `/class` methods of a view."""

import signal
import socket
import sys

from aiohttp import web
from rapidjwt.integrations.aiohttp import CLAIMS, accepted, jwt_required
from shared import RESOURCE, ROUTES, SOCKETS, answer, verifier

routes = web.RouteTableDef()


def add(path, arguments):
    required = jwt_required(**{"verifier": verifier, **arguments})

    @required
    async def show(request):
        return web.json_response(answer(request[CLAIMS]))

    class View(web.View):
        @required
        async def get(self):
            return web.json_response(answer(self.request[CLAIMS]))

        post = get

    routes.route("*", path)(show)
    routes.view(f"/class{path}")(View)


for path, arguments in ROUTES.items():
    add(path, arguments)


async def metadata(request):
    answer = RESOURCE.response()
    return web.Response(body=answer.body, status=answer.status, headers=answer.headers)


routes.get(RESOURCE.metadata_path)(metadata)
routes.get(f"/class{RESOURCE.metadata_path}")(metadata)


@routes.get("/live")
async def live(request):
    async with accepted(request, verifier, sources=SOCKETS) as (connection, claims):
        await connection.send_json(answer(claims))
        async for _ in connection:
            break
        return connection


app = web.Application()
app.add_routes(routes)

if __name__ == "__main__":
    signal.alarm(300)
    web.run_app(app, sock=socket.socket(fileno=int(sys.argv[1])), print=None)
