//! The page that lists all presets is what the presets say.
//!
//! `UPDATE_DOCS=1 cargo test -p webhook-signature --all-features --test providers_page` writes it.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{fmt::Write as _, path::Path, time::Duration};

use webhook_signature::{Evidence, Kind, Preset, Tolerance, presets};

/// Text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

fn code(text: &str) -> String {
    if text.is_empty() {
        return "–".to_owned();
    }
    format!("`{}`", text.replace('|', "\\|"))
}

fn seconds(tolerance: Option<Tolerance>) -> String {
    let text = |bound: Option<Duration>| match bound {
        Some(bound) if bound.subsec_millis() > 0 => format!("{:.3} s", bound.as_secs_f64()),
        Some(bound) => format!("{} s", bound.as_secs()),
        None => "any".to_owned(),
    };
    match tolerance {
        None => "no signed time".to_owned(),
        Some(tolerance) if tolerance.past() == tolerance.future() => text(tolerance.past()),
        Some(tolerance) => {
            let (past, future) = (text(tolerance.past()), text(tolerance.future()));
            format!("{past} of age, {future} ahead")
        }
    }
}

fn entry(page: &mut String, preset: &Preset) {
    let scheme = preset.scheme();
    writeln!(page, "### {}\n", preset.name()).unwrap();
    let text = format!("{}. {}", preset.title(), preset.notes());
    writeln!(page, "{}\n", cell(text.trim_end())).unwrap();
    let mut line = |name: &str, value: String| {
        if !value.is_empty() && value != "–" {
            writeln!(page, "- {name}: {value}").unwrap();
        }
    };
    line(
        "kind",
        format!("{}, {}", preset.kind(), scheme.primitive().as_str()),
    );
    if preset.is_verifiable() {
        let format = code(&scheme.signature_format());
        let encoding = scheme.encoding().as_str();
        line(
            "signature",
            format!("{}: {format}, {encoding}", code(&scheme.signature_place())),
        );
        line("signed", code(&scheme.signed_content()));
        if let Some(unit) = scheme.timestamp_unit() {
            let header = scheme.timestamp_header().map_or("", |name| name.as_str());
            let unit = unit.as_str();
            let tolerance = seconds(scheme.tolerance());
            line(
                "timestamp",
                format!("{} in {unit}, {tolerance}", code(header)),
            );
        }
        line("secret", scheme.secret_encoding().as_str().to_owned());
    }
    if let Some(name) = preset.id_header() {
        let signed = if scheme.covers_id() {
            "signed"
        } else {
            "not signed"
        };
        line("delivery id", format!("`{name}`, {signed}"));
    }
    if let Some(name) = preset.event_header() {
        line("event", format!("`{name}`"));
    }
    line("handshake", cell(preset.handshake()));
    line("addresses", cell(preset.published_addresses()));
    line(
        "source",
        format!("{} ({})", cell(preset.source()), preset.evidence()),
    );
    page.push('\n');
}

fn page() -> String {
    let count = |wanted: &dyn Fn(&Preset) -> bool| presets::all().filter(|p| wanted(p)).count();
    let (all, official) = (
        presets::all().len(),
        count(&|preset| {
            matches!(
                preset.evidence(),
                Evidence::OfficialSdk | Evidence::OfficialDoc
            )
        }),
    );
    let mut page = format!(
        "# Providers\n\n{all} presets, {official} of them read from the provider's own code or documentation. This page is generated from the presets:\n`UPDATE_DOCS=1 cargo test -p webhook-signature --all-features --test providers_page`.\n\nEvidence: `official-sdk` (the provider's own code was read), `official-doc` (its documentation), `third-party` (somebody else's\nverifier or notes). A provider of kind `token` or `basic` shows a secret and signs nothing; one of kind `none` proves nothing, and\nthere is no verifier for it.\n\n| preset | kind | signature | signed | time | evidence |\n|---|---|---|---|---|---|\n"
    );
    for preset in presets::all() {
        let scheme = preset.scheme();
        let kind = match preset.kind() {
            Kind::Unsigned => "**none**".to_owned(),
            kind => kind.to_string(),
        };
        let place = if preset.is_verifiable() {
            code(&scheme.signature_place())
        } else {
            "cannot be verified".to_owned()
        };
        writeln!(
            page,
            "| [{0}](#{0}) | {kind} | {place} | {1} | {2} | {3} |",
            preset.name(),
            code(&scheme.signed_content()),
            seconds(scheme.tolerance()),
            preset.evidence(),
        )
        .unwrap();
    }
    page.push_str("\n## Each of them\n\n");
    presets::all().for_each(|preset| entry(&mut page, preset));
    format!("{}\n", page.trim_end())
}

#[test]
fn the_page_is_what_the_presets_say() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    if !workspace.join("crates/webhook-signature").exists() {
        println!("skipped: the page is beside the workspace's crates");
        return;
    }
    let docs = workspace.join("docs");
    let file = docs.join("PROVIDERS.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(&docs).unwrap();
        std::fs::write(&file, page()).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        written == page(),
        "docs/PROVIDERS.md is out of date; write it with UPDATE_DOCS=1 and this test"
    );
}
