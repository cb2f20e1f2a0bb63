//! A part of a column: each different token is verified once, on all cores.

use std::hash::BuildHasher;
use std::num::NonZero;
use std::slice;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};
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
    /// Returns the time of all rows, unless each has its own.
    fn of_all(&self) -> &[f64] {
        match self {
            Self::One(time) => slice::from_ref(time),
            Self::Each(_) => &[],
        }
    }

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

/// The maximum number of tokens in a share, whose results are small enough for memory to be used
/// again and again: larger blocks would come from the system each time.
const MAX_SHARE: usize = 512;

/// The number of tokens to hash, and of rows to copy, that a thread is worth.
const MIN_ROWS: usize = 2048;

impl Question {
    /// Verifies the tokens and returns tables with a row for each of them.
    ///
    /// Raises what is not about a token: errors of the caller's functions, `MemoryError`.
    pub(super) fn answer(
        &self,
        py: Python<'_>,
        tokens: &[Option<&[u8]>],
        at: &At,
    ) -> PyResult<Vec<Array>> {
        let hashed = self.hashed(py, tokens);
        let (mut jobs, mut rows) = cpython::detach(py, || self.grouped(&hashed, at));
        let times;
        if let At::Each(of_rows) = at {
            times = by_token(of_rows, jobs.len(), &mut rows);
            let mut rest = times.as_slice();
            for job in &mut jobs {
                job.times = rest.split_off(..job.rows).unwrap_or_default();
            }
        }
        let shares = self.verified(py, &mut jobs)?;
        let size = rows.len().div_ceil(cores::count(self.threads)).max(MIN_ROWS);
        let tables = rows.chunks(size).map(|rows| (rows, Ok(Vec::new())));
        let mut tables: Vec<_> = tables.collect();
        cores::for_each(py, self.threads, 1, &mut tables, |(rows, columns)| {
            *columns = self.columns(rows, &jobs, &shares);
        });
        cpython::detach(py, || drop((jobs, shares)));
        let export = |(rows, columns): (&[Row], Result<_, Error>)| {
            Ok(output::table(rows.len(), columns?, &self.codes.names))
        };
        tables.into_iter().map(export).collect()
    }

