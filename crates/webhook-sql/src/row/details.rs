//! The fields that are no columns of their own, as a JSON object: `{"method":"POST","verify_us":41}`.
//!
//! A cell of it is a whole object at any time. What was written is what is hashed, byte for byte.

use std::{borrow::Cow, collections::HashMap, fmt::Write as _};

use crate::{
    cell::Cell,
    column::{COLUMNS, OWN},
};

/// How many bytes an object usually has.
const USUAL: usize = 192;

pub(super) fn add_number(details: &mut Cell, name: &str, number: i64) {
    add(details, name, |out| {
        let _infallible = write!(out, "{number}");
    });
}

pub(super) fn add_text(details: &mut Cell, name: &str, text: &str) {
    add(details, name, |out| {
        out.push('"');
        if text
            .bytes()
            .all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\')
        {
            out.push_str(text);
        } else {
            add_escaped(out, text);
        }
        out.push('"');
    });
}

fn add(details: &mut Cell, name: &str, add_value: impl FnOnce(&mut String)) {
    if details.is_null() {
        *details = Cell::from(String::with_capacity(USUAL));
    }
    if let Cell::Text(Cow::Owned(out)) = details {
        // The brace that ended the object so far.
        let is_first = out.pop().is_none();
        out.push_str(if is_first { "{\"" } else { ",\"" });
        out.push_str(name);
        out.push_str("\":");
        add_value(out);
        out.push('}');
    }
}

fn add_escaped(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\0'..='\u{1f}' => {
                let _infallible = write!(out, "\\u{:04x}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
}

/// Reads an object into the fields that it names; what is none changes nothing.
pub(super) fn read(details: &str, fields: &mut [Cell]) {
    let Ok(mut members) = serde_json::from_str::<HashMap<String, serde_json::Value>>(details)
    else {
        return;
    };
    for (column, cell) in COLUMNS.iter().zip(fields).skip(OWN) {
        match members.remove(column.name) {
            Some(serde_json::Value::Number(number)) => *cell = number.as_i64().into(),
            Some(serde_json::Value::String(text)) => *cell = text.into(),
            _ => {}
        }
    }
}
