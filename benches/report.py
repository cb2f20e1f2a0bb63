"""Write the tables: a results file becomes Markdown, for the docs and for the README."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from chart import CURVES, PANELS, chart, draw, source_of, speed, start, threads, web
from chart import SIZES as SIZE_PANELS
from peers import CONTESTANTS
from promises import evaluate
from results import HERE, RESULTS, WEB_RESULTS, case, python_version, read, read_web, timing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from chart import Panels
    from results import Case, Results, WebResults

START = "<!-- bench:start -->"
END = "<!-- bench:end -->"

ROOT = HERE.parent
README = ROOT / "README.md"
DOCS = ROOT / "docs" / "benchmarks.md"
DOCS_CHARTS = ROOT / "docs" / "assets" / "benchmarks"
LANDING = ROOT / "docs" / "index.md"
DOCS_CHART = ROOT / "docs" / "benchmarks.svg"
README_RESULTS = RESULTS / "cpython-3.11.json"

BASELINE = "PyJWT"
NOTHING = "-"
ALGORITHMS = ("HS256", "RS256", "PS256", "ES256", "ES384", "EdDSA")
README_ALGORITHMS = ("HS256", "RS256", "ES256", "EdDSA")
SHOWN_ON_LANDING = (BASELINE, "rapidjwt")
SIZES = ("small", "1 KB", "10 KB", "100 KB")


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table, with the first column left-aligned and the others right-aligned."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def microseconds(value: float) -> str:
    """Return `value` with three significant digits, but no digits below a nanosecond."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def ratio_text(value: float) -> str:
    """Return how many times as fast, e.g. "39x"."""
    if value >= 10:
        return f"{value:,.0f}x"
    return f"{value:.1f}x" if value >= 0.95 else f"{value:.2f}x"


def cell(found: Case | None, contestant: str) -> str:
    """Return the median in microseconds and its ratio to PyJWT with key text in each call."""
    row = timing(found, contestant) if found else None
    if found is None or row is None:
        return NOTHING
    baseline = timing(found, BASELINE)
    text = microseconds(row["median_us"])
    if baseline is None or contestant == BASELINE:
        return text
    return f"{text} ({ratio_text(baseline['median_us'] / row['median_us'])})"


def present(results: Results, names: Sequence[str]) -> list[str]:
    """Return the contestants that have a timing in any of the named cases, in a fixed order."""
    cases = [found for name in names if (found := case(results, name))]
    return [
        contestant.name
        for contestant in CONTESTANTS
        if any(timing(found, contestant.name) for found in cases)
    ]


def matrix(results: Results, columns: dict[str, str], *, raw: bool = True) -> str:
    """Return one table: contestants in rows, cases in columns (`columns`: title to case name).

    `raw` is whether the bare operations have rows too.
    """
    columns = {title: name for title, name in columns.items() if case(results, name)}
    keys = {contestant.name: contestant.key for contestant in CONTESTANTS}
    rows = [
        [name, keys[name], *(cell(case(results, column), name) for column in columns.values())]
        for name in present(results, list(columns.values()))
        if raw or keys[name] != "raw"
    ]
    return table(["library", "key", *columns], rows) if rows else ""


def environment(results: Results) -> str:
    """Return where and how the figures were measured."""
    where = results["environment"]
    versions = ", ".join(f"{name} {number}" for name, number in where["versions"].items())
    build = "as in its wheels, with a profile" if where["profile_guided"] else "without a profile"
    return (
        f"{where['cpu']}, {where['cores']} cores, {where['system']}, {where['python']}, "
        f"{where['date']}; {versions}; rapidjwt built {build}. Command: `{where['command']}`. "
        f"Medians of {where['rounds']} interleaved rounds of {where['batch_ms']:g} ms per "
        f"library; load average before the run {where['load_before']:g}.\n"
    )


