"""The tokens of one file, verified, counted and written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from rapidjwt import arrow

from .reading import Batch, Columns, UnreadableFile, batches
from .tally import CLAIMS, Tally

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rapidjwt._rapidjwt import Verifier

    from .parts import Parts


class Audit(NamedTuple):
    """What is asked about the tokens of a file, and where the answers go."""

    verifier: Verifier[Any]
    columns: Columns
    #: The time that tokens are verified at, unless a column has it.
    now: float
    tally: Tally
    parts: Parts | None
    threads: int | None = None

    def of_file(self, name: Path, path: Path) -> Iterator[Batch]:
        """Verify the tokens of a file that are not done, and yield them after each batch.

        `name` is what it is called in the results. Raises `UnreadableFile`.
        """
        done = 0 if self.parts is None else self.parts.done.get(str(name), 0)
        for batch in batches(path, self.columns, done):
            at = self.now if batch.times is None else batch.times
            try:
                result = pa.table(
                    arrow.verify(
                        self.verifier, batch.tokens, at=at, claims=CLAIMS, threads=self.threads
                    )
                )
            except (TypeError, OSError, pa.ArrowException) as error:  # a column of another type
                raise UnreadableFile(f"{path}: {error}") from None
            self.tally.add(result, at)
            if self.parts is not None:
                self.parts.add(name, batch, result)
            yield batch
