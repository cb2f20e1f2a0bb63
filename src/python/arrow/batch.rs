//! A part of a column: each different token is verified once, on all cores.

use std::collections::HashMap;
use std::num::NonZero;
use std::slice;
use std::sync::Arc;

use hashlink::DefaultHashBuilder;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::Value;

use super::interface::Array;
use super::output::{self, Cell, Column, Kind, Place};
use crate::claims::{ClaimsView, Path, Seen};
use crate::error::Error;
use crate::jws::Verified;
use crate::python::claims_view::{PyClaims, Record};
use crate::python::errors::{Codes, Raised};
use crate::python::verifier::batch::MIN_SHARE;
use crate::python::verifier::keys::{VerifyingKeys, key_id};
use crate::python::{cores, cpython, encoding};

/// A claim that becomes a column.
pub(super) struct Wanted {
    pub(super) path: Path,
    pub(super) kind: Kind,
}

/// What is asked about each token.
pub(super) struct Question {
    pub(super) keys: Arc<VerifyingKeys>,
    pub(super) codes: Codes,
    pub(super) claims: Vec<Wanted>,
    pub(super) threads: Option<NonZero<usize>>,
}

/// The time that claims are checked at, in seconds since the epoch.
pub(super) enum At {
    One(f64),
    /// One for each row.
    Each(Vec<f64>),
}

impl At {
    fn of_row(&self, row: usize) -> f64 {
        match self {
            Self::One(time) => *time,
            Self::Each(times) => times[row],
        }
    }
}

/// The names and kinds of the columns that every answer has, in the order of [`Question::columns`].
pub(super) const COLUMNS: [(&str, Kind); 5] = [
    ("valid", Kind::Bool),
    ("error", Kind::Code),
    ("kid", Kind::Text),
    ("alg", Kind::Text),
    ("payload", Kind::Text),
];

/// The place of the first of them that says something about a valid token.
const KID: usize = 2;
/// The place of the payload.
const PAYLOAD: usize = 4;

/// The maximum number of tokens in a share.
const SHARE: usize = 512;

impl Question {
    /// Verifies the tokens and returns a table with a row for each of them.
    ///
    /// Raises what is not about a token: errors of the caller's functions, `MemoryError`.
    pub(super) fn answer(
        &self,
        py: Python<'_>,
        tokens: &[Option<&[u8]>],
        at: &At,
    ) -> PyResult<Array> {
        let span = |row| self.keys.span(at.of_row(row));
        let (different, mut rows) = cpython::detach(py, || grouped(tokens, span));
        let times = match at {
            At::One(_) => Vec::new(),
            At::Each(times) => by_token(times, different.len(), &mut rows),
        };
        let size = different.len().div_ceil(cores::count(self.threads) * 4);
        let size = size.clamp(MIN_SHARE, SHARE);
        let mut rest = times.as_slice();
        let mut shares = Vec::new();
        for tokens in different.chunks(size) {
            let mut share = Share::new(self);
            for &(token, count) in tokens {
                let times = match at {
                    At::One(time) => slice::from_ref(time),
                    At::Each(_) => rest.split_off(..count).unwrap_or_default(),
                };
                share.jobs.push(Job { token, times, before: 0, place: None, unsure: None });
            }
            shares.push(share);
        }
        cores::for_each(py, self.threads, 1, &mut shares, |share| {
            share.failure = share.verify(self).err();
        });
        for share in &mut shares {
            if let Some(error) = share.failure.take() {
                return Err(error.into());
            }
            share.ask_python(py, self)?;
        }
        let (mut columns, places) = cpython::detach(py, || verdicts(&shares, size, &rows))?;
        let empty = self.content_kinds().map(|kind| (Column::new(kind), Ok(())));
        let mut contents: Vec<_> = empty.enumerate().collect();
        // Few rows are copied sooner than a thread is started.
        let least = if rows.len() < SHARE { contents.len() } else { 1 };
        cores::for_each(py, self.threads, least, &mut contents, |(number, (column, copied))| {
            let sources: Vec<_> = shares.iter().map(|share| &share.columns[*number]).collect();
            *copied = column.gather(&sources, &places);
        });
        cpython::detach(py, || drop(shares));
        for (_, (column, copied)) in contents {
            copied?;
            columns.push(column);
        }
        Ok(output::table(rows.len(), columns, &self.codes.names))
    }

