//! Claims as the rules see them: what there is to know of the registered ones, and the value of any.

use serde_json::{Map, Value};

/// The registered claims that have a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// Expiration time (RFC 7519 Section 4.1.4).
    Exp,
    /// Not before (RFC 7519 Section 4.1.5).
    Nbf,
    /// Issued at (RFC 7519 Section 4.1.6).
    Iat,
    /// Issuer (RFC 7519 Section 4.1.1).
    Iss,
    /// Audience (RFC 7519 Section 4.1.3).
    Aud,
    /// Subject (RFC 7519 Section 4.1.2).
    Sub,
    /// JWT ID (RFC 7519 Section 4.1.7).
    Jti,
}

impl Claim {
    /// All claims, in the order of their discriminants.
    pub const ALL: [Self; 7] =
        [Self::Exp, Self::Nbf, Self::Iat, Self::Iss, Self::Aud, Self::Sub, Self::Jti];

    /// Returns the claim of that name.
    #[inline]
    pub fn by_name(name: &[u8]) -> Option<Self> {
        // One comparison of three bytes instead of seven of strings.
        let name: &[u8; 3] = name.try_into().ok()?;
        Some(match name {
            b"exp" => Self::Exp,
            b"nbf" => Self::Nbf,
            b"iat" => Self::Iat,
            b"iss" => Self::Iss,
            b"aud" => Self::Aud,
            b"sub" => Self::Sub,
            b"jti" => Self::Jti,
            _ => return None,
        })
    }

    /// Returns the name of the claim's member.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exp => "exp",
            Self::Nbf => "nbf",
            Self::Iat => "iat",
            Self::Iss => "iss",
            Self::Aud => "aud",
            Self::Sub => "sub",
            Self::Jti => "jti",
        }
    }
}

/// A claim that should be a time: `exp`, `nbf`, `iat`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Time {
    /// The claim is absent.
    Absent,
    /// Whole seconds since the epoch; a fraction is cut off.
    At(f64),
    /// The claim is present and not a number.
    NotInteger,
}

/// A claim that should be a string: `iss`, `sub`, `jti`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// The claim is absent.
    Absent,
    /// A string that the rule accepts.
    Accepted,
    /// A string that the rule refuses.
    Refused,
    /// The claim is present and not a string.
    NotText,
}

impl Text {
    /// Compares a string with the strings that are accepted; `None` accepts every string.
    pub fn compare<S: AsRef<str>>(text: &str, accepted: Option<&Accepted<S>>) -> Self {
        let is_accepted = accepted.is_none_or(|accepted| accepted.accepts(text));
        if is_accepted { Self::Accepted } else { Self::Refused }
    }
}

/// The `aud` claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Absent, or false in Python: null, `""`, `[]`, `{}`, 0, false.
    Absent,
    /// One string.
    One {
        /// Whether the rule accepts it.
        accepted: bool,
    },
    /// A list of strings.
    List {
        /// Whether the rule accepts at least one of them.
        accepted: bool,
    },
    /// Anything else.
    Malformed,
}

/// What the rules need to see of a set of claims.
pub trait ClaimsView {
    /// Returns `exp`, `nbf` or `iat`.
    fn time(&self, claim: Claim) -> Time;
    /// Compares `iss`, `sub` or `jti` with the `accepted` strings; `None` accepts every string.
    fn text<S: AsRef<str>>(&self, claim: Claim, accepted: Option<&Accepted<S>>) -> Text;
    /// Returns `aud`, with each string checked by `accepts`.
    fn audience(&self, accepts: impl Fn(&str) -> bool) -> Audience;
    /// Returns whether the claim is present and not null.
    fn is_present(&self, claim: &str) -> bool;
    /// Returns what `read` returns for the value of a claim, or of a member of one.
    fn with_value<T>(&self, path: &Path, read: impl FnOnce(&Seen<'_>) -> T) -> T;
}

/// The strings that a claim may contain: issuers, audiences, or a subject. `S` is owned or
/// borrowed.
#[derive(Debug, Clone)]
pub enum Accepted<S> {
    /// Only this one.
    One(S),
    /// Any of these.
    AnyOf(Vec<S>),
}

impl<S: AsRef<str>> Accepted<S> {
    /// Returns whether `text` is one of them.
    pub fn accepts(&self, text: &str) -> bool {
        match self {
            Self::One(one) => one.as_ref() == text,
            Self::AnyOf(any) => any.iter().any(|one| one.as_ref() == text),
        }
    }

    /// Returns all of them.
    pub fn as_slice(&self) -> &[S] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::AnyOf(any) => any,
        }
    }
}

