//! The private readers, for the fuzz targets; there is no such module without `--cfg fuzzing`.

use crate::{json::Json, multipart, public};

/// A document of JSON, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// `null`.
    Null,
    /// `true`, `false`, or a number as it is written.
    Word(String),
    /// A string; `None` where its escapes make no text.
    Text(Option<String>),
    /// An array.
    List(Vec<Self>),
    /// An object: its members in their order, with those that stand there twice.
    Object(Vec<(Option<String>, Self)>),
}

impl Document {
    fn of(json: Json<'_>) -> Self {
        let text = |json: Json<'_>| json.text().map(std::borrow::Cow::into_owned);
        if let Some(members) = json.members() {
            let members = members.map(|(name, value)| (text(name), Self::of(value)));
            return Self::Object(members.collect());
        }
        if let Some(items) = json.items() {
            return Self::List(items.map(Self::of).collect());
        }
        match json.scalar() {
            _ if json.is_text() => Self::Text(text(json)),
            Some(word) => Self::Word(word.into_owned()),
            None => Self::Null,
        }
    }
}

/// The reader of JSON that looks into bodies.
#[must_use]
pub fn json(text: &[u8]) -> Option<Document> {
    Json::parse(text).map(Document::of)
}

/// This document with the text at a path set, written otherwise as it was.
#[must_use]
pub fn json_with(text: &[u8], path: &[&str], value: &str) -> Option<String> {
    Json::parse(text)?.with(path, value)
}

/// Whether the stricter reader takes it, to which tokens, documents and keys are put.
#[must_use]
pub fn is_object(text: &[u8]) -> bool {
    public::is_object(text)
}

/// The only field of this name in a multipart body.
#[must_use]
pub fn multipart_field<'b>(body: &'b [u8], boundary: &str, name: &str) -> Option<&'b [u8]> {
    multipart::field(body, boundary, name)
}

/// The fields of a form.
#[must_use]
pub fn form_fields(body: &[u8]) -> Option<Vec<(String, String)>> {
    public::form_fields(body)
}
