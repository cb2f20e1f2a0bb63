//! Many tokens at once: signatures are verified on all cores, claims with the interpreter.

use std::collections::VecDeque;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::{PyBytes, PyIterator, PyString};
use pyo3::{PyTraverseError, PyVisit};

use super::keys::{Chosen, VerifyingKeys, recall, remember};
use crate::error::Error;
use crate::jws::{Compact, NewlyVerified, Unseen, Verified};
use crate::malformed::explained;
use crate::python::cores;
use crate::python::decoded::{LONE_SURROGATE, complete, wrong_type};
use crate::python::errors::Raised;
use crate::python::once::intern;

/// The number of tokens taken from the iterable at once: enough work for every core, in little
/// memory.
pub(in crate::python) const CHUNK: usize = 1024;

/// The size of tokens in bytes at which a chunk ends early: their payloads are kept until they are
/// returned, and an interrupt waits for the chunk.
const CHUNK_BYTES: usize = 4 << 20;

/// The minimum number of tokens per thread: verifying that many signatures with public keys takes
/// longer than starting a thread.
pub(in crate::python) const MIN_SHARE: usize = 16;

/// The iterator that `Verifier.decode_many` and `Verifier.decode_complete_many` return.
#[pyclass(module = "rapidjwt")]
pub(in crate::python) struct DecodedMany {
    keys: Arc<VerifyingKeys>,
    tokens: Py<PyIterator>,
    /// The tokens of the chunk that are still to be returned.
    verified: VecDeque<(Result<Token, Error>, PyResult<Verified>)>,
    /// Whether a result is that of `decode_complete`.
    is_complete: bool,
    /// An exception that the iterable raised, which is raised again after the tokens before it.
    interruption: Option<PyErr>,
}

/// A token that can be read without the interpreter.
enum Token {
    Text(PyBackedStr),
    Bytes(PyBackedBytes),
}

impl Token {
    /// Reads an item of a batch: a token, or a scalar of pyarrow that holds one.
    ///
    /// Raises whatever the object's own methods raise.
    fn read(object: &Bound<'_, PyAny>) -> PyResult<Result<Self, Error>> {
        let object = &token_text(object)?;
        if let Ok(text) = object.cast::<PyString>() {
            return Ok(text.clone().try_into().map(Self::Text).map_err(|_| LONE_SURROGATE));
        }
        Ok(match object.cast::<PyBytes>() {
            Ok(bytes) => Ok(Self::Bytes(bytes.clone().into())),
            Err(_) => Err(wrong_type(object)),
        })
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

/// Returns the str or bytes that a scalar of a pyarrow column holds; any other object as it is.
///
/// Raises whatever the object's own method raises.
#[pyfunction]
#[pyo3(signature = (item, /))]
pub(in crate::python) fn token_text<'py>(item: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    if item.is_instance_of::<PyString>() || item.is_instance_of::<PyBytes>() {
        return Ok(item.clone());
    }
    match item.getattr_opt(intern!(item.py(), "as_py"))? {
        Some(method) => method.call0(),
        None => Ok(item.clone()),
    }
}

impl DecodedMany {
    pub(super) const fn new(
        keys: Arc<VerifyingKeys>,
        tokens: Py<PyIterator>,
        is_complete: bool,
    ) -> Self {
        Self { keys, tokens, verified: VecDeque::new(), is_complete, interruption: None }
    }