    /// Returns the kinds of the columns about a valid token: those of [`COLUMNS`], then the claims.
    fn content_kinds(&self) -> impl Iterator<Item = Kind> {
        let fixed = COLUMNS[KID..].iter().map(|&(_, kind)| kind);
        fixed.chain(self.claims.iter().map(|wanted| wanted.kind))
    }

    /// Returns the verdict of an error about a token; any other error is returned as it is.
    fn refusal(&self, error: Error) -> Result<Verdict, Error> {
        self.codes.number(&error).map(Verdict::Refused).ok_or(error)
    }
}

/// Returns the columns `valid` and `error`, and where the others are in shares of `size` tokens.
fn verdicts(
    shares: &[Share<'_>],
    size: usize,
    rows: &[Row],
) -> Result<(Vec<Column>, Vec<Option<Place>>), Error> {
    let [mut valid, mut error] = [Column::new(Kind::Bool), Column::new(Kind::Code)];
    let mut places = Vec::with_capacity(rows.len());
    for row in rows {
        let share = &shares[row.token / size];
        let job = &share.jobs[row.token % size];
        let verdict = share.verdicts[job.before + row.time];
        let place = job.place.filter(|_| verdict == Verdict::Accepted);
        places.push(place.map(|index| Place { column: row.token / size, index }));
        valid.push(&Cell::Bool(place.is_some()))?;
        error.push(&match verdict {
            Verdict::Refused(code) => Cell::Code(code),
            Verdict::Accepted | Verdict::Unsure => Cell::Null,
        })?;
    }
    Ok((vec![valid, error], places))
}

/// Where the verdict about a row is: the numbers of its token and of its time among those of the
/// token.
struct Row {
    token: usize,
    time: usize,
}

type Counted<'a> = Vec<(Option<&'a [u8]>, usize)>;

/// Returns the different tokens, each with its number of rows. A token counts once for each span of
/// time, because its key may be valid in one of them only.
fn grouped<'a>(
    tokens: &[Option<&'a [u8]>],
    span: impl Fn(usize) -> usize,
) -> (Counted<'a>, Vec<Row>) {
    let mut known = HashMap::with_capacity_and_hasher(tokens.len(), DefaultHashBuilder::default());
    let mut different = Vec::with_capacity(tokens.len());
    let rows = tokens.iter().enumerate().map(|(row, &token)| {
        let number = *known.entry((token, span(row))).or_insert_with(|| {
            different.push((token, 0));
            different.len() - 1
        });
        different[number].1 += 1;
        Row { token: number, time: 0 }
    });
    let rows = rows.collect();
    (different, rows)
}

/// Returns the times of the rows in the order of their tokens, and writes into the rows which one is
/// theirs.
fn by_token(times: &[f64], tokens: usize, rows: &mut [Row]) -> Vec<f64> {
    let mut counts = vec![0; tokens];
    for row in &mut *rows {
        row.time = counts[row.token];
        counts[row.token] += 1;
    }
    let mut before = 0;
    for count in &mut counts {
        before += std::mem::replace(count, before);
    }
    let mut sorted = vec![0.0; times.len()];
    for (row, time) in rows.iter().zip(times) {
        sorted[counts[row.token] + row.time] = *time;
    }
    sorted
}

/// What is known about a token at one time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Accepted,
    /// The number of the error's code.
    Refused(u8),
    /// The signature is right, and only Python can read or check the claims.
    Unsure,
}

