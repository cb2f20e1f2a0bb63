//! What a key says about itself: its ID and its algorithm.

use pyo3::prelude::*;
use pyo3::types::PyString;

use super::key::Key;
use super::key_mistakes::{self, Prepared};
use super::remote::RemoteKey;
use crate::algorithm::Algorithm;
use crate::python::cpython::utf8;
use crate::python::fast_path::FastPath;
use crate::python::header_cache;
use crate::python::once::intern;

/// The ID and the algorithm of a `Key`, a `PyJWK` or a `RemoteKey`; other keys have neither.
#[derive(Default)]
pub(in crate::python) struct Identity {
    pub(in crate::python) kid: Option<String>,
    /// The only algorithm that the key may be used with.
    pub(in crate::python) algorithm: Option<&'static Algorithm>,
    /// The algorithm that it signs with if none is asked for.
    pub(in crate::python) default: Option<&'static Algorithm>,
}

impl Identity {
    /// Reads them. An ID that is not a string counts as none.
    ///
    /// Raises `TypeError` for an object that is often mistaken for a key by callers of `user`.
    pub(in crate::python) fn of(
        fast_path: &FastPath,
        key: &Bound<'_, PyAny>,
        user: Prepared,
    ) -> PyResult<Self> {
        if let Ok(key) = key.cast_exact::<Key>() {
            let key = key.get();
            return Ok(Self {
                kid: key.key_id().map(str::to_owned),
                algorithm: key.named_algorithm(),
                default: key.default_algorithm(),
            });
        }
        if fast_path.is_pyjwk(key) {
            let py = key.py();
            let name = text(&key.getattr(intern!(py, "algorithm_name"))?);
            let algorithm = name.as_deref().and_then(header_cache::by_exact_name);
            let kid = text(&key.getattr(intern!(py, "key_id"))?);
            return Ok(Self { kid, algorithm, default: algorithm });
        }
        if let (Some(key), Prepared::Signer) = (RemoteKey::of(key), user) {
            let key = key.get();
            let algorithm = Some(key.algorithm());
            let kid = key.key_id().map(str::to_owned);
            return Ok(Self { kid, algorithm, default: algorithm });
        }
        key_mistakes::check_type(key, user)?;
        Ok(Self::default())
    }
}

fn text(object: &Bound<'_, PyAny>) -> Option<String> {
    object.cast::<PyString>().ok().and_then(|text| utf8(text)).map(str::to_owned)
}
