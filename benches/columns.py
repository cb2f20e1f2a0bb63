"""Columns of tokens: `make bench-columns` (needs the extras bench, test and engines).

Every result is checked before it is timed. Prints Markdown tables: tokens per second, how many
times the raw rate of one core that is, and how much of the processor time is raw verification. Raw
verification is timed before and after every run. On a shared machine it slows down at times: a run
begins when it is as fast as it was before, and is repeated if it is slower afterwards. The tokens
are kept in a folder, because signing them takes minutes.
"""

from __future__ import annotations

import argparse
import base64
import os
import platform
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from machine import cpu_model, installed_versions, today
from rapidjwt import Key, Signer, Verifier, VerifierSpec, arrow

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "a secret of at least thirty-two bytes, for benchmarks"
ISSUER = "https://auth.example"
CORES = os.cpu_count() or 1
#: Rows of a row group, which one core reads: there are so many of them that all cores end at about
#: the same time, as they do with the larger groups of a larger file.
GROUP = 1 << 14
#: Ten ways in which a token of a log is broken; the last three are signed as they are.
BROKEN: list[Callable[[str], str | None]] = [
    lambda token: token[:-5],
    lambda token: token + "A",
    lambda token: token.replace(".", ""),
    lambda token: f"Bearer {token}",
    lambda token: token[: len(token) // 2],
    lambda _: "",
    lambda _: None,
]
REFUSED_CLAIMS = [{"exp": 1}, {"iss": "https://other.example"}, {"nbf": 1 << 40}]


def signing_key(algorithm: str, folder: Path) -> Any:
    """Return the key of a folder, which is made once."""
    if algorithm == "HS256":
        return SECRET
    path = folder / f"{algorithm}.pem"
    if not path.exists():
        path.write_text(Key.generate(algorithm).to_pem(private=True), encoding="ascii")
    return Key.from_pem(path.read_text(encoding="ascii"))


def signed(algorithm: str, folder: Path, start: int, stop: int) -> list[str]:
    signer = Signer(signing_key(algorithm, folder), algorithm, issuer=ISSUER, lifetime=10 * 86400)
    return [
        signer.encode({"sub": f"user-{number}", "scope": "read write", "client_id": "shop"})
        for number in range(start, stop)
    ]


def distinct(algorithm: str, folder: Path, count: int) -> Path:
    """Return a file with so many different tokens, which are signed on all cores."""
    path = folder / f"{algorithm}-{count}.parquet"
    if not path.exists():
        signing_key(algorithm, folder)
        edges = [count * part // 16 for part in range(17)]
        with ProcessPoolExecutor() as pool:
            parts = pool.map(
                signed, [algorithm] * 16, [folder] * 16, edges[:-1], edges[1:], chunksize=1
            )
            tokens = [token for part in parts for token in part]
        pq.write_table(pa.table({"token": tokens}), path, row_group_size=GROUP)
    return path


def mixed(algorithm: str, folder: Path, count: int) -> tuple[Path, int]:
    """Return a file of tokens, a fifth of them repeated and 2 % broken, and how many are valid."""
    path = folder / f"{algorithm}-{count}-mixed.parquet"
    choose = random.Random(7519)
    tokens: list[str | None] = pq.read_table(distinct(algorithm, folder, count))[
        "token"
    ].to_pylist()
    for number in range(count // 5):
        tokens[-1 - number] = tokens[choose.randrange(count * 4 // 5)]
    signer = Signer(signing_key(algorithm, folder), algorithm)
    refused = [signer.encode({"iss": ISSUER} | claims) for claims in REFUSED_CLAIMS]
    places = choose.sample(range(count), count // 50)
    for place in places:
        kind = choose.randrange(10)
        token = tokens[place] or ""
        tokens[place] = BROKEN[kind](token) if kind < len(BROKEN) else refused[kind - len(BROKEN)]
    if not path.exists():
        pq.write_table(pa.table({"token": tokens}), path, row_group_size=GROUP)
    return path, count - len(places)


def verifier_of(algorithm: str, folder: Path) -> Verifier[Any]:
    key = signing_key(algorithm, folder)
    public = key if isinstance(key, str) else key.public()
    return Verifier(public, algorithms=[algorithm], issuer=ISSUER)


@dataclass
class Raw:
    """Raw verification of the signature of one token, which is not read."""

    algorithm: str
    folder: Path
    token: str
    fastest: float = float("inf")

    def once(self) -> Callable[[], bool]:
        """Return what verifies once."""
        key = signing_key(self.algorithm, self.folder)
        key = Key.from_secret(key) if isinstance(key, str) else key.public()
        message, _, signature = self.token.rpartition(".")
        decoded = base64.urlsafe_b64decode(signature + "==")
        verify = partial(key.verify, message.encode(), decoded, self.algorithm)
        assert verify()
        return verify

    def times(self, count: int) -> int:
        """Verify so many times."""
        verify = self.once()
        for _ in range(count):
            verify()
        return count

    def seconds(self) -> float:
        """Return the seconds of one, on the clock, over about a second."""
        verify, count, start = self.once(), 0, time.perf_counter()
        while time.perf_counter() - start < 1:
            for _ in range(1000):
                verify()
            count += 1000
        seconds = (time.perf_counter() - start) / count
        self.fastest = min(self.fastest, seconds)
        return seconds

    def is_at_rest(self, seconds: float) -> bool:
        """Return whether nothing has slowed the machine down."""
        return seconds < 1.03 * self.fastest

    def seconds_at_rest(self) -> float:
        """Do what `seconds` does when the machine is at rest, or after ten seconds."""
        for _ in range(10):
            seconds = self.seconds()
            if self.is_at_rest(seconds):
                break
        return seconds


class Timed(NamedTuple):
    """One run: seconds per token, on the clock and of all cores, and those of a verification."""

    wall: float
    processor: float
    raw: float


def timed(tokens: int, raw: Raw, run: Callable[[], int]) -> tuple[Timed, bool]:
    """Time a run between two measurements of raw verification; say if the machine was at rest."""
    before = raw.seconds_at_rest()
    wall, cpu = time.perf_counter(), processor_time()
    run()
    wall, cpu = time.perf_counter() - wall, processor_time() - cpu
    after = raw.seconds()
    was_at_rest = raw.is_at_rest(before) and raw.is_at_rest(after)
    return Timed(wall / tokens, cpu / tokens, (before + after) / 2), was_at_rest


def undisturbed(tokens: int, raw: Raw, run: Callable[[], int]) -> list[Timed]:
    """Return five runs while the machine was at rest, or all of twelve."""
    good, every = [], []
    while len(good) < 5 and len(every) < 12:
        one, was_at_rest = timed(tokens, raw, run)
        every.append(one)
        if was_at_rest:
            good.append(one)
    return good if len(good) == 5 else every


def line(name: str, tokens: int, raw: Raw, valid: int, run: Callable[[], int]) -> None:
    """Print a line of the table: the medians of several runs."""
    assert run() == valid, name
    times = undisturbed(tokens, raw, run)
    rate = statistics.median(1 / one.wall for one in times)
    ratio = statistics.median(one.raw / one.wall for one in times)
    used = statistics.median(one.processor for one in times)
    share = statistics.median(one.raw / one.processor for one in times)
    # Workers are other processes.
    cpu = f"{1e6 * used:.2f} | {share:.0%}" if share < 2 else " | "
    note = "" if len(times) == 5 else ", disturbed"
    print(f"| {name}{note} | {rate:,.0f} | {ratio:.3f} | {cpu} |", flush=True)


def processor_time() -> float:
    """Return the processor time of this process, in which the engines but Spark work."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def local(verifier: Verifier[Any], path: Path) -> int:
    # Batches that are verified in one part; a few are read ahead, and not the whole file, which
    # would be new memory for all of it.
    read = ds.ParquetFragmentScanOptions(pre_buffer=False)
    batches = ds.dataset(path).scanner(
        columns=["token"], batch_size=1 << 14, batch_readahead=4, fragment_scan_options=read
    )
    return valid(verifier, batches.to_reader())


def valid(verifier: Verifier[Any], tokens: Any) -> int:
    results = pa.RecordBatchReader.from_stream(arrow.verify(verifier, tokens))
    return sum(batch["valid"].true_count for batch in results)


def with_polars(verifier: Verifier[Any], path: Path) -> int:
    kind = pl.Struct(
        {"valid": pl.Boolean, "error": pl.Categorical, "kid": pl.String, "alg": pl.String,
         "payload": pl.String}
    )  # fmt: skip

    def verified(tokens: pl.Series) -> pl.Series:
        return pl.Series(arrow.verify(verifier, tokens))

    token = pl.col("token").map_batches(verified, return_dtype=kind, is_elementwise=True)
    valid = pl.scan_parquet(path).select(token.struct.field("valid").sum())
    return int(valid.collect(engine="streaming").item())


def with_duckdb(verifier: Verifier[Any], path: Path) -> int:
    kind = duckdb.struct_type({"valid": "BOOLEAN", "error": "VARCHAR", "payload": "VARCHAR"})

    def verified(tokens: Any) -> Any:
        table = pa.table(arrow.verify(verifier, tokens, threads=1))
        return table.select(["valid", "error", "payload"]).to_struct_array().combine_chunks()

    with duckdb.connect() as connection:
        connection.create_function(
            "verify", verified, ["VARCHAR"], kind, type="arrow", null_handling="special"
        )
        query = f"select count(*) filter (verify(token).valid) from '{path}'"
        (found,) = connection.sql(query).fetchall()
    return int(found[0])


def with_spark(session: Any, spec: VerifierSpec, path: Path) -> int:
    def verified(batches: Any) -> Any:
        for batch in batches:
            table = pa.table(arrow.verify(spec.verifier(), batch["token"], threads=1))
            yield from table.select(["valid"]).to_batches()

    return int(
        session.read.parquet(str(path)).mapInArrow(verified, "valid boolean").where("valid").count()
    )


def with_spark_workers(session: Any, spec: VerifierSpec, path: Path) -> int:
    """Let Spark's workers read the file, whose groups of rows Spark distributes."""

    def verified(batches: Any) -> Any:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            for batch in batches:
                groups = batch["id"].to_pylist()
                for tokens in file.iter_batches(GROUP, row_groups=groups, columns=["token"]):
                    table = pa.table(arrow.verify(spec.verifier(), tokens["token"], threads=1))
                    yield from table.select(["valid"]).to_batches()

    groups = session.range(0, pq.ParquetFile(path).num_row_groups, 1, 4 * CORES)
    return int(groups.mapInArrow(verified, "valid boolean").where("valid").count())


def spark_session(path: Path) -> Any:
    """Start Spark with tasks of such a size that each core has four: each costs 65 ms."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    builder = SparkSession.builder.master(f"local[{CORES}]").config("spark.ui.enabled", "false")
    part = path.stat().st_size // (4 * CORES) + (1 << 20)
    builder = builder.config("spark.sql.files.maxPartitionBytes", part)
    builder = builder.config("spark.ui.showConsoleProgress", "false")
    return builder.config("spark.log.level", "ERROR").getOrCreate()


def audit_memory(folder: Path, path: Path, times: int) -> tuple[int, int]:
    """Return the megabytes of an audit of the file so many times over, above those of Python."""
    (folder / "secret.txt").write_text(SECRET, encoding="ascii")
    links = [folder / f"link-{number}.parquet" for number in range(times)]
    for link in links:
        link.unlink(missing_ok=True)
        link.symlink_to(path.name)
    command = ["-m", "rapidjwt", "audit", *map(str, links), "--key", str(folder / "secret.txt")]
    with tempfile.TemporaryDirectory() as out:
        used = peak([*command, "--alg", "HS256", "--out", f"{out}/results", "--json"])
    return used, used - peak(["-c", "import rapidjwt"])


def peak(arguments: list[str]) -> int:
    """Return the peak of a process of Python, in megabytes."""
    report = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=-3);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)"
    )
    command = [sys.executable, "-c", report, sys.executable, *arguments]
    return int(subprocess.check_output(command, text=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=1_000_000)
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / "columns-bench"
    )
    parser.add_argument("--engines", nargs="*", default=["polars", "duckdb", "spark"])
    options = parser.parse_args()
    folder, count = options.folder, options.tokens
    folder.mkdir(exist_ok=True)
    print(f"{today()}, {cpu_model()}, {CORES} cores, Python {platform.python_version()}, "
          f"{installed_versions(['pyarrow', 'polars', 'duckdb', 'pyspark'])}, "
          f"load {os.getloadavg()[0]:.1f}\n")  # fmt: skip
    for algorithm in ("RS256", "ES256", "HS256"):
        table(algorithm, folder, count if algorithm != "ES256" else count // 5, options.engines)
    used, above = audit_memory(folder, distinct("HS256", folder, count), 10)
    print(f"\naudit of {10 * count:,} tokens: {used} MB, {above} MB above Python")


def table(algorithm: str, folder: Path, size: int, engines: list[str]) -> None:
    """Print the table of an algorithm."""
    path, verifier = distinct(algorithm, folder, size), verifier_of(algorithm, folder)
    column = pq.read_table(path)["token"]
    raw = Raw(algorithm, folder, column[0].as_py())
    print(f"\n{algorithm}: {size:,} tokens; raw verification {1e6 * raw.seconds():.2f} us\n")
    print(
        "| | tokens/s | times one core's raw rate | processor us per token | of which raw |\n"
        "| --- | --: | --: | --: | --: |"
    )
    with ProcessPoolExecutor(CORES) as pool:
        line("raw, on all cores", size, raw, size, partial(raw_on_all_cores, pool, raw, size))
    line("all distinct", size, raw, size, partial(local, verifier, path))
    if algorithm == "ES256":
        return
    log, expected = mixed(algorithm, folder, size)
    line("a fifth repeated", size, raw, expected, partial(local, verifier, log))
    if algorithm == "HS256":
        line("a column in memory", size, raw, size, partial(valid, verifier, column))
        some = column.slice(0, size // 5)
        line("list(decode_many(...))", len(some), raw, len(some), partial(many, verifier, some))
        return
    for name, run in {"polars": with_polars, "duckdb": with_duckdb}.items():
        if name in engines:
            line(name, size, raw, size, partial(run, verifier, path))
    if "spark" in engines:
        key = signing_key("RS256", folder).public()
        spec = VerifierSpec(key, algorithms=["RS256"], issuer=ISSUER)
        session = spark_session(path)
        ways = {"spark": with_spark, "spark, its workers read": with_spark_workers}
        for name, way in ways.items():
            run = partial(way, session, spec, path)
            for _ in range(5):
                # The first runs compile Spark's own code.
                run()
            line(name, size, raw, size, run)
        session.stop()


def raw_on_all_cores(pool: ProcessPoolExecutor, raw: Raw, count: int) -> int:
    """Verify without tokens on all cores: what is left for the rest to reach."""
    return sum(pool.map(raw.times, [count // (4 * CORES)] * (4 * CORES)))


def many(verifier: Verifier[Any], column: Any) -> int:
    return sum(type(one) is dict for one in list(verifier.decode_many(column.to_pylist())))


if __name__ == "__main__":
    main()