/// A token and the times that it is checked at.
struct Job<'a> {
    token: Option<&'a [u8]>,
    times: &'a [f64],
    /// The number of its first verdict among those of its share.
    before: usize,
    /// Where the columns of its share show it, if it was accepted at least once.
    place: Option<usize>,
    /// The payload that is left to Python.
    unsure: Option<Verified>,
}

/// Tokens that one thread verifies one after another.
struct Share<'a> {
    jobs: Vec<Job<'a>>,
    verdicts: Vec<Verdict>,
    /// What there is to show of accepted tokens, a value for each of them.
    columns: Vec<Column>,
    /// An error that is not about a token.
    failure: Option<Error>,
}

impl Share<'_> {
    fn new(question: &Question) -> Self {
        let columns = question.content_kinds().map(Column::new).collect();
        Self { jobs: Vec::new(), verdicts: Vec::new(), columns, failure: None }
    }

    /// Verifies the signatures, and the claims unless Python is needed for them.
    fn verify(&mut self, question: &Question) -> Result<(), Error> {
        // A payload in base64url is a third longer than decoded, and a token has more than that.
        let size = |job: &Job<'_>| job.token.map_or(0, |token| token.len() / 4 * 3);
        self.columns[PAYLOAD - KID].reserve(self.jobs.iter().map(size).sum())?;
        for number in 0..self.jobs.len() {
            self.jobs[number].before = self.verdicts.len();
            let (token, times) = (self.jobs[number].token, self.jobs[number].times);
            let opened = match token {
                None => Err(Error::TokenType("None".to_owned())),
                // The same keys are valid at all of its times.
                Some(token) => question.keys.verify_uncached(token, times[0]),
            };
            let checked = opened.and_then(|verified| {
                let is_unsure = self.check(question, number, &verified)?;
                Ok(is_unsure.then_some(verified))
            });
            match checked {
                Ok(unsure) => self.jobs[number].unsure = unsure,
                Err(error) => {
                    let refusal = question.refusal(error)?;
                    self.verdicts.extend(times.iter().map(|_| refusal));
                }
            }
        }
        Ok(())
    }

    /// Checks the claims of a token; returns whether that is left to Python.
    fn check(
        &mut self,
        question: &Question,
        number: usize,
        verified: &Verified,
    ) -> Result<bool, Error> {
        let (policy, times) = (question.keys.policy().get(), self.jobs[number].times);
        let Some(claims) = policy.scan(verified.payload())? else {
            self.verdicts.extend(times.iter().map(|_| Verdict::Unsure));
            return Ok(true);
        };
        for now in times {
            let verdict = match policy.check(&claims, verified.algorithm(), *now) {
                Ok(()) => Verdict::Accepted,
                Err(error) => question.refusal(error)?,
            };
            self.verdicts.push(verdict);
        }
        let verdicts = &self.verdicts[self.jobs[number].before..];
        if verdicts.contains(&Verdict::Accepted) {
            let payload = str::from_utf8(verified.payload()).unwrap_or_default();
            self.show(question, number, verified, payload, &claims)?;
        }
        Ok(false)
    }

    /// Adds what there is to show of a token that was accepted.
    fn show(
        &mut self,
        question: &Question,
        number: usize,
        verified: &Verified,
        payload: &str,
        claims: &impl ClaimsView,
    ) -> Result<(), Error> {
        let kid = self.jobs[number].token.and_then(key_id);
        let fixed = [
            kid.as_deref().map_or(Cell::Null, Cell::text),
            Cell::text(verified.algorithm().name),
            Cell::text(payload),
        ];
        self.jobs[number].place = Some(self.columns[0].len());
        let (columns, of_claims) = self.columns.split_at_mut(fixed.len());
        for (column, cell) in columns.iter_mut().zip(&fixed) {
            column.push(cell)?;
        }
        for (column, wanted) in of_claims.iter_mut().zip(&question.claims) {
            claims.with_value(&wanted.path, |seen| column.push(&cell(wanted.kind, seen)))?;
        }
        Ok(())
    }

    /// Decides what [`verify`](Self::verify) has left to Python.
    fn ask_python(&mut self, py: Python<'_>, question: &Question) -> PyResult<()> {
        for number in 0..self.jobs.len() {
            let Some(verified) = self.jobs[number].unsure.take() else {
                continue;
            };
            let times = self.jobs[number].times;
            for (place, now) in (self.jobs[number].before..).zip(times) {
                let accepted = question.keys.policy().get().accept_at(py, &verified, *now);
                self.verdicts[place] = match accepted.map_err(|error| Raised::new(py, error)) {
                    Ok(claims) => {
                        if self.jobs[number].place.is_none() {
                            self.show_dict(question, number, &verified, &claims)?;
                        }
                        Verdict::Accepted
                    }
                    Err(error) if error.is_ours(py) => {
                        let error = error.into_value(py);
                        Verdict::Refused(question.codes.number_of_exception(&error)?)
                    }
                    Err(error) => return Err(error.into()),
                };
            }
        }
        Ok(())
    }

    fn show_dict(
        &mut self,
        question: &Question,
        number: usize,
        verified: &Verified,
        claims: &Bound<'_, PyDict>,
    ) -> PyResult<()> {
        let mut record = Record::default();
        record.look_up(claims)?;
        let view = PyClaims { dict: claims, record: &record };
        let rewritten;
        let payload = if let Some(text) = json_text(verified.payload()) {
            text
        } else {
            rewritten = encoding::json_by_python(claims, None)?;
            str::from_utf8(&rewritten).unwrap_or_default()
        };
        Ok(self.show(question, number, verified, payload, &view)?)
    }
}

