//! Encrypting (RFC 7516 Section 5.1).

use std::borrow::Cow;
use std::num::NonZeroU32;

use serde_json::{Map, Value};

use super::header::{self, Members};
use super::parts;
use crate::base64url;
use crate::content_encryption::ContentEncryption;
use crate::crypto::{ContentKey, KeyManagementKey, Parameters, Sealed, generate_cek};
use crate::error::Error;
use crate::key::SecretBytes;
use crate::key_management::Family;
use crate::memory;

/// Header parameters that encrypting determines, or that are not supported in a JWE.
const RESERVED: [&str; 10] = ["alg", "b64", "crit", "enc", "epk", "iv", "p2c", "p2s", "tag", "zip"];

/// A recipient's key and a content encryption algorithm, prepared for encrypting many plaintexts.
pub struct Encrypter {
    key: KeyManagementKey,
    encryption: &'static ContentEncryption,
    /// The header without the parameters that differ from token to token.
    header: Members,
    /// `apu` and `apv` of the header, and the count of PBES2.
    parameters: Parameters,
    /// The encoded header, if it is the same for all tokens.
    encoded: Option<String>,
    /// The prepared key, if the shared key is the content encryption key.
    content: Option<ContentKey>,
}

/// A new content encryption key and how the recipient learns it.
struct Envelope {
    /// Absent if it is the encrypter's prepared one.
    content: Option<ContentKey>,
    encrypted_key: Vec<u8>,
    parameters: Parameters,
}

impl Encrypter {
    /// Prepares a key for encrypting.
    ///
    /// # Errors
    /// [`Error::InvalidKey`] for a shared key of a length that `encryption` does not have,
    /// [`Error::AlgorithmUnavailable`] for what this build lacks.
    pub fn new(
        key: KeyManagementKey,
        encryption: &'static ContentEncryption,
    ) -> Result<Self, Error> {
        let content = key.direct(encryption)?;
        // An algorithm that this build lacks is reported now.
        ContentKey::new(encryption, &generate_cek(encryption))?;
        let mut header = Members::new();
        header.insert("alg".to_owned(), key.algorithm().name.into());
        header.insert("enc".to_owned(), encryption.name.into());
        let p2c = match key.algorithm().family {
            Family::Pbes2 { default_count, .. } => NonZeroU32::new(default_count),
            _ => None,
        };
        let parameters = Parameters { p2c, ..Parameters::default() };
        let encoded = None;
        Ok(Self { key, encryption, header, parameters, encoded, content }.encoded())
    }

    /// Returns the encrypter with further header parameters.
    ///
    /// # Errors
    /// [`Error::InvalidJwe`] for parameters that the encrypter determines itself, and for `apu` or
    /// `apv` that are not base64url; [`Error::KidNotString`].
    pub fn with_header(mut self, header: Members) -> Result<Self, Error> {
        check_names(&header)?;
        self.header.extend(header);
        header::validate(&self.header, &self.header)?;
        (self.parameters.apu, self.parameters.apv) = header::party_info(&self.header)?;
        Ok(self.encoded())
    }

    /// Returns the encrypter with another count of iterations for PBES2.
    #[must_use]
    pub fn with_p2c(mut self, count: NonZeroU32) -> Self {
        self.parameters.p2c = Some(count);
        self
    }

    /// Returns the algorithm of the key.
    pub const fn key(&self) -> &KeyManagementKey {
        &self.key
    }

    /// Writes the header once if all tokens have the same.
    fn encoded(mut self) -> Self {
        let is_fixed = matches!(
            self.key.algorithm().family,
            Family::Direct | Family::AesKw(_) | Family::RsaOaep(_)
        );
        self.encoded = is_fixed.then(|| header::encode(&self.header));
        self
    }

