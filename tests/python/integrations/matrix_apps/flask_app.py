from flask import Flask
from rapidjwt.integrations.flask import jwt_required, metadata_response
from shared import METHODS, RESOURCE, ROUTES, answer, verifier

app = Flask(__name__)
for path, arguments in ROUTES.items():
    view = jwt_required(**{"verifier": verifier, **arguments})(answer)
    app.add_url_rule(path, path, view, methods=METHODS)
app.add_url_rule(RESOURCE.metadata_path, view_func=lambda: metadata_response(RESOURCE))
