"""What is counted of the tokens of an audit."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

#: The claims that an audit reads, as `rapidjwt.arrow.verify` takes them.
CLAIMS = {"iss": "str", "exp": "timestamp"}
#: The lifetimes that tokens have left, in seconds, and the words for shorter ones.
_LEFT = (
    (60, "under 1 minute"),
    (900, "1 to 15 minutes"),
    (3600, "15 to 60 minutes"),
    (86400, "1 to 24 hours"),
    (7 * 86400, "1 to 7 days"),
    (30 * 86400, "7 to 30 days"),
    (365 * 86400, "30 to 365 days"),
    (float("inf"), "over a year"),
)
NEVER = "never"
#: The order of the words in reports.
LEFT = (*(words for _, words in _LEFT), NEVER)
#: What a table shows of valid tokens that have no such claim or key ID.
NONE = "(none)"


class Tally:
    """Counts of tokens: all, valid ones, refused ones by reason, and what valid ones say."""

    GROUPS = ("refused", "issuer", "kid", "alg", "left")

    def __init__(self) -> None:
        """Begin with nothing."""
        self.tokens = self.valid = 0
        self.groups: dict[str, Counter[str]] = {name: Counter() for name in self.GROUPS}

    def add(self, result: pa.Table, at: Any) -> None:
        """Count the rows of a result of `rapidjwt.arrow.verify`; `at` is the time, or a column."""
        # Without the payloads, which would be copied.
        valid = result.select(["iss", "kid", "alg"]).filter(result["valid"])
        self.tokens += result.num_rows
        self.valid += valid.num_rows
        self.groups["refused"].update(_counted(result["error"].drop_null()))
        for group, column in (("issuer", "iss"), ("kid", "kid"), ("alg", "alg")):
            self.groups[group].update(_counted(pc.fill_null(valid[column], NONE)))
        self.groups["left"].update(_lifetimes(result, at))

    def merge(self, other: Tally) -> None:
        """Add the counts of other tokens."""
        self.tokens += other.tokens
        self.valid += other.valid
        for name, counts in other.groups.items():
            self.groups[name].update(counts)

    @property
    def refused(self) -> int:
        """The number of tokens that were refused."""
        return self.tokens - self.valid

    def to_json(self) -> dict[str, Any]:
        """Return the counts as JSON."""
        groups = {name: dict(counts.most_common()) for name, counts in self.groups.items()}
        return {"tokens": self.tokens, "valid": self.valid, **groups}

    @classmethod
    def from_json(cls, counts: dict[str, Any]) -> Tally:
        """Read what `to_json` returned."""
        tally = cls()
        tally.tokens, tally.valid = counts["tokens"], counts["valid"]
        tally.groups = {name: Counter(counts[name]) for name in cls.GROUPS}
        return tally


def _counted(column: pa.ChunkedArray) -> dict[str, int]:
    return {one["values"].as_py(): one["counts"].as_py() for one in pc.value_counts(column)}


def _lifetimes(result: pa.Table, at: Any) -> dict[str, int]:
    """Count how long valid tokens are still valid."""
    exp = result["exp"].cast(pa.timestamp("s"), safe=False).cast(pa.int64())
    left = pc.subtract(exp, int(at) if isinstance(at, (int, float)) else _seconds(at))
    left = left.filter(result["valid"]).cast(pa.float64())
    counts, before = {}, 0
    for limit, words in _LEFT:
        below = pc.sum(pc.less(left, limit)).as_py() or 0
        counts[words] = below - before
        before = below
    counts[NEVER] = left.null_count
    return {words: count for words, count in counts.items() if count}


def _seconds(times: pa.Array) -> pa.Array:
    """Return a column of times in seconds since the epoch."""
    if pa.types.is_timestamp(times.type):
        times = times.cast(pa.timestamp("s"), safe=False)
    return times.cast(pa.int64(), safe=False)
