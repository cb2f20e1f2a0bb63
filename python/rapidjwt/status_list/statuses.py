"""The statuses of many tokens as bits, and their compressed form (Section 4 of the draft)."""

from __future__ import annotations

import threading
import zlib
from enum import IntEnum
from typing import Any

from rapidjwt.utils import base64url_decode, base64url_encode

_BITS = (1, 2, 4, 8)


class Status(IntEnum):
    """The statuses that are registered (Section 7.1); others are up to the application."""

    VALID = 0
    INVALID = 1
    SUSPENDED = 2


class Statuses:
    """The statuses of the tokens with the indexes 0 to `len(statuses) - 1`.

    `statuses[index]` reads one and `statuses[index] = Status.INVALID` sets it. It is safe to share
    between threads.

    Arguments:
        size: for how many tokens there is room.
        bits: the bits of each: 1 for valid and invalid, 2, 4 or 8 for more statuses.
        default: the status of all tokens at first.

    Raises `ValueError` for other values.

    """

    def __init__(self, size: int, *, bits: int = 1, default: int = Status.VALID) -> None:
        """Make statuses that are all the same."""
        self._set_up(bits, b"")
        if size < 0 or not 0 <= default <= self._mask:
            raise ValueError(f"size must be 0 or more, and default at most {self._mask}")
        byte = sum(default << shift for shift in range(0, 8, bits))
        self._bytes = bytearray([byte]) * -(-size * bits // 8)

    def _set_up(self, bits: int, content: bytes) -> None:
        if bits not in _BITS or isinstance(bits, bool):
            raise ValueError("bits must be 1, 2, 4 or 8")
        self.bits = bits
        self._mask = (1 << bits) - 1
        self._bytes = bytearray(content)
        self._lock = threading.Lock()

    @classmethod
    def from_bytes(cls, content: bytes, *, bits: int = 1) -> Statuses:
        """Return the statuses of which `bytes(statuses)` were stored."""
        statuses = cls.__new__(cls)
        statuses._set_up(bits, content)  # noqa: SLF001 - ours
        return statuses

    @classmethod
    def from_claim(cls, claim: Any, *, max_size: int) -> Statuses:
        """Read the claim `status_list` of a Status List Token (Section 4.2).

        `max_size` is the largest number of bytes that it may have when it is decompressed. Raises
        ValueError for more, and for a claim that is malformed.
        """
        try:
            bits, text = claim["bits"], claim["lst"]
            compressed = base64url_decode(text)
        except (TypeError, KeyError, ValueError, AttributeError):
            raise ValueError("the claim status_list lacks bits or lst") from None
        return cls.from_bytes(_decompressed(compressed, max_size), bits=bits)

    def to_claim(self) -> dict[str, Any]:
        """Return the claim `status_list` of a Status List Token."""
        compressed = zlib.compress(bytes(self), 9)
        return {"bits": self.bits, "lst": base64url_encode(compressed).decode()}

    def __bytes__(self) -> bytes:
        """Return the statuses as bytes, from the least significant bit of the first one on."""
        with self._lock:
            return bytes(self._bytes)

    def __len__(self) -> int:
        """Return for how many tokens there is room: a whole number of bytes."""
        return len(self._bytes) * 8 // self.bits

    def __getitem__(self, index: int) -> int:
        """Return the status of a token; raise IndexError for one beyond the list."""
        byte, shift = self._position(index)
        return self._bytes[byte] >> shift & self._mask

    def __setitem__(self, index: int, status: int) -> None:
        """Set the status of a token; raise ValueError for one that has too many bits."""
        byte, shift = self._position(index)
        if not 0 <= status <= self._mask:
            raise ValueError(f"A status of {self.bits} bits is at most {self._mask}")
        with self._lock:
            self._bytes[byte] = self._bytes[byte] & ~(self._mask << shift) | status << shift

    def _position(self, index: int) -> tuple[int, int]:
        if not 0 <= index < len(self):
            raise IndexError(f"The status list has no index {index}")
        byte, place = divmod(index * self.bits, 8)
        return byte, place


def _decompressed(compressed: bytes, limit: int) -> bytes:
    """Return the content of a ZLIB stream; raise ValueError for one that is larger or broken."""
    decompressor = zlib.decompressobj()
    try:
        content = decompressor.decompress(compressed, limit + 1)
    except zlib.error:
        raise ValueError("lst is not in the ZLIB format") from None
    if len(content) > limit:
        raise ValueError(f"the list has more than {limit} bytes")
    if not decompressor.eof or decompressor.unused_data:
        raise ValueError("lst is not one complete ZLIB stream")
    return content
