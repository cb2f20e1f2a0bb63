"""`Verifier.decode_many` with columns of tokens, as the libraries for tables hold them."""

from __future__ import annotations

import pytest
import rapidjwt
from differential.keys import HMAC_SECRET
from rapidjwt import DecodeError, Verifier

VERIFIER = Verifier(HMAC_SECRET, algorithms=["HS256"])
TOKENS = [rapidjwt.encode({"n": n}, HMAC_SECRET) for n in range(3)]
CLAIMS = [{"n": 0}, {"n": 1}, {"n": 2}]


def pyarrow_column(values):
    return pytest.importorskip("pyarrow").array(values)


def pyarrow_chunks(values):
    return pytest.importorskip("pyarrow").chunked_array([values[:1], values[1:]])


def pyarrow_large_text(values):
    pyarrow = pytest.importorskip("pyarrow")
    return pyarrow.array(values, pyarrow.large_string())


def pandas_column(values):
    return pytest.importorskip("pandas").Series(values)


def pandas_objects(values):
    return pytest.importorskip("pandas").Series(values, dtype="object")


def pandas_arrow(values):
    pytest.importorskip("pyarrow")
    return pytest.importorskip("pandas").Series(values, dtype="string[pyarrow]")


def numpy_text(values):
    return pytest.importorskip("numpy").array(values)


def numpy_bytes(values):
    return pytest.importorskip("numpy").array(values).astype("S")


def numpy_objects(values):
    return pytest.importorskip("numpy").array(values, dtype=object)


COLUMNS = [
    pyarrow_column,
    pyarrow_chunks,
    pyarrow_large_text,
    pandas_column,
    pandas_objects,
    pandas_arrow,
    numpy_text,
    numpy_bytes,
    numpy_objects,
]


@pytest.mark.parametrize("column", COLUMNS)
def test_a_column_of_tokens_is_read_like_a_list(column):
    assert list(VERIFIER.decode_many(column(TOKENS))) == CLAIMS


@pytest.mark.parametrize(
    ("column", "missing"),
    [
        (list, "None"),
        (pyarrow_column, "None"),
        (pandas_objects, "None"),
        (pandas_arrow, "NAType"),
        (numpy_objects, "None"),
    ],
)
def test_a_missing_token_is_refused_and_the_text_names_it(column, missing):
    results = list(VERIFIER.decode_many(column([TOKENS[0], None, TOKENS[2]])))
    assert results[0] == CLAIMS[0]
    assert results[2] == CLAIMS[2]
    assert type(results[1]) is DecodeError
    assert str(results[1]) == f"The token must be str or bytes, got {missing}"


def test_a_scalar_that_is_not_text_is_refused_by_its_type():
    (result,) = VERIFIER.decode_many(pytest.importorskip("pyarrow").array([7]))
    assert str(result) == "The token must be str or bytes, got int"


def test_an_error_of_a_scalar_goes_up_after_the_results_before_it():
    class Scalar:
        def as_py(self):
            raise OSError("mine")

    results = VERIFIER.decode_many([TOKENS[0], Scalar()])
    assert next(results) == CLAIMS[0]
    with pytest.raises(OSError, match="mine"):
        next(results)


@pytest.mark.parametrize("table", ["pyarrow", "pandas"])
def test_a_table_is_refused(table):
    library = pytest.importorskip(table)
    frame = (library.table if table == "pyarrow" else library.DataFrame)({"token": TOKENS})
    with pytest.raises(TypeError, match="got a table: pass one of its columns"):
        VERIFIER.decode_many(frame)


def test_what_cannot_be_iterated_is_refused():
    with pytest.raises(TypeError, match="decode_many takes an iterable of tokens, got int"):
        VERIFIER.decode_many(5)
