"""`rapidjwt.arrow.verify`: columns of tokens of every Arrow type, and what the result holds."""

from __future__ import annotations

import datetime as dt
import gc
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import rapidjwt
import time_machine
from differential.keys import HMAC_SECRET, private_pem, public_pem
from rapidjwt import JWKSClient, Verifier, arrow
from rapidjwt.exceptions import CODES
from rapidjwt.jwe import Decrypter
from rapidjwt.replay import MemoryReplayStore
from rapidjwt.revocation import RevocationList

pa = pytest.importorskip("pyarrow")
pl = pytest.importorskip("polars")
pd = pytest.importorskip("pandas")

VERIFIER = Verifier(HMAC_SECRET, algorithms=["HS256"])
PART = 1 << 14


def token(number=0, headers=None, **claims):
    return rapidjwt.encode({"n": number, **claims}, HMAC_SECRET, headers=headers)


GOOD = [token(n, sub="alice", exp=2_000_000_000) for n in range(3)]
EXPIRED = token(3, exp=1)
MIXED = [GOOD[0], None, "", "garbage", EXPIRED, GOOD[1], GOOD[0], "é", GOOD[2]]


def rows(result):
    """Read a result, which must be a valid table, as a list of dicts."""
    table = pa.table(result)
    table.validate(full=True)
    return table.to_pylist()


def expected(verifier, tokens):
    """Return what `decode` says of the tokens one by one: `valid`, `error` and claims."""

    def of_one(token):
        try:
            return True, None, verifier.decode(token)
        except rapidjwt.PyJWTError as error:
            return False, error.code, None

    return list(map(of_one, tokens))


def found(result):
    """Return the same of a result."""
    return [
        (row["valid"], row["error"], row["payload"] and json.loads(row["payload"]))
        for row in rows(result)
    ]


def in_type(kind):
    return lambda tokens: pa.array(tokens, kind)


def dictionary(indices, values):
    def column(tokens):
        known = list(dict.fromkeys(one for one in tokens if one is not None))
        places = [None if one is None else known.index(one) for one in tokens]
        arrays = pa.array(places, indices), pa.array([*known, None], values)
        return pa.DictionaryArray.from_arrays(*arrays)

    return column


def sliced(kind):
    def column(tokens):
        return pa.array(["x", None, *tokens, "y"], kind).slice(2, len(tokens))

    return column


def struct_with_nulls(tokens):
    texts = pa.array([one or "never read" for one in tokens])
    nulls = pa.array([one is None for one in tokens])
    return pa.StructArray.from_arrays([texts], ["token"], mask=nulls)


def reader(tokens):
    batches = [pa.record_batch({"token": pa.array([one], pa.string())}) for one in tokens]
    return pa.RecordBatchReader.from_batches(batches[0].schema, batches)


COLUMNS = {
    "string": in_type(pa.string()),
    "large_string": in_type(pa.large_string()),
    "string_view": in_type(pa.string_view()),
    "binary": in_type(pa.binary()),
    "large_binary": in_type(pa.large_binary()),
    "binary_view": in_type(pa.binary_view()),
    **{f"dictionary of {one}": dictionary(one, pa.string())
       for one in (pa.int8(), pa.uint8(), pa.int16(), pa.uint16(),
                   pa.int32(), pa.uint32(), pa.int64(), pa.uint64())},
    "dictionary of views": dictionary(pa.int32(), pa.string_view()),
    "dictionary of large_binary": dictionary(pa.int32(), pa.large_binary()),
    "sliced string": sliced(pa.string()),
    "sliced large_binary": sliced(pa.large_binary()),
    "sliced string_view": sliced(pa.string_view()),
    "sliced dictionary": lambda tokens: sliced(pa.string())(tokens).dictionary_encode(),
    "dictionary of a slice": lambda tokens: pa.concat_arrays(
        [pa.array(["x"]), pa.array(tokens)]).dictionary_encode().slice(1),
    "chunked": lambda tokens: pa.chunked_array([tokens[:2], [], tokens[2:5], tokens[5:]], "string"),
    "struct": struct_with_nulls,
    "sliced struct": lambda tokens: struct_with_nulls([None, "x", *tokens]).slice(2),
    "table": lambda tokens: pa.table({"token": pa.array(tokens)}),
    "record batch": lambda tokens: pa.record_batch({"token": pa.array(tokens)}),
    "reader": reader,
    "polars": pl.Series,
    "polars categorical": lambda tokens: pl.Series(tokens, dtype=pl.Categorical),
    "polars slice": lambda tokens: pl.Series(["x", *tokens])[1:],
    "polars frame": lambda tokens: pl.DataFrame({"token": tokens}),
    **({"pandas": pd.Series} if hasattr(pd.Series, "__arrow_c_stream__") else {}),
    "pandas frame": lambda tokens: pd.DataFrame({"token": tokens}),
}  # fmt: skip


@pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS)
def test_a_column_of_any_type_gives_what_decode_says_of_each_token(column):
    result = arrow.verify(VERIFIER, column(MIXED))
    assert found(result) == expected(VERIFIER, MIXED)


def test_the_columns_have_types_and_say_what_there_is_to_say_of_valid_tokens_only():
    tokens = [token(1, headers={"kid": "k"}, sub="alice"), EXPIRED, GOOD[0], None]
    table = pa.table(arrow.verify(VERIFIER, pa.array(tokens)))
    assert [(field.name, str(field.type)) for field in table.schema] == [
        ("valid", "bool"),
        ("error", "dictionary<values=string, indices=int8, ordered=0>"),
        ("kid", "string"),
        ("alg", "string"),
        ("payload", "string"),
    ]
    assert table["valid"].to_pylist() == [True, False, True, False]
    assert table["error"].to_pylist() == [None, "expired", None, "malformed_token"]
    assert table["kid"].to_pylist() == ["k", None, None, None]
    assert table["alg"].to_pylist() == ["HS256", None, "HS256", None]
    assert table["payload"][0].as_py() == '{"n":1,"sub":"alice"}'
    assert table["payload"].null_count == 2
    assert table["error"].chunk(0).dictionary.to_pylist() == list(CODES)


def test_claims_become_columns_of_their_types_and_what_does_not_fit_is_null():
    claims = {
        "sub": "str",
        "n": "int",
        "price": "float",
        "admin": "bool",
        "exp": "timestamp",
        "roles": "list[str]",
        ("realm_access", "roles"): "list[str]",
        ("cnf", "jkt"): "str",
        "https://claims.example/a.b": "str",
    }
    full = token(
        7,
        sub="álice",
        price=1.5,
        admin=True,
        exp=2_000_000_000,
        roles="one",
        realm_access={"roles": ["a", "b"], "x": 1},
        cnf={"jkt": "thumb"},
        **{"https://claims.example/a.b": "dots"},
    )
    other = token(
        "seven", price=2, admin="true", exp=9e15, roles=["a", 1], realm_access=[], cnf="x"
    )
    odd = token(2**70, price="1", roles=[], realm_access={"roles": {}}, cnf={"jkt": ["x"]})
    first, second, third, refused = rows(
        arrow.verify(VERIFIER, pa.array([full, other, odd, EXPIRED]), claims=claims)
    )
    names = list(first)[5:]
    assert names == [
        *("sub", "n", "price", "admin", "exp", "roles", "realm_access.roles", "cnf.jkt"),
        "https://claims.example/a.b",
    ]
    assert [first[name] for name in names] == [
        "álice",
        7,
        1.5,
        True,
        dt.datetime.fromtimestamp(2_000_000_000, dt.timezone.utc),
        ["one"],
        ["a", "b"],
        "thumb",
        "dots",
    ]
    assert [second[name] for name in names] == [None, None, 2.0, *[None] * 6]
    assert [third[name] for name in names] == [*[None] * 5, [], *[None] * 3]
    assert [refused[name] for name in names] == [None] * 9


