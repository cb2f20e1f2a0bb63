"""Tokens that are taken from an iterable at once."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from ._rapidjwt import CHUNK, token_text

if TYPE_CHECKING:
    from collections.abc import Iterator


class Chunk:
    """The tokens that are taken from an iterable at once, and the places of their results."""

    def __init__(self, tokens: Iterator[Any]) -> None:
        self._iterator = tokens
        self._interruption: Exception | None = None
        self.tokens: list[str | bytes] = []
        self.results: list[Any] = []

    def take(self) -> bool:
        """Take the next tokens; return False if there are none."""
        self.tokens = []
        try:
            if self._interruption is None:
                for token in islice(self._iterator, CHUNK):
                    self.tokens.append(token_text(token))
        except Exception as error:  # noqa: BLE001 - the iterable's own
            self._interruption = error
        self.results = [None] * len(self.tokens)
        return bool(self.tokens)

    def put(self, places: list[int], results: list[Any]) -> None:
        """Put results in their places."""
        for place, result in zip(places, results, strict=True):
            self.results[place] = result

    def raise_interruption(self) -> None:
        """Raise the exception of the iterable, after the results of the tokens before it."""
        if self._interruption is not None:
            raise self._interruption
