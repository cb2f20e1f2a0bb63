//! The rules for registered claims (RFC 7519 Section 4.1), as pure functions of the claims, the
//! caller's policy and the time.
//!
//! The order of the checks is part of the API, because an application sees the first error only. It
//! is PyJWT's order: required claims, `iat`, `nbf`, `exp`, `iss`, `aud`, `sub`, `jti`.

pub mod rules;
mod view;

pub use view::{
    Accepted, Audience, Claim, ClaimsView, Name, Names, Path, Seen, Text, Time, audience,
};

use crate::error::Error;

/// Which checks are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "they are independent options of the API")]
pub struct Checks {
    /// `exp` must be in the future.
    pub exp: bool,
    /// `nbf` must not be in the future.
    pub nbf: bool,
    /// `iat` must not be in the future.
    pub iat: bool,
    /// `aud` must contain an audience that the caller accepts.
    pub aud: bool,
    /// `iss` must be an issuer that the caller accepts.
    pub iss: bool,
    /// `sub` must be a string, and the subject that the caller accepts if there is one.
    pub sub: bool,
    /// `jti` must be a string.
    pub jti: bool,
    /// `aud` must be a string equal to the one audience that the caller gave.
    pub strict_aud: bool,
}

impl Checks {
    /// The checks that are made by default.
    pub const DEFAULT: Self = Self::all(true);

    /// Turns every check on or off, and strict audience matching off.
    pub const fn all(on: bool) -> Self {
        Self { exp: on, nbf: on, iat: on, aud: on, iss: on, sub: on, jti: on, strict_aud: false }
    }
}

/// What the caller requires of the claims. `S` is a string, owned or borrowed.
#[derive(Debug, Clone)]
pub struct Policy<S> {
    /// Which checks are made.
    pub checks: Checks,
    /// Seconds by which clocks may differ. NaN makes every comparison false, as in Python.
    pub leeway: f64,
    /// Claims that must be present.
    pub require: Vec<S>,
    /// The issuers that are accepted; `None` accepts all.
    pub issuer: Option<Accepted<S>>,
    /// The audiences that are accepted. `None` means that the caller expects no audience: a token
    /// that has one is refused.
    pub audience: Option<Accepted<S>>,
    /// The subject that is accepted; `None` accepts all.
    pub subject: Option<Accepted<S>>,
}

/// Checks `claims` against `policy` at the time `now`, in seconds since the epoch.
///
/// # Errors
/// The error of the first rule that is broken.
pub fn validate<S: AsRef<str>>(
    claims: &impl ClaimsView,
    policy: &Policy<S>,
    now: f64,
) -> Result<(), Error> {
    for claim in &policy.require {
        if !claims.is_present(claim.as_ref()) {
            return Err(Error::MissingClaim(claim.as_ref().to_owned()));
        }
    }
    let &Policy { checks, leeway, .. } = policy;
    if checks.iat {
        let iat = claims.time(Claim::Iat);
        not_after(iat, now + leeway, || Error::IssuedAtNotInteger, || Error::IssuedInFuture)?;
    }
    if checks.nbf {
        let nbf = claims.time(Claim::Nbf);
        not_after(nbf, now + leeway, || Error::NotBeforeNotInteger, || Error::NotYetValid)?;
    }
    if checks.exp {
        validate_exp(claims.time(Claim::Exp), now - leeway)?;
    }
    if checks.iss {
        validate_iss(claims, policy.issuer.as_ref())?;
    }
    if checks.aud {
        validate_aud(claims, policy.audience.as_ref(), checks.strict_aud)?;
    }
    if checks.sub {
        validate_sub(claims, policy.subject.as_ref())?;
    }
    if checks.jti && claims.text(Claim::Jti, ANY) == Text::NotText {
        return Err(Error::JwtIdNotString);
    }
    Ok(())
}

/// Accepts every string.
const ANY: Option<&Accepted<&str>> = None;

/// Refuses a time after `limit`. The errors are closures because dropping two errors took longer
/// than the check.
fn not_after(
    claim: Time,
    limit: f64,
    malformed: impl FnOnce() -> Error,
    too_early: impl FnOnce() -> Error,
) -> Result<(), Error> {
    match claim {
        Time::NotInteger => Err(malformed()),
        Time::At(time) if time > limit => Err(too_early()),
        Time::At(_) | Time::Absent => Ok(()),
    }
}

/// Refuses an expired token: it must not be accepted on or after the expiration time (RFC 7519
/// Section 4.1.4).
fn validate_exp(exp: Time, limit: f64) -> Result<(), Error> {
    match exp {
        Time::NotInteger => Err(Error::ExpirationNotInteger),
        Time::At(time) if time <= limit => Err(Error::Expired),
        Time::At(_) | Time::Absent => Ok(()),
    }
}