    /// Takes the next chunk of tokens and verifies their signatures.
    fn refill(&mut self, py: Python<'_>) -> PyResult<()> {
        py.check_signals()?;
        let mut tokens = Vec::with_capacity(CHUNK);
        let mut bytes = 0;
        for token in self.tokens.bind(py).clone().take(CHUNK) {
            match token.and_then(|token| Token::read(&token)) {
                Ok(token) => {
                    bytes += token.as_ref().map_or(0, |token| token.bytes().len());
                    tokens.push(token);
                    if bytes >= CHUNK_BYTES {
                        break;
                    }
                }
                Err(error) => {
                    self.interruption = Some(error);
                    break;
                }
            }
        }
        let keys = &*self.keys;
        let now = keys.now(py)?;
        let job = |token| Job::new(py, keys, token, now);
        let mut jobs: Vec<Job> = tokens.iter().map(job).collect();
        cores::for_each(py, None, MIN_SHARE, &mut jobs, |job| job.verify(keys, now));
        let finish = |(job, token): (Job<'_>, &Result<Token, Error>)| {
            let explain = |error| match token {
                Ok(token) => explained(token.bytes(), error),
                Err(_) => error,
            };
            job.finish(py, keys).map_err(|error| explain(error).into())
        };
        let verified: Vec<PyResult<_>> = jobs.into_iter().zip(&tokens).map(finish).collect();
        self.verified = tokens.into_iter().zip(verified).collect();
        Ok(())
    }

    /// Returns the result for a verified token, if its claims conform to the policy.
    fn result<'py>(
        &self,
        py: Python<'py>,
        token: Result<Token, Error>,
        verified: PyResult<Verified>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let verified = verified?;
        if !self.is_complete {
            return self.keys.accept(py, &verified);
        }
        let claims = self.keys.accept_dict(py, &verified)?;
        Ok(complete(claims, &Compact::split(token?.bytes())?)?.into_any())
    }
}

#[pymethods]
impl DecodedMany {
    /// Shows the iterable to the garbage collector; it may hold this object in turn.
    #[allow(clippy::needless_pass_by_value, reason = "PyO3 passes it so")]
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.tokens)
    }

    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&mut self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        if self.verified.is_empty() {
            if let Some(error) = self.interruption.take() {
                return Err(error);
            }
            self.refill(py)?;
        }
        let Some((token, verified)) = self.verified.pop_front() else {
            return self.interruption.take().map_or(Ok(None), Err);
        };
        let result = self.result(py, token, verified);
        match result.map_err(|error| Raised::new(py, error)) {
            Ok(claims) => Ok(Some(claims.unbind())),
            Err(error) if error.is_ours(py) => Ok(Some(error.into_value(py).into_any().unbind())),
            Err(error) => Err(error.into()),
        }
    }
}

/// The state of one token of a chunk.
enum Job<'a> {
    /// Nothing was done yet, and there is no cache.
    Token(&'a [u8]),
    /// The cache does not contain the token.
    Unseen(Chosen<'a>, Unseen<'a>),
    /// The token has verified, and the cache must remember it.
    New(NewlyVerified),
    /// The result for the token.
    Done(Result<Verified, Error>),
}

impl<'a> Job<'a> {
    /// Looks the token up in the cache if there is one, which needs the interpreter.
    fn new(
        py: Python<'_>,
        keys: &VerifyingKeys,
        token: &'a Result<Token, Error>,
        now: f64,
    ) -> Self {
        let token = match token {
            Ok(token) => token.bytes(),
            Err(error) => return Self::Done(Err(error.clone())),
        };
        let Some(cache) = keys.cache() else {
            return Self::Token(token);
        };
        match keys.choose(token, now) {
            Err(error) => Self::Done(Err(error)),
            Ok(chosen) => match recall(py, cache, &chosen) {
                Ok(verified) => Self::Done(Ok(verified)),
                Err(unseen) => Self::Unseen(chosen, unseen),
            },
        }
    }

    fn verify(&mut self, keys: &VerifyingKeys, now: f64) {
        *self = match self {
            Self::Token(token) => Self::Done(keys.verify_uncached(token, now)),
            Self::Unseen(chosen, unseen) => match keys.verify_unseen(chosen, *unseen) {
                Ok(verified) => Self::New(verified),
                Err(error) => Self::Done(Err(error)),
            },
            Self::New(_) | Self::Done(_) => return,
        };
    }

    fn finish(self, py: Python<'_>, keys: &VerifyingKeys) -> Result<Verified, Error> {
        match (self, keys.cache()) {
            (Self::Done(verified), _) => verified,
            (Self::New(verified), Some(cache)) => Ok(remember(py, cache, verified)),
            _ => {
                unreachable!("the caller has verified every job, and only a cache has unseen ones")
            }
        }
    }
}
