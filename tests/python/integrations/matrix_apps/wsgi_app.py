import json

from rapidjwt.integrations.wsgi import JWTMiddleware
from shared import ROUTES, answer, verifier


def show(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(answer(environ["rapidjwt.claims"])).encode()]


routes = {
    path: JWTMiddleware(show, **{"verifier": verifier, **arguments})
    for path, arguments in ROUTES.items()
}


def app(environ, start_response):
    return routes[environ["PATH_INFO"]](environ, start_response)
