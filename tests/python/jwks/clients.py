"""Both clients behind one interface, so that every test of behaviour runs on both."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from rapidjwt import Verifier
from rapidjwt.jwks import AsyncJWKSClient, JWKSClient

from .provider import PATIENCE, wait_until


class Threads:
    """`JWKSClient`, called from threads."""

    Client = JWKSClient

    def __init__(self, make):
        self.client = make(JWKSClient)
        self.verifier = Verifier(jwks=self.client, algorithms=["ES256"])

    def decode(self, token):
        return self.verifier.decode(token)

    def key_set(self):
        return self.client.key_set()

    def refresh(self):
        return self.client.refresh()

    def decode_at_once(self, tokens):
        """Return the results or errors of as many threads as tokens, which start together."""
        barrier = threading.Barrier(len(tokens))

        def decode(token):
            barrier.wait(PATIENCE)
            return result_of(lambda: self.decode(token))

        with ThreadPoolExecutor(len(tokens)) as pool:
            return list(pool.map(decode, tokens))

    def is_fetching(self):
        return self.client._flight is not None

    def waiters(self):
        """Return the number of callers that wait for another caller's fetch."""
        flight = self.client._flight
        return 0 if flight is None else len(flight.waiters)

    @staticmethod
    def transport(function):
        return function

    def settle(self):
        """Wait for the refresh in the background."""
        wait_until(lambda: not self.is_fetching())

    def close(self):
        pass


class Tasks:
    """`AsyncJWKSClient`, called from tasks of an event loop in another thread."""

    Client = AsyncJWKSClient

    def __init__(self, make):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.client = make(AsyncJWKSClient)
        self.verifier = Verifier(jwks=self.client, algorithms=["ES256"])

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(PATIENCE * 2)

    def decode(self, token):
        return self.run(self.verifier.decode_async(token))

    def key_set(self):
        return self.run(self.client.key_set())

    def refresh(self):
        return self.run(self.client.refresh())

    def decode_at_once(self, tokens):
        async def gather():
            calls = [self.verifier.decode_async(token) for token in tokens]
            return await asyncio.gather(*calls, return_exceptions=True)

        return self.run(gather())

    def is_fetching(self):
        return bool(self.client._flights)

    def waiters(self):
        """Return the number of callers that wait, besides the one that started the fetch."""
        names = [task.get_coro().__name__ for task in asyncio.all_tasks(self.loop)]
        return names.count("decode_async") - 1

    @staticmethod
    def transport(function):
        async def transport(request):
            return function(request)

        return transport

    def settle(self):
        wait_until(lambda: not self.is_fetching())

    def close(self):
        async def cancel_the_rest():
            rest = asyncio.all_tasks() - {asyncio.current_task()}
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)

        self.run(cancel_the_rest())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(PATIENCE)
        self.loop.close()


def result_of(call):
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - the result of the call
        return error