    /// Encrypts into the compact serialization.
    ///
    /// # Errors
    /// [`Error::InvalidKey`] if the crypto library refuses, [`Error::OutOfMemory`].
    pub fn encrypt(&self, plaintext: &[u8]) -> Result<String, Error> {
        let envelope = self.envelope()?;
        let protected = self.protected(&envelope.parameters);
        let sealed = self.content(&envelope).seal(protected.as_bytes(), plaintext);
        let Sealed { iv, ciphertext, tag } = sealed?;
        let segments = [&*envelope.encrypted_key, &iv, &ciphertext, &tag];
        let len = |bytes: &&[u8]| 1 + base64url::encoded_len(bytes.len());
        let mut token = memory::buffer(protected.len() + segments.iter().map(len).sum::<usize>())?;
        token.extend_from_slice(protected.as_bytes());
        for segment in segments {
            token.push(b'.');
            base64url::encode_onto(segment, &mut token);
        }
        Ok(String::from_utf8(token).expect("base64url and dots are ASCII"))
    }

    /// Encrypts into the flattened JSON serialization (RFC 7516 Section 7.2.2). The whole header is
    /// protected, but for `unprotected`; `aad` is authenticated and not encrypted.
    ///
    /// # Errors
    /// Those of [`encrypt`](Self::encrypt), and [`Error::InvalidJwe`] for unprotected parameters
    /// that are in the header too or must be protected.
    pub fn encrypt_flattened(
        &self,
        plaintext: &[u8],
        unprotected: &Members,
        aad: Option<&[u8]>,
    ) -> Result<Map<String, Value>, Error> {
        check_names(unprotected)?;
        header::join(&self.header, &[unprotected])?;
        let envelope = self.envelope()?;
        let protected = self.protected(&envelope.parameters);
        let mut jwe = seal(self.content(&envelope), &protected, aad, plaintext)?;
        if !unprotected.is_empty() {
            jwe.insert("unprotected".to_owned(), unprotected.clone().into());
        }
        write_encrypted_key(&envelope.encrypted_key, &mut jwe);
        Ok(jwe)
    }

    fn envelope(&self) -> Result<Envelope, Error> {
        let mut parameters = self.parameters.clone();
        if self.content.is_some() {
            return Ok(Envelope { content: None, encrypted_key: Vec::new(), parameters });
        }
        let (cek, encrypted_key) = self.key.encrypt_new_key(self.encryption, &mut parameters)?;
        let content = Some(ContentKey::new(self.encryption, &cek)?);
        Ok(Envelope { content, encrypted_key, parameters })
    }

    fn content<'a>(&'a self, envelope: &'a Envelope) -> &'a ContentKey {
        let content = envelope.content.as_ref().or(self.content.as_ref());
        content.expect("an envelope without a key is made if there is a prepared one")
    }

    /// Returns the encoded header with the parameters of one token.
    fn protected(&self, parameters: &Parameters) -> Cow<'_, str> {
        match &self.encoded {
            Some(encoded) => Cow::Borrowed(encoded),
            None => Cow::Owned(header::encode(&self.header_with(parameters))),
        }
    }

    fn header_with(&self, parameters: &Parameters) -> Members {
        let mut header = self.header.clone();
        header::write_parameters(parameters, &mut header);
        header
    }
}

/// Encrypts into the general JSON serialization (RFC 7516 Section 7.2.1), for the recipients of all
/// `encrypters`. The protected header is `enc` alone, because the other parameters differ between
/// recipients.
///
/// # Errors
/// [`Error::InvalidJwe`] without recipients, if their `enc` differ, or for unprotected parameters
/// that are in another header too or must be protected; [`Error::InvalidKey`] for `dir` and
/// `ECDH-ES` beside other recipients.
pub fn encrypt_general(
    encrypters: &[&Encrypter],
    plaintext: &[u8],
    unprotected: &Members,
    aad: Option<&[u8]>,
) -> Result<Map<String, Value>, Error> {
    let [first, others @ ..] = encrypters else {
        return Err(Error::InvalidJwe("it needs a recipient"));
    };
    check_names(unprotected)?;
    if others.iter().any(|other| other.encryption != first.encryption) {
        return Err(Error::InvalidJwe("enc must be the same for all recipients"));
    }
    let mut protected = Members::new();
    protected.insert("enc".to_owned(), first.encryption.name.into());

    let (cek, encrypted_keys) = keys_for_all(encrypters, first.encryption)?;
    let each = encrypters.iter().zip(&encrypted_keys);
    let recipients = each.map(|(encrypter, key)| recipient(encrypter, key, unprotected));
    let recipients = recipients.collect::<Result<Vec<Value>, Error>>()?;
    let content = ContentKey::new(first.encryption, &cek)?;
    let mut jwe = seal(&content, &header::encode(&protected), aad, plaintext)?;
    if !unprotected.is_empty() {
        jwe.insert("unprotected".to_owned(), unprotected.clone().into());
    }
    jwe.insert("recipients".to_owned(), recipients.into());
    Ok(jwe)
}

