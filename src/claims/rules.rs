//! Rules for the claims of a kind of token, or of an application's own, as data: what a profile and
//! the `rules` of a verifier are made of.
//!
//! As in [`validate`](super::validate), the first rule that is broken is the error, and null counts
//! as absent. Unlike Python, a rule distinguishes `1` from `true`.

use serde_json::Value;

use super::view::{Claim, ClaimsView, Glance, Names, Path, Seen, is_equal};
use crate::error::Error;

/// A JSON type, or what the specifications make of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A string.
    String,
    /// A string that is not empty.
    NonEmptyString,
    /// A number.
    Number,
    /// A number that is not negative: `NumericDate` (RFC 7519 Section 2).
    Time,
    /// `true` or `false`.
    Boolean,
    /// An array.
    Array,
    /// An array of strings.
    Strings,
    /// An object.
    Object,
    /// An absolute URI (RFC 3986 Section 4.3), by its scheme and its characters.
    Uri,
    /// A URL with the scheme `https`, without query and fragment: an issuer (`OpenID` Connect Core
    /// Section 2).
    HttpsUrl,
    /// At most 255 ASCII characters, and at least one: a subject (`OpenID` Connect Core Section 2).
    Ascii255,
}

impl Kind {
    /// All kinds, with the names by which profiles call them, and what a message calls them.
    pub const ALL: [(&'static str, Self, &'static str); 11] = [
        ("string", Self::String, "it must be a string"),
        ("non-empty string", Self::NonEmptyString, "it must be a string that is not empty"),
        ("number", Self::Number, "it must be a number"),
        ("time", Self::Time, "it must be a number of seconds since the epoch"),
        ("boolean", Self::Boolean, "it must be true or false"),
        ("array", Self::Array, "it must be an array"),
        ("strings", Self::Strings, "it must be an array of strings"),
        ("object", Self::Object, "it must be an object"),
        ("uri", Self::Uri, "it must be a URI"),
        ("https url", Self::HttpsUrl, "it must be an https URL without query and fragment"),
        ("ascii 255", Self::Ascii255, "it must have 1 to 255 ASCII characters"),
    ];

    /// Returns the kind of that name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, ..)| *known == name).map(|(_, kind, _)| kind)
    }

    fn needed(self) -> &'static str {
        Self::ALL[self as usize].2
    }

    fn accepts(self, seen: &Seen<'_>) -> bool {
        let text = |accepts: fn(&str) -> bool| seen.text().is_some_and(accepts);
        match self {
            Self::String => text(|_| true),
            Self::NonEmptyString => text(|text| !text.is_empty()),
            Self::Number => seen.number().is_some(),
            Self::Time => seen.number().is_some_and(|time| time >= 0.0),
            Self::Boolean => matches!(seen, Seen::Other(Value::Bool(_))),
            Self::Array => seen.list().is_some(),
            Self::Strings => seen.list().is_some_and(|list| list.iter().all(Value::is_string)),
            Self::Object => seen.object().is_some(),
            Self::Uri => text(is_uri),
            Self::HttpsUrl => text(is_https_url),
            Self::Ascii255 => text(|text| (1..=255).contains(&text.len()) && text.is_ascii()),
        }
    }
}

fn is_uri(text: &str) -> bool {
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    let is_allowed = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte);
    text.split_once(':').is_some_and(|(scheme, rest)| is_scheme(scheme) && !rest.is_empty())
        && text.bytes().all(is_allowed)
}

fn is_https_url(text: &str) -> bool {
    let host = text.get(..8).filter(|start| start.eq_ignore_ascii_case("https://"));
    host.is_some() && text.len() > 8 && is_uri(text) && !text.contains(['?', '#'])
}

