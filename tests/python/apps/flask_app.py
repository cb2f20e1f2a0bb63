"""A Flask app that uses flask-jwt-extended; its factory calls `install_as_jwt()`."""

from datetime import timedelta

import rapidjwt
from flask import Flask, jsonify, request

SECRET = "the secret of an app that exists only in tests"


def create_app():
    rapidjwt.install_as_jwt()

    import jwt
    from flask_jwt_extended import (
        JWTManager,
        create_access_token,
        create_refresh_token,
        get_jwt_identity,
        jwt_required,
    )

    app = Flask(__name__)
    app.config.update(
        JWT_SECRET_KEY=SECRET,
        JWT_ACCESS_TOKEN_EXPIRES=timedelta(minutes=5),
        JWT_ENCODE_AUDIENCE="people",
        JWT_DECODE_AUDIENCE="people",
        JWT_ENCODE_ISSUER="the app",
        JWT_DECODE_ISSUER="the app",
    )
    JWTManager(app)

    @app.post("/login/")
    def login():
        if request.json != {"username": "zoe", "password": "password"}:
            return jsonify(msg="wrong user name or password"), 401
        return jsonify(
            access=create_access_token("zoe", fresh=True), refresh=create_refresh_token("zoe")
        )

    @app.post("/refresh/")
    @jwt_required(refresh=True)
    def refresh():
        return jsonify(access=create_access_token(get_jwt_identity(), fresh=False))

    @app.get("/me/")
    @jwt_required()
    def me():
        return jsonify(user=get_jwt_identity(), on_rapidjwt=jwt.decode is rapidjwt.decode)

    return app
