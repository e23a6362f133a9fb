//! The examples keep what they promise whoever starts one: every line that they print does what it
//! says, they end when they are told to, and they can be copied.
// Clippy knows the functions of a test, not their helpers.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used
)]

use std::{
    collections::BTreeMap,
    env, fs,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use webhook_tests::{
    cargo::{cargo, output, root},
    postgres::Postgres,
    process::{EXAMPLES, Example, Line},
};

/// What an example prints: the name, what comes of it over HTTP and over gRPC, and the reasons that
/// the audit may give.
const PROMISED: [(&str, &str, &str, &[&str]); 7] = [
    ("accepted", "200", "0", &["ok"]),
    ("tampered", "401", "16", &["signature_mismatch"]),
    (
        "unsigned",
        "401",
        "16",
        &["signature_missing", "id_missing"],
    ),
    ("stale", "401", "16", &["timestamp_too_old"]),
    ("too big", "413", "8", &["body_too_large"]),
    ("wrong address", "403", "7", &["ip_denied"]),
    ("too often", "429", "8", &["ok", "rate_limited"]),
];

fn lines_do_what_they_say(package: &'static str, database: Option<&str>) {
    if !has_curl() {
        assert!(env::var_os("CI").is_none(), "CI has no curl with HTTP/2");
        println!("skipped: there is no curl with HTTP/2 to type the lines with");
        return;
    }
    let example = Example::start_with(package, database);
    let mut due = Vec::new();
    assert_eq!(example.lines.len(), PROMISED.len());
    for (line, (name, http, grpc, reasons)) in example.lines.iter().zip(PROMISED) {
        let is_grpc = example.is_grpc();
        let status = if is_grpc { grpc } else { http };
        let expectation = if is_grpc {
            format!("grpc-status {grpc}")
        } else {
            http.to_owned()
        };
        assert_eq!(
            (line.name.as_str(), line.expectation.as_str()),
            (name, expectation.as_str())
        );
        let statuses = type_line(line, is_grpc);
        let sent = repetitions(line);
        assert_eq!(
            statuses.values().sum::<usize>(),
            sent,
            "{package}, {name}: {statuses:?}"
        );
        assert!(
            statuses.contains_key(status),
            "{package}, {name}: {statuses:?}"
        );
        // The line that comes too often is accepted until it does; every other line has one end.
        let others = statuses
            .keys()
            .filter(|&other| other != status)
            .collect::<Vec<_>>();
        let allowed: &[&str] = match (sent > 1, is_grpc) {
            (false, _) => &[],
            (true, false) => &["200"],
            (true, true) => &["0"],
        };
        assert_eq!(others, allowed, "{package}, {name}");
        due.extend(vec![(name, reasons); sent]);
    }

    let counted = ask(&example, database, due.len());
    let (status, audit) = example.stop();
    assert_eq!(status.code(), Some(0), "{package}: {status}");
    assert_eq!(
        audit.len(),
        due.len(),
        "{package}: one record for each request"
    );
    for (record, (name, reasons)) in audit.iter().zip(due) {
        let reason = record["reason"].as_str().unwrap();
        assert!(reasons.contains(&reason), "{package}, {name}: {record}");
        let outcome = if reason == "ok" { "accepted" } else { "denied" };
        assert_eq!(record["outcome"], outcome, "{package}, {name}: {record}");
    }
    counts_are_those_of_the_lines(package, &counted, &audit);
}

/// Types the last line, until it tells of as many requests as were sent: their records are written a
/// little after their answers.
fn ask(example: &Example, database: Option<&str>, sent: usize) -> BTreeMap<String, usize> {
    let started = Instant::now();
    loop {
        let mut shell = Command::new("sh");
        shell.args(["-c", &example.question]);
        shell.envs(database.map(|database| ("AUDIT_DB", database)));
        let printed = output(&mut shell);
        let counts: BTreeMap<_, _> = printed.lines().filter_map(count_of).collect();
        if counts.get("total") == Some(&sent) {
            return counts;
        }
        assert!(started.elapsed() < Duration::from_secs(30), "{printed}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// A line of `webhook audit stats`: `accepted    101`, or `refused     1 ip_denied`.
fn count_of(line: &str) -> Option<(String, usize)> {
    let words = line.split_whitespace().collect::<Vec<_>>();
    match words.as_slice() {
        [name, count] => Some(((*name).to_owned(), count.parse().ok()?)),
        ["refused", count, reason] => Some(((*reason).to_owned(), count.parse().ok()?)),
        _ => None,
    }
}

/// Each way to be refused is there as often as a line went that way.
fn counts_are_those_of_the_lines(package: &str, stats: &BTreeMap<String, usize>, audit: &[Value]) {
    let mut due = BTreeMap::from([
        ("total".to_owned(), audit.len()),
        ("accepted".to_owned(), 0),
        ("duplicates".to_owned(), 0),
        ("cancelled".to_owned(), 0),
        ("errors".to_owned(), 0),
    ]);
    for record in audit {
        let reason = record["reason"].as_str().unwrap();
        let name = if reason == "ok" { "accepted" } else { reason };
        *due.entry(name.to_owned()).or_default() += 1;
    }
    assert_eq!(*stats, due, "{package}");
    for reason in [
        "signature_mismatch",
        "timestamp_too_old",
        "body_too_large",
        "ip_denied",
    ] {
        assert_eq!(stats[reason], 1, "{package}, {reason}");
    }
}

fn has_curl() -> bool {
    let version = Command::new("curl").arg("--version").output();
    version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("HTTP2"))
}

/// How many requests a line makes: one, or as many as its loop goes round.
fn repetitions(line: &Line) -> usize {
    let Some((_, rest)) = line.command.split_once("$(seq 1 ") else {
        return 1;
    };
    rest.split_once(')').unwrap().0.parse().unwrap()
}

/// Types a line into a shell, and gives the statuses that came back, with how often each did.
fn type_line(line: &Line, is_grpc: bool) -> BTreeMap<String, usize> {
    let typed = Command::new("sh")
        .args(["-c", &line.command])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&typed.stderr);
    assert!(typed.status.success(), "{}: {said}", line.name);
    assert_eq!(said, "", "{}: a complaint", line.name);
    let printed = String::from_utf8_lossy(&typed.stdout);
    let lines = printed.lines().map(str::trim);
    if repetitions(line) > 1 {
        return lines.filter_map(|line| counted(line, is_grpc)).collect();
    }
    let statuses = lines.filter_map(if is_grpc { grpc_status } else { http_status });
    statuses.map(|status| (status, 1)).collect()
}

/// `100 429`, or `100 grpc-status: 8`, as `uniq -c` prints them.
fn counted(line: &str, is_grpc: bool) -> Option<(String, usize)> {
    let (count, status) = line.split_once(' ')?;
    let status = if is_grpc {
        grpc_status(status)?
    } else {
        status.to_owned()
    };
    Some((status, count.parse().ok()?))
}

/// In trailers it stands right behind the message, which ends no line.
fn grpc_status(line: &str) -> Option<String> {
    Some(line.rsplit_once("grpc-status:")?.1.trim().to_owned())
}

/// The status of a final answer: curl prints the head of a `100 Continue` too.
fn http_status(line: &str) -> Option<String> {
    let status = line.strip_prefix("HTTP/")?.split(' ').nth(1)?;
    (!status.starts_with('1')).then(|| status.to_owned())
}

#[test]
fn the_lines_of_axum_do_what_they_say() {
    lines_do_what_they_say("example-axum", None);
}

#[test]
fn the_lines_of_hyper_do_what_they_say() {
    lines_do_what_they_say("example-hyper", None);
}

#[test]
fn the_lines_of_tonic_do_what_they_say() {
    lines_do_what_they_say("example-tonic", None);
}

#[test]
fn the_records_can_go_to_postgres() {
    let Some(server) = Postgres::start() else {
        return;
    };
    let database = server.database("example");
    lines_do_what_they_say("example-axum", Some(&database));
}

#[test]
fn the_first_line_says_how_to_run_it() {
    for package in EXAMPLES {
        let text = fs::read_to_string(folder(package).join("src/main.rs")).unwrap();
        let first = text.lines().next().unwrap();
        assert!(
            first.starts_with(&format!("//! Run with `cargo run -p {package}`")),
            "{first}"
        );
    }
}

/// People copy an example as a folder with a manifest and one file of code.
#[test]
fn an_example_is_a_manifest_and_one_file() {
    for package in EXAMPLES {
        let names = |folder: &Path| -> Vec<String> {
            let entries = fs::read_dir(folder).unwrap();
            let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
            let mut names: Vec<_> = entries.map(|entry| name(entry.unwrap())).collect();
            names.sort();
            names
        };
        let mut beside = names(&folder(package));
        beside.retain(|name| name != "README.md");
        assert_eq!(beside, ["Cargo.toml", "src"], "{package}");
        assert_eq!(
            names(&folder(package).join("src")),
            ["main.rs"],
            "{package}"
        );
    }
}

/// Outside the repository nothing is inherited, and what is not on a path has a version.
#[test]
fn a_manifest_holds_without_its_paths() {
    for package in EXAMPLES {
        let manifest = fs::read_to_string(folder(package).join("Cargo.toml")).unwrap();
        let is_inherited = |line: &&str| line.replace(' ', "").contains("workspace=true");
        assert_eq!(manifest.lines().find(is_inherited), None, "{package}");
        let copy = env::temp_dir().join(format!("{package}-copy-{}", std::process::id()));
        fs::create_dir_all(copy.join("src")).unwrap();
        fs::write(copy.join("Cargo.toml"), without_paths(&manifest)).unwrap();
        fs::copy(
            folder(package).join("src/main.rs"),
            copy.join("src/main.rs"),
        )
        .unwrap();
        let read = output(cargo(&copy).args(["metadata", "--no-deps", "--format-version=1"]));
        fs::remove_dir_all(&copy).unwrap();

        let read: Value = serde_json::from_str(&read).unwrap();
        let dependencies = read["packages"][0]["dependencies"].as_array().unwrap();
        assert!(
            dependencies
                .iter()
                .any(|dependency| dependency["name"] == "webhook-layers")
        );
        for dependency in dependencies {
            assert_eq!(dependency.get("path"), None, "{package}: {dependency}");
            assert_ne!(dependency["req"], "*", "{package}: {dependency}");
        }
    }
}

/// The manifest with every `path = "…"` dropped, as its reader is told to do.
fn without_paths(manifest: &str) -> String {
    let mut text = String::new();
    for line in manifest.lines() {
        match line.split_once("path = \"") {
            Some((before, rest)) => {
                let after = rest.split_once('"').unwrap().1;
                text += before;
                text += after.strip_prefix(", ").unwrap_or(after);
            }
            None => text += line,
        }
        text.push('\n');
    }
    assert_ne!(text.trim(), manifest.trim(), "there is a path to drop");
    text
}

fn folder(package: &str) -> std::path::PathBuf {
    root()
        .join("examples")
        .join(package.strip_prefix("example-").unwrap())
}