fn validate_iss<S: AsRef<str>>(
    claims: &impl ClaimsView,
    accepted: Option<&Accepted<S>>,
) -> Result<(), Error> {
    if accepted.is_none() {
        return Ok(());
    }
    match claims.text(Claim::Iss, accepted) {
        Text::Absent => Err(Error::MissingClaim(Claim::Iss.name().to_owned())),
        Text::NotText => Err(Error::IssuerNotString),
        Text::Refused => Err(Error::IssuerMismatch),
        Text::Accepted => Ok(()),
    }
}

fn validate_aud<S: AsRef<str>>(
    claims: &impl ClaimsView,
    accepted: Option<&Accepted<S>>,
    strict: bool,
) -> Result<(), Error> {
    let aud = claims.audience(|aud| accepted.is_some_and(|accepted| accepted.accepts(aud)));
    match (accepted, aud) {
        (None, Audience::Absent) => Ok(()),
        (None, _) => Err(Error::AudienceUnexpected),
        (_, Audience::Absent) => Err(Error::MissingClaim(Claim::Aud.name().to_owned())),
        (Some(accepted), aud) if strict => validate_strict_aud(accepted, aud),
        (_, Audience::Malformed) => Err(Error::AudienceFormat),
        (_, Audience::One { accepted } | Audience::List { accepted }) if accepted => Ok(()),
        (_, Audience::One { .. } | Audience::List { .. }) => Err(Error::AudienceMismatch),
    }
}

fn validate_strict_aud<S>(accepted: &Accepted<S>, aud: Audience) -> Result<(), Error> {
    match (accepted, aud) {
        (Accepted::One(_), Audience::One { accepted: true }) => Ok(()),
        (Accepted::One(_), Audience::One { .. }) => Err(Error::StrictAudienceMismatch),
        (Accepted::One(_), _) => Err(Error::StrictAudienceFormat),
        (Accepted::AnyOf(_), _) => Err(Error::StrictAudienceNotString),
    }
}

