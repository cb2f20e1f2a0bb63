"""A client that calls both methods, with the token in ACCESS_TOKEN if there is one."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import grpc


def call(channel: grpc.Channel, method: str, message: Any) -> str:
    """Call a method and return the answer, or the code of the refusal."""
    token = os.environ.get("ACCESS_TOKEN")
    metadata = (("authorization", f"Bearer {token}"),) if token else ()
    try:
        return str(
            channel.unary_unary(f"/shop.Orders/{method}")(
                json.dumps(message).encode(), metadata=metadata, wait_for_ready=True, timeout=60
            ).decode()
        )
    except grpc.RpcError as error:
        return f"{error.code().name}: {error.details()}"


def main() -> None:
    """Call both methods."""
    with grpc.insecure_channel(f"127.0.0.1:{sys.argv[1]}") as channel:
        print(call(channel, "WhoAmI", {}))
        print(call(channel, "Get", {"number": 7}))


if __name__ == "__main__":
    main()
