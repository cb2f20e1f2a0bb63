"""The files of an audit, spread over the workers of an engine: a file is a task."""

# Only those who use an engine have it.
# pyright: reportMissingImports=false

from __future__ import annotations

import json
import logging
import os
import sys
from contextlib import redirect_stdout
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from .reading import UnreadableFile
from .tally import Tally
from .verifying import Audit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from rapidjwt.verifier_spec import VerifierSpec

    from .parts import Parts
    from .reading import Columns


class EngineError(Exception):
    """An engine cannot do its work; the text says why in one line."""


class Task(NamedTuple):
    """What a worker needs to audit any of the files."""

    spec: VerifierSpec
    files: tuple[Path, ...]
    #: The folder that relative paths start from: that of a worker may be another one.
    base: Path
    columns: Columns
    now: float
    #: The folder of results, which all workers write to.
    out: Parts | None

    def outcome(self, number: int) -> str:
        """Audit a file and return the counts as JSON, or the text of what is wrong with it."""
        name = self.files[number]
        parts = None if self.out is None else self.out.of_file(number, self.base)
        tally = Tally() if parts is None else parts.tally
        # An engine has a worker for each core.
        audit = Audit(self.spec.verifier(), self.columns, self.now, tally, parts, threads=1)
        try:
            for _ in audit.of_files([(name, self.base / name)]):
                pass
        except UnreadableFile as error:
            return json.dumps(str(error))
        if parts is not None:
            parts.write()
        return json.dumps(tally.to_json())


def counted(task: Task, engine: str) -> Tally:
    """Return the counts of all files, each of which is a task of the engine.

    Raises `UnreadableFile` for the first that cannot be read, and `EngineError`.
    """
    tally = Tally()
    run = {"spark": _on_spark, "ray": _on_ray}[engine]
    with redirect_stdout(sys.stderr):  # an engine prints messages
        outcomes = run(task)
    for outcome in map(json.loads, outcomes):
        if isinstance(outcome, str):
            raise UnreadableFile(outcome)
        tally.merge(Tally.from_json(outcome))
    return tally


def _on_spark(task: Task) -> list[str]:
    # Workers on this machine have the packages of this Python, unless the user says otherwise.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    from py4j.protocol import Py4JError  # noqa: PLC0415 - with the engine
    from pyspark.errors import PySparkException  # noqa: PLC0415 - the engine
    from pyspark.sql import SparkSession  # noqa: PLC0415 - the engine

    count = len(task.files)
    try:
        spark = SparkSession.builder.appName("rapidjwt audit").getOrCreate()
        numbers = spark.range(0, count, 1, count)
        rows = numbers.mapInArrow(partial(_outcomes, task), "id long, outcome string").collect()
        spark.stop()
    except (PySparkException, Py4JError) as error:
        raise _failure(error) from None
    return [row["outcome"] for row in sorted(rows, key=itemgetter("id"))]


def _outcomes(task: Task, numbers: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in numbers:
        outcomes = pa.array(map(task.outcome, batch["id"].to_pylist()), pa.string())
        yield pa.record_batch({"id": batch["id"], "outcome": outcomes})


def _on_ray(task: Task) -> list[str]:
    import ray  # noqa: PLC0415 - the engine
    from ray.exceptions import RayError  # noqa: PLC0415 - the engine

    outcome = ray.remote(Task.outcome)
    try:
        ray.init(log_to_driver=False, logging_level=logging.ERROR)
        shared = ray.put(task)
        outcomes = [outcome.remote(shared, number) for number in range(len(task.files))]
        found: list[str] = ray.get(outcomes)
        ray.shutdown()
    except (RayError, ConnectionError) as error:
        raise _failure(error) from None
    return found


def _failure(error: Exception) -> EngineError:
    first, *_ = str(error).strip().splitlines() or [""]
    return EngineError(f"{type(error).__name__}: {first}")
