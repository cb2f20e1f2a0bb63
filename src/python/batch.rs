//! Many tokens at once: signatures on all cores, claims with the interpreter.
//!
//! Threads are started anew for each chunk. A pool of worker threads (rayon's) does not survive a
//! fork, and web servers fork; starting two threads takes some 30 us, verifying a chunk of RS256
//! signatures more than 10 ms.

use std::collections::VecDeque;
use std::num::NonZero;
use std::thread;

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::{PyBytes, PyIterator, PyString};

use super::jwt::not_a_token;
use super::verifier::{Seen, Verifier};
use crate::crypto::Fingerprint;
use crate::error::Error;

/// Tokens taken from the iterable at once: enough work for every core, little memory.
const CHUNK: usize = 1024;

/// The iterator that `Verifier.decode_many` returns.
#[pyclass(module = "rapidjwt")]
pub(super) struct DecodedMany {
    verifier: Py<Verifier>,
    tokens: Py<PyIterator>,
    verified: VecDeque<PyResult<Vec<u8>>>,
    /// Raised by the iterable; given on after the tokens before it.
    interruption: Option<PyErr>,
}

/// A token that can be read without the interpreter.
enum Token {
    Text(PyBackedStr),
    Bytes(PyBackedBytes),
}

impl Token {
    fn read(object: &Bound<'_, PyAny>) -> Option<Self> {
        if let Ok(text) = object.cast::<PyString>() {
            return text.clone().try_into().ok().map(Self::Text);
        }
        object.cast::<PyBytes>().ok().map(|bytes| Self::Bytes(bytes.clone().into()))
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

impl DecodedMany {
    pub(super) const fn new(verifier: Py<Verifier>, tokens: Py<PyIterator>) -> Self {
        Self { verifier, tokens, verified: VecDeque::new(), interruption: None }
    }

    /// Takes the next chunk of tokens and verifies their signatures.
    fn refill(&mut self, py: Python<'_>) -> PyResult<()> {
        py.check_signals()?;
        let mut tokens = Vec::with_capacity(CHUNK);
        for token in self.tokens.bind(py).clone().take(CHUNK) {
            match token {
                Ok(token) => tokens.push(Token::read(&token)),
                Err(error) => {
                    self.interruption = Some(error);
                    break;
                }
            }
        }
        let verifier = self.verifier.get();
        let mut jobs: Vec<Job> =
            tokens.iter().map(|token| Job::new(py, verifier, token.as_ref())).collect();
        py.detach(|| verify_all(verifier, &mut jobs));
        self.verified = jobs.into_iter().map(|job| job.finish(py, verifier)).collect();
        Ok(())
    }
}

#[pymethods]
impl DecodedMany {
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
        let Some(verified) = self.verified.pop_front() else {
            return self.interruption.take().map_or(Ok(None), Err);
        };
        match verified.and_then(|payload| self.verifier.get().accept(py, &payload)) {
            Ok(claims) => Ok(Some(claims.into_any().unbind())),
            // KeyboardInterrupt and its like are not the token's fault.
            Err(error) if !error.is_instance_of::<PyException>(py) => Err(error),
            Err(error) => Ok(Some(error.into_value(py).into_any())),
        }
    }
}

/// One token on its way through a chunk.
struct Job<'a> {
    /// The token, unless it is none.
    token: Option<&'a [u8]>,
    /// The payload, from the cache or after verifying.
    payload: Option<Result<Vec<u8>, Error>>,
    /// What the cache is to remember.
    fingerprint: Option<Fingerprint>,
}

impl<'a> Job<'a> {
    fn new(py: Python<'_>, verifier: &Verifier, token: Option<&'a Token>) -> Self {
        let token = token.map(Token::bytes);
        let (payload, fingerprint) = match token.map(|token| verifier.look_up(py, token)) {
            Some(Seen::Before(payload)) => (Some(Ok(payload)), None),
            Some(Seen::Never(fingerprint)) => (None, fingerprint),
            None => (None, None),
        };
        Self { token, payload, fingerprint }
    }

    fn verify(&mut self, verifier: &Verifier) {
        if let (None, Some(token)) = (&self.payload, self.token) {
            self.payload = Some(verifier.verify_detached(token));
        }
    }

    fn finish(self, py: Python<'_>, verifier: &Verifier) -> PyResult<Vec<u8>> {
        let payload = self.payload.ok_or_else(not_a_token)??;
        verifier.remember(py, self.fingerprint);
        Ok(payload)
    }
}

/// Verifies the tokens on all cores.
fn verify_all(verifier: &Verifier, jobs: &mut [Job<'_>]) {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let share = jobs.len().div_ceil(cores).max(1);
    let work = |jobs: &mut [Job<'_>]| jobs.iter_mut().for_each(|job| job.verify(verifier));
    thread::scope(|scope| {
        let mut shares = jobs.chunks_mut(share);
        let own = shares.next();
        for share in shares {
            // Where no thread can be started, the closure is dropped, and its share is done below.
            let _ = thread::Builder::new().spawn_scoped(scope, || work(share));
        }
        own.map(work);
    });
    // What no thread has done.
    work(jobs);
}
