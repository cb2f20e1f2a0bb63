"""The state of a key ring in a directory."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rapidjwt.exceptions import StoreUnavailableError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Generator
    from os import PathLike

__all__ = ["DirectoryStore"]

#: Seconds that `replace` waits for another process, which holds the lock for milliseconds.
_PATIENCE = 10.0
_PAUSE = 0.01


class DirectoryStore:
    """Holds the state of a key ring in the file `keyring.json` of a directory.

    The file is replaced in one step, so that a process that is killed leaves the old state or the
    new one. Only its owner can read it. Processes that rotate take turns by a lock on the file
    `keyring.lock`.
    """

    def __init__(self, directory: str | PathLike[str]) -> None:
        """Take an existing directory, which only the issuer may write to."""
        self._directory = Path(directory).absolute()
        self._file = self._directory / "keyring.json"

    def load(self) -> bytes | None:
        """Return the state, or None if there is none yet.

        Raises StoreUnavailableError for a missing directory and for a file that cannot be read.
        """
        try:
            return self._file.read_bytes()
        except FileNotFoundError:
            if self._directory.is_dir():
                return None
            raise StoreUnavailableError(
                f"There is no directory {self._directory}: create it, readable by its owner alone"
            ) from None
        except OSError as error:
            raise StoreUnavailableError(f"{self._file} cannot be read: {error.strerror}") from error

    def replace(self, old: bytes | None, new: bytes, /) -> bool:
        """Store `new` if the state is still `old`, and return whether it was.

        Raises StoreUnavailableError if the directory cannot be written to.
        """
        try:
            with self._locked():
                if self.load() != old:
                    return False
                self._write(new)
        except OSError as error:
            raise StoreUnavailableError(
                f"The key ring in {self._directory} cannot be changed: {error.strerror}"
            ) from error
        return True

    def _write(self, content: bytes) -> None:
        """Replace the file; what a process that was killed has left is written over."""
        new = self._file.with_suffix(".new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
        _write(os.open(new, flags, 0o600), content)
        new.replace(self._file)
        _sync(self._directory)

    @contextlib.contextmanager
    def _locked(self) -> Generator[None]:
        """Hold the lock, which the system releases if the process is killed."""
        flags = os.O_RDWR | os.O_CREAT
        descriptor = os.open(self._directory / "keyring.lock", flags, 0o600)
        try:
            deadline = time.monotonic() + _PATIENCE
            while not _lock(descriptor):
                if time.monotonic() > deadline:
                    raise StoreUnavailableError(
                        f"Another process holds the lock of the key ring in {self._directory}"
                    )
                time.sleep(_PAUSE)
            try:
                yield
            finally:
                _unlock(descriptor)  # by itself: a child of a fork may have the descriptor too
        finally:
            os.close(descriptor)


def _write(descriptor: int, content: bytes) -> None:
    with open(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _lock(descriptor: int) -> bool:
    """Take the lock if it is free, and return whether it was."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _unlock(descriptor: int) -> None:
    if sys.platform == "win32":
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _sync(directory: Path) -> None:
    """Make the new name of a file outlast a power failure, where directories can be opened."""
    if sys.platform != "win32":
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
