//! The keys of which one may be there: where the signature stands, and how it is written.

use std::ops::Range;

use toml::Spanned;

use super::{File, Mistake};
use crate::SchemeBuilder;

/// A key that is there: its name, where it stands, and what it does.
type Choice<'a> = (
    &'static str,
    Range<usize>,
    Box<dyn FnOnce(SchemeBuilder) -> SchemeBuilder + 'a>,
);

/// A key, where it is there.
fn key<'a, T>(
    name: &'static str,
    value: Option<&'a Spanned<T>>,
    set: impl FnOnce(SchemeBuilder, &'a T) -> SchemeBuilder + 'a,
) -> Option<Choice<'a>> {
    let value = value?;
    Some((
        name,
        value.span(),
        Box::new(move |builder| set(builder, value.get_ref())),
    ))
}

/// The one of these keys that is there.
fn only<const N: usize>(keys: [Option<Choice<'_>>; N]) -> Result<Option<Choice<'_>>, Mistake> {
    let mut there = keys.into_iter().flatten();
    let first = there.next();
    match (&first, there.next()) {
        (Some((first, ..)), Some((second, span, _))) => Err(Mistake::new(
            Some(span),
            format!("`{first}` and `{second}` exclude each other; keep one of them"),
        )),
        _ => Ok(first),
    }
}

impl File {
    /// Says where the signature stands.
    pub(super) fn placed(&self, builder: SchemeBuilder) -> Result<SchemeBuilder, Mistake> {
        let found = only([
            key("header", self.header.as_ref(), SchemeBuilder::header),
            key(
                "header_lines",
                self.header_lines.as_ref(),
                SchemeBuilder::header_lines,
            ),
            key("headers", self.headers.as_ref(), |builder, names| {
                builder.headers(names)
            }),
            key(
                "numbered_headers",
                self.numbered_headers.as_ref(),
                SchemeBuilder::numbered_headers,
            ),
            key(
                "query_parameter",
                self.query_parameter.as_ref(),
                SchemeBuilder::query_parameter,
            ),
        ])?;
        let (.., set) = found.ok_or_else(|| {
            Mistake::new(
                None,
                "nothing says where the signature stands; write `header = \"x-acme-signature\"`, or `header_lines`, `headers`, `numbered_headers` or `query_parameter`",
            )
        })?;
        Ok(set(builder))
    }

    /// Says how the signature is written.
    pub(super) fn written(&self, builder: SchemeBuilder) -> Result<SchemeBuilder, Mistake> {
        let found = only([
            key("prefix", self.prefix.as_ref(), SchemeBuilder::prefix),
            key(
                "optional_prefix",
                self.optional_prefix.as_ref(),
                SchemeBuilder::optional_prefix,
            ),
            key(
                "credentials",
                self.credentials.as_ref(),
                SchemeBuilder::credentials,
            ),
            key(
                "bare_list",
                self.bare_list.as_ref(),
                |builder, separator| builder.bare_list(*separator),
            ),
            key(
                "stamped_list",
                self.stamped_list.as_ref(),
                |builder, separator| builder.stamped_list(*separator),
            ),
            key("list", self.list.as_ref(), |builder, list| {
                let builder = builder.list(list.separator, list.assign, &list.label);
                if list.any_case {
                    builder.any_label_case()
                } else {
                    builder
                }
            }),
        ])?;
        Ok(match found {
            Some((.., set)) => set(builder),
            None => builder,
        })
    }

    /// The key whose value is this header's name.
    pub(super) fn place_of_header(&self, name: &str) -> Option<Range<usize>> {
        let one = [
            &self.header,
            &self.header_lines,
            &self.timestamp_header,
            &self.id_header,
            &self.event_header,
        ];
        let one = one.into_iter().flatten().find(|key| key.get_ref() == name);
        let several = self.headers.as_ref();
        let several = several.filter(|key| key.get_ref().iter().any(|own| own == name));
        one.map(Spanned::span)
            .or_else(|| several.map(Spanned::span))
            .or_else(|| self.numbered_headers.as_ref().map(Spanned::span))
    }
}
