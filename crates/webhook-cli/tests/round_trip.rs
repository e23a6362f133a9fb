//! What `sign` prints, `verify` accepts, and refuses once anything of it is changed: for every preset that
//! signs, and for every scheme in `examples/`.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "helpers outside #[test] functions may fail a test too"
)]

mod common;

use std::{fs, path::Path};

use common::{Folder, Run, providers, webhook};
use serde_json::Value;

const AT: i64 = 1_700_000_000;
const BODY: &str = "{\"a\": \"b\"}\n";

/// How a scheme is chosen, and a secret in its encoding.
struct Sender {
    chosen: [String; 2],
    secret: String,
    covers_body: bool,
    covers_url: bool,
    covers_id: Option<String>,
    has_time: bool,
}

/// A delivery as `sign` told it.
#[derive(Clone)]
struct Delivery {
    headers: Vec<(String, String)>,
    body: String,
    url: String,
    secret: String,
    at: i64,
    /// Whether body or URL hold the signature.
    is_elsewhere: bool,
}

impl Sender {
    fn of(provider: &Value) -> Option<Self> {
        let text = |field: &str| provider[field].as_str().unwrap_or_default().to_owned();
        if text("kind") != "hmac" {
            return None;
        }
        let content = text("signed_content");
        Some(Self {
            chosen: ["--provider".to_owned(), text("name")],
            secret: secret(&text("secret_encoding"))?.to_owned(),
            covers_body: content.contains("body"),
            covers_url: content.contains("{url}") || content.contains("{target}"),
            covers_id: provider["delivery_id_signed"]
                .as_bool()?
                .then(|| text("delivery_id")),
            has_time: content.contains("{timestamp}"),
        })
    }

    /// `None` where no header can carry the signature, or not for this body.
    fn sign(&self, folder: &Folder) -> Option<Delivery> {
        let url = "https://hooks.example.com/a?b=c".to_owned();
        let (body, secret) = (
            folder.file("body", BODY),
            folder.file("secret", &self.secret),
        );
        let at = AT.to_string();
        let run = webhook(
            [
                "sign",
                "--format=json",
                "--url",
                &url,
                "--body",
                &body,
                "--secret-file",
                &secret,
                "--at",
                &at,
            ]
            .into_iter()
            .chain(["--id", "msg1", "--event", "made"])
            .chain(self.chosen.iter().map(String::as_str)),
        );
        let carried = ["cannot sign this body"];
        if run.code == 2 && carried.iter().any(|why| run.stderr.contains(why)) {
            return None;
        }
        let answer = run.exits(0).json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let headers = answer["headers"].as_array().unwrap();
        Some(Delivery {
            headers: headers
                .iter()
                .map(|line| (text(&line[0]), text(&line[1])))
                .collect(),
            body: answer["body"].as_str().unwrap_or(BODY).to_owned(),
            url: answer["url"].as_str().map_or(url, str::to_owned),
            secret: self.secret.clone(),
            at: AT,
            is_elsewhere: answer.as_object().unwrap().len() > 1,
        })
    }

    fn verify(&self, delivery: &Delivery, folder: &Folder) -> Run {
        let (body, secret) = (
            folder.file("body", &delivery.body),
            folder.file("secret", &delivery.secret),
        );
        let lines = delivery.headers.iter();
        let lines: Vec<_> = lines
            .map(|(name, value)| format!("{name}: {value}\n"))
            .collect();
        let (headers, at) = (
            folder.file("headers", lines.concat()),
            delivery.at.to_string(),
        );
        webhook(
            [
                "verify",
                "--format=json",
                "--url",
                &delivery.url,
                "--headers",
                &headers,
                "--body",
                &body,
            ]
            .into_iter()
            .chain(["--secret-file", &secret, "--at", &at])
            .chain(self.chosen.iter().map(String::as_str)),
        )
    }