def test_fractions_of_seconds_are_kept_to_the_microsecond():
    compact = token(exp=2_000_000_000.25, nbf=-1)
    claims = {"exp": "timestamp", "nbf": "timestamp"}
    (row,) = rows(arrow.verify(VERIFIER, pa.array([compact]), claims=claims))
    assert row["exp"].timestamp() == 2_000_000_000.25
    assert row["nbf"].year == 1969


def times(kind, *seconds, scale=1):
    return pa.array([None if one is None else one * scale for one in seconds], kind)


TIMES = {
    "int64": lambda *each: times(pa.int64(), *each),
    "uint32": lambda *each: times(pa.uint32(), *each),
    "float64": lambda *each: times(pa.float64(), *each),
    "timestamp[s]": lambda *each: times(pa.timestamp("s"), *each),
    "timestamp[ms]": lambda *each: times(pa.timestamp("ms"), *each, scale=1000),
    "timestamp[us, UTC]": lambda *each: times(pa.timestamp("us", "UTC"), *each, scale=10**6),
    "timestamp[ns]": lambda *each: times(pa.timestamp("ns"), *each, scale=10**9),
    "chunks": lambda *each: pa.chunked_array([each[:1], each[1:2], [], each[2:]], pa.int64()),
    "polars": lambda *each: pl.from_epoch(pl.Series(each), "s"),
}


@pytest.mark.parametrize("column", TIMES.values(), ids=TIMES)
def test_each_token_can_have_a_time_of_its_own(column):
    short = token(exp=1000, nbf=500)
    moments = [999, 1000, 499, 500, 700]
    tokens = pa.chunked_array([[short, short, short], [short], [EXPIRED]])
    result = arrow.verify(VERIFIER, tokens, at=column(*moments))
    assert [row["error"] for row in rows(result)] == [
        *(None, "expired", "not_yet_valid", None),
        "expired",
    ]


@pytest.mark.parametrize(
    "at", [999, 999.5, dt.datetime(1970, 1, 1, 0, 16, 39, tzinfo=dt.timezone.utc)]
)
def test_one_time_is_for_all_tokens(at):
    tokens = [token(exp=1000), token(exp=999), token(nbf=1000)]
    result = rows(arrow.verify(VERIFIER, pa.array(tokens), at=at))
    assert [row["error"] for row in result] == [None, "expired", "not_yet_valid"]


def test_without_a_time_it_is_the_time_of_reading():
    result = arrow.verify(VERIFIER, pa.array([token(exp=1000)]))
    with time_machine.travel(900, tick=False):
        assert rows(result)[0]["valid"]


