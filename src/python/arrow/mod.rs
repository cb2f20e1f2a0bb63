//! Columns of tokens in, columns of results out, for the Python module `rapidjwt.arrow`.

mod batch;
mod input;
mod interface;
mod output;

use std::collections::VecDeque;
use std::ffi::CString;
use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyCapsule, PyDict, PyString, PyTuple};

use batch::{At, COLUMNS, Question, Wanted};
use input::Input;
use interface::{Array, Exported, Released, Schema};
use output::{Field, Kind, Producer};

use super::arguments::type_name;
use super::errors::{Codes, Raised};
use super::verifier::Verifier;
use super::{clock, cores, cpython};
use crate::claims::Names;

/// Returns the member of the module of that name, or `None`.
pub(super) fn member<'py>(py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    Ok(Some(match name {
        "VerifiedColumns" => py.get_type::<VerifiedColumns>().into_any(),
        "verify_columns" => wrap_pyfunction!(verify_columns, py)?.into_any(),
        "core_count" => wrap_pyfunction!(core_count, py)?.into_any(),
        _ => return Ok(None),
    }))
}

/// The maximum number of rows of a part.
const ROWS: usize = 1 << 14;

/// The size of tokens in bytes at which a part ends early.
const BYTES: usize = 16 << 20;

/// What `rapidjwt.arrow.verify` returns: a stream of Arrow tables, which every library that knows
/// the Arrow `PyCapsule` interface reads, and which can be read once.
#[pyclass(frozen, module = "rapidjwt.arrow")]
pub(super) struct VerifiedColumns {
    fields: Arc<[Field]>,
    reader: Mutex<Option<Reader>>,
}

#[pymethods]
impl VerifiedColumns {
    /// Returns the type of the tables as a capsule.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        output::schema(&self.fields).give(py)
    }

    /// Returns the stream of the tables as a capsule; tokens are verified when it is read.
    ///
    /// Raises `ValueError` the second time.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // The interface lets a producer ignore the wish for other types.
        let _ = requested_schema;
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner).take();
        let reader = reader.ok_or_else(|| {
            PyValueError::new_err(
                "The result was read before: keep what was read, for example as \
                 pyarrow.table(result), or verify again",
            )
        })?;
        output::stream(Box::new(reader)).give(py)
    }
}

/// Verifies a column of tokens; see `rapidjwt.arrow.verify`.
#[pyfunction]
#[pyo3(signature = (verifier, tokens, at, claims, threads, /))]
fn verify_columns(
    verifier: &Bound<'_, PyAny>,
    tokens: &Bound<'_, PyAny>,
    at: &Bound<'_, PyAny>,
    claims: &Bound<'_, PyAny>,
    threads: &Bound<'_, PyAny>,
) -> PyResult<VerifiedColumns> {
    let py = verifier.py();
    let keys = verifier
        .cast::<Verifier>()
        .map_err(|_| {
            let found = type_name(verifier);
            PyTypeError::new_err(format!("verifier must be a Verifier, got {found}"))
        })?
        .get()
        .own_keys()
        .ok_or_else(|| {
            PyTypeError::new_err(
                "Columns need a Verifier with keys of its own, and without decrypter, replay and \
                 revocation: for the keys of a client, make Verifier(client.key_set(), ...)",
            )
        })?;
    let (claims, fields) = read_claims(claims)?;
    let threads = read_threads(threads)?;
    let times = Times::of(at)?;
    let found = |found| PyTypeError::new_err(format!("tokens must be {TOKENS}, got {found}"));
    let tokens = match Exported::of(tokens)? {
        Some(exported) => Input::of_tokens(exported).map_err(found)?,
        None => return Err(found(type_name(tokens))),
    };
    let question = Question { keys, codes: Codes::read(py)?, claims, threads };
    let (fields, ready): (Arc<[Field]>, _) = (fields.into(), VecDeque::new());
    let reader = Reader { question, fields: Arc::clone(&fields), tokens, times, rows: 0, ready };
    Ok(VerifiedColumns { fields, reader: Mutex::new(Some(reader)) })
}