    /// The delivery with one thing changed, each in turn.
    fn changed(&self, delivery: &Delivery) -> Vec<(&'static str, Delivery)> {
        let with = |change: &dyn Fn(&mut Delivery)| {
            let mut changed = delivery.clone();
            change(&mut changed);
            changed
        };
        let mut all = vec![(
            "another secret",
            with(&|d| d.secret = d.secret.replace('A', "B")),
        )];
        if delivery.is_elsewhere {
            return all;
        }
        all.push(("no headers", with(&|d| d.headers.clear())));
        if self.covers_body {
            all.push((
                "a byte of the body",
                with(&|d| d.body = BODY.replace('b', "c")),
            ));
            all.push(("a byte more", with(&|d| d.body.push('x'))));
            all.push(("no body", with(&|d| d.body.clear())));
        }
        if self.covers_url {
            all.push(("the path", with(&|d| d.url = d.url.replace("/a?", "/b?"))));
            all.push(("the query", with(&|d| d.url.push('d'))));
        }
        if let Some(id) = &self.covers_id {
            let change = |d: &mut Delivery| {
                d.headers
                    .iter_mut()
                    .filter(|(name, _)| name == id)
                    .for_each(|(_, value)| value.push('2'));
            };
            all.push(("the id", with(&change)));
        }
        if self.has_time {
            all.push(("a later time", with(&|d| d.at += 100_000)));
        }
        all
    }

    /// Whether the sender signs at all.
    fn check(&self, folder: &Folder) -> bool {
        let Some(delivery) = self.sign(folder) else {
            return false;
        };
        let answer = self.verify(&delivery, folder).exits(0).json();
        assert_eq!(answer["valid"], true);
        if self.covers_id.is_some() {
            assert_eq!(answer["delivery_id"], "msg1");
        }
        for (what, changed) in self.changed(&delivery) {
            let run = self.verify(&changed, folder);
            assert_eq!(run.code, 1, "{:?}, {what}: {run:?}", self.chosen);
        }
        true
    }
}

/// A secret that can be written so.
fn secret(encoding: &str) -> Option<&'static str> {
    Some(match encoding {
        "raw" => "MAAA-a-secret-that-is-long-enough",
        "hex" => "AAAA0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab",
        "base64" | "whsec" => "MAAAr8GKYqrTwjUPD8ILPZIo2LaLaSwAMAAAr8GKYqrT",
        _ => return None,
    })
}

#[test]
fn what_is_signed_verifies_and_nothing_else_does() {
    let folder = Folder::new();
    let senders: Vec<_> = providers().iter().filter_map(Sender::of).collect();
    let signing = senders.iter().filter(|sender| sender.check(&folder));
    assert!(signing.count() >= 8);
}

#[test]
fn schemes_in_files_sign_and_verify() {
    let folder = Folder::new();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut seen = 0;
    for entry in fs::read_dir(examples).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let is_whsec = text.contains("secret_encoding = \"whsec\"");
        let sender = Sender {
            chosen: ["--scheme".to_owned(), path.to_str().unwrap().to_owned()],
            secret: secret(if is_whsec { "whsec" } else { "raw" })
                .unwrap()
                .to_owned(),
            covers_body: true,
            covers_url: text.contains("{url}"),
            covers_id: text.contains("{id}").then(|| "hooli-id".to_owned()),
            has_time: text.contains("{timestamp}"),
        };
        assert!(sender.check(&folder));
        seen += 1;
    }
    assert_eq!(seen, 4);
}

#[test]
fn the_readmes_scheme_is_one() {
    let readme = include_str!("../README.md");
    let text = readme.split("```toml\n").nth(1).unwrap();
    let text = text.split("```").next().unwrap();
    let folder = Folder::new();
    let sender = Sender {
        chosen: ["--scheme".to_owned(), folder.file("readme.toml", text)],
        secret: secret("raw").unwrap().to_owned(),
        covers_body: true,
        covers_url: false,
        covers_id: None,
        has_time: true,
    };
    assert!(sender.check(&folder));
}

