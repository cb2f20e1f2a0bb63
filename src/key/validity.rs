//! The times in which a key is valid, as an archive of keys states them (`OpenID` Federation 1.0
//! Section 8.7.2).

use crate::error::Error;

/// The bounds of a key's validity, in seconds since the epoch; `None` where there is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Validity {
    /// The member `nbf`: the key is valid from this time on.
    pub not_before: Option<f64>,
    /// The member `exp`: the key is valid before this time.
    pub expires: Option<f64>,
    /// The member `revoked_at` of `revoked`: the key is valid before this time.
    pub revoked_at: Option<f64>,
}

impl Validity {
    /// Checks that the key is valid at a time.
    ///
    /// # Errors
    /// [`Error::KeyNotValid`], which says why.
    pub fn check(&self, now: f64) -> Result<(), Error> {
        match self.refusal(now) {
            None => Ok(()),
            Some((why, time)) => Err(Error::KeyNotValid(format!("{why} is {time}").into())),
        }
    }

    /// Returns whether the key is valid at a time.
    #[must_use]
    pub fn includes(&self, now: f64) -> bool {
        self.refusal(now).is_none()
    }

    fn refusal(&self, now: f64) -> Option<(&'static str, f64)> {
        let is_over = |end: Option<f64>| end.filter(|time| *time <= now);
        let revoked = is_over(self.revoked_at).map(|time| ("was revoked: its revoked_at", time));
        let expired = || is_over(self.expires).map(|time| ("has expired: its exp", time));
        let early = || self.not_before.filter(|time| now < *time);
        let early = || early().map(|time| ("is not valid yet: its nbf", time));
        revoked.or_else(expired).or_else(early)
    }

    /// Returns the times at which the answer may change.
    pub fn bounds(&self) -> impl Iterator<Item = f64> {
        [self.not_before, self.expires, self.revoked_at].into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(validity: &Validity, times: &[f64]) -> Vec<Option<String>> {
        let text = |time: &f64| validity.check(*time).err().map(|error| error.to_string());
        times.iter().map(text).collect()
    }

    #[test]
    fn a_key_is_valid_from_its_first_moment_until_before_its_last() {
        let key = Validity { not_before: Some(10.0), expires: Some(20.0), revoked_at: None };
        let early = Some("The key of the token is not valid yet: its nbf is 10".to_owned());
        let late = Some("The key of the token has expired: its exp is 20".to_owned());
        assert_eq!(texts(&key, &[9.9, 10.0, 19.9, 20.0]), [early, None, None, late]);
        assert!(key.includes(10.0) && !key.includes(20.0));
        assert_eq!(key.bounds().collect::<Vec<_>>(), [10.0, 20.0]);
    }

    #[test]
    fn a_revocation_ends_it_earlier_and_no_bound_means_forever() {
        let key = Validity { not_before: None, expires: Some(20.0), revoked_at: Some(15.5) };
        let revoked = Some("The key of the token was revoked: its revoked_at is 15.5".to_owned());
        assert_eq!(texts(&key, &[-1e9, 15.0, 15.5, 20.0]), [None, None, revoked.clone(), revoked]);
        let forever = Validity { not_before: None, expires: None, revoked_at: None };
        assert_eq!(texts(&forever, &[-1e300, 1e300]), [None, None]);
    }
}