def details(results: Results) -> str:
    """Return one table per case with the spread, and the reasons why contestants are missing."""
    parts: list[str] = []
    for found in results["cases"]:
        rows = []
        for row in sorted(found["timings"], key=lambda row: row["median_us"]):
            spread = f"{microseconds(row['q1_us'])} to {microseconds(row['q3_us'])}"
            baseline = timing(found, BASELINE)
            ratio = ratio_text(baseline["median_us"] / row["median_us"]) if baseline else NOTHING
            per_second = f"{1e6 / row['median_us']:,.0f}"
            rows.append(
                [row["contestant"], microseconds(row["median_us"]), spread, per_second, ratio]
            )
        parts.append(f"**{found['name']}**\n")
        header = ["library", "median, us", "middle half, us", "per second", f"of {BASELINE}"]
        parts.append(table(header, rows))
        if found["failures"]:
            reasons = (f"{row['contestant']} ({row['reason']})" for row in found["failures"])
            parts.append(f"Not timed: {'; '.join(reasons)}.\n")
    return "\n".join(parts)


def startup(results: Results) -> str:
    """Return import time, import memory, and the time until the first token is decoded."""
    rows = [
        [
            row["contestant"],
            f"{row['import_ms']:.1f}",
            NOTHING if row["import_kb"] is None else f"{row['import_kb'] / 1024:.1f}",
            f"{row['import_ms'] + row['first_call_ms']:.1f}",
        ]
        for row in sorted(results["startup"], key=lambda row: row["import_ms"])
    ]
    header = ["library", "import, ms", "import, MB", "import and first RS256 decode, ms"]
    return table(header, rows) if rows else ""


def busy_thread(results: Results) -> str:
    """Return decodes per second alone and beside a busy Python thread."""
    rows = [
        [
            row["contestant"],
            f"{row['alone_per_second']:,.0f}",
            f"{row['beside_per_second']:,.0f}",
            f"{row['beside_per_second'] / row['alone_per_second']:.2f}",
        ]
        for row in results["busy_thread"]
    ]
    header = ["library", "alone, per second", "beside a busy thread", "share"]
    return table(header, rows) if rows else ""


def verdicts(results: Results) -> str:
    """Return every promised ratio with the one that this run measured."""
    rows = [[one.text, one.limit, one.measured, one.status] for one in evaluate(results)]
    return table(["promise", "limit", "measured", "status"], rows)


def section(title: str, body: str) -> str:
    """Return a titled section, or nothing for an empty body."""
    return f"### {title}\n\n{body}\n" if body else ""


def algorithms(results: Results, operation: str) -> str:
    """Return the table of an operation with each algorithm."""
    return matrix(results, {name: f"{operation} {name} small" for name in ALGORITHMS})


def sizes(results: Results, operation: str) -> str:
    """Return the table of an operation with larger payloads."""
    return matrix(results, {size: f"{operation} HS256 {size}" for size in SIZES})


def title(results: Results) -> str:
    """Return the name of a run."""
    major, minor = python_version(results)
    return f"CPython {major}.{minor}"


def full_report(results: Results) -> str:
    """Return everything about one run."""
    return f"## {title(results)}\n\n{environment(results)}\n" + "".join(
        (
            section("Decode, 8 claims (us)", algorithms(results, "decode")),
            section("Encode, 8 claims (us)", algorithms(results, "encode")),
            section("Decode by payload size, HS256 (us)", sizes(results, "decode")),
            section("Encode by payload size, HS256 (us)", sizes(results, "encode")),
            section("Start-up", startup(results)),
            section("RS256 decode beside a busy Python thread", busy_thread(results)),
            section("What the project promises", verdicts(results)),
            section("Every case, with its spread", details(results)),
        )
    )


def fold(summary: str, body: str) -> str:
    """Return Markdown that is hidden until it is asked for, or nothing for an empty body."""
    if not body:
        return ""
    return f"<details markdown>\n<summary>{summary}</summary>\n\n{body}\n</details>\n\n"