#[test]
fn a_scheme_file_with_a_mistake_says_where_and_how_to_mend_it() {
    let folder = Folder::new();
    let right = "name = \"acme\"\nalgorithm = \"hmac-sha256\"\nheader = \"x-acme\"\n";
    let run = |path: &str| webhook(["verify", "--secret", "0123456789abcdef", "--scheme", path]);
    for (more, line, fix) in [
        ("hedaer = \"x\"\n", "line 4", "expected one of"),
        ("\nencoding = \"hax\"\n", "line 5", "`base64url`"),
        ("timestamp_header = \"x-t\"\n", "line 4", "{timestamp}"),
    ] {
        let path = folder.file("scheme.toml", format!("{right}{more}"));
        let said = run(&path).exits(2).stderr;
        assert!(
            said.contains(line) && said.contains(fix) && said.contains(&path),
            "{said}"
        );
    }
    run("/nowhere.toml").exits(3);
    run(&folder.file("binary", b"\xff")).exits(2);
    // A scheme that signs the URL asks for it.
    let text = format!("{right}signed_text = \"{{url}}{{body}}\"\n");
    let said = run(&folder.file("scheme.toml", text)).exits(2).stderr;
    assert!(said.contains("--url"), "{said}");
}

#[test]
fn a_signature_outside_the_headers_is_printed_where_it_stands() {
    let folder = Folder::new();
    let document = folder.file("body", "{\"event\":{\"event_type\":\"made\"}}");
    let form = folder.file("form", "a=1");
    let at = AT.to_string();
    for (provider, file, changed) in [
        ("figma", &document, "body"),
        ("mailgun", &document, "body"),
        ("dropbox-sign", &document, "body"),
        ("vonage-sms", &form, "body"),
        ("braintree", &form, "body"),
        ("pandadoc", &document, "url"),
    ] {
        let run = |more: &[&str], url: &str, body: &str| {
            let same = [
                "--secret",
                "0123456789abcdef",
                "--provider",
                provider,
                "--at",
                &at,
            ];
            let request = ["--url", url, "--body", body];
            webhook([more, &same, &request].concat())
        };
        let url = "https://hooks.example.com/a?b=c";
        let answer = run(&["sign", "--format", "json"], url, file)
            .exits(0)
            .json();
        let members: Vec<_> = answer.as_object().unwrap().keys().collect();
        let mut expected = vec![changed, "headers"];
        expected.sort_unstable();
        assert_eq!(members, expected, "{provider}");

        let signed_url = answer["url"].as_str().unwrap_or(url);
        let body = match answer["body"].as_str() {
            Some(text) => folder.file("signed", text),
            None => file.to_owned(),
        };
        let verify = ["verify", "--format", "json"];
        let verdict = run(&verify, signed_url, &body);
        assert_eq!(verdict.exits(0).json()["valid"], true, "{provider}");
        assert_eq!(run(&verify, url, file).code, 1, "{provider}");

        let headers = run(&["sign"], url, file).exits(0);
        assert!(headers.stderr.contains("--format http"), "{provider}");
        let whole = run(&["sign", "--format", "http"], url, file).exits(0);
        let whole = whole.text();
        // The ids of two runs may differ.
        let part = if provider == "mailgun" {
            "\"signature\":"
        } else {
            changed
        };
        match (part, answer[changed].as_str()) {
            ("body", Some(text)) => assert!(whole.ends_with(text), "{whole}"),
            ("url", Some(text)) => assert!(
                whole.contains(&text["https://hooks.example.com".len()..]),
                "{whole}"
            ),
            (part, _) => assert!(whole.contains(part), "{whole}"),
        }
    }
}

#[test]
fn headers_are_printed_in_the_order_in_which_they_were_given() {
    let given = [
        "A: 1",
        "Content-Length: 3",
        "B: 2",
        "X-Hub-Signature-256: sha256=00",
        "C: 3",
        "a: 4",
    ];
    let fixed = ["sign", "--provider=github", "--secret=0123456789abcdef"];
    let headers = given.iter().flat_map(|line| ["-H", line]);
    let run = webhook(fixed.into_iter().chain(headers)).exits(0);
    let lines: Vec<_> = run.text().lines().collect();
    assert_eq!(lines[..4], ["a: 1", "b: 2", "c: 3", "a: 4"]);
    assert!(lines[4].starts_with("x-hub-signature-256: sha256=") && lines.len() == 5);
}