/// Returns a JSON text in UTF-8; `None` for one in UTF-16 or UTF-32, which has zero bytes, or with a
/// byte order mark.
fn json_text(payload: &[u8]) -> Option<&str> {
    let text = str::from_utf8(payload).ok()?;
    let is_plain = !text.starts_with('\u{feff}') && memchr::memchr(0, payload).is_none();
    is_plain.then_some(text)
}

/// Returns a claim as a value of a column; null if it is of another kind.
fn cell<'a>(kind: Kind, seen: &Seen<'a>) -> Cell<'a> {
    let cell = match (kind, seen) {
        (Kind::Text, Seen::Text(text)) => Some(Cell::text(text)),
        (Kind::Texts, Seen::Text(text)) => Some(Cell::Texts(vec![text.as_bytes()])),
        (Kind::Texts, Seen::Other(Value::Array(list))) => texts(list),
        (Kind::Bool, Seen::Other(Value::Bool(is))) => Some(Cell::Bool(*is)),
        (Kind::Int, Seen::Integer(int)) => Some(Cell::Int(*int)),
        (Kind::Int, Seen::Other(Value::Number(number))) => number.as_i64().map(Cell::Int),
        (Kind::Float, seen) => seconds(seen).map(Cell::Float),
        (Kind::Time, seen) => seconds(seen).and_then(microseconds).map(Cell::Int),
        _ => None,
    };
    cell.unwrap_or(Cell::Null)
}

fn texts(list: &[Value]) -> Option<Cell<'_>> {
    let texts = list.iter().map(|item| item.as_str().map(str::as_bytes));
    texts.collect::<Option<_>>().map(Cell::Texts)
}

#[allow(clippy::cast_precision_loss, reason = "times are far below 2^53")]
fn seconds(seen: &Seen<'_>) -> Option<f64> {
    match seen {
        Seen::Integer(int) => Some(*int as f64),
        Seen::Other(value) => value.as_f64(),
        _ => None,
    }
}

/// Returns a time in microseconds; `None` outside of the years 1 to 9999, which is all that Python
/// and many engines can show.
#[allow(clippy::cast_possible_truncation, reason = "the range is checked")]
fn microseconds(seconds: f64) -> Option<i64> {
    let years = -62_135_596_800.0..253_402_300_800.0;
    years.contains(&seconds).then(|| (seconds * 1e6).round() as i64)
}