/// What the value of a claim must be.
#[derive(Debug, Clone)]
pub enum Condition {
    /// Anything but null.
    Present,
    /// The claim must be absent; null counts as present here.
    Absent,
    /// One of these values.
    OneOf(Vec<Value>),
    /// An array with each of these values.
    Contains(Vec<Value>),
    /// A string of words with a space in between, with each of these words, such as `scope`.
    Words(Vec<String>),
    /// One of these values, or an array of nothing else.
    Only(Vec<Value>),
    /// A value of that kind.
    Kind(Kind),
    /// An object that is not empty, whose names and whose values are of these kinds.
    Members(Kind, Kind),
    /// The value of another claim.
    SameAs(Path),
    /// The text for the hash of the token's `alg`: `at_hash`, `c_hash` (`OpenID` Connect Core
    /// Section 3.1.3.6).
    HashOf(Vec<(&'static str, String)>),
    /// A time at most so many seconds ago.
    MaxAge(f64),
    /// A time at most so many seconds after that of another claim.
    MaxAfter(Path, f64),
    /// Present, if the value of another claim is an array of several values.
    PresentIfSeveral(Path),
    /// All of these.
    All(Vec<Condition>),
    /// At least one of these.
    Any(Vec<Condition>),
}

/// What the rules depend on, apart from the claims.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances {
    /// Seconds since the epoch.
    pub now: f64,
    /// Seconds by which clocks may differ.
    pub leeway: f64,
    /// The name of the hash of the token's `alg`, for example `SHA256`.
    pub hash: Option<&'static str>,
}

impl Condition {
    /// Returns the part of the condition that the value does not meet.
    fn broken(
        &self,
        seen: &Seen<'_>,
        claims: &impl ClaimsView,
        at: &Circumstances,
    ) -> Option<&Self> {
        let is_met = match self {
            Self::Present => true,
            Self::Absent => matches!(seen, Seen::Absent),
            Self::OneOf(values) => values.iter().any(|value| seen.is(value)),
            Self::Contains(values) => seen.list().is_some_and(|list| {
                values.iter().all(|value| list.iter().any(|item| is_equal(item, value)))
            }),
            Self::Words(words) => seen.text().is_some_and(|text| {
                words.iter().all(|word| text.split(' ').any(|other| other == word))
            }),
            Self::Only(values) => {
                let is_known = |item: &Value| values.iter().any(|value| is_equal(item, value));
                seen.list().map_or_else(
                    || values.iter().any(|value| seen.is(value)),
                    |list| list.iter().all(is_known),
                )
            }
            Self::Kind(kind) => kind.accepts(seen),
            Self::Members(names, values) => seen.object().is_some_and(|members| {
                let is_of_kinds = |(name, value): (&String, &Value)| {
                    names.accepts(&Seen::Text(name)) && values.accepts(&Seen::of(Some(value)))
                };
                !members.is_empty() && members.iter().all(is_of_kinds)
            }),
            Self::SameAs(path) => claims.with_value(path, |other| match (seen, other) {
                (Seen::Text(one), Seen::Text(other)) => one == other,
                (Seen::Integer(one), Seen::Integer(other)) => one == other,
                (_, Seen::Other(other)) => seen.is(other),
                _ => false,
            }),
            Self::HashOf(values) => values
                .iter()
                .any(|(hash, value)| at.hash == Some(hash) && seen.text() == Some(value)),
            Self::MaxAge(seconds) => {
                seen.number().is_some_and(|time| at.now - at.leeway - time <= *seconds)
            }
            Self::MaxAfter(path, seconds) => claims.with_value(path, |start| {
                seen.number()
                    .zip(start.number())
                    .is_some_and(|(end, start)| end - start <= *seconds)
            }),
            Self::PresentIfSeveral(path) => {
                !seen.is_missing()
                    || claims.with_value(path, |of| of.list().is_none_or(|list| list.len() < 2))
            }
            Self::All(all) => {
                return all.iter().find_map(|condition| condition.broken(seen, claims, at));
            }
            Self::Any(any) => {
                any.iter().any(|condition| condition.broken(seen, claims, at).is_none())
            }
        };
        (!is_met).then_some(self)
    }

    /// Returns whether an absent claim is for the condition to decide; otherwise, it is missing.
    fn decides_absence(&self) -> bool {
        match self {
            Self::Absent | Self::PresentIfSeveral(_) => true,
            Self::All(all) => all.iter().all(Self::decides_absence),
            Self::Any(any) => any.iter().any(Self::decides_absence),
            _ => false,
        }
    }

