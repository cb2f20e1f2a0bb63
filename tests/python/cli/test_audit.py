"""`rapidjwt audit`: tokens in files of every kind, counted, explained and written."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import itertools
import json
import pickle
import re
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
import rapidjwt
from rapidjwt import Key

from .conftest import is_one_line

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
csv = pytest.importorskip("pyarrow.csv")

KEY = Key.generate("ES256", kid="2026-11")
NOW = 1_900_000_000


def token(number=0, **claims):
    claims = {"sub": f"u{number}", "iss": "https://a.example", "exp": NOW + 600} | claims
    return rapidjwt.encode(claims, KEY, "ES256", headers={"kid": "2026-11"})


GOOD = [token(n) for n in range(5)]
TOKENS = [*GOOD, token(exp=NOW - 1), token(aud="x"), token(iss="<b>&</b>", exp=NOW + 10**7)]
COUNTS = {"tokens": 8, "valid": 6, "refused": {"expired": 1, "wrong_audience": 1}}


@pytest.fixture
def keys(tmp_path):
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"keys": [KEY.public().to_jwk() | {"alg": "ES256"}]}))
    return path


@pytest.fixture
def audit(run, keys):
    return lambda *arguments: run("audit", "--key", keys, "--at", str_of(NOW), *arguments)


def str_of(seconds):
    return dt.datetime.fromtimestamp(seconds, dt.timezone.utc).isoformat().replace("+00:00", "Z")


def log():
    lines = [f'10.0.0.1 "GET /" "Authorization: Bearer {one}" 200' for one in TOKENS]
    return "\n".join(["eyJust a line", *lines, ""]).encode()


def json_lines():
    return "".join(json.dumps({"id": 1, "jwt": one}) + "\n" for one in TOKENS).encode()


def zstd(data):
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return sink.getvalue().to_pybytes()


def table():
    return pa.table({"id": range(len(TOKENS)), "token": TOKENS})


def csv_bytes():
    sink = pa.BufferOutputStream()
    csv.write_csv(table(), sink)
    return sink.getvalue().to_pybytes()


FILES = {
    "log.txt": log,
    "log": log,
    "log.gz": lambda: gzip.compress(log()),
    "access.log.zst": lambda: zstd(log()),
    "lines.jsonl": json_lines,
    "lines.ndjson.gz": lambda: gzip.compress(json_lines()),
    "table.csv": csv_bytes,
    "table.csv.gz": lambda: gzip.compress(csv_bytes()),
    "table.TSV": lambda: csv_bytes().replace(b",", b"\t"),
}


def counted(result):
    return {name: result.json[name] for name in COUNTS}


@pytest.mark.parametrize("name", FILES)
def test_tokens_are_found_in_files_of_every_kind(audit, tmp_path, name):
    (tmp_path / name).write_bytes(FILES[name]())
    result = audit(name, "--json")
    assert (result.code, result.err) == (1, "")
    assert counted(result) == COUNTS
    assert result.json["issuer"] == {"https://a.example": 5, "<b>&</b>": 1}
    assert result.json["kid"] == {"2026-11": 6}
    assert result.json["alg"] == {"ES256": 6}
    assert result.json["left"] == {"1 to 15 minutes": 5, "30 to 365 days": 1}
    assert result.json["as_of"] == "2030-03-17T17:46:40+00:00"


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_binary(), pa.dictionary(pa.int32(), "string")]
)
def test_parquet_columns_of_every_kind_are_read(audit, tmp_path, kind):
    pq.write_table(pa.table({"x": pa.array(TOKENS).cast(kind)}), tmp_path / "a.parquet")
    assert counted(audit("a.parquet", "--json")) == COUNTS


def test_a_column_and_a_member_can_be_chosen(audit, tmp_path):
    names = {"token": ["x"] * 8, "mine": TOKENS}
    pq.write_table(pa.table(names), tmp_path / "a.parquet")
    (tmp_path / "b.jsonl").write_text(
        "\n".join(["", *(json.dumps({"mine": one}) for one in TOKENS), "[]", '{"mine": 5}'])
    )
    assert counted(audit("a.parquet", "--column", "mine", "--json")) == COUNTS
    result = audit("b.jsonl", "--column", "mine", "--json")
    assert result.json["refused"] == COUNTS["refused"] | {"malformed_token": 2}


def test_a_column_of_csv_is_text_whatever_it_begins_with(audit, tmp_path):
    begin = f"5,{'x' * 100}\n,{'y' * 100}\n" * 6000
    (tmp_path / "a.csv").write_text(f"token,other\n{begin}{GOOD[0]},z\n")
    result = audit("a.csv", "--json")
    assert (result.json["tokens"], result.json["valid"]) == (12001, 1)


def test_each_token_can_have_a_time_of_its_own(run, keys, tmp_path):
    seen = [NOW, NOW + 600, NOW, NOW, NOW - 10**6, NOW, NOW, NOW]
    tokens = [*GOOD[:4], token(nbf=NOW), token(exp=NOW - 1), *GOOD[:2]]
    moments = pa.array(seen, pa.int64())
    written = pa.table({"token": tokens, "seen": moments.cast(pa.timestamp("s"))})
    pq.write_table(written, tmp_path / "a.parquet")
    csv.write_csv(written, tmp_path / "b.csv")
    csv.write_csv(pa.table({"x": tokens, "seen": moments}), tmp_path / "c.csv")
    for name in ("a.parquet", "b.csv", "c.csv"):
        result = run("audit", name, "--key", keys, "--at-column", "seen", "--json")
        assert result.json["refused"] == {"expired": 2, "not_yet_valid": 1}
        assert result.json["left"] == {"1 to 15 minutes": 5}
        assert result.json["as_of"] == "the time in seen"


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("a.log", [], "a.log has no columns: --at-column needs Parquet or CSV"),
        ("a.csv", [], "a.csv: at must be None, a datetime,"),
        ("null.csv", [], "at is null in row 1"),
        ("a.csv", ["--at", "2026-11-01T00:00Z"], "Specify either --at or --at-column."),
        ("other.csv", [], "other.csv has no column 'seen', only token"),
    ],
)
def test_a_column_that_is_not_one_of_times_is_named(run, keys, tmp_path, name, options, message):
    (tmp_path / "a.log").write_text(GOOD[0])
    (tmp_path / "a.csv").write_text(f"token,seen\n{GOOD[0]},soon\n")
    (tmp_path / "null.csv").write_text(f"token,seen\n{GOOD[0]},{NOW}\n{GOOD[0]},\n")
    (tmp_path / "other.csv").write_text(f"token\n{GOOD[0]}\n")
    result = run("audit", name, "--key", keys, "--at-column", "seen", *options)
    assert result.code in (2, 3)
    assert is_one_line(result.err)
    assert message in result.err


def test_keys_with_times_are_used_in_their_time_only(run, tmp_path):
    jwk = KEY.public().to_jwk() | {"alg": "ES256"}
    stated = {
        "iat": NOW - 9,
        "exp": NOW,
        "revoked": {"revoked_at": NOW - 5, "reason": "compromise"},
    }
    (tmp_path / "historical.json").write_text(json.dumps({"keys": [jwk | stated]}))
    seen = pa.array([NOW - 6, NOW - 5, NOW], pa.int64())
    pq.write_table(pa.table({"token": [GOOD[0]] * 3, "seen": seen}), tmp_path / "a.parquet")
    command = ("audit", "a.parquet", "--key", "historical.json")
    result = run(*command, "--at-column", "seen", "--out", "o", "--json")
    assert (result.json["valid"], result.json["refused"]) == (1, {"unknown_key": 2})
    assert run(*command, "--at", str_of(NOW - 6)).code == 0

    (tmp_path / "historical.json").write_text(json.dumps({"keys": [jwk | {"exp": NOW}]}))
    message = "was begun with other files, keys or options"
    assert message in run(*command, "--at-column", "seen", "--out", "o", "--resume").err
    (tmp_path / "historical.json").write_text(json.dumps({"keys": [jwk | {"exp": "soon"}]}))
    result = run(*command)
    assert result.code == 3
    assert is_one_line(result.err)
    assert "\"exp\" of the key '2026-11' must be a number of seconds" in result.err


def test_good_tokens_alone_are_a_success_and_are_shown(audit, tmp_path):
    (tmp_path / "good.log").write_text("\n".join(GOOD))
    result = audit("good.log")
    assert (result.code, result.err) == (0, "")
    first, *others = result.out.splitlines()
    assert first == "5 tokens as of 2030-03-17T17:46:40+00:00: 5 valid, 0 refused"
    assert any(re.match(r"https://a.example +5 +█+", line) for line in others)


def test_several_files_are_counted_together_and_each_once(audit, tmp_path):
    for name in ("a.log", "b.log"):
        (tmp_path / name).write_bytes(log())
    assert audit("a.log", "b.log", "a.log", "--json").json["tokens"] == 16


@pytest.mark.parametrize(
    ("files", "options", "message"),
    [
        ({}, [], "missing.log cannot be read: No such file"),
        ({"missing.log": b""}, [], "There are no tokens in the files"),
        ({"missing.log": b"nothing"}, [], "There are no tokens in the files"),
        ({"missing.log": log()}, ["--resume"], "--resume and --with-tokens need --out."),
        ({"missing.log": log()}, ["--at", "soon"], "It must be a time such as 2026-11-01T00:00Z."),
        ({"missing.log": log()}, ["--resume", "--out", "o"], "o has no audit to go on with"),
        ({"missing.log": log()}, ["--report", "no/x.html"], "no/x.html cannot be written"),
        ({"missing.log": log(), "o": b""}, ["--out", "o"], "o is not an empty folder"),
        ({"missing.log": log()}, ["--profile", "access-token"], "needs"),
    ],
)
def test_what_is_wrong_is_one_line(audit, tmp_path, files, options, message):
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    result = audit("missing.log", *options)
    assert result.code in (2, 3)
    assert is_one_line(result.err)
    assert message in result.err


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.parquet", b"not parquet", "a.parquet cannot be read: "),
        ("a.log.gz", b"not gzip", "a.log.gz cannot be read: "),
        ("b.csv", f"token,x\n1,2\n{GOOD[0]},1,{GOOD[0]}\n".encode(), "b.csv cannot be read: it is"),
        ("a.csv", b"a,b\n1,2\n", "a.csv has several columns: choose one with --column: a, b"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(audit, tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    result = audit(name)
    assert result.code == 3
    assert is_one_line(result.err)
    assert message in result.err
    assert "eyJ" not in result.err


def test_a_column_that_does_not_exist_is_named(audit, tmp_path):
    pq.write_table(table(), tmp_path / "a.parquet")
    assert "has no column 'x', only id, token" in audit("a.parquet", "--column", "x").err


def test_out_has_a_row_for_each_token_and_no_token(audit, tmp_path):
    pq.write_table(table(), tmp_path / "a.parquet")
    audit("a.parquet", "--out", "results")
    rows = pq.read_table(tmp_path / "results").to_pylist()
    assert [row["row"] for row in rows] == list(range(1, 9))
    assert [row["valid"] for row in rows] == [True] * 5 + [False, False, True]
    assert rows[5]["error"] == "expired"
    assert rows[0] | {"exp": None, "token_sha256": None} == {
        "file": "a.parquet", "row": 1, "token_sha256": None, "valid": True, "error": None,
        "kid": "2026-11", "alg": "ES256", "iss": "https://a.example", "exp": None,
    }  # fmt: skip
    assert rows[0]["token_sha256"] == hashlib.sha256(TOKENS[0].encode()).hexdigest()[:24]
    for path in (tmp_path / "results").iterdir():
        assert b"eyJ" not in path.read_bytes()


def test_tokens_are_written_when_asked_for(audit, tmp_path):
    pq.write_table(table(), tmp_path / "a.parquet")
    audit("a.parquet", "--out", "results", "--with-tokens")
    assert pq.read_table(tmp_path / "results")["token"].to_pylist() == TOKENS


#: Runs a program and prints the peak of its memory, in bytes.
PEAK = """
import resource, subprocess, sys
subprocess.run([sys.executable, *sys.argv[1:]], stdout=subprocess.DEVNULL, check=True)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(peak if sys.platform == "darwin" else peak * 1024)
"""


def test_the_results_that_wait_to_be_written_do_not_keep_the_payloads(keys, tmp_path):
    pytest.importorskip("resource")
    payload = 2048
    long = token(padding="x" * payload, exp=NOW * 2)

    def peak(rows):
        pq.write_table(pa.table({"token": [long] * rows}), tmp_path / f"{rows}.parquet")
        arguments = ["audit", f"{rows}.parquet", "--key", keys, "--out", f"out-{rows}"]
        command = [sys.executable, "-c", PEAK, "-m", "rapidjwt", *arguments]
        return int(subprocess.check_output(command, cwd=tmp_path, text=True))

    # Parts have 131,072 rows, and batches have 8,192.
    few, many = 32_768, 131_072
    assert peak(many) - peak(few) < (many - few) * payload


@pytest.mark.parametrize("name", ["large.parquet", "large.csv", "large.log"])
def test_few_large_tokens_are_verified_at_once(tmp_path, monkeypatch, name):
    from rapidjwt.audit import reading

    monkeypatch.setattr(reading, "BYTES", 100_000)
    tokens = [token(number, text="x" * 9_000) for number in range(100)]
    content = pa.table(
        {"token": tokens, "at": pa.array([dt.datetime(2026, 11, 1, tzinfo=dt.timezone.utc)] * 100)}
    )
    path, has_columns = tmp_path / name, not name.endswith(".log")
    if name.endswith(".parquet"):
        pq.write_table(content, path)
    elif has_columns:
        csv.write_csv(content, path)
    else:
        path.write_text("\n".join(tokens), encoding="ascii")
    columns = reading.Columns("token", "at") if has_columns else reading.Columns(None, None)
    for skip in (0, 17):
        batches = list(reading.batches(path, columns, skip))
        assert max(sum(map(len, batch.tokens.to_pylist())) for batch in batches) < 120_000
        texts = [batch.tokens.cast(pa.string()).to_pylist() for batch in batches]
        assert list(itertools.chain(*texts)) == tokens[skip:]
        rows = [batch.rows.to_pylist() for batch in batches]
        assert list(itertools.chain(*rows)) == list(range(skip + 1, 101))
        times = [None if batch.times is None else len(batch.times) for batch in batches]
        assert times == [len(batch.tokens) if has_columns else None for batch in batches]


def test_an_interrupted_audit_goes_on_with_every_row_once(audit, tmp_path, monkeypatch):
    from rapidjwt.audit import parts, reading

    monkeypatch.setattr(reading, "ROWS", 2)
    monkeypatch.setattr(parts, "_ROWS", 4)
    pq.write_table(table(), tmp_path / "a.parquet")
    (tmp_path / "b.log").write_bytes(log())
    verify, calls = rapidjwt.arrow.verify, 0

    def interrupted(*arguments, **options):
        nonlocal calls
        calls += 1
        if calls == 6:
            raise KeyboardInterrupt
        return verify(*arguments, **options)

    monkeypatch.setattr(rapidjwt.arrow, "verify", interrupted)
    command = ("a.parquet", "b.log", "--out", "results", "--json")
    result = audit(*command)
    assert result.code == 130
    assert "Interrupted: the parts in --out are whole, and --resume goes on" in result.err
    assert pq.read_table(tmp_path / "results").num_rows == 8
    assert audit(*command).err.endswith("--resume goes on in it\n")
    assert "was begun with other files" in audit("a.parquet", "--out", "results", "--resume").err

    result = audit(*command, "--resume")
    assert (result.json["tokens"], result.json["valid"]) == (16, 12)
    rows = pq.read_table(tmp_path / "results").to_pylist()
    assert [(row["file"], row["row"]) for row in rows] == [
        *(("a.parquet", number) for number in range(1, 9)),
        *(("b.log", number) for number in range(2, 10)),
    ]
    again = audit(*command, "--resume")
    assert again.json == result.json
    assert pq.read_table(tmp_path / "results").num_rows == 16


def test_batches_are_verified_at_the_same_time_and_written_in_order(audit, tmp_path, monkeypatch):
    from rapidjwt.audit import reading
    from rapidjwt.cli.commands import audit as command

    monkeypatch.setattr(reading, "ROWS", 2)
    monkeypatch.setattr(command, "core_count", lambda: 2)
    verify, begun, second = rapidjwt.arrow.verify, itertools.count(1), threading.Event()

    def slow_at_first(*arguments, **options):
        if next(begun) == 1:
            assert second.wait(30)
        second.set()
        return verify(*arguments, **options)

    monkeypatch.setattr(rapidjwt.arrow, "verify", slow_at_first)
    pq.write_table(table(), tmp_path / "a.parquet")
    assert counted(audit("a.parquet", "--out", "results", "--json")) == COUNTS
    rows = pq.read_table(tmp_path / "results").to_pylist()
    assert [row["row"] for row in rows] == list(range(1, 9))


def test_what_was_read_before_a_damaged_file_is_written(audit, tmp_path, monkeypatch):
    from rapidjwt.audit import parts

    monkeypatch.setattr(parts, "_ROWS", 1)
    pq.write_table(table(), tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes(b"PAR1")
    assert "b.parquet cannot be read" in audit("a.parquet", "b.parquet", "--out", "results").err
    assert pq.read_table(tmp_path / "results").num_rows == 8


def test_the_report_opens_without_a_network_and_has_no_token(audit, tmp_path):
    (tmp_path / "a.log").write_bytes(log())
    audit("a.log", "--report", "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<b>6</b>valid (75.0 %)" in text
    assert "<td>wrong_audience</td><td>1</td>" in text
    assert "&lt;b&gt;&amp;&lt;/b&gt;" in text
    assert not re.search(r"src=|href=|url\(|@import|<script|eyJ", text)


@pytest.mark.parametrize(("engine", "package"), [("spark", "pyspark"), ("ray", "ray")])
def test_an_engine_that_is_not_installed_is_named_before_anything_is_written(
    audit, tmp_path, monkeypatch, engine, package
):
    monkeypatch.setitem(sys.modules, package, None)
    result = audit("a.log", "--engine", engine, "--out", "o")
    assert result.code == 5
    assert is_one_line(result.err)
    assert f"--engine {engine} needs {package}: pip install '{package}" in result.err
    assert not (tmp_path / "o").exists()


def test_an_engine_that_fails_is_one_line_and_its_messages_are_not_the_result(
    audit, tmp_path, monkeypatch
):
    from rapidjwt.audit import engines

    def fails(_):
        sys.stdout.write("a message\n")
        raise engines.EngineError("RuntimeError: no workers")

    (tmp_path / "a.log").write_bytes(log())
    monkeypatch.setattr(engines, "_on_ray", fails)
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(__spec__=object()))
    result = audit("a.log", "--engine", "ray", "--json")
    assert (result.code, result.out) == (3, "")
    assert result.err == "a message\nrapidjwt: --engine ray failed: RuntimeError: no workers\n"


def test_counts_of_an_engine_are_added_and_the_first_file_that_fails_is_named(
    audit, tmp_path, monkeypatch
):
    from rapidjwt.audit import engines

    def here(task):
        return [task.outcome(number) for number in range(len(task.files))]

    for name in ("a.log", "b.log"):
        (tmp_path / name).write_bytes(log())
    monkeypatch.setattr(engines, "_on_spark", here)
    monkeypatch.setitem(sys.modules, "pyspark", SimpleNamespace(__spec__=object()))
    command = ("a.log", "b.log", "--engine", "spark", "--json")
    assert audit(*command).json == audit(*command[:2], "--json").json
    result = audit(*command, "missing.log", "other.log")
    assert result.code == 3
    assert is_one_line(result.err)
    assert "missing.log cannot be read: No such file" in result.err


def test_workers_of_an_engine_get_no_secret(run, tmp_path):
    (tmp_path / "secret").write_bytes(b"a secret of at least thirty-two bytes, for HS256")
    result = run("audit", "a.log", "--key", "secret", "--alg", "HS256", "--engine", "ray")
    assert result.code == 2
    assert "--engine ray is for public keys: workers would get a secret." in result.err


@pytest.fixture
def task(tmp_path):
    """Return what the workers of an engine get, for two files, and the files' parts."""
    from rapidjwt.audit.engines import Task
    from rapidjwt.audit.parts import Parts
    from rapidjwt.audit.reading import Columns

    pq.write_table(table(), tmp_path / "a.parquet")
    (tmp_path / "b.log").write_bytes(log())
    spec = rapidjwt.VerifierSpec(KEY.public(), algorithms=["ES256"])
    parts = Parts(Path("o"), {}, NOW, with_tokens=False)
    parts.begin()
    files = (Path("a.parquet"), Path("b.log"))
    return Task(spec, files, tmp_path, Columns(None, None), NOW, parts)