/// The encrypted key of one recipient, with the parameters that belong to it.
struct EncryptedKey {
    bytes: Vec<u8>,
    parameters: Parameters,
}

/// Determines one content encryption key and encrypts it for every recipient.
fn keys_for_all(
    encrypters: &[&Encrypter],
    encryption: &'static ContentEncryption,
) -> Result<(SecretBytes, Vec<EncryptedKey>), Error> {
    if let [only] = encrypters {
        let mut parameters = only.parameters.clone();
        let (cek, bytes) = only.key.encrypt_new_key(encryption, &mut parameters)?;
        return Ok((cek, vec![EncryptedKey { bytes, parameters }]));
    }
    let cek = generate_cek(encryption);
    let each = encrypters.iter().map(|encrypter| {
        let mut parameters = encrypter.parameters.clone();
        let bytes = encrypter.key.encrypt_key(&cek, &mut parameters)?;
        Ok(EncryptedKey { bytes, parameters })
    });
    let each = each.collect::<Result<_, Error>>()?;
    Ok((cek, each))
}

fn recipient(
    encrypter: &Encrypter,
    key: &EncryptedKey,
    unprotected: &Members,
) -> Result<Value, Error> {
    let mut header = encrypter.header_with(&key.parameters);
    header.remove("enc");
    header::join(&header, &[unprotected])?;
    let mut recipient = Map::new();
    recipient.insert("header".to_owned(), header.into());
    write_encrypted_key(&key.bytes, &mut recipient);
    Ok(recipient.into())
}

/// Encrypts and writes the members that both JSON serializations share.
fn seal(
    content: &ContentKey,
    protected: &str,
    aad: Option<&[u8]>,
    plaintext: &[u8],
) -> Result<Map<String, Value>, Error> {
    // RFC 7516 Section 7.2.1: the member is absent if the value is empty.
    let aad = aad.filter(|aad| !aad.is_empty()).map(base64url::try_encode).transpose()?;
    let authenticated =
        parts::authenticated(protected.as_bytes(), aad.as_deref().map(str::as_bytes))?;
    let Sealed { iv, ciphertext, tag } = content.seal(&authenticated, plaintext)?;
    let mut jwe = Map::new();
    jwe.insert("protected".to_owned(), protected.into());
    if let Some(aad) = aad {
        jwe.insert("aad".to_owned(), aad.into());
    }
    for (name, bytes) in [("iv", iv), ("ciphertext", ciphertext), ("tag", tag)] {
        jwe.insert(name.to_owned(), base64url::try_encode(&bytes)?.into());
    }
    Ok(jwe)
}

fn write_encrypted_key(encrypted_key: &[u8], members: &mut Map<String, Value>) {
    if !encrypted_key.is_empty() {
        members.insert("encrypted_key".to_owned(), base64url::encode(encrypted_key).into());
    }
}

fn check_names(header: &Members) -> Result<(), Error> {
    if header.keys().any(|name| RESERVED.contains(&name.as_str())) {
        return Err(Error::InvalidJwe(
            "alg, b64, crit, enc, epk, iv, p2c, p2s, tag and zip cannot be among the headers",
        ));
    }
    Ok(())
}