fn validate_sub<S: AsRef<str>>(
    claims: &impl ClaimsView,
    accepted: Option<&Accepted<S>>,
) -> Result<(), Error> {
    match claims.text(Claim::Sub, accepted) {
        Text::NotText => Err(Error::SubjectNotString),
        Text::Refused => Err(Error::SubjectMismatch),
        Text::Accepted | Text::Absent => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NOW: f64 = 1_000.5;
    const POLICY: Policy<&str> = Policy {
        checks: Checks::DEFAULT,
        leeway: 0.0,
        require: Vec::new(),
        issuer: None,
        audience: None,
        subject: None,
    };

    fn check(claims: Value, policy: &Policy<&str>) -> Result<(), Error> {
        let Value::Object(claims) = claims else { panic!("claims are an object") };
        validate(&claims, policy, NOW)
    }

    #[test]
    fn a_claim_is_found_by_its_name() {
        for claim in Claim::ALL {
            assert_eq!(Claim::by_name(claim.name().as_bytes()), Some(claim));
        }
        for other in ["", "ex", "exp ", "Exp", "foo"] {
            assert_eq!(Claim::by_name(other.as_bytes()), None);
        }
    }

    #[test]
    fn claims_without_times_and_names_pass() {
        assert_eq!(check(json!({}), &POLICY), Ok(()));
    }

    #[test]
    fn a_token_expires_at_the_second_named() {
        assert_eq!(check(json!({"exp": 1000}), &POLICY), Err(Error::Expired));
        assert_eq!(check(json!({"exp": 1001}), &POLICY), Ok(()));
        assert_eq!(check(json!({"exp": 1000.9}), &POLICY), Err(Error::Expired));
        assert_eq!(check(json!({"exp": "1001"}), &POLICY), Err(Error::ExpirationNotInteger));
        assert_eq!(check(json!({"exp": null}), &POLICY), Err(Error::ExpirationNotInteger));
        let exactly = Policy { leeway: 0.5, ..POLICY };
        assert_eq!(check(json!({"exp": 1000}), &exactly), Err(Error::Expired));
    }

    #[test]
    fn leeway_moves_every_limit() {
        let policy = Policy { leeway: 2.0, ..POLICY };
        assert_eq!(check(json!({"exp": 998}), &policy), Err(Error::Expired));
        assert_eq!(check(json!({"exp": 999, "nbf": 1002, "iat": 1002}), &policy), Ok(()));
        assert_eq!(check(json!({"nbf": 1003}), &policy), Err(Error::NotYetValid));
        assert_eq!(check(json!({"iat": 1003}), &policy), Err(Error::IssuedInFuture));
        let exactly = Policy { leeway: 0.5, ..POLICY };
        assert_eq!(check(json!({"nbf": 1001, "iat": 1001}), &exactly), Ok(()));
        let never = Policy { leeway: f64::NAN, ..POLICY };
        assert_eq!(check(json!({"exp": 1, "nbf": 5000}), &never), Ok(()));
    }

    #[test]
    fn times_must_be_numbers() {
        assert_eq!(check(json!({"iat": []}), &POLICY), Err(Error::IssuedAtNotInteger));
        assert_eq!(check(json!({"nbf": {}}), &POLICY), Err(Error::NotBeforeNotInteger));
    }

    #[test]
    fn required_claims_come_first_and_null_is_missing() {
        let policy = Policy { require: vec!["exp", "jti"], ..POLICY };
        assert_eq!(check(json!({"jti": "a"}), &policy), Err(Error::MissingClaim("exp".into())));
        let claims = json!({"exp": 1, "jti": null});
        assert_eq!(check(claims, &policy), Err(Error::MissingClaim("jti".into())));
    }

    #[test]
    fn the_issuer_is_one_of_the_accepted() {
        let policy = Policy { issuer: Some(Accepted::AnyOf(vec!["a", "b"])), ..POLICY };
        assert_eq!(check(json!({"iss": "b"}), &policy), Ok(()));
        assert_eq!(check(json!({"iss": "ab"}), &policy), Err(Error::IssuerMismatch));
        assert_eq!(check(json!({"iss": ["a"]}), &policy), Err(Error::IssuerNotString));
        assert_eq!(check(json!({}), &policy), Err(Error::MissingClaim("iss".into())));
    }

    #[test]
    fn the_audience_names_the_caller() {
        let one = Policy { audience: Some(Accepted::One("api")), ..POLICY };
        let any = Policy { audience: Some(Accepted::AnyOf(vec!["web", "api"])), ..POLICY };
        for policy in [one, any] {
            assert_eq!(check(json!({"aud": "api"}), &policy), Ok(()));
            assert_eq!(check(json!({"aud": ["x", "api"]}), &policy), Ok(()));
            assert_eq!(check(json!({"aud": "ap"}), &policy), Err(Error::AudienceMismatch));
            assert_eq!(check(json!({"aud": ["ap"]}), &policy), Err(Error::AudienceMismatch));
            assert_eq!(check(json!({"aud": ["api", 1]}), &policy), Err(Error::AudienceFormat));
            assert_eq!(check(json!({"aud": 7}), &policy), Err(Error::AudienceFormat));
            assert_eq!(check(json!({"aud": {"api": 1}}), &policy), Err(Error::AudienceFormat));
            for empty in [json!(null), json!(""), json!([]), json!({}), json!(0), json!(false)] {
                let claims = json!({"aud": empty});
                assert_eq!(check(claims, &policy), Err(Error::MissingClaim("aud".into())));
            }
        }
        assert_eq!(check(json!({"aud": "api"}), &POLICY), Err(Error::AudienceUnexpected));
        assert_eq!(check(json!({"aud": ""}), &POLICY), Ok(()));
    }

    #[test]
    fn strict_audience_is_one_string_on_both_sides() {
        let strict = Checks { strict_aud: true, ..Checks::DEFAULT };
        let one = Policy { checks: strict, audience: Some(Accepted::One("api")), ..POLICY };
        assert_eq!(check(json!({"aud": "api"}), &one), Ok(()));
        assert_eq!(check(json!({"aud": "web"}), &one), Err(Error::StrictAudienceMismatch));
        assert_eq!(check(json!({"aud": ["api"]}), &one), Err(Error::StrictAudienceFormat));
        let any = Policy { audience: Some(Accepted::AnyOf(vec!["api"])), ..one };
        assert_eq!(check(json!({"aud": "api"}), &any), Err(Error::StrictAudienceNotString));
    }

    #[test]
    fn subject_and_jwt_id_are_strings() {
        let policy = Policy { subject: Some(Accepted::One("me")), ..POLICY };
        assert_eq!(check(json!({"sub": "me"}), &policy), Ok(()));
        assert_eq!(check(json!({}), &policy), Ok(()));
        assert_eq!(check(json!({"sub": "you"}), &policy), Err(Error::SubjectMismatch));
        assert_eq!(check(json!({"sub": 1}), &policy), Err(Error::SubjectNotString));
        assert_eq!(check(json!({"jti": 1}), &policy), Err(Error::JwtIdNotString));
    }

    #[test]
    fn a_check_that_is_off_is_not_made() {
        let policy = Policy { checks: Checks::all(false), ..POLICY };
        let claims =
            json!({"exp": 1, "nbf": 5000, "iat": [], "iss": 1, "aud": 1, "sub": 1, "jti": 1});
        assert_eq!(check(claims, &policy), Ok(()));
    }
}
