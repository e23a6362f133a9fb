//! `webhook providers`: the presets, all or one.

use std::fmt::{self, Write as _};

use serde::Serialize;
use webhook_signature::{Preset, Tolerance, presets};

use crate::{
    args::preset,
    exit::{Exit, Outcome},
    output::{Format, Output},
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Show this one, whole
    name: Option<String>,

    /// How to answer
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let mut output = Output::new(args.format);
    if let Some(name) = &args.name {
        output.answer(&Provider::of(preset(name)?))?;
        return Ok(Exit::Done);
    }
    let all: Vec<_> = presets::all().map(Provider::of).collect();
    if output.is_json() {
        output.json(&all)?;
    } else {
        output.text(&table(&all))?;
    }
    Ok(Exit::Done)
}

/// A preset, in the names of `--format json`.
#[derive(Serialize)]
struct Provider {
    name: String,
    title: &'static str,
    kind: &'static str,
    algorithm: Option<&'static str>,
    headers: Vec<String>,
    signed_content: Option<String>,
    tolerance: Option<Bounds>,
    secret_encoding: &'static str,
    delivery_id: Option<String>,
    delivery_id_signed: bool,
    event: Option<String>,
    event_signed: bool,
    handshake: Option<&'static str>,
    published_addresses: Option<&'static str>,
    evidence: &'static str,
    source: &'static str,
    notes: &'static str,
}

/// How far a signed timestamp may be off, in seconds; an absent bound is not checked.
#[derive(Serialize)]
struct Bounds {
    past: Option<u64>,
    future: Option<u64>,
}

impl From<Tolerance> for Bounds {
    fn from(tolerance: Tolerance) -> Self {
        let seconds = |bound: Option<std::time::Duration>| bound.map(|bound| bound.as_secs());
        Self {
            past: seconds(tolerance.past()),
            future: seconds(tolerance.future()),
        }
    }
}

impl Provider {
    fn of(preset: &Preset) -> Self {
        let scheme = preset.scheme();
        let name = |header: Option<&http::HeaderName>| header.map(ToString::to_string);
        let headers = [
            scheme.signature_header(),
            scheme.timestamp_header(),
            scheme.id_header(),
            scheme.event_header(),
        ];
        Self {
            name: preset.name().to_owned(),
            title: preset.title(),
            kind: preset.kind().as_str(),
            algorithm: Some(scheme.primitive().as_str()),
            headers: headers.into_iter().filter_map(name).collect(),
            signed_content: some(scheme.signed_content()),
            tolerance: scheme.tolerance().map(Bounds::from),
            secret_encoding: scheme.secret_encoding().as_str(),
            delivery_id: name(preset.id_header()),
            delivery_id_signed: scheme.covers_id(),
            event: name(preset.event_header()),
            event_signed: scheme.covers_event(),
            handshake: some(preset.handshake()),
            published_addresses: some(preset.published_addresses()),
            evidence: preset.evidence().as_str(),
            source: preset.source(),
            notes: preset.notes(),
        }
    }
}

/// What is said, if anything is.
fn some<T: AsRef<str>>(text: T) -> Option<T> {
    (!text.as_ref().is_empty()).then_some(text)
}

/// One preset, whole.
impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signed = |text: &Option<String>, signed: bool| {
            let signed = if signed { "signed" } else { "not signed" };
            text.as_ref().map(|text| format!("{text}, {signed}"))
        };
        let bound = |bound: Option<u64>| bound.map_or("any".to_owned(), |s| format!("{s} s"));
        let tolerance = self.tolerance.as_ref().map(|bounds| {
            format!(
                "{} behind, {} ahead",
                bound(bounds.past),
                bound(bounds.future)
            )
        });
        writeln!(f, "{} ({})", self.title, self.name)?;
        for (label, value) in [
            ("kind", Some(self.kind.to_owned())),
            ("algorithm", self.algorithm.map(str::to_owned)),
            ("headers", Some(self.headers.join(", "))),
            ("signed content", self.signed_content.clone()),
            (
                "tolerance",
                tolerance.or_else(|| Some("no timestamp is signed".to_owned())),
            ),
            ("secret encoding", Some(self.secret_encoding.to_owned())),
            (
                "delivery id",
                signed(&self.delivery_id, self.delivery_id_signed),
            ),
            ("event", signed(&self.event, self.event_signed)),
            ("handshake", self.handshake.map(str::to_owned)),
            ("addresses", self.published_addresses.map(str::to_owned)),
            ("evidence", Some(self.evidence.to_owned())),
            ("source", Some(self.source.to_owned())),
            ("notes", Some(self.notes.to_owned())),
        ] {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                writeln!(f, "  {label:<16} {value}")?;
            }
        }
        Ok(())
    }
}

/// One preset a line.
fn table(all: &[Provider]) -> String {
    let width = |text: fn(&Provider) -> &str| all.iter().map(|p| text(p).len()).max().unwrap_or(0);
    let (names, titles) = (width(|p| &p.name), width(|p| p.title));
    let mut text = String::new();
    for p in all {
        let algorithm = p.algorithm.unwrap_or(p.kind);
        // Writing to a text does not fail.
        let _ = writeln!(
            text,
            "{:<names$}  {:<titles$}  {algorithm:<12}  {}",
            p.name, p.title, p.evidence
        );
    }
    text
}