def test_the_maximum_age_is_counted_from_that_time_too():
    verifier = Verifier(HMAC_SECRET, algorithms=["HS256"], max_age=10)
    tokens = pa.array([token(iat=1000)] * 2)
    result = rows(arrow.verify(verifier, tokens, at=pa.array([1010, 1011])))
    assert [row["error"] for row in result] == [None, "too_old"]


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ([1], "at and tokens differ in length: tokens has more than 1 rows"),
        ([1, 2, 3], "at and tokens differ in length: at has more than 2 rows"),
        ([1, None], "at is null in row 1: each token needs a time"),
        ([1.0, float("nan")], "at is null in row 1"),
    ],
)
def test_times_that_are_missing_are_an_error_of_the_reader(at, message):
    result = arrow.verify(VERIFIER, pa.array(GOOD[:2]), at=pa.array(at))
    with pytest.raises((OSError, pa.ArrowException), match=message):
        pa.table(result)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"tokens": GOOD}, TypeError, "tokens must be an Arrow array.*got list"),
        ({"tokens": GOOD[0]}, TypeError, "got str"),
        ({"tokens": pa.array([1])}, TypeError, 'got a column of the Arrow type "l"'),
        ({"tokens": pa.table({"a": ["x"], "b": ["y"]})}, TypeError, "got a table of 2 columns"),
        ({"tokens": pa.array([[GOOD[0]]])}, TypeError, r'got a column of the Arrow type "\+l"'),
        ({"tokens": pa.array([1]).dictionary_encode()}, TypeError, "got a column of the Arrow"),
        ({"verifier": None}, TypeError, "verifier must be a Verifier, got None"),
        ({"at": "now"}, TypeError, "at must be None, a datetime,.*got str"),
        ({"at": True}, TypeError, "got bool"),
        ({"at": float("nan")}, TypeError, "got float"),
        ({"at": pa.array(["x"])}, TypeError, 'got a column of the Arrow type "u"'),
        ({"at": dt.datetime(2026, 1, 1)}, ValueError, "at needs a time zone"),  # noqa: DTZ001
        ({"threads": 0}, ValueError, "threads must be 1 or more"),
        ({"threads": -1}, ValueError, "threads must be 1 or more"),
        ({"claims": {"a": "text"}}, ValueError, "the claim \"a\" must be one of str,.*got 'text'"),
        ({"claims": {"a": str}}, ValueError, "got <class 'str'>"),
        ({"claims": {1: "str"}}, TypeError, "got int as a claim"),
        ({"claims": {(): "str"}}, TypeError, "got tuple as a claim"),
        ({"claims": {"kid": "str"}}, ValueError, 'a second column "kid"'),
        ({"claims": {"a.b": "str", ("a", "b"): "str"}}, ValueError, 'a second column "a.b"'),
    ],
)
def test_wrong_arguments_are_named(arguments, error, message):
    arguments = {"verifier": VERIFIER, "tokens": pa.array(GOOD), **arguments}
    with pytest.raises(error, match=message):
        arrow.verify(arguments.pop("verifier"), arguments.pop("tokens"), **arguments)


SECRET_OF_A_DECRYPTER = {"kty": "oct", "k": "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0ISEhISE"}


@pytest.mark.parametrize(
    "helper",
    [
        {"jwks": JWKSClient("https://auth.example/jwks")},
        {"replay": MemoryReplayStore()},
        {"revocation": RevocationList(max_lifetime=900)},
        {
            "decrypter": Decrypter(
                SECRET_OF_A_DECRYPTER, algorithms=["A256KW"], encryptions=["A128GCM"]
            )
        },
    ],
    ids=lambda helper: next(iter(helper)),
)
def test_a_verifier_that_asks_others_is_refused(helper):
    key = {} if "jwks" in helper else {"key": HMAC_SECRET}
    verifier = Verifier(**key, algorithms=["ES256" if "jwks" in helper else "HS256"], **helper)
    with pytest.raises(TypeError, match="Columns need a Verifier with keys of its own"):
        arrow.verify(verifier, pa.array(GOOD))


def test_functions_and_types_of_the_caller_decide_as_in_decode():
    seen = []

    def is_small(number):
        seen.append(number)
        return number < 2

    verifier = Verifier(HMAC_SECRET, algorithms=["HS256"], rules={"n": is_small})
    assert found(arrow.verify(verifier, pa.array(MIXED))) == expected(verifier, MIXED)
    assert seen[:3] == [0, 1, 2]


def test_an_error_of_a_function_is_an_error_of_the_reader():
    def broken(_):
        raise LookupError("mine")

    verifier = Verifier(HMAC_SECRET, algorithms=["HS256"], rules={"n": broken})
    with pytest.raises((OSError, pa.ArrowException), match="LookupError: mine"):
        pa.table(arrow.verify(verifier, pa.array(GOOD)))


def test_claims_that_do_not_fit_the_type_of_the_verifier_are_refused():
    import dataclasses

    @dataclasses.dataclass
    class Claims:
        n: int

    verifier = Verifier(HMAC_SECRET, algorithms=["HS256"], claims=Claims)
    tokens = [GOOD[0], token("seven")]
    result = rows(arrow.verify(verifier, pa.array(tokens)))
    assert [row["error"] for row in result] == [None, "claims_misfit"]


