//! Where the entries stand in a JSON document.
//!
//! A place is written as `webhooks.prefixes_ipv4[]`: members with dots between them, `[]` for every
//! element of a list, `*` for every member of an object.

use serde_json::Value;

use super::FeedError;

/// Takes the objects of a list whose member has one of these values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Only {
    pub(super) member: String,
    pub(super) values: Vec<String>,
}

impl Only {
    /// The member is one of the values, or a list that holds one.
    fn takes(&self, element: &Value) -> bool {
        let wanted = |value: &Value| {
            value
                .as_str()
                .is_some_and(|text| self.values.iter().any(|value| value == text))
        };
        match element.get(&self.member) {
            Some(Value::Array(values)) => values.iter().any(wanted),
            Some(value) => wanted(value),
            None => false,
        }
    }
}

/// Adds the texts at a place of the document.
///
/// A member that is absent adds nothing, since many lists leave out what is empty; one of another
/// type than the place says is an error.
pub(super) fn collect<'v>(
    value: &'v Value,
    place: &str,
    only: &[Only],
    found: &mut Vec<&'v str>,
) -> Result<(), FeedError> {
    let wrong = || FeedError::malformed(&format!("at {place:?} is something of another type"));
    if place.is_empty() {
        found.push(value.as_str().ok_or_else(wrong)?);
        return Ok(());
    }
    if let Some(rest) = place.strip_prefix("[]") {
        let rest = rest.strip_prefix('.').unwrap_or(rest);
        for element in value.as_array().ok_or_else(wrong)? {
            if !element.is_object() || only.iter().all(|only| only.takes(element)) {
                collect(element, rest, only, found)?;
            }
        }
        return Ok(());
    }
    let members = value.as_object().ok_or_else(wrong)?;
    let end = place.find(['.', '[']).unwrap_or(place.len());
    let (name, rest) = place.split_at_checked(end).unwrap_or((place, ""));
    let rest = rest.strip_prefix('.').unwrap_or(rest);
    if name == "*" {
        let nested = members
            .values()
            .filter(|value| value.is_object() || value.is_array());
        for value in nested {
            collect(value, rest, only, found)?;
        }
    } else if let Some(value) = members.get(name) {
        collect(value, rest, only, found)?;
    }
    Ok(())
}
