"""What billions of tokens cost, computed from the figures of `benches/columns.py`.

Prints the tables of docs/columns/scale.md; a test compares them.
"""

from __future__ import annotations

from typing import NamedTuple


class Figures(NamedTuple):
    """What one token costs: processor microseconds, and bytes in a file."""

    distinct: float
    size: int


#: Measured on 2026-11-30 (docs/columns/scale.md says how).
FIGURES = {
    "RS256": Figures(distinct=17.4, size=543),
    "ES256": Figures(distinct=56.4, size=287),
    "HS256": Figures(distinct=0.92, size=244),
}
#: A token that was verified in the same part before, in microseconds.
REPEATED = 0.2
#: Bytes per second and core that a shuffle writes and reads again.
SHUFFLE = 100e6
RATES = (0, 0.5, 0.9, 0.99)
CORES = 64


def core_hours(algorithm: str, tokens: float, repeated: float) -> float:
    """Return the hours of one core, if so many tokens repeat another one of their part."""
    each = (1 - repeated) * FIGURES[algorithm].distinct + repeated * REPEATED
    return tokens * each / 1e6 / 3600


def shuffle_hours(algorithm: str, tokens: float) -> float:
    """Return the hours of one core that it takes to bring equal tokens together."""
    return tokens * 2 * FIGURES[algorithm].size / SHUFFLE / 3600


def hours(value: float) -> str:
    """Return a number of hours with two digits that count."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def cost_table() -> str:
    """Return core-hours for a billion tokens, by the share that is repeated, and for a trillion."""
    head = " | ".join(f"{rate:.0%} repeated" for rate in RATES)
    lines = [f"| | {head} | 10^12, 0% | {CORES} cores |", "| --- |" + " --: |" * (len(RATES) + 2)]
    for algorithm in FIGURES:
        costs = [hours(core_hours(algorithm, 1e9, rate)) for rate in RATES]
        trillion = core_hours(algorithm, 1e12, 0)
        lines.append(
            f"| {algorithm} | {' | '.join(costs)} | {hours(trillion)} | "
            f"{hours(trillion / CORES)} hours |"
        )
    return "\n".join(lines)


def shuffle_table() -> str:
    """Return what a shuffle of a billion tokens costs, and from which rate on it saves time."""
    lines = ["| | bytes | core-hours | saves time from |", "| --- | --: | --: | --: |"]
    for algorithm, figures in FIGURES.items():
        cost = shuffle_hours(algorithm, 1e9)
        rate = cost / (core_hours(algorithm, 1e9, 0) - core_hours(algorithm, 1e9, 1))
        worth = f"{rate:.0%} repeated" if rate < 1 else "never"
        lines.append(f"| {algorithm} | {figures.size} GB | {hours(cost)} | {worth} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(cost_table(), shuffle_table(), sep="\n\n")
