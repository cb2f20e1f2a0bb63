//! JSON as a tree that keeps the text of its numbers and strings, so that a claim reaches its reader
//! as the issuer wrote it.

use serde_json::Value;

use crate::error::Error;
use crate::memory;

/// A JSON value.
pub(super) struct Node<'a> {
    pub(super) content: Content<'a>,
    /// The number of the disclosure that it comes from.
    pub(super) disclosure: Option<usize>,
}

pub(super) enum Content<'a> {
    /// The text of a string, a number, true, false or null.
    Scalar(&'a str),
    Array(Vec<Node<'a>>),
    Object(Vec<(String, Node<'a>)>),
}

impl<'a> Node<'a> {
    /// Reads a JSON text.
    ///
    /// # Errors
    /// [`Error::InvalidSdJwt`] for what is not JSON and for names that occur twice,
    /// [`Error::PayloadTooDeep`], [`Error::OutOfMemory`].
    pub(super) fn parse(json: &'a [u8], nesting: usize) -> Result<Self, Error> {
        memory::ensure_parsed(json)?;
        let not_json = || Error::InvalidSdJwt("a payload or a disclosure is not JSON");
        let text = std::str::from_utf8(json).map_err(|_| not_json())?;
        // What follows relies on this: it only looks for brackets, commas and quotation marks.
        serde_json::from_str::<Value>(text).map_err(|_| not_json())?;
        Self::read(text.trim_ascii(), nesting, nesting)
    }

    fn read(text: &'a str, depth: usize, nesting: usize) -> Result<Self, Error> {
        let deeper = || depth.checked_sub(1).ok_or(Error::PayloadTooDeep(nesting));
        let content = match text.as_bytes().first() {
            Some(b'[') => {
                let depth = deeper()?;
                let each = items(text).into_iter().map(|item| Self::read(item, depth, nesting));
                Content::Array(each.collect::<Result<_, _>>()?)
            }
            Some(b'{') => {
                let depth = deeper()?;
                let each = items(text).into_iter().map(|item| {
                    let (name, value) = member(item);
                    Ok((name, Self::read(value, depth, nesting)?))
                });
                let members = each.collect::<Result<Vec<_>, Error>>()?;
                refuse_duplicates(&members)?;
                Content::Object(members)
            }
            _ => Content::Scalar(text),
        };
        Ok(Self { content, disclosure: None })
    }

    /// Returns the text of a string.
    pub(super) fn string(&self) -> Option<String> {
        match self.content {
            Content::Scalar(text) => serde_json::from_str(text).ok(),
            _ => None,
        }
    }

    /// Returns the member of an object.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        match &self.content {
            Content::Object(members) => {
                members.iter().find(|(known, _)| known == name).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// Appends the JSON text, without white space outside of strings.
    pub(super) fn write(&self, json: &mut String) {
        match &self.content {
            Content::Scalar(text) => json.push_str(text),
            Content::Array(elements) => {
                json.push('[');
                write_separated(elements, json, Self::write);
                json.push(']');
            }
            Content::Object(members) => {
                json.push('{');
                write_separated(members, json, |(name, value), json| {
                    json.push_str(&quoted(name));
                    json.push(':');
                    value.write(json);
                });
                json.push('}');
            }
        }
    }

    /// Returns the JSON text.
    pub(super) fn to_json(&self) -> String {
        let mut json = String::new();
        self.write(&mut json);
        json
    }
}

/// Returns a text as a JSON string.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn write_separated<T>(items: &[T], json: &mut String, write: impl Fn(&T, &mut String)) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            json.push(',');
        }
        write(item, json);
    }
}

/// Splits the inside of an array or object at its own commas.
fn items(text: &str) -> Vec<&str> {
    let inside = text[1..text.len() - 1].trim_ascii();
    if inside.is_empty() {
        return Vec::new();
    }
    let (mut items, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    let mut index = 0;
    while let Some(byte) = inside.as_bytes().get(index) {
        match byte {
            b'"' => index += string_len(&inside[index..]) - 1,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth -= 1,
            b',' if depth == 0 => {
                items.push(inside[start..index].trim_ascii());
                start = index + 1;
            }
            _ => {}
        }
        index += 1;
    }
    items.push(inside[start..].trim_ascii());
    items
}

/// Splits a member of an object into its name and the text of its value.
fn member(item: &str) -> (String, &str) {
    let (name, rest) = item.split_at(string_len(item));
    let name = serde_json::from_str(name).expect("a name is a string");
    let value = rest.trim_ascii_start().strip_prefix(':').expect("a colon follows a name");
    (name, value.trim_ascii())
}

/// Returns the number of bytes of the string at the start of `text`, with its quotation marks.
fn string_len(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    });
    end.expect("a string ends") + 2
}

/// Refuses names that occur twice: readers of JSON differ about which value counts.
fn refuse_duplicates(members: &[(String, Node<'_>)]) -> Result<(), Error> {
    let mut names: Vec<_> = members.iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Error::InvalidSdJwt("a name occurs twice in an object"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(json: &str) -> Result<String, Error> {
        Node::parse(json.as_bytes(), 4).map(|node| node.to_json())
    }

    #[test]
    fn numbers_and_strings_keep_their_text() {
        let json = r#" { "a" : [ 1.10, 123456789012345678901234567890, -0.0 , 1E400 ],
            "\u0062\"" : { "c,]}" : "\u006d\\\"," , "d":{} } , "e":[ ] } "#;
        // 1E400 is JSON that Rust cannot hold.
        assert_eq!(
            written(json),
            Err(Error::InvalidSdJwt("a payload or a disclosure is not JSON"))
        );
        let expected = r#"{"a":[1.10,123456789012345678901234567890,-0.0],"b\"":{"c,]}":"\u006d\\\",","d":{}},"e":[]}"#;
        assert_eq!(written(&json.replace(" , 1E400", "")).as_deref(), Ok(expected));
    }

    #[test]
    fn depth_is_limited_and_names_are_unique() {
        assert_eq!(written("[[[[1]]]]").as_deref(), Ok("[[[[1]]]]"));
        assert_eq!(written("[[[[[]]]]]"), Err(Error::PayloadTooDeep(4)));
        assert_eq!(written(r#"{"a":{"a":{"a":{"a":{}}}}}"#), Err(Error::PayloadTooDeep(4)));
        let twice = Err(Error::InvalidSdJwt("a name occurs twice in an object"));
        assert_eq!(written(r#"{"a":1,"b":2,"\u0061":3}"#), twice);
    }

    #[test]
    fn a_member_can_be_looked_up() {
        let node = Node::parse(br#"{"a":"\u0062","c":[]}"#, 4).unwrap();
        assert_eq!(node.get("a").and_then(Node::string).as_deref(), Some("b"));
        assert_eq!(node.get("c").and_then(Node::string), None);
        assert!(node.get("d").is_none() && node.get("a").unwrap().get("b").is_none());
    }
}