    /// Says what the value must be, without any value, which may be a secret.
    fn needed(&self) -> String {
        match self {
            Self::Present | Self::Absent | Self::PresentIfSeveral(_) | Self::All(_) => "",
            Self::OneOf(_) | Self::Any(_) => "another value is expected",
            Self::Contains(_) | Self::Words(_) => "it lacks a value that is required",
            Self::Only(_) => "it has a value that is not expected",
            Self::Kind(kind) => kind.needed(),
            Self::Members(..) => "it must be an object with members of the right form",
            Self::SameAs(path) => return format!("it must be the same as \"{}\"", path.dotted()),
            Self::HashOf(_) => "it is not the hash of what was expected",
            Self::MaxAge(_) | Self::MaxAfter(..) => {
                "it must be a number of seconds since the epoch"
            }
        }
        .to_owned()
    }
}

/// A condition for one claim, or for a member of one.
#[derive(Debug, Clone)]
pub struct Rule {
    path: Path,
    condition: Condition,
    is_optional: bool,
    /// The glances that show that the rule is met, a bit for each.
    clearly_met: u8,
}

impl Rule {
    /// Makes a rule that the claim must meet the condition, unless it `is_optional` and absent.
    pub fn new(path: Path, condition: Condition, is_optional: bool) -> Self {
        let is_met = |glance| match (glance, &condition) {
            (Glance::Absent, condition) => is_optional || matches!(condition, Condition::Absent),
            (Glance::Text, condition) => {
                matches!(condition, Condition::Kind(Kind::String) | Condition::Present)
            }
            (Glance::Time, condition) => {
                matches!(condition, Condition::Kind(Kind::Time) | Condition::Present)
            }
            (Glance::Other, _) => false,
        };
        let glances = [Glance::Absent, Glance::Text, Glance::Time];
        let clearly_met = glances.into_iter().filter(|glance| is_met(*glance));
        let clearly_met = clearly_met.map(|glance| 1 << glance as u8).sum();
        Self { path, condition, is_optional, clearly_met }
    }

    /// Checks the rule: one look is enough for nearly every rule and token.
    #[inline]
    fn check(&self, claims: &impl ClaimsView, at: &Circumstances) -> Result<(), Error> {
        let glance = claims.with_value(&self.path, Glance::of);
        if self.clearly_met >> glance as u8 & 1 == 1 {
            return Ok(());
        }
        self.check_condition(claims, at)
    }

    #[inline(never)]
    fn check_condition(&self, claims: &impl ClaimsView, at: &Circumstances) -> Result<(), Error> {
        claims.with_value(&self.path, |seen| {
            if seen.is_missing() && !self.condition.decides_absence() {
                return if self.is_optional { Ok(()) } else { Err(self.missing()) };
            }
            let broken = self.condition.broken(seen, claims, at);
            broken.map_or(Ok(()), |broken| Err(self.refusal(broken, seen)))
        })
    }

    #[cold]
    fn missing(&self) -> Error {
        Error::MissingClaim(self.path.dotted())
    }

    #[cold]
    fn refusal(&self, broken: &Condition, seen: &Seen<'_>) -> Error {
        let claim = self.path.dotted();
        match broken {
            Condition::Absent => Error::ClaimForbidden(claim),
            Condition::PresentIfSeveral(_) => Error::MissingClaim(claim),
            Condition::MaxAge(_) if seen.number().is_some() => Error::TooOld(claim),
            Condition::MaxAfter(..) if seen.number().is_some() => Error::LivesTooLong,
            broken => Error::ClaimRefused { claim, needed: broken.needed() },
        }
    }
}

/// Checks that one of several claims is there.
fn check_one_of(claims: &impl ClaimsView, paths: &[Path]) -> Result<(), Error> {
    let is_there = |path: &Path| claims.with_value(path, |seen| !seen.is_missing());
    if paths.iter().any(is_there) {
        return Ok(());
    }
    let names: Vec<_> = paths.iter().map(Path::dotted).collect();
    Err(Error::MissingClaim(names.join(" or ")))
}

/// The rules of a verifier.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// The names in the rules.
    pub names: Names,
    /// The rules, in the order in which they are checked.
    pub rules: Vec<Rule>,
    /// Of each of these lists a token must have at least one claim.
    pub one_required: Vec<Vec<Path>>,
}

