from flask import Flask, g
from flask.views import MethodView
from rapidjwt.integrations.flask import jwt_required, metadata_response
from shared import METHODS, RESOURCE, ROUTES, answer, verifier

app = Flask(__name__)


class OfClass(MethodView):
    def get(self):
        return answer(g.jwt_claims)

    post = get


for path, arguments in ROUTES.items():
    required = jwt_required(**{"verifier": verifier, **arguments})
    app.add_url_rule(path, path, required(answer), methods=METHODS)
    of_class = type("OfRoute", (OfClass,), {"decorators": [required]})
    app.add_url_rule(f"/class{path}", view_func=of_class.as_view(f"class{path}"))
for prefix in ("", "/class"):
    path = prefix + RESOURCE.metadata_path
    app.add_url_rule(path, path, view_func=lambda: metadata_response(RESOURCE))
