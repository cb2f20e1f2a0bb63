"""The format of a result file, which `compare.py` writes and the reports read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypedDict, cast

HERE = Path(__file__).parent
RESULTS = HERE / "results"
WEB_RESULTS = RESULTS / "web.json"

NOT_INSTALLED = "not installed"


class Timing(TypedDict):
    """Time per operation in microseconds: median and quartiles over the rounds."""

    contestant: str
    median_us: float
    q1_us: float
    q3_us: float


class Failure(TypedDict):
    """The reason why a contestant has no timing."""

    contestant: str
    reason: str


class Case(TypedDict):
    """One operation, timed for every contestant in the same interleaved rounds."""

    name: str
    timings: list[Timing]
    failures: list[Failure]


class Startup(TypedDict):
    """Medians over fresh processes: the import alone, and the first verified RS256 token."""

    contestant: str
    import_ms: float
    import_kb: int | None
    first_call_ms: float


class BusyThread(TypedDict):
    """Decodes per second of one thread, alone and beside a busy pure-Python thread."""

    contestant: str
    alone_per_second: float
    beside_per_second: float


class Environment(TypedDict):
    """Where, when and how the figures were measured."""

    cpu: str
    cores: int
    system: str
    python: str
    date: str
    command: str
    load_before: float
    rounds: int
    batch_ms: float
    versions: dict[str, str]
    #: Whether rapidjwt was built as its wheels are: `maturin build --pgo`.
    profile_guided: bool


class Results(TypedDict):
    """One run."""

    environment: Environment
    cases: list[Case]
    startup: list[Startup]
    busy_thread: list[BusyThread]


class WebLoad(TypedDict):
    """Medians of one server with one library: requests per second and latency."""

    per_second: float
    p50_ms: float
    p99_ms: float


class WebResults(TypedDict):
    """One run of `web/bench_web.py`: server to library ("no token" for none) to load."""

    cpu: str
    cores: int
    python: str
    date: str
    command: str
    rounds: int
    seconds: int
    connections: int
    versions: dict[str, str]
    servers: dict[str, dict[str, WebLoad]]


def read_web(path: Path) -> WebResults:
    """Return the web results stored at `path`."""
    return cast("WebResults", json.loads(path.read_text(encoding="utf-8")))


def read(path: Path) -> Results:
    """Return the results stored at `path`."""
    return cast("Results", json.loads(path.read_text(encoding="utf-8")))


def write(path: Path, results: Results | WebResults) -> None:
    """Store `results` at `path`."""
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def python_version(results: Results) -> tuple[int, int]:
    """Return major and minor version of the Python that the run used."""
    major, minor = results["environment"]["python"].split()[-1].split(".")[:2]
    return int(major), int(minor)


def case(results: Results, name: str) -> Case | None:
    """Return the case with this name, if it was run."""
    return next((case for case in results["cases"] if case["name"] == name), None)


def timing(case: Case, contestant: str) -> Timing | None:
    """Return the contestant's timing in `case`, if it has one."""
    return next((row for row in case["timings"] if row["contestant"] == contestant), None)
