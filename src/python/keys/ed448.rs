//! Ed448 (RFC 8032 Section 5.2), which none of the crypto libraries used here has: the Python
//! package cryptography computes it, if it is installed.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::crypto::ForeignKey;
use crate::error::Error;
use crate::key::OkpKey;
use crate::python::cpython::with_python;
use crate::python::once::intern;

/// Computes a public part that the encoding left out, and checks one that is present.
pub(super) fn complete(mut key: OkpKey) -> Result<OkpKey, Error> {
    with_python(|py| {
        let operations = Operations::of(py, &key)?;
        let x = operations.public.bind(py).call_method0(intern!(py, "public_bytes_raw"));
        let x: Vec<u8> = x.and_then(|x| x.extract()).map_err(|_| refused())?;
        if key.x.as_ref().is_some_and(|given| *given != x) {
            return Err(Error::invalid_key("Public key does not match private key"));
        }
        key.x = Some(x);
        Ok(key)
    })
    .unwrap_or_else(|| Err(shutting_down()))
}

/// Returns the operations of the key.
pub(super) fn operations(key: &OkpKey) -> Result<Box<dyn ForeignKey>, Error> {
    let operations = with_python(|py| Operations::of(py, key)).ok_or_else(shutting_down)??;
    Ok(Box::new(operations))
}

/// Key objects of cryptography.
struct Operations {
    private: Option<Py<PyAny>>,
    public: Py<PyAny>,
}

impl Operations {
    fn of(py: Python<'_>, key: &OkpKey) -> Result<Self, Error> {
        let names = py
            .import("rapidjwt._backend")
            .and_then(|backend| backend.getattr(intern!(py, "cryptography"))?.call0());
        let names = names.ok().filter(|names| !names.is_none()).ok_or_else(|| {
            Error::invalid_key(
                "Ed448 keys need the package 'cryptography' (pip install rapidjwt[crypto])",
            )
        })?;
        let read = |class: &str, reader: &str, bytes: &[u8]| {
            names.getattr(class)?.call_method1(reader, (PyBytes::new(py, bytes),))
        };
        let operations = || {
            let private = match &key.d {
                Some(d) => Some(read("Ed448PrivateKey", "from_private_bytes", d)?),
                None => None,
            };
            let public = match (&private, &key.x) {
                (Some(private), _) => private.call_method0(intern!(py, "public_key"))?,
                (None, x) => {
                    let x = x.as_deref().unwrap_or_default();
                    read("Ed448PublicKey", "from_public_bytes", x)?
                }
            };
            Ok::<_, PyErr>(Self { private: private.map(Bound::unbind), public: public.unbind() })
        };
        operations().map_err(|_| refused())
    }
}

impl ForeignKey for Operations {
    fn can_sign(&self) -> bool {
        self.private.is_some()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let private = self.private.as_ref().ok_or(Error::PrivateKeyRequired)?;
        with_python(|py| {
            let message = PyBytes::new(py, message);
            private.bind(py).call_method1(intern!(py, "sign"), (message,))?.extract()
        })
        .ok_or_else(shutting_down)?
        .map_err(|_: PyErr| Error::invalid_key("This Ed448 key cannot sign"))
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        with_python(|py| {
            let (message, signature) = (PyBytes::new(py, message), PyBytes::new(py, signature));
            // The method raises an exception for a wrong signature.
            self.public.bind(py).call_method1(intern!(py, "verify"), (signature, message)).is_ok()
        })
        .unwrap_or(false)
    }
}

fn shutting_down() -> Error {
    Error::invalid_key("Ed448 keys do not work any more: Python is shutting down")
}

/// Makes an error without the message of cryptography, which may quote the key.
fn refused() -> Error {
    Error::invalid_key("The package 'cryptography' does not take this Ed448 key")
}
