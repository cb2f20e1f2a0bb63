import json

from rapidjwt.integrations.wsgi import JWTMiddleware
from shared import RESOURCE, ROUTES, answer, verifier


def show(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(answer(environ["rapidjwt.claims"])).encode()]


routes = {
    path: JWTMiddleware(show, **{"verifier": verifier, **arguments})
    for path, arguments in ROUTES.items()
}
routes[RESOURCE.metadata_path] = routes["/resource"]


def app(environ, start_response):
    return routes[environ["PATH_INFO"]](environ, start_response)
