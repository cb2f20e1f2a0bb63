"""Tokens in files: Parquet, CSV, JSON lines, and text of any other kind, also compressed."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from pathlib import Path

#: How many rows are read at once.
ROWS = 1 << 13
#: How many bytes of tokens are verified at once: their payloads take about as much memory again.
BYTES = 8 << 20
#: The names of a column of tokens, of several columns.
NAMES = ("token", "access_token", "id_token", "jwt")
#: A compact JWS, and an unsecured one, whose signature is empty.
_TOKEN = re.compile(rb"eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*")
_COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
#: How many bytes of text are read at once; a longer line is read whole.
_TEXT = 1 << 20


class UnreadableFile(Exception):  # noqa: N818 - it ends the command with one line
    """A file cannot be read; the text says which and why."""


class Batch(NamedTuple):
    """Some tokens of a file, and how many of its bytes were read so far."""

    tokens: pa.Array
    #: The row of each token, counted from 1: for text, its line.
    rows: pa.Array
    position: int
    #: The time of each token, if a column has it.
    times: pa.Array | None = None

    def part(self, start: int, stop: int) -> Batch:
        """Return some of the tokens; the position is that of the whole batch."""
        times = None if self.times is None else self.times[start:stop]
        return Batch(self.tokens[start:stop], self.rows[start:stop], self.position, times)


class Columns(NamedTuple):
    """The columns of tokens and of their times; None for the usual one, and for none."""

    tokens: str | None
    times: str | None


def batches(path: Path, columns: Columns, skip: int) -> Iterator[Batch]:
    """Yield the tokens of a file but the first `skip`. Raises `UnreadableFile`."""
    try:
        for batch in chain.from_iterable(map(_divided, _batches(path, columns))):
            if skip >= len(batch.tokens):
                skip -= len(batch.tokens)
                continue
            yield batch.part(skip, len(batch.tokens))
            skip = 0
    except (OSError, pa.ArrowException) as error:
        # The messages of pyarrow quote lines of the file, which may hold tokens.
        reason = (
            getattr(error, "strerror", None) or "it is damaged, or of another kind than its name"
        )
        raise UnreadableFile(f"{path} cannot be read: {reason}") from None


def _divided(batch: Batch) -> Iterator[Batch]:
    """Divide a batch of large tokens into parts of about `BYTES`."""
    count, size = len(batch.tokens), max(batch.tokens.nbytes, 1)
    rows = max(1, min(ROWS, count * BYTES // size))
    return (batch.part(start, start + rows) for start in range(0, count, rows))


def _batches(path: Path, columns: Columns) -> Iterator[Batch]:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    compression = _COMPRESSIONS.get(suffixes[-1]) if suffixes else None
    kind = next((one for one in reversed(suffixes) if one not in _COMPRESSIONS), "")
    if kind in {".parquet", ".pq"}:
        return _parquet(path, columns)
    if kind in {".csv", ".tsv"}:
        return _csv(path, columns, compression, "\t" if kind == ".tsv" else ",")
    column = columns.tokens
    if columns.times is not None:
        raise UnreadableFile(f"{path} has no columns: --at-column needs Parquet or CSV")
    if kind in {".jsonl", ".ndjson"} and column is not None:
        return _lines(path, compression, lambda line: _member(line, column))
    return _lines(path, compression, _TOKEN.findall)


def _parquet(path: Path, columns: Columns) -> Iterator[Batch]:
    # A group of rows may be larger than memory: its pages are read one after another.
    with pa.parquet.ParquetFile(path, buffer_size=_TEXT, pre_buffer=False) as file:
        names = _chosen(path, file.schema_arrow, columns)
        total, size = max(file.metadata.num_rows, 1), path.stat().st_size
        found = file.iter_batches(ROWS, columns=names)
        yield from _numbered(found, names, lambda read: size * read // total)


def _csv(path: Path, columns: Columns, compression: str | None, delimiter: str) -> Iterator[Batch]:
    parse = pa.csv.ParseOptions(delimiter=delimiter)
    with _opened(path, compression) as (stream, _):
        names = _chosen(path, pa.csv.open_csv(stream, parse_options=parse).schema, columns)
    # pyarrow would decide from the first lines what tokens are: empty ones, or numbers.
    convert = pa.csv.ConvertOptions(
        strings_can_be_null=True, include_columns=names, column_types={names[0]: pa.binary()}
    )
    with _opened(path, compression) as (stream, position):
        found = pa.csv.open_csv(stream, parse_options=parse, convert_options=convert)
        yield from _numbered(found, names, lambda _read: position())


def _numbered(
    found: Iterable[pa.RecordBatch], names: list[str], position: Callable[[int], int]
) -> Iterator[Batch]:
    """Yield tokens with the numbers of their rows; `position` is how far so many rows reach."""
    read = 0
    for batch in found:
        rows = pa.array(range(read + 1, read + 1 + batch.num_rows), pa.int64())
        read += batch.num_rows
        times = batch.column(names[1]) if len(names) > 1 else None
        yield Batch(batch.column(names[0]), rows, position(read), times)


def _lines(
    path: Path, compression: str | None, find: Callable[[bytes], Iterable[bytes | None]]
) -> Iterator[Batch]:
    with _opened(path, compression) as (stream, position):
        found = (
            (number, token)
            for number, line in enumerate(_text_lines(stream), 1)
            for token in find(line)
        )
        while some := list(islice(found, ROWS)):
            rows, tokens = zip(*some, strict=True)
            yield Batch(pa.array(tokens, pa.binary()), pa.array(rows, pa.int64()), position())


def _text_lines(stream: Any) -> Iterator[bytes]:
    rest = b""
    while chunk := stream.read(_TEXT):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
    if rest:
        yield rest


def _member(line: bytes, name: str) -> list[bytes | None]:
    """Return the member of a JSON line: null if it has none or is not JSON; nothing if empty."""
    if not line.strip():
        return []
    try:
        found = json.loads(line)[name]
    except (ValueError, KeyError, TypeError, RecursionError):
        return [None]
    return [found.encode("utf-8", "surrogatepass") if isinstance(found, str) else None]


@contextmanager
def _opened(path: Path, compression: str | None) -> Generator[tuple[Any, Callable[[], int]]]:
    """Open a file; return the stream of its content, and how many of its bytes were read."""
    with path.open("rb") as file:
        stream = pa.CompressedInputStream(pa.PythonFile(file), compression) if compression else file
        yield stream, file.tell


def _chosen(path: Path, schema: pa.Schema, columns: Columns) -> list[str]:
    """Return the name of the column of tokens, and that of their times if there is one."""
    names: list[str] = schema.names
    for column in columns:
        if column is not None and column not in names:
            raise UnreadableFile(f"{path} has no column {column!r}, only {', '.join(names)}")
    others = [name for name in names if name != columns.times]
    known = [name for name in NAMES if name in names]
    only = columns.tokens or next((some[0] for some in (others, known) if len(some) == 1), None)
    if only is None:
        listed = ", ".join(names)
        raise UnreadableFile(f"{path} has several columns: choose one with --column: {listed}")
    return [only] if columns.times is None else [only, columns.times]
