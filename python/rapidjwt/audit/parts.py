"""The results of an audit in Parquet files, each of which is whole, and how far it has got.

Engines that read a folder leave out files whose names begin with an underscore.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet

from .tally import Tally

if TYPE_CHECKING:
    from pathlib import Path

    from .reading import Batch

#: The rows of a part, which is what an interrupt may lose.
_ROWS = 1 << 17
#: The columns of results that are written.
_KEPT = ["valid", "error", "kid", "alg", "iss", "exp"]
#: What a truncated SHA-256 has of the 256 bits: enough to find a token that one has.
_BITS = 96


class Parts:
    """A folder of results: parts, and the state that the newest of them leads to."""

    def __init__(
        self, folder: Path, question: dict[str, Any], now: float, *, with_tokens: bool
    ) -> None:
        """Describe the folder, which `begin` makes and `resume` reads."""
        self._folder, self._question, self._with_tokens = folder, question, with_tokens
        self._suffix = ""
        self._tables: list[pa.Table] = []
        self._rows = self._written = 0
        #: The time that tokens are verified at: that of the beginning.
        self.now = now
        #: How many tokens of each file are done.
        self.done: dict[str, int] = {}
        self.tally = Tally()

    def resume(self) -> None:
        """Go on where an audit with the same question has got to.

        Raises `ValueError` if the folder is that of another one.
        """
        state = json.loads(self._state.read_text(encoding="utf-8"))
        if state["question"] != self._question:
            raise ValueError("was begun with other files, keys or options")
        self.now, self.done, self._written = state["now"], state["done"], state["parts"]
        self.tally = Tally.from_json(state["counts"])

    def begin(self) -> None:
        """Make the folder. Raises `FileExistsError` if there is one with results."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if any(self._folder.iterdir()):
            raise FileExistsError

    def add(self, path: Path, batch: Batch, result: pa.Table) -> None:
        """Add the results of a batch, which the tally has counted."""
        tokens = batch.tokens.to_pylist()
        columns = {
            "file": pa.array([str(path)] * len(tokens), pa.string()).dictionary_encode(),
            "row": batch.rows,
            "token_sha256": pa.array([_hashed(token) for token in tokens], pa.string()),
        }
        if self._with_tokens:
            columns["token"] = batch.tokens
        kept = _copied(result.select(_KEPT))
        columns.update(zip(kept.column_names, kept.columns, strict=True))
        self._tables.append(pa.table(columns))
        self._rows += len(tokens)
        self.done[str(path)] = self.done.get(str(path), 0) + len(tokens)
        if self._rows >= _ROWS:
            self.write()

    def write(self) -> None:
        """Write a part and the state."""
        if self._tables:
            path = self._folder / f"part{self._suffix}-{self._written:05}.parquet"
            tables = pa.concat_tables(table.unify_dictionaries() for table in self._tables)
            unfinished = _unfinished(path)
            pa.parquet.write_table(tables, unfinished)
            unfinished.replace(path)
            self._written += 1
            self._tables, self._rows = [], 0
        state = {
            "question": self._question,
            "now": self.now,
            "done": self.done,
            "parts": self._written,
            "counts": self.tally.to_json(),
        }
        unfinished = _unfinished(self._state)
        unfinished.write_text(json.dumps(state), encoding="utf-8")
        unfinished.replace(self._state)

    def of_file(self, number: int, base: Path) -> Parts:
        """Return the parts of one file in the same folder, from where its audit has got to.

        A relative folder is in `base`. Several processes may do this for the same file: they write
        the same.
        """
        parts = Parts(base / self._folder, self._question, self.now, with_tokens=self._with_tokens)
        parts._suffix = f"-{number:05}"
        with suppress(FileNotFoundError):
            parts.resume()
        return parts

    @property
    def _state(self) -> Path:
        return self._folder / f"_audit{self._suffix}.json"


def _unfinished(path: Path) -> Path:
    """Return where a file is written: nobody else writes there, and engines leave it out."""
    return path.with_name(f"_{path.stem}-{secrets.token_hex(4)}.unfinished")


def _copied(table: pa.Table) -> pa.Table:
    """Copy a table: its columns share their memory with those that were left out, the payloads."""
    copy = pa.BufferOutputStream()
    with pa.ipc.new_stream(copy, table.schema) as stream:
        stream.write_table(table)
    return pa.ipc.open_stream(copy.getvalue()).read_all()


def _hashed(token: str | bytes | None) -> str | None:
    if token is None:
        return None
    raw = token.encode("utf-8", "surrogatepass") if isinstance(token, str) else token
    return hashlib.sha256(raw).hexdigest()[: _BITS // 4]