def test_a_result_is_read_once_and_says_so():
    result = arrow.verify(VERIFIER, pa.array(GOOD))
    assert pa.schema(result).names == ["valid", "error", "kid", "alg", "payload"]
    pa.table(result)
    with pytest.raises(ValueError, match="The result was read before: keep what was read"):
        pa.table(result)


@pytest.mark.parametrize("make", [pa.array, lambda none: pa.chunked_array([], pa.string())])
def test_no_rows_are_an_empty_table(make):
    table = pa.table(arrow.verify(VERIFIER, make(pa.array([], pa.string())), claims={"a": "str"}))
    assert (table.num_rows, table.num_columns) == (0, 6)
    assert pl.DataFrame(arrow.verify(VERIFIER, pl.Series([], dtype=pl.String))).height == 0


@pytest.mark.parametrize("kind", [pa.null(), pa.string(), pa.string_view(), pa.large_binary()])
def test_nothing_but_nulls_is_refused(kind):
    result = rows(arrow.verify(VERIFIER, pa.nulls(5, kind)))
    assert [row["error"] for row in result] == ["malformed_token"] * 5


def test_text_that_is_not_utf8_is_refused_and_does_no_harm():
    broken = [b"\xff\xfe", b"a.\x80.b", GOOD[0].encode(), b"\x00" * 20]
    raw = pa.array(broken, pa.binary())
    text = pa.Array.from_buffers(pa.string(), len(raw), raw.buffers())
    for column in (raw, text):
        assert found(arrow.verify(VERIFIER, column)) == expected(VERIFIER, broken)


def test_a_token_of_ten_megabytes_is_a_token():
    large = token(text="x" * 10_000_000)
    tokens = [large, GOOD[0], large[:-2], "." * 10_000_000, "x" * 10_000_000, large]
    for kind in (pa.string(), pa.large_string(), pa.string_view()):
        column = pa.array(tokens, kind)
        assert found(arrow.verify(VERIFIER, column)) == expected(VERIFIER, tokens)


def test_a_thousand_small_chunks_are_read_in_order():
    chunks = [[token(n), None] for n in range(1000)]
    result = rows(arrow.verify(VERIFIER, pa.chunked_array(chunks), claims={"n": "int"}))
    assert [row["n"] for row in result[::2]] == list(range(1000))
    assert not any(row["valid"] for row in result[1::2])