def folds(runs: Sequence[Results], tables: dict[str, Callable[[Results], str]]) -> str:
    """Return a fold for each table of each run."""
    return "".join(
        fold(f"{name}, {title(run)}", make(run)) for name, make in tables.items() for run in runs
    )


def image(file: str, panels: Panels) -> str:
    """Return a chart in Markdown; its text names the values of rapidjwt and PyJWT."""
    shown = (BASELINE, "rapidjwt")
    values = "; ".join(
        f"{name}: " + ", ".join(f"{bar.name} {bar.label}" for bar in bars if bar.name in shown)
        for name, bars in panels.items()
    )
    return f"![{values}]({file})\n\n"


def promises_kept(run: Results) -> str:
    """Return how many promises a run kept."""
    counted = Counter(one.status for one in evaluate(run))
    numbers = ", ".join(f"{number} {status}" for status, number in counted.most_common())
    return f"- {title(run)}: {numbers}\n"


def docs_report(runs: Sequence[Results], drawn: Results, web_run: WebResults | None) -> str:
    """Return the page's part: a chart for each question, and the tables behind folds."""
    in_us = "microseconds"
    parts = [
        "## How fast are decoding and encoding?\n\n",
        image("benchmarks.svg", speed(drawn, PANELS)),
        image("assets/benchmarks/curves.svg", speed(drawn, CURVES)),
        folds(
            runs,
            {
                f"Decode, 8 claims, {in_us}": lambda run: algorithms(run, "decode"),
                f"Encode, 8 claims, {in_us}": lambda run: algorithms(run, "encode"),
            },
        ),
        "## What do larger payloads cost?\n\n",
        image("assets/benchmarks/sizes.svg", speed(drawn, SIZE_PANELS)),
        folds(
            runs,
            {
                f"Decode by payload size, HS256, {in_us}": lambda run: sizes(run, "decode"),
                f"Encode by payload size, HS256, {in_us}": lambda run: sizes(run, "encode"),
            },
        ),
        "## What does the import cost?\n\n",
        image("assets/benchmarks/start.svg", start(drawn)),
        folds(runs, {"Start-up": startup}),
        "## Does it use all cores, and does it leave room for other threads?\n\n",
        image("assets/benchmarks/threads.svg", threads(drawn)),
        folds(runs, {"RS256 decode beside a busy Python thread": busy_thread}),
    ]
    if web_run is not None:
        parts += [
            "## Does a web application notice?\n\n",
            image("assets/benchmarks/web.svg", web(web_run)),
            fold("Requests per second and latency", web_table(web_run)),
        ]
    parts += [
        "## Does it keep what the project promises?\n\n",
        *map(promises_kept, runs),
        "\n",
        folds(runs, {"Promises": verdicts}),
        "## Every case, with its spread\n\n",
        folds(runs, {"All cases": details}),
        "## Where it was measured\n\n",
        *(f"- {title(run)}: {environment(run)}" for run in runs),
    ]
    if web_run is not None:
        parts.append(f"- Web applications: {web_environment(web_run)}")
    return "".join(parts)


def short_report(results: Results) -> str:
    """Return the README's part: the chart and one table."""
    columns = {
        f"{algorithm} {operation}": f"{operation} {algorithm} small"
        for algorithm in README_ALGORITHMS
        for operation in ("decode", "encode")
    }
    return (
        "![Decoded and encoded tokens per second, by library](docs/benchmarks.svg)\n\n"
        "Microseconds per token with 8 claims, and how many times as fast as PyJWT with the same "
        "key text:\n\n"
        f"{matrix(results, columns, raw=False)}\n{environment(results)}\n"
        "All figures, with their spread: [docs/benchmarks.md](docs/benchmarks.md).\n"
    )