def test_a_task_of_an_engine_goes_on_where_another_has_died(task, tmp_path, monkeypatch):
    from rapidjwt.audit import parts, reading

    monkeypatch.setattr(reading, "ROWS", 2)
    monkeypatch.setattr(parts, "_ROWS", 4)
    task = pickle.loads(pickle.dumps(task))
    monkeypatch.chdir("/")  # where a worker may be
    write = parts.Parts.write

    def write_and_die(self):
        write(self)
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(parts.Parts, "write", write_and_die)
        with pytest.raises(KeyboardInterrupt):
            task.outcome(1)
    assert pq.read_table(tmp_path / "o").num_rows == 4
    outcomes = [json.loads(task.outcome(number)) for number in (1, 0, 1)]
    assert outcomes[0] == outcomes[2]
    assert [one["tokens"] for one in outcomes] == [8] * 3
    rows = pq.read_table(tmp_path / "o").to_pylist()
    assert [(row["file"], row["row"]) for row in rows] == [
        *(("a.parquet", number) for number in range(1, 9)),
        *(("b.log", number) for number in range(2, 10)),
    ]


def test_a_task_without_a_folder_counts_and_names_files_that_cannot_be_read(task, tmp_path):
    task = task._replace(out=None, files=(*task.files, Path("c.parquet")))
    assert json.loads(task.outcome(0))["valid"] == 6
    message = json.loads(task.outcome(2))
    assert message.startswith(f"{tmp_path / 'c.parquet'} cannot be read: ")


def test_without_pyarrow_one_line_says_what_to_install(audit, tmp_path, monkeypatch):
    (tmp_path / "a.log").write_bytes(log())
    for name in [name for name in sys.modules if name.startswith("rapidjwt.audit")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    result = audit("a.log")
    assert result.code == 5
    assert result.err == "rapidjwt: audit needs pyarrow: pip install 'rapidjwt[audit]'\n"
