"""The tokens of files, verified, counted and written."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from rapidjwt import arrow

from .reading import Batch, Columns, UnreadableFile, batches
from .tally import CLAIMS, Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from rapidjwt._rapidjwt import Verifier

    from .parts import Parts


class Read(NamedTuple):
    """A batch and its file."""

    #: What the file is called in the results.
    name: Path
    path: Path
    batch: Batch


class Verified(NamedTuple):
    """A batch with its results, and what was counted of them."""

    read: Read
    result: pa.Table
    tally: Tally


class Audit(NamedTuple):
    """What is asked about the tokens of files, and where the answers go."""

    verifier: Verifier[Any]
    columns: Columns
    #: The time that tokens are verified at, unless a column has it.
    now: float
    tally: Tally
    parts: Parts | None
    #: How many batches are verified at the same time.
    threads: int

    def of_files(self, files: Iterable[tuple[Path, Path]]) -> Iterator[Read]:
        """Verify the tokens of files that are not done, and yield them after each batch.

        A file is named and has a path. Raises `UnreadableFile`.
        """
        for read, result, tally in self._verified(self._read(files)):
            self.tally.merge(tally)
            if self.parts is not None:
                self.parts.add(read.name, read.batch, result)
            yield read

    def _read(self, files: Iterable[tuple[Path, Path]]) -> Iterator[Read | UnreadableFile]:
        """Yield an error as the last batch, because those before it are not done yet."""
        done = {} if self.parts is None else dict(self.parts.done)
        try:
            for name, path in files:
                for batch in batches(path, self.columns, done.get(str(name), 0)):
                    yield Read(name, path, batch)
        except UnreadableFile as error:
            yield error

    def _verified(self, reads: Iterator[Read | UnreadableFile]) -> Iterator[Verified]:
        """Verify batches in threads, while others are read and written; keep their order."""
        begun: deque[Future[Verified]] = deque()
        pool = ThreadPoolExecutor(self.threads)
        try:
            for read in reads:
                begun.append(pool.submit(self._verify, read))
                if len(begun) > self.threads:
                    yield begun.popleft().result()
            while begun:
                yield begun.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _verify(self, read: Read | UnreadableFile) -> Verified:
        if isinstance(read, UnreadableFile):
            raise read
        at = self.now if read.batch.times is None else read.batch.times
        try:
            columns = arrow.verify(
                self.verifier, read.batch.tokens, at=at, claims=CLAIMS, threads=1
            )
            result = pa.table(columns)
        except (TypeError, OSError, pa.ArrowException) as error:  # a column of another type
            raise UnreadableFile(f"{read.path}: {error}") from None
        tally = Tally()
        tally.add(result, at)
        return Verified(read, result, tally)
