"""A gRPC service with bearer tokens: one method needs a token, another one a scope too.

Messages are JSON, so that the example needs no generated code. The port is an argument.
"""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from rapidjwt import Verifier
from rapidjwt.integrations.grpc import JWTInterceptor, current_claims

verifier = Verifier(
    os.environ["JWT_SECRET"],
    algorithms=["HS256"],
    audience="https://orders.example",
    issuer="https://auth.example",
    require=["exp", "sub"],
)
interceptor = JWTInterceptor(verifier, methods={"/shop.Orders/Get": {"scopes": "orders:read"}})


def who_am_i(_request: Any, _context: grpc.ServicerContext) -> dict[str, Any]:
    """Say who calls."""
    return {"user": current_claims()["sub"]}


def get(request: dict[str, Any], _context: grpc.ServicerContext) -> dict[str, Any]:
    """Show an order."""
    return {"order": request["number"], "for": current_claims()["name"]}


def encoded(message: Any) -> bytes:
    """Return a message as it is sent."""
    return json.dumps(message).encode()


def main() -> None:
    """Serve until the process is ended."""
    methods = {
        name: grpc.unary_unary_rpc_method_handler(method, json.loads, encoded)
        for name, method in {"WhoAmI": who_am_i, "Get": get}.items()
    }
    server = grpc.server(ThreadPoolExecutor(), interceptors=[interceptor])
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("shop.Orders", methods)])
    server.add_insecure_port(f"127.0.0.1:{sys.argv[1]}")
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main()