@pytest.mark.parametrize("threads", [1, 2, 3, None])
@pytest.mark.parametrize("count", [1, 15, 16, 17, 600, PART - 1, PART, PART + 1])
def test_rows_stay_in_order_whatever_the_threads(count, threads):
    tokens = [token(n % 1000) for n in range(1000)] * (count // 1000 + 1)
    column = pl.Series(tokens[:count])
    result = pl.DataFrame(arrow.verify(VERIFIER, column, claims={"n": "int"}, threads=threads))
    assert result["n"].to_list() == [n % 1000 for n in range(count)]


def test_asymmetric_signatures_are_verified_alike():
    verifier = Verifier(
        [public_pem("RSA-2048"), public_pem("P-256")], algorithms=["RS256", "ES256"]
    )
    tokens = [
        rapidjwt.encode({"n": n}, private_pem(name), algorithm)
        for n, (name, algorithm) in enumerate([("RSA-2048", "RS256"), ("P-256", "ES256")] * 20)
    ]
    result = rows(arrow.verify(verifier, pa.array(tokens), claims={"n": "int"}))
    assert [(row["n"], row["alg"]) for row in result[:2]] == [(0, "RS256"), (1, "ES256")]
    assert [row["n"] for row in result] == list(range(40))


def test_the_tokens_live_as_long_as_they_are_read():
    column = pa.array(GOOD * 100)
    result = arrow.verify(VERIFIER, column)
    stream = pa.RecordBatchReader.from_stream(result)
    del column, result
    gc.collect()
    table = stream.read_all()
    del stream
    gc.collect()
    assert pa.compute.all(table["valid"]).as_py()
    assert table.num_rows == 300


def test_a_result_outlives_the_stream_and_its_columns_each_other():
    table = pa.table(arrow.verify(VERIFIER, pa.array(GOOD), claims={"n": "int"}))
    number, error = table["n"], table["error"]
    del table
    gc.collect()
    assert number.to_pylist() == [0, 1, 2]
    assert error.to_pylist() == [None] * 3


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("read", ["all", "none", "one"])
def test_memory_is_given_back(read):
    def once():
        # Rows enough for two tables.
        result = arrow.verify(VERIFIER, pa.array(GOOD * 1000), claims={"sub": "list[str]"})
        if read != "none":
            stream = pa.RecordBatchReader.from_stream(result)
            stream.read_next_batch() if read == "one" else stream.read_all()

    def resident():
        statm = Path("/proc/self/statm").read_text(encoding="ascii")
        return int(statm.split()[1]) * os.sysconf("SC_PAGE_SIZE")

    for _ in range(50):
        once()
    before = resident()
    for _ in range(300):
        once()
    assert resident() - before < 5_000_000


def test_a_stream_is_verified_as_it_is_read():
    taken = []

    def batches():
        for number in range(1000):
            taken.append(number)
            yield pa.record_batch({"token": pa.array([token(number)])})

    schema = pa.schema({"token": pa.string()})
    tokens = pa.RecordBatchReader.from_batches(schema, batches())
    result = pa.RecordBatchReader.from_stream(arrow.verify(VERIFIER, tokens, claims={"n": "int"}))
    assert taken == []
    for number, batch in enumerate(result):
        assert batch["n"].to_pylist() == [number]
        assert len(taken) <= number + 2


def test_an_error_of_the_stream_of_tokens_is_passed_on():
    def batches():
        yield pa.record_batch({"token": pa.array(GOOD)})
        raise ConnectionError("lost the tokens")

    tokens = pa.RecordBatchReader.from_batches(pa.schema({"token": pa.string()}), batches())
    result = pa.RecordBatchReader.from_stream(arrow.verify(VERIFIER, tokens))
    assert result.read_next_batch().num_rows == 3
    with pytest.raises((OSError, pa.ArrowException), match="lost the tokens"):
        result.read_next_batch()


def test_other_threads_run_meanwhile():
    verifier = Verifier(public_pem("P-256"), algorithms=["ES256"])
    tokens = [rapidjwt.encode({"n": n}, private_pem("P-256"), "ES256") for n in range(50)]
    column = pa.chunked_array([tokens] * 40)
    counted, done = 0, threading.Event()

    def verify():
        pa.table(arrow.verify(verifier, column, threads=1))
        done.set()

    thread = threading.Thread(target=verify)
    thread.start()
    started = time.perf_counter()
    while not done.is_set() and time.perf_counter() - started < 60:
        counted += 1
    thread.join()
    assert counted > 10_000


def test_several_threads_read_results_at_once():
    tokens = pl.Series(MIXED * 50)
    want = expected(VERIFIER, MIXED) * 50
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(found(arrow.verify(VERIFIER, tokens))))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [want] * 4


def run(program):
    prelude = f"""
import os
import pyarrow as pa
import rapidjwt
from rapidjwt import arrow
verifier = rapidjwt.Verifier({HMAC_SECRET!r}, algorithms=["HS256"])
compact = {GOOD[0]!r}
"""
    # CPython 3.12 and later warn of a fork beside pyarrow's own threads.
    ignored = "ignore:This process:DeprecationWarning"
    return subprocess.run(
        [sys.executable, "-W", ignored, "-c", prelude + program],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_child_process_that_was_forked_verifies_too():
    done = run(
        """
column = pa.array([compact] * 2000)
pa.table(arrow.verify(verifier, column))
child = os.fork()
if child == 0:
    os._exit(pa.table(arrow.verify(verifier, column)).num_rows != 2000)
print(os.waitpid(child, 0)[1])
"""
    )
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_the_module_is_imported_only_when_it_is_used():
    code = "import rapidjwt, sys; print([name for name in sys.modules if 'arrow' in name])"
    out = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert out == "[]\n"