/// The name of a claim, or of a member of one.
#[derive(Debug, Clone)]
pub struct Name {
    text: Box<str>,
    claim: Option<Claim>,
    index: usize,
}

impl Name {
    /// Returns the name itself.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the registered claim of that name.
    pub const fn claim(&self) -> Option<Claim> {
        self.claim
    }

    /// Returns the place of the name in [`Names::texts`], unless it is that of a registered claim.
    pub const fn index(&self) -> usize {
        self.index
    }
}

/// The names in a set of rules except those of registered claims, each of them once, so that a view
/// can find their values beforehand.
#[derive(Debug, Clone, Default)]
pub struct Names(Vec<Box<str>>);

impl Names {
    /// Returns the path with these names: a claim, a member of its value, a member of that, and so
    /// on. Returns `None` if there are none.
    pub fn path<'t>(&mut self, names: impl IntoIterator<Item = &'t str>) -> Option<Path> {
        let mut names = names.into_iter().map(|name| self.name(name));
        Some(Path { claim: names.next()?, inside: names.collect() })
    }

    fn name(&mut self, text: &str) -> Name {
        let claim = Claim::by_name(text.as_bytes());
        let known = self.0.iter().position(|known| **known == *text);
        let index = known.unwrap_or(self.0.len());
        if claim.is_none() && known.is_none() {
            self.0.push(text.into());
        }
        Name { text: text.into(), claim, index }
    }

    /// Returns the names.
    pub fn texts(&self) -> &[Box<str>] {
        &self.0
    }
}

/// The way to a claim, or to a member of one.
#[derive(Debug, Clone)]
pub struct Path {
    claim: Name,
    inside: Box<[Name]>,
}

impl Path {
    /// Returns the claim and the names of the members inside it.
    pub const fn split(&self) -> (&Name, &[Name]) {
        (&self.claim, &self.inside)
    }

    /// Returns the names with dots in between, for a message.
    pub fn dotted(&self) -> String {
        let inside = self.inside.iter().map(Name::text);
        std::iter::once(self.claim.text()).chain(inside).collect::<Vec<_>>().join(".")
    }

    pub(super) fn is_claim(&self, claim: Claim) -> bool {
        self.inside.is_empty() && self.claim.claim == Some(claim)
    }
}

/// A claim's value as the rules see it.
#[derive(Debug, Clone, Copy)]
pub enum Seen<'a> {
    /// The claim is absent.
    Absent,
    /// A string.
    Text(&'a str),
    /// An integer of 64 bits.
    Integer(i64),
    /// Any other value.
    Other(&'a Value),
    /// A value that Rust's JSON cannot hold, such as a lone surrogate: no rule but
    /// [`Condition::Present`](super::rules::Condition::Present) accepts it.
    Unreadable,
}

/// What one look at a value shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Glance {
    Absent,
    Text,
    /// An integer that is not negative.
    Time,
    Other,
}

impl Glance {
    #[inline]
    pub(super) const fn of(seen: &Seen<'_>) -> Self {
        match seen {
            Seen::Absent => Self::Absent,
            Seen::Text(_) => Self::Text,
            Seen::Integer(0..) => Self::Time,
            _ => Self::Other,
        }
    }
}