def landing_report(results: Results) -> str:
    """Return the landing page's part: PyJWT and rapidjwt with the key as text in each call."""
    operations = ("decode", "encode")
    rows = []
    for algorithm in README_ALGORITHMS:
        found = [case(results, f"{operation} {algorithm} small") for operation in operations]
        cells = [cell(one, name) for one in found for name in SHOWN_ON_LANDING]
        rows.append([algorithm, *cells])
    columns = [f"{operation}, {name}" for operation in operations for name in SHOWN_ON_LANDING]
    where = results["environment"]
    return (
        f"{table(['', *columns], rows)}\n{where['cpu']}, {where['python']}, {where['date']}; "
        f"{BASELINE} {where['versions'][BASELINE]}. [How that was measured, and beside other "
        "libraries](benchmarks.md).\n"
    )


def web_table(run: WebResults) -> str:
    """Return the web benchmark's table."""
    rows = []
    for server, loads in run["servers"].items():
        base = loads[BASELINE]["per_second"]
        rows += [
            [
                f"{server}: {verification}",
                f"{load['per_second']:,.0f}",
                f"{load['p50_ms']:.2f}",
                f"{load['p99_ms']:.2f}",
                f"{load['per_second'] / base:.2f}x",
            ]
            for verification, load in loads.items()
        ]
    header = ["server", "requests per second", "median, ms", "99 %, ms", f"of {BASELINE}"]
    return table(header, rows)


def web_environment(run: WebResults) -> str:
    """Return how the web benchmark was measured."""
    versions = ", ".join(f"{name} {number}" for name, number in run["versions"].items())
    return (
        "one worker process, one RS256 verification per request from PEM text; `no token` is a "
        "route without verification, the most that a faster JWT library could give. "
        f"{run['cpu']}, {run['cores']} cores, {run['python']}, {run['date']}; {versions}. "
        f"Command: `{run['command']}`. wrk, {run['connections']} connections over loopback, "
        f"medians of {run['rounds']} runs of {run['seconds']} s.\n"
    )


def replace_marked(path: Path, text: str) -> None:
    """Put `text` between the markers of the file at `path`, if it has them."""
    if not path.exists():
        return
    content = path.read_text(encoding="utf-8")
    before, start, rest = content.partition(START)
    _, end, after = rest.partition(END)
    if start and end:
        path.write_text(f"{before}{START}\n\n{text}\n{END}{after}", encoding="utf-8")


def draw_docs(drawn: Results, web_run: WebResults | None) -> None:
    """Draw the charts of the page."""
    charts = {
        "curves": chart(drawn, CURVES),
        "sizes": draw(
            speed(drawn, SIZE_PANELS),
            source_of(drawn, "longer is faster"),
            "Tokens per second by size of the payload",
        ),
        "start": draw(
            start(drawn), source_of(drawn, "shorter is better"), "Time and memory of an import"
        ),
        "threads": draw(
            threads(drawn), source_of(drawn, "longer is better"), "Batches and busy threads"
        ),
    }
    if web_run is not None:
        source = source_of(web_run, "one worker process; longer is faster")
        charts["web"] = draw(web(web_run), source, "Requests per second of web applications")
    DOCS_CHARTS.mkdir(exist_ok=True)
    for name, drawing in charts.items():
        (DOCS_CHARTS / f"{name}.svg").write_text(drawing, encoding="utf-8")
    DOCS_CHART.write_text(chart(drawn), encoding="utf-8")


def update_docs() -> None:
    """Regenerate the marked parts of the docs, and the charts, from all stored results."""
    runs = sorted((read(path) for path in RESULTS.glob("cpython-*.json")), key=python_version)
    if not README_RESULTS.exists():
        return
    drawn = read(README_RESULTS)
    web_run = read_web(WEB_RESULTS) if WEB_RESULTS.exists() else None
    draw_docs(drawn, web_run)
    replace_marked(DOCS, docs_report(runs, drawn, web_run))
    replace_marked(README, short_report(drawn))
    replace_marked(LANDING, landing_report(drawn))
