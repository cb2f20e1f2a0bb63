"""Bearer tokens in gRPC: interceptors for servers with threads and with asyncio.

See docs/guides/frameworks.md.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar, copy_context
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import grpc

from .bearer import AnyVerifier, BearerError, checked_verifier, sync_verifier
from .guard import Arguments, Guard
from .possession import PlainRequest

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping

    from typing_extensions import Unpack

__all__ = ["AsyncJWTInterceptor", "JWTInterceptor", "current_claims"]

_claims: ContextVar[Any] = ContextVar("rapidjwt.claims")

_CODES = {
    HTTPStatus.BAD_REQUEST: grpc.StatusCode.INVALID_ARGUMENT,
    HTTPStatus.UNAUTHORIZED: grpc.StatusCode.UNAUTHENTICATED,
    HTTPStatus.FORBIDDEN: grpc.StatusCode.PERMISSION_DENIED,
    HTTPStatus.SERVICE_UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
}


def current_claims() -> Any:
    """Return the claims of the call that is served now; raise LookupError outside of a call."""
    return _claims.get()


class _Interceptor:
    """What both interceptors have in common: a guard for each method."""

    _check_verifier: Callable[[AnyVerifier], object] = staticmethod(checked_verifier)

    def __init__(
        self,
        verifier: AnyVerifier,
        *,
        claims: Callable[[dict[str, Any]], Any] | None = None,
        optional: bool = False,
        methods: Mapping[str, Arguments | None] | None = None,
        **arguments: Unpack[Arguments],
    ) -> None:
        """Take a verifier and the arguments of `guard.Guard`.

        The token is in the metadata `authorization` of a call. `methods` has, by the full name of a
        method ("/shop.Orders/Delete"), arguments that differ for it, or None for a method that
        needs no token. Raises ValueError for `dpop` and `certificates`, which calls do not have.
        """
        self._check_verifier(verifier)
        if arguments.keys() & {"dpop", "certificates"}:
            raise ValueError("dpop and certificates are for HTTP requests, not for gRPC calls")

        def guard(different: Arguments) -> Guard[Any]:
            merged: Any = {**arguments, **different}
            return Guard(verifier, claims=claims, optional=optional, **merged)

        self._usual: Guard[Any] = guard({})
        self._special = {
            name: None if different is None else guard(different)
            for name, different in (methods or {}).items()
        }

    def _guard(self, method: str) -> Guard[Any] | None:
        return self._special.get(method, self._usual)


def _presented(context: Any, method: str) -> PlainRequest:
    metadata = context.invocation_metadata() or ()
    headers = [(key, value) for key, value in metadata if isinstance(value, str)]
    return PlainRequest("POST", method, headers, original=context)


def _denied(error: BearerError, guard: Guard[Any]) -> tuple[Any, str, tuple[tuple[str, str], ...]]:
    """Return the arguments of `abort`: the challenge is in the trailing metadata."""
    headers = guard.answers.headers(error)
    trailing = tuple((name.lower(), value) for name, value in headers.items())
    return _CODES[HTTPStatus(error.status)], error.description, trailing


def _with(handler: Any, wrap: Callable[[Any, Callable[[bytes], Any], bool], Any]) -> Any:
    """Return the handler of a method with another behavior of its kind.

    gRPC deserializes a single request before it calls the behavior, and those of a stream one by
    one, as the behavior takes them. So the behavior gets a single request as bytes, and the
    deserializer to call once the token is checked.
    """
    kind = "".join(
        ("stream" if handler.request_streaming else "unary", "_",
         "stream" if handler.response_streaming else "unary")
    )  # fmt: skip
    make = getattr(grpc, f"{kind}_rpc_method_handler")
    by_grpc: Any = handler.request_deserializer
    by_behavior: Callable[[Any], Any] = _as_it_is
    if by_grpc is not None and not handler.request_streaming:
        by_grpc, by_behavior = None, by_grpc
    behavior = wrap(getattr(handler, kind), by_behavior, handler.response_streaming)
    return make(behavior, by_grpc, handler.response_serializer)


def _as_it_is(request: Any) -> Any:
    return request


class JWTInterceptor(_Interceptor, grpc.ServerInterceptor):
    """Lets only calls with a valid token reach a server with threads.

    `current_claims()` returns their claims. Others are ended with UNAUTHENTICATED,
    PERMISSION_DENIED, INVALID_ARGUMENT or UNAVAILABLE, and their requests are not deserialized:
    interceptors that read requests come after this one in the list of the server.
    """

    _check_verifier = staticmethod(sync_verifier)

    def intercept_service(
        self, continuation: Callable[[Any], Any], handler_call_details: Any
    ) -> Any:
        """Return the handler of a call, which checks the token before it does anything else."""
        method: str = handler_call_details.method
        handler, guard = continuation(handler_call_details), self._guard(method)
        if handler is None or guard is None:
            return handler

        def check(context: Any) -> None:
            try:
                _claims.set(guard.check(_presented(context, method)))
            except BearerError as error:
                code, text, trailing = _denied(error, guard)
                context.set_trailing_metadata(trailing)
                context.abort(code, text)

        def wrap(behavior: Any, deserialize: Callable[[bytes], Any], is_stream: bool) -> Any:
            def checked(request: Any, context: Any) -> Any:
                check(context)
                try:
                    return deserialize(request)
                except Exception:  # which gRPC logs; these are its answers to such a request
                    context.set_code(grpc.StatusCode.INTERNAL)
                    context.set_details("Exception deserializing request!")
                    raise

            def unary(request: Any, context: Any) -> Any:
                return behavior(checked(request, context), context)

            def stream(request: Any, context: Any) -> Generator[Any]:
                message = checked(request, context)
                # The answers may be asked for in different threads.
                variables = copy_context()
                answers = iter(variables.run(behavior, message, context))
                end = object()
                while (answer := variables.run(next, answers, end)) is not end:
                    yield answer

            return stream if is_stream else unary

        return _with(handler, wrap)


class AsyncJWTInterceptor(_Interceptor, grpc.aio.ServerInterceptor):
    """Lets only calls with a valid token reach a server of `grpc.aio`; see `JWTInterceptor`.

    The methods of the server must be coroutine functions or asynchronous generators.
    """

    async def intercept_service(
        self, continuation: Callable[[Any], Awaitable[Any]], handler_call_details: Any
    ) -> Any:
        """Return the handler of a call, which checks the token before it does anything else."""
        method: str = handler_call_details.method
        handler, guard = await continuation(handler_call_details), self._guard(method)
        if handler is None or guard is None:
            return handler

        async def check(context: Any) -> None:
            try:
                presented = _presented(context, method)
                _claims.set(await guard.check_async(presented, asyncio.to_thread))
            except BearerError as error:
                code, text, trailing = _denied(error, guard)
                await context.abort(code, text, trailing)

        def wrap(behavior: Any, deserialize: Callable[[bytes], Any], is_stream: bool) -> Any:
            async def unary(request: Any, context: Any) -> Any:
                await check(context)
                return await behavior(deserialize(request), context)

            async def stream(request: Any, context: Any) -> AsyncGenerator[Any]:
                await check(context)
                answers = behavior(deserialize(request), context)
                if not hasattr(answers, "__aiter__"):  # a coroutine, which calls `context.write`
                    await answers
                    return
                async for answer in answers:
                    yield answer

            return stream if is_stream else unary

        return _with(handler, wrap)