impl<'a> Seen<'a> {
    /// Returns a value, or [`Seen::Absent`] for `None`.
    pub fn of(value: Option<&'a Value>) -> Self {
        match value {
            None => Self::Absent,
            Some(Value::String(text)) => Self::Text(text),
            Some(other) => Self::Other(other),
        }
    }

    /// Follows a path inside a value.
    pub fn inside(value: &'a Value, rest: &[Name]) -> Self {
        Self::of(rest.iter().try_fold(value, |value, name| value.get(name.text())))
    }

    pub(super) const fn is_missing(&self) -> bool {
        matches!(self, Self::Absent | Self::Other(Value::Null))
    }

    pub(super) fn is(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Text(text), Value::String(other)) => text == other,
            (Self::Integer(integer), other) => is_equal(&Value::from(*integer), other),
            (Self::Other(value), other) => is_equal(value, other),
            _ => false,
        }
    }

    pub(super) const fn text(&self) -> Option<&'a str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    #[allow(clippy::cast_precision_loss, reason = "times are far below 2^53")]
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Self::Integer(integer) => Some(*integer as f64),
            Self::Other(value) => value.as_f64(),
            _ => None,
        }
    }

    pub(super) const fn list(&self) -> Option<&'a Vec<Value>> {
        if let Self::Other(Value::Array(list)) = self { Some(list) } else { None }
    }

    pub(super) const fn object(&self) -> Option<&'a Map<String, Value>> {
        if let Self::Other(Value::Object(members)) = self { Some(members) } else { None }
    }
}

/// Compares JSON values: numbers by what they are, whatever they are written like.
pub(super) fn is_equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one == other || (one.is_f64() != other.is_f64() && one.as_f64() == other.as_f64())
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| is_equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let same = |(name, one): (&String, &Value)| {
                other.get(name).is_some_and(|other| is_equal(one, other))
            };
            one.len() == other.len() && one.iter().all(same)
        }
        _ => one == other,
    }
}

/// Reads an `aud`, with each string checked by `accepts`.
pub fn audience(aud: Option<&Value>, accepts: impl Fn(&str) -> bool) -> Audience {
    match aud {
        None | Some(Value::Null | Value::Bool(false)) => Audience::Absent,
        Some(Value::Number(number)) if number.as_f64() == Some(0.0) => Audience::Absent,
        Some(Value::Object(members)) if members.is_empty() => Audience::Absent,
        Some(Value::String(text)) if text.is_empty() => Audience::Absent,
        Some(Value::String(text)) => Audience::One { accepted: accepts(text) },
        Some(Value::Array(list)) if list.is_empty() => Audience::Absent,
        Some(Value::Array(list)) if list.iter().all(Value::is_string) => {
            let accepted = list.iter().filter_map(Value::as_str).any(accepts);
            Audience::List { accepted }
        }
        Some(_) => Audience::Malformed,
    }
}

/// The claims of a Rust program. Only JSON numbers are times here; PyJWT reads strings of digits as
/// numbers too.
impl ClaimsView for Map<String, Value> {
    fn time(&self, claim: Claim) -> Time {
        match self.get(claim.name()) {
            None => Time::Absent,
            Some(value) => value.as_f64().map_or(Time::NotInteger, |time| Time::At(time.trunc())),
        }
    }

    fn text<S: AsRef<str>>(&self, claim: Claim, accepted: Option<&Accepted<S>>) -> Text {
        match self.get(claim.name()) {
            None => Text::Absent,
            Some(Value::String(text)) => Text::compare(text, accepted),
            Some(_) => Text::NotText,
        }
    }

    fn audience(&self, accepts: impl Fn(&str) -> bool) -> Audience {
        audience(self.get(Claim::Aud.name()), accepts)
    }

    fn is_present(&self, claim: &str) -> bool {
        self.get(claim).is_some_and(|value| !value.is_null())
    }

    fn with_value<T>(&self, path: &Path, read: impl FnOnce(&Seen<'_>) -> T) -> T {
        let (claim, rest) = path.split();
        read(&self.get(claim.text()).map_or(Seen::Absent, |value| Seen::inside(value, rest)))
    }
}