    /// Hashes the tokens, so that equal ones are found.
    fn hashed<'a>(&self, py: Python<'_>, tokens: &[Option<&'a [u8]>]) -> Vec<Hashed<'a>> {
        let hasher = DefaultHashBuilder::default();
        let hashed = tokens.iter().map(|&token| Hashed { token, hash: 0 });
        let mut hashed: Vec<_> = hashed.collect();
        cores::for_each(py, self.threads, MIN_ROWS, &mut hashed, |one| {
            one.hash = hasher.hash_one(one.token);
        });
        hashed
    }

    /// Returns a job for each different token, and which of them each row has. A token counts once
    /// for each span of time, because its key may be valid in one of them only.
    fn grouped<'a>(&self, tokens: &[Hashed<'a>], at: &'a At) -> (Vec<Job<'a>>, Vec<Row>) {
        let span = |row| self.keys.span(at.of_row(row));
        let mut known = HashTable::with_capacity(tokens.len());
        let mut jobs: Vec<Job<'a>> = Vec::with_capacity(tokens.len());
        let mut rows: Vec<Row> = Vec::with_capacity(tokens.len());
        for (row, &Hashed { token, hash }) in tokens.iter().enumerate() {
            let is_same = |&other: &usize| tokens[other].token == token && span(other) == span(row);
            let first = *known.entry(hash, is_same, |&row| tokens[row].hash).or_insert(row).get();
            let number = if first == row { jobs.len() } else { rows[first].token };
            if number == jobs.len() {
                jobs.push(Job::new(token, at.of_all()));
            }
            jobs[number].rows += 1;
            rows.push(Row { token: number, time: 0 });
        }
        (jobs, rows)
    }

    /// Verifies the tokens of the jobs, and returns what was found out about them.
    fn verified(&self, py: Python<'_>, jobs: &mut [Job<'_>]) -> PyResult<Vec<Share>> {
        let mut work = self.shares(jobs);
        cores::for_each(py, self.threads, 1, &mut work, |(share, jobs)| share.verify(self, jobs));
        let mut shares: Vec<_> = work.into_iter().map(|(share, _)| share).collect();
        if let Some(error) = shares.iter_mut().find_map(|share| share.failure.take()) {
            return Err(error.into());
        }
        for job in jobs {
            shares[job.share].ask_python(py, self, job)?;
        }
        Ok(shares)
    }

    /// Divides the jobs: the fewer are left, the smaller is a share, so that all threads end at about
    /// the same time.
    fn shares<'a, 'b>(&self, mut jobs: &'b mut [Job<'a>]) -> Vec<(Share, &'b mut [Job<'a>])> {
        let threads = cores::count(self.threads);
        let mut shares = Vec::new();
        while !jobs.is_empty() {
            let size =
                (jobs.len() / threads / cores::PART).clamp(MIN_SHARE, MAX_SHARE).min(jobs.len());
            let share = Share::new(self, shares.len());
            shares.extend(jobs.split_off_mut(..size).map(|jobs| (share, jobs)));
        }
        shares
    }

    /// Returns the columns of the rows.
    fn columns(
        &self,
        rows: &[Row],
        jobs: &[Job<'_>],
        shares: &[Share],
    ) -> Result<Vec<Column>, Error> {
        let [mut valid, mut error] = [Column::new(Kind::Bool), Column::new(Kind::Code)];
        let mut places = Vec::with_capacity(rows.len());
        for row in rows {
            let job = &jobs[row.token];
            let verdict = shares[job.share].verdicts[job.before + row.time];
            let place = job.place.filter(|_| verdict == Verdict::Accepted);
            places.push(place.map(|index| Place { column: job.share, index }));
            valid.push(&Cell::Bool(place.is_some()))?;
            error.push(&match verdict {
                Verdict::Refused(code) => Cell::Code(code),
                Verdict::Accepted | Verdict::Unsure => Cell::Null,
            })?;
        }
        let mut columns = vec![valid, error];
        for (number, kind) in self.content_kinds().enumerate() {
            let sources: Vec<_> = shares.iter().map(|share| &share.columns[number]).collect();
            let mut column = Column::new(kind);
            column.gather(&sources, &places)?;
            columns.push(column);
        }
        Ok(columns)
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

/// Where the verdict about a row is: the numbers of its token and of its time among those of the
/// token.
struct Row {
    token: usize,
    time: usize,
}

/// A token and its hash, by which equal ones are found.
struct Hashed<'a> {
    token: Option<&'a [u8]>,
    hash: u64,
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
    /// How many rows have it.
    rows: usize,
    /// The number of the share that has verified it.
    share: usize,
    /// The number of its first verdict among those of its share.
    before: usize,
    /// Where the columns of its share show it, if it was accepted at least once.
    place: Option<usize>,
    /// The payload that is left to Python.
    unsure: Option<Verified>,
}

impl<'a> Job<'a> {
    const fn new(token: Option<&'a [u8]>, times: &'a [f64]) -> Self {
        Self { token, times, rows: 0, share: 0, before: 0, place: None, unsure: None }
    }
}

/// What is found out about some of the tokens.
struct Share {
    number: usize,
    verdicts: Vec<Verdict>,
    /// What there is to show of accepted tokens, a value for each of them.
    columns: Vec<Column>,
    /// An error that is not about a token.
    failure: Option<Error>,
}

impl Share {
    fn new(question: &Question, number: usize) -> Self {
        let columns = question.content_kinds().map(Column::new).collect();
        Self { number, verdicts: Vec::new(), columns, failure: None }
    }

    /// Verifies the tokens, until an error is not about one of them.
    fn verify(&mut self, question: &Question, jobs: &mut [Job<'_>]) {
        // A payload in base64url is a third longer than decoded, and a token has more than that.
        let size = |job: &Job<'_>| job.token.map_or(0, |token| token.len() / 4 * 3);
        let reserved = self.columns[PAYLOAD - KID].reserve(jobs.iter().map(size).sum());
        let mut jobs = jobs.iter_mut();
        self.failure =
            reserved.and_then(|()| jobs.try_for_each(|job| self.verify_one(question, job))).err();
    }

    /// Verifies the signature, and the claims unless Python is needed for them.
    fn verify_one(&mut self, question: &Question, job: &mut Job<'_>) -> Result<(), Error> {
        (job.share, job.before) = (self.number, self.verdicts.len());
        let opened = match job.token {
            None => Err(Error::TokenType("None".to_owned())),
            // The same keys are valid at all of its times.
            Some(token) => question.keys.verify_uncached(token, job.times[0]),
        };
        let checked = opened.and_then(|verified| {
            let is_unsure = self.check(question, job, &verified)?;
            Ok(is_unsure.then_some(verified))
        });
        match checked {
            Ok(unsure) => job.unsure = unsure,
            Err(error) => {
                let refusal = question.refusal(error)?;
                self.verdicts.extend(job.times.iter().map(|_| refusal));
            }
        }
        Ok(())
    }

    /// Checks the claims of a token; returns whether that is left to Python.
    fn check(
        &mut self,
        question: &Question,
        job: &mut Job<'_>,
        verified: &Verified,
    ) -> Result<bool, Error> {
        let policy = question.keys.policy().get();
        let Some(claims) = policy.scan(verified.payload())? else {
            self.verdicts.extend(job.times.iter().map(|_| Verdict::Unsure));
            return Ok(true);
        };
        for now in job.times {
            let verdict = match policy.check(&claims, verified.algorithm(), *now) {
                Ok(()) => Verdict::Accepted,
                Err(error) => question.refusal(error)?,
            };
            self.verdicts.push(verdict);
        }
        let verdicts = &self.verdicts[job.before..];
        if verdicts.contains(&Verdict::Accepted) {
            let payload = str::from_utf8(verified.payload()).unwrap_or_default();
            self.show(question, job, verified, payload, &claims)?;
        }
        Ok(false)
    }

    /// Adds what there is to show of a token that was accepted.
    fn show(
        &mut self,
        question: &Question,
        job: &mut Job<'_>,
        verified: &Verified,
        payload: &str,
        claims: &impl ClaimsView,
    ) -> Result<(), Error> {
        let kid = job.token.and_then(key_id);
        let fixed = [
            kid.as_deref().map_or(Cell::Null, Cell::text),
            Cell::text(verified.algorithm().name),
            Cell::text(payload),
        ];
        job.place = Some(self.columns[0].len());
        let (columns, of_claims) = self.columns.split_at_mut(fixed.len());
        for (column, cell) in columns.iter_mut().zip(&fixed) {
            column.push(cell)?;
        }
        for (column, wanted) in of_claims.iter_mut().zip(&question.claims) {
            claims.with_value(&wanted.path, |seen| column.push(&cell(wanted.kind, seen)))?;
        }
        Ok(())
    }

    /// Decides about a token if [`verify`](Self::verify) has left that to Python.
    fn ask_python(
        &mut self,
        py: Python<'_>,
        question: &Question,
        job: &mut Job<'_>,
    ) -> PyResult<()> {
        let Some(verified) = job.unsure.take() else {
            return Ok(());
        };
        for (place, now) in (job.before..).zip(job.times) {
            let accepted = question.keys.policy().get().accept_at(py, &verified, *now);
            self.verdicts[place] = match accepted.map_err(|error| Raised::new(py, error)) {
                Ok(claims) => {
                    if job.place.is_none() {
                        self.show_dict(question, job, &verified, &claims)?;
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
        Ok(())
    }

    fn show_dict(
        &mut self,
        question: &Question,
        job: &mut Job<'_>,
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
        Ok(self.show(question, job, verified, payload, &view)?)
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