/// Returns how many cores this process may use, by its affinity and the limits of its container.
#[pyfunction]
fn core_count() -> usize {
    cores::count(None)
}

const TOKENS: &str = "an Arrow array, chunked array or stream of text or bytes, for example \
                      pyarrow.array(tokens) or polars.Series(tokens)";

fn read_threads(threads: &Bound<'_, PyAny>) -> PyResult<Option<NonZero<usize>>> {
    if threads.is_none() {
        // Asked once: it reads the limits of a container from files.
        return Ok(NonZero::new(cores::count(None)));
    }
    let wrong = || PyValueError::new_err("threads must be 1 or more, or None for one per core");
    let number: usize = threads.extract().map_err(|_| wrong())?;
    NonZero::new(number).map(Some).ok_or_else(wrong)
}

/// The types of claims by their names.
const KINDS: [(&str, Kind); 6] = [
    ("str", Kind::Text),
    ("int", Kind::Int),
    ("float", Kind::Float),
    ("bool", Kind::Bool),
    ("timestamp", Kind::Time),
    ("list[str]", Kind::Texts),
];

/// Reads which claims become columns, and returns the fields of all columns.
fn read_claims(claims: &Bound<'_, PyAny>) -> PyResult<(Vec<Wanted>, Vec<Field>)> {
    let field = |(name, kind): (&str, Kind)| Field { name: c_name(name), kind };
    let mut fields: Vec<_> = COLUMNS.map(field).into();
    let mut wanted = Vec::new();
    if claims.is_none() {
        return Ok((wanted, fields));
    }
    let wrong = |what: &str| {
        PyTypeError::new_err(format!(
            "claims must be a dict from claims, or tuples of names inside them, to types, got {what}"
        ))
    };
    let schema = claims.cast::<PyDict>().map_err(|_| wrong(&type_name(claims)))?;
    let mut names = Names::default();
    for (path, kind) in schema.copy()?.iter() {
        let texts = match path.cast::<PyString>() {
            Ok(name) => vec![name.to_str()?.to_owned()],
            Err(_) => path
                .cast::<PyTuple>()
                .ok()
                .and_then(|names| names.extract().ok())
                .unwrap_or_default(),
        };
        let path = names
            .path(texts.iter().map(String::as_str))
            .ok_or_else(|| wrong(&format!("{} as a claim", type_name(&path))))?;
        let field = Field { name: c_name(&path.dotted()), kind: read_kind(&path.dotted(), &kind)? };
        if fields.iter().any(|other| other.name == field.name) {
            return Err(PyValueError::new_err(format!(
                "claims has a second column \"{}\"",
                path.dotted()
            )));
        }
        wanted.push(Wanted { path, kind: field.kind });
        fields.push(field);
    }
    Ok((wanted, fields))
}

fn read_kind(claim: &str, kind: &Bound<'_, PyAny>) -> PyResult<Kind> {
    let name = kind.cast::<PyString>().ok().and_then(|name| name.to_str().ok());
    let known = KINDS.iter().find(|(known, _)| name == Some(known));
    known.map(|&(_, kind)| kind).ok_or_else(|| {
        let known: Vec<_> = KINDS.iter().map(|(known, _)| *known).collect();
        PyValueError::new_err(format!(
            "the type of the claim \"{claim}\" must be one of {}, got {}",
            known.join(", "),
            kind.repr().map_or_else(|_| type_name(kind), |kind| kind.to_string())
        ))
    })
}

/// Returns the name of a column, which cannot have a zero.
fn c_name(name: &str) -> CString {
    CString::new(name.replace('\0', "\u{fffd}")).unwrap_or_default()
}

/// The times that claims are checked at.
enum Times {
    Now,
    At(f64),
    Column(Input),
}

