//! Key material prepared for an algorithm, whichever library computes with it.

use super::ed448;
use crate::algorithm::Algorithm;
use crate::crypto::PreparedKey;
use crate::error::Error;
use crate::key::{KeyMaterial, OkpCurve};

/// Prepares `material` for `algorithm`.
pub(super) fn prepare(
    material: &KeyMaterial,
    algorithm: &'static Algorithm,
) -> Result<PreparedKey, Error> {
    match material {
        KeyMaterial::Okp(key) if key.curve == OkpCurve::Ed448 => {
            PreparedKey::foreign(material, algorithm, ed448::operations(key)?)
        }
        material => PreparedKey::new(material, algorithm),
    }
}
