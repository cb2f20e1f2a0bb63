from flask import Flask
from rapidjwt.integrations.flask import jwt_required
from shared import METHODS, ROUTES, answer, verifier

app = Flask(__name__)
for path, arguments in ROUTES.items():
    view = jwt_required(**{"verifier": verifier, **arguments})(answer)
    app.add_url_rule(path, path, view, methods=METHODS)
