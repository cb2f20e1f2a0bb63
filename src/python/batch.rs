//! Many tokens at once: signatures on all cores, claims with the interpreter.
//!
//! Threads are started anew for each chunk. A pool of worker threads (rayon's) does not survive a
//! fork, and web servers fork; starting two threads takes some 30 us, verifying a chunk of RS256
//! signatures more than 10 ms.

use std::collections::VecDeque;
use std::num::NonZero;
use std::thread;

use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::PyIterator;

use super::jwt::not_a_token;
use super::verifier::Verifier;
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
    fn read(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(text) = object.extract() {
            return Ok(Self::Text(text));
        }
        object.extract().map(Self::Bytes).map_err(|_| not_a_token())
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
        let verified = py.detach(|| verify_all(verifier, &tokens));
        self.verified = tokens
            .into_iter()
            .zip(verified)
            .map(|(token, verified)| token.and_then(|_| Ok(verified?)))
            .collect();
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
        let claims = verified.and_then(|payload| self.verifier.get().accept(py, &payload));
        Ok(Some(match claims {
            Ok(claims) => claims.into_any().unbind(),
            Err(error) => error.into_value(py).into_any(),
        }))
    }
}

/// Verifies the tokens on all cores, results in the order of the tokens.
fn verify_all(verifier: &Verifier, tokens: &[PyResult<Token>]) -> Vec<Result<Vec<u8>, Error>> {
    let verify = |token: &PyResult<Token>| match token {
        Ok(token) => verifier.verify(token.bytes()),
        // Reported as what it is by the caller.
        Err(_) => Err(Error::NotEnoughSegments),
    };
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let share = tokens.len().div_ceil(cores).max(1);
    thread::scope(|scope| {
        let workers: Vec<_> = tokens
            .chunks(share)
            .map(|tokens| scope.spawn(move || tokens.iter().map(verify).collect::<Vec<_>>()))
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}