impl Rules {
    /// Returns whether there is nothing to check.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.one_required.is_empty()
    }

    /// Returns whether a rule demands that the claim is present.
    pub fn demand(&self, claim: Claim) -> bool {
        self.rules.iter().any(|rule| {
            let is_of_claim = rule.path.is_claim(claim);
            is_of_claim && !rule.is_optional && !rule.condition.decides_absence()
        })
    }

    /// Checks `claims`.
    ///
    /// # Errors
    /// The error of the first rule that is broken.
    pub fn check(&self, claims: &impl ClaimsView, at: &Circumstances) -> Result<(), Error> {
        for rule in &self.rules {
            rule.check(claims, at)?;
        }
        self.one_required.iter().try_for_each(|paths| check_one_of(claims, paths))
    }

    /// Returns the errors of all rules that are broken, for a report.
    pub fn errors(&self, claims: &impl ClaimsView, at: &Circumstances) -> Vec<Error> {
        let rules = self.rules.iter().map(|rule| rule.check(claims, at));
        let one_required = self.one_required.iter().map(|paths| check_one_of(claims, paths));
        rules.chain(one_required).filter_map(Result::err).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const AT: Circumstances = Circumstances { now: 1_000.0, leeway: 0.0, hash: Some("SHA256") };

    /// Checks the claim `a` of these claims.
    fn check(condition: Condition, is_optional: bool, claims: Value) -> Result<(), Error> {
        let Value::Object(claims) = claims else { panic!("claims are an object") };
        let mut rules = Rules::default();
        let path = rules.names.path(["a"]).expect("a path");
        rules.rules.push(Rule::new(path, condition, is_optional));
        rules.check(&claims, &AT)
    }

    fn accepts(condition: &Condition, value: &Value) -> bool {
        check(condition.clone(), false, json!({ "a": value })).is_ok()
    }

    fn path(names: &[&str]) -> Path {
        Names::default().path(names.iter().copied()).expect("a path")
    }

    #[test]
    fn an_absent_claim_and_null_are_missing_unless_optional() {
        for claims in [json!({}), json!({"a": null})] {
            let missing = Err(Error::MissingClaim("a".into()));
            assert_eq!(check(Condition::Present, false, claims.clone()), missing);
            assert_eq!(check(Condition::Kind(Kind::String), true, claims), Ok(()));
        }
        let refused = check(Condition::Kind(Kind::String), true, json!({"a": 1}));
        assert!(matches!(refused, Err(Error::ClaimRefused { .. })));
    }

    #[test]
    fn a_forbidden_claim_is_absent_and_not_null() {
        assert_eq!(check(Condition::Absent, false, json!({})), Ok(()));
        for value in [json!(null), json!("")] {
            let refused = check(Condition::Absent, false, json!({ "a": value }));
            assert_eq!(refused, Err(Error::ClaimForbidden("a".into())));
        }
    }

    #[test]
    fn values_are_equal_as_json_is() {
        let is = |expected: Value, value: Value| accepts(&Condition::OneOf(vec![expected]), &value);
        assert!(is(json!(1), json!(1.0)) && is(json!([1, {"b": 2.0}]), json!([1.0, {"b": 2}])));
        assert!(
            !is(json!(true), json!(1)) && !is(json!(1), json!(true)) && !is(json!(1), json!("1"))
        );
        assert!(!is(json!([1]), json!([1, 2])) && !is(json!({"b": 1}), json!({"c": 1})));
        assert!(is(json!("é"), json!("é")) && !is(json!("a"), json!("A")));
        let several = Condition::OneOf(vec![json!("a"), json!(2)]);
        assert!(accepts(&several, &json!(2)) && !accepts(&several, &json!(["a"])));
    }

    #[test]
    fn lists_and_words_contain_each_value() {
        let list = Condition::Contains(vec![json!("a"), json!("b")]);
        assert!(accepts(&list, &json!(["b", "x", "a"])) && !accepts(&list, &json!(["a"])));
        assert!(!accepts(&list, &json!("a b")));
        let words = Condition::Words(vec!["a".into(), "b".into()]);
        assert!(accepts(&words, &json!("b c a")) && !accepts(&words, &json!("ab")));
        assert!(!accepts(&words, &json!(["a", "b"])));
        let only = Condition::Only(vec![json!("a"), json!("b")]);
        assert!(accepts(&only, &json!("a")) && accepts(&only, &json!(["b", "a"])));
        assert!(!accepts(&only, &json!("c")) && !accepts(&only, &json!(["a", "c"])));
    }

    #[test]
    fn kinds_are_json_types_and_forms() {
        let uris = ["a:b", "https://a.example/x?y#z", "urn:ietf:params:oauth"];
        let not_uris = ["", "a", ":b", "1a:b", "a:", "a:b c", "a:\u{e9}", "a:<b>"];
        for (kind, accepted, refused) in [
            (Kind::String, vec![json!("")], vec![json!(1), json!(["a"])]),
            (Kind::NonEmptyString, vec![json!("a")], vec![json!("")]),
            (Kind::Number, vec![json!(1), json!(-1.5)], vec![json!("1"), json!(true)]),
            (Kind::Time, vec![json!(0), json!(1.5)], vec![json!(-1), json!("1")]),
            (Kind::Boolean, vec![json!(true), json!(false)], vec![json!(1), json!("true")]),
            (Kind::Array, vec![json!([]), json!([1])], vec![json!({}), json!("a")]),
            (Kind::Strings, vec![json!([]), json!(["a"])], vec![json!(["a", 1]), json!("a")]),
            (Kind::Object, vec![json!({})], vec![json!([])]),
            (Kind::Uri, uris.map(Value::from).to_vec(), not_uris.map(Value::from).to_vec()),
            (
                Kind::HttpsUrl,
                vec![json!("https://a"), json!("HTTPS://a/b")],
                vec![
                    json!("http://a"),
                    json!("https://"),
                    json!("https://a?b"),
                    json!("https://a#"),
                ],
            ),
            (
                Kind::Ascii255,
                vec![json!("a"), json!("a".repeat(255))],
                vec![json!(""), json!("a".repeat(256)), json!("\u{e9}")],
            ),
        ] {
            assert_eq!(Kind::by_name(Kind::ALL[kind as usize].0), Some(kind));
            for value in accepted {
                assert!(accepts(&Condition::Kind(kind), &value), "{kind:?} {value}");
            }
            for value in refused {
                assert!(!accepts(&Condition::Kind(kind), &value), "{kind:?} {value}");
            }
        }
        assert_eq!(Kind::by_name("str"), None);
    }

    #[test]
    fn members_are_some_and_of_their_kinds() {
        let members = Condition::Members(Kind::Uri, Kind::Object);
        assert!(accepts(&members, &json!({"a:b": {}, "c:d": {"e": 1}})));
        for refused in [json!({}), json!({"a": {}}), json!({"a:b": {}, "c:d": 1}), json!([])] {
            assert!(!accepts(&members, &refused), "{refused}");
        }
    }

    #[test]
    fn a_claim_is_compared_with_another() {
        let same = || Condition::SameAs(path(&["b", "c"]));
        for value in [json!("x"), json!(1), json!([1])] {
            assert_eq!(check(same(), false, json!({"a": value, "b": {"c": value}})), Ok(()));
        }
        for other in [json!({"c": "y"}), json!({}), json!("x")] {
            assert!(check(same(), false, json!({"a": "x", "b": other})).is_err());
        }
        let several = || Condition::PresentIfSeveral(path(&["b"]));
        let missing = Err(Error::MissingClaim("a".into()));
        assert_eq!(check(several(), false, json!({"b": [1, 2]})), missing);
        assert_eq!(check(several(), false, json!({"b": [1, 2], "a": 1})), Ok(()));
        assert_eq!(check(several(), false, json!({"b": [1]})), Ok(()));
        assert_eq!(check(several(), false, json!({"b": "x"})), Ok(()));
    }

    #[test]
    fn times_have_limits() {
        let age = || Condition::MaxAge(100.0);
        assert_eq!(check(age(), false, json!({"a": 900})), Ok(()));
        assert_eq!(check(age(), false, json!({"a": 899})), Err(Error::TooOld("a".into())));
        assert!(matches!(
            check(age(), false, json!({"a": "900"})),
            Err(Error::ClaimRefused { .. })
        ));
        let life = || Condition::MaxAfter(path(&["iat"]), 100.0);
        assert_eq!(check(life(), false, json!({"a": 1100, "iat": 1000})), Ok(()));
        let long = json!({"a": 1100.5, "iat": 1000});
        assert_eq!(check(life(), false, long), Err(Error::LivesTooLong));
        assert_eq!(check(life(), false, json!({"a": 1100})), Err(Error::LivesTooLong));
    }

    #[test]
    fn a_hash_is_that_of_the_algorithm() {
        let hashes = Condition::HashOf(vec![("SHA256", "x".into()), ("SHA512", "y".into())]);
        assert!(accepts(&hashes, &json!("x")) && !accepts(&hashes, &json!("y")));
    }

    #[test]
    fn conditions_combine_and_the_broken_part_is_named() {
        let all = || {
            Condition::All(vec![Condition::Kind(Kind::String), Condition::OneOf(vec![json!("x")])])
        };
        assert_eq!(check(all(), false, json!({"a": "x"})), Ok(()));
        let Err(Error::ClaimRefused { needed, .. }) = check(all(), false, json!({"a": 1})) else {
            panic!("refused")
        };
        assert_eq!(needed, "it must be a string");
        let any = Condition::Any(vec![Condition::Absent, Condition::OneOf(vec![json!("x")])]);
        assert!(accepts(&any, &json!("x")) && !accepts(&any, &json!("y")));
        assert_eq!(check(any, false, json!({})), Ok(()));
    }

    #[test]
    fn paths_lead_inside_and_one_of_several_claims_is_required() {
        let mut rules = Rules::default();
        let inside = rules.names.path(["cnf", "jkt"]).expect("a path");
        assert!(rules.is_empty());
        rules.rules.push(Rule::new(inside, Condition::Kind(Kind::String), false));
        let one = ["sub", "sid"].map(|name| rules.names.path([name]).expect("a path"));
        rules.one_required.push(one.to_vec());
        assert!(!rules.is_empty());
        let check = |claims: Value| match claims {
            Value::Object(claims) => rules.check(&claims, &AT),
            _ => panic!("claims are an object"),
        };
        assert_eq!(check(json!({"cnf": {"jkt": "x"}, "sid": "s"})), Ok(()));
        let missing = |claim: &str| Err(Error::MissingClaim(claim.into()));
        assert_eq!(check(json!({"cnf": "jkt", "sid": "s"})), missing("cnf.jkt"));
        assert_eq!(check(json!({"cnf": {"jkt": "x"}})), missing("sub or sid"));
        assert_eq!(rules.names.texts(), ["cnf", "jkt", "sid"].map(Box::from));
        assert!(rules.names.path([]).is_none());
    }

    #[test]
    fn a_rule_demands_its_claim_unless_it_is_optional() {
        let mut rules = Rules::default();
        for (name, condition, is_optional) in [
            ("iat", Condition::Kind(Kind::Time), false),
            ("jti", Condition::Present, true),
            ("exp", Condition::Absent, false),
        ] {
            let path = rules.names.path([name]).expect("a path");
            rules.rules.push(Rule::new(path, condition, is_optional));
        }
        assert!(rules.demand(Claim::Iat));
        assert!(![Claim::Jti, Claim::Exp, Claim::Sub].iter().any(|claim| rules.demand(*claim)));
    }
}
