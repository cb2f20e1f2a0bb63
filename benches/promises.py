"""The ratios that the project promises, in one table, and whether a run keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from peers import CONTESTANTS, TYPED_CONTESTANTS, by_name
from results import NOT_INSTALLED, case, python_version, timing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from results import Results

HELD = "held"
BROKEN = "not held"
SKIPPED = "not run"
UNAVAILABLE = "peer not available"


@dataclass(frozen=True)
class Verdict:
    """The result of comparing one promise with one run."""

    text: str
    limit: str
    measured: str
    status: str


@dataclass(frozen=True)
class Ratio:
    """`over / under`, two medians of one case, is at least or at most `limit`."""

    text: str
    case: str
    over: str
    under: str
    limit: float
    at_most: bool = False

    def verdict(self, results: Results) -> Verdict:
        """Compare the run with the promise."""
        limit = f"{'at most' if self.at_most else 'at least'} {self.limit:g}x"
        medians = medians_of(results, self.case, (self.over, self.under))
        if isinstance(medians, str):
            return Verdict(self.text, limit, "", medians)
        ratio = medians[0] / medians[1]
        held = ratio <= self.limit if self.at_most else ratio >= self.limit
        return Verdict(self.text, limit, f"{ratio:.2f}x", HELD if held else BROKEN)


@dataclass(frozen=True)
class NearRawCrypto:
    """A drop-in call costs at most 8 % or 1 us more than the bare operation of its library."""

    text: str
    case: str

    def verdict(self, results: Results) -> Verdict:
        """Compare the run with the promise."""
        limit = "8 % or 1 us above"
        medians = medians_of(results, self.case, ("rapidjwt", "raw: rapidjwt.Key"))
        if isinstance(medians, str):
            return Verdict(self.text, limit, "", medians)
        call, raw = medians
        held = call <= max(raw * 1.08, raw + 1.0)
        measured = f"{call:.2f} us against {raw:.2f} us"
        return Verdict(self.text, limit, measured, HELD if held else BROKEN)


@dataclass(frozen=True)
class NearParts:
    """A call costs at most `limit` times the sum of two others of its case."""

    text: str
    case: str
    whole: str
    parts: tuple[str, str]
    limit: float

    def verdict(self, results: Results) -> Verdict:
        """Compare the run with the promise."""
        limit = f"at most {self.limit:g}x"
        medians = medians_of(results, self.case, (self.whole, *self.parts))
        if isinstance(medians, str):
            return Verdict(self.text, limit, "", medians)
        ratio = medians[0] / sum(medians[1:])
        return Verdict(self.text, limit, f"{ratio:.2f}x", HELD if ratio <= self.limit else BROKEN)


@dataclass(frozen=True)
class Linear:
    """A ten times larger payload costs at most `limit` times as much."""

    text: str
    small: str
    large: str
    limit: float

    def verdict(self, results: Results) -> Verdict:
        """Compare the run with the promise."""
        limit = f"at most {self.limit:g}x"
        small = medians_of(results, self.small, ("rapidjwt",))
        large = medians_of(results, self.large, ("rapidjwt",))
        if isinstance(small, str) or isinstance(large, str):
            return Verdict(self.text, limit, "", small if isinstance(small, str) else str(large))
        ratio = large[0] / small[0]
        return Verdict(self.text, limit, f"{ratio:.2f}x", HELD if ratio <= self.limit else BROKEN)


@dataclass(frozen=True)
class SmallImport:
    """`import rapidjwt` in a fresh process stays under a number of milliseconds or megabytes."""

    text: str
    field: str
    limit: float

    def verdict(self, results: Results) -> Verdict:
        """Compare the run with the promise."""
        limit = f"under {self.limit:g} {self.field}"
        if not results["startup"]:
            return Verdict(self.text, limit, "", SKIPPED)
        row = next((row for row in results["startup"] if row["contestant"] == "rapidjwt"), None)
        if row is None or row["import_kb"] is None:
            return Verdict(self.text, limit, "", BROKEN if row is None else UNAVAILABLE)
        measured = row["import_ms"] if self.field == "ms" else row["import_kb"] / 1024
        held = measured < self.limit
        return Verdict(self.text, limit, f"{measured:.2f} {self.field}", HELD if held else BROKEN)


@dataclass(frozen=True)
class FairShare:
    """A decoding thread keeps half of its throughput beside a busy Python thread.

    Half is the most that two threads that never wait can each get of one interpreter lock. A busy
    machine leaves less, as a plain Python loop in the same run shows. The smaller of the two is
    required, minus `tolerance` for the spread.
    """

    text: str
    tolerance: float

    def verdict(self, results: Results) -> Verdict:
        """Compare the run with the promise."""
        limit = f"half, or a plain Python loop's share, less {self.tolerance:.0%}"
        shares = {
            row["contestant"]: row["beside_per_second"] / row["alone_per_second"]
            for row in results["busy_thread"]
        }
        if not shares:
            return Verdict(self.text, limit, "", SKIPPED)
        if "rapidjwt" not in shares:
            return Verdict(self.text, limit, "", BROKEN)
        fair = shares["plain Python loop"]
        held = shares["rapidjwt"] >= min(0.5, fair) * (1 - self.tolerance)
        measured = f"{shares['rapidjwt']:.2f} against {fair:.2f}"
        return Verdict(self.text, limit, measured, HELD if held else BROKEN)


Promise = Ratio | NearRawCrypto | NearParts | Linear | SmallImport | FairShare


def medians_of(results: Results, name: str, contestants: Iterable[str]) -> list[float] | str:
    """Return the medians in microseconds, or the status that explains why there are none."""
    found = case(results, name)
    if found is None:
        return SKIPPED
    medians: list[float] = []
    for contestant in contestants:
        row = timing(found, contestant)
        if row is None:
            reasons = {failure["contestant"]: failure["reason"] for failure in found["failures"]}
            ours = distribution(contestant) == "rapidjwt"
            missing = reasons.get(contestant, NOT_INSTALLED) == NOT_INSTALLED
            return UNAVAILABLE if missing and not ours else BROKEN
        medians.append(row["median_us"])
    return medians


def distribution(name: str) -> str:
    """Return the distribution that the contestant with this name belongs to."""
    every = (*CONTESTANTS, *TYPED_CONTESTANTS)
    known = {contestant.name: contestant.distribution for contestant in every}
    return known.get(name, "rapidjwt")


def near_raw_crypto() -> Iterator[NearRawCrypto]:
    for algorithm in ("RS256", "PS256", "ES256", "ES384", "EdDSA"):
        for operation in ("encode", "decode"):
            yield NearRawCrypto(
                f"{algorithm} {operation}, PEM per call, near the raw crypto call",
                f"{operation} {algorithm} small",
            )


PROMISES: tuple[Promise, ...] = (
    Ratio("HS256 decode against PyJWT", "decode HS256 small", "PyJWT", "rapidjwt", 30),
    Ratio("HS256 decode against oxyjwt", "decode HS256 small", "oxyjwt", "rapidjwt", 3.5),
    Ratio("HS256 encode against PyJWT", "encode HS256 small", "PyJWT", "rapidjwt", 24),
    Ratio("HS256 encode against oxyjwt", "encode HS256 small", "oxyjwt", "rapidjwt", 2.7),
    Ratio(
        "HS256 prepared decode against our drop-in decode",
        "decode HS256 small",
        "rapidjwt",
        "rapidjwt prepared",
        1.1,
    ),
    Ratio(
        "RS256 encode, PEM per call, against PyJWT", "encode RS256 small", "PyJWT", "rapidjwt", 100
    ),
    *near_raw_crypto(),
    Ratio(
        "RS256 repeated token against uncached",
        "decode RS256 small",
        "rapidjwt repeated token",
        "rapidjwt prepared",
        1 / 10,
        at_most=True,
    ),
    Ratio(
        "ES256 repeated token against uncached",
        "decode ES256 small",
        "rapidjwt repeated token",
        "rapidjwt prepared",
        1 / 25,
        at_most=True,
    ),
    SmallImport("import time above a bare interpreter", "ms", 10),
    SmallImport("import memory above a bare interpreter", "MB", 4),
    # The payload is ten times as large: twelve allows for the processor caches that 100 KB exceeds.
    Linear("HS256 decode is linear in size", "decode HS256 10 KB", "decode HS256 100 KB", 12),
    Linear("HS256 encode is linear in size", "encode HS256 10 KB", "encode HS256 100 KB", 12),
    Ratio(
        "HS256 decode of 100 KB against orjson and the hash",
        "decode HS256 100 KB",
        "rapidjwt",
        "raw: orjson + hmac.digest",
        1.3,
        at_most=True,
    ),
    Ratio(
        "decode_many of 10,000 RS256 tokens against the loop",
        "decode RS256 batch",
        "rapidjwt loop",
        "rapidjwt decode_many",
        1.7,
    ),
    Ratio(
        "HS256 decode with the profile ACCESS_TOKEN against one without",
        "decode HS256 profile",
        "rapidjwt ACCESS_TOKEN",
        "rapidjwt prepared",
        1.1,
        at_most=True,
    ),
    Ratio(
        "HS256 decode into a msgspec Struct against a dict",
        "decode HS256 typed",
        "rapidjwt Struct",
        "rapidjwt prepared",
        1.1,
        at_most=True,
    ),
    NearParts(
        "HS256 decode into a pydantic model against its parts",
        "decode HS256 typed",
        "rapidjwt model",
        ("raw: pydantic", "rapidjwt empty Struct"),
        1.1,
    ),
    FairShare("decoding beside a busy Python thread", 0.1),
)


# ryjwt requires Python 3.12 or later.
RYJWT_PROMISES: tuple[Promise, ...] = (
    Ratio(
        "HS256 decode into a msgspec Struct against ryjwt's time",
        "decode HS256 typed",
        "rapidjwt Struct",
        "ryjwt Struct",
        0.75,
        at_most=True,
    ),
    Ratio(
        "HS256 prepared decode against ryjwt's time",
        "decode HS256 small",
        "rapidjwt prepared",
        "ryjwt",
        0.72,
        at_most=True,
    ),
    Ratio(
        "HS256 prepared encode against ryjwt's time",
        "encode HS256 small",
        "rapidjwt prepared",
        "ryjwt",
        0.90,
        at_most=True,
    ),
    Ratio(
        "HS256 drop-in decode against ryjwt's time",
        "decode HS256 small",
        "rapidjwt",
        "ryjwt",
        0.85,
        at_most=True,
    ),
)


def evaluate(results: Results) -> list[Verdict]:
    """Return the verdict on every promise that can be tested on the Python of the run."""
    promises = PROMISES
    if python_version(results) >= by_name("ryjwt").minimum_python:
        promises += RYJWT_PROMISES
    return [promise.verdict(results) for promise in promises]