impl Times {
    fn of(at: &Bound<'_, PyAny>) -> PyResult<Self> {
        let found = |found| {
            PyTypeError::new_err(format!(
                "at must be None, a datetime, a number of seconds since the epoch, or an Arrow \
                 column of such times, got {found}"
            ))
        };
        if at.is_none() {
            return Ok(Self::Now);
        }
        if let Some(exported) = Exported::of(at)? {
            return Ok(Self::Column(Input::of_times(exported).map_err(found)?));
        }
        match at.extract::<f64>() {
            Ok(seconds) if seconds.is_finite() && !at.is_instance_of::<PyBool>() => {
                Ok(Self::At(seconds))
            }
            _ => Err(found(type_name(at))),
        }
    }
}

type Tokens<'a> = Vec<Option<&'a [u8]>>;

/// The tokens of a column, verified part by part.
struct Reader {
    question: Question,
    fields: Arc<[Field]>,
    tokens: Input,
    times: Times,
    /// How many rows were read.
    rows: usize,
    /// Tables of the part before these rows.
    ready: VecDeque<Array>,
}

impl Reader {
    /// Returns the next table, for which the next part of the column may be verified.
    fn read(&mut self, py: Python<'_>) -> PyResult<Option<Array>> {
        if let Some(table) = self.ready.pop_front() {
            return Ok(Some(table));
        }
        let failed = |message: String| PyRuntimeError::new_err(message);
        let available = cpython::detach(py, || self.available()).map_err(failed)?;
        if available == 0 {
            return Ok(None);
        }
        let now = if let Times::Now = self.times { clock::now(py)? } else { 0.0 };
        let (tokens, at) =
            cpython::detach(py, || self.part(available.min(ROWS), now)).map_err(failed)?;
        let tables = self.question.answer(py, &tokens, &at)?;
        let read = tokens.len();
        drop(tokens);
        self.advance(read);
        self.ready = tables.into();
        Ok(self.ready.pop_front())
    }

    /// Returns how many rows have a token and a time.
    fn available(&mut self) -> Result<usize, String> {
        let tokens = self.tokens.available()?;
        let Times::Column(times) = &mut self.times else {
            return Ok(tokens);
        };
        let times = times.available()?;
        if (tokens == 0) != (times == 0) {
            let (longer, rows) = if times == 0 { ("tokens", self.rows) } else { ("at", self.rows) };
            return Err(format!(
                "at and tokens differ in length: {longer} has more than {rows} rows"
            ));
        }
        Ok(tokens.min(times))
    }

    /// Returns the next tokens and their times.
    fn part(&self, rows: usize, now: f64) -> Result<(Tokens<'_>, At), String> {
        let tokens = self.tokens.tokens(rows, BYTES);
        let at = match &self.times {
            Times::Now => At::One(now),
            Times::At(time) => At::One(*time),
            Times::Column(times) => {
                let times = times.times(tokens.len());
                let null = |row| format!("at is null in row {row}: each token needs a time");
                let time = |(row, time): (usize, Option<f64>)| {
                    time.filter(|time| !time.is_nan()).ok_or_else(|| null(self.rows + row))
                };
                At::Each(times.into_iter().enumerate().map(time).collect::<Result<_, _>>()?)
            }
        };
        Ok((tokens, at))
    }

    fn advance(&mut self, rows: usize) {
        self.rows += rows;
        self.tokens.advance(rows);
        if let Times::Column(times) = &mut self.times {
            times.advance(rows);
        }
    }
}

impl Producer for Reader {
    fn schema(&self) -> Schema {
        output::schema(&self.fields)
    }

    /// May be called by any thread, whether it holds the interpreter or not.
    fn next(&mut self) -> Result<Option<Array>, String> {
        let read = cpython::with_python(|py| self.read(py).map_err(|error| message(py, error)));
        read.unwrap_or_else(|| Err("Python is shutting down".to_owned()))
    }
}

/// Returns what a stream says of an exception, of which its reader gets nothing but a text.
fn message(py: Python<'_>, error: PyErr) -> String {
    let error = Raised::new(py, error).into_value(py);
    format!("{}: {error}", type_name(&error))
}
