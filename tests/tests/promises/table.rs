//! The table in `SECURITY.md` names each promise's tests: they are there, under these names, and no
//! test of a promise is missing in it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use webhook_tests::cargo::root;

const PROMISES: usize = 40;

/// One row of the table.
struct Row {
    number: usize,
    promise: String,
    /// What shows it: the file, and the test's name in it; a program has none.
    shown: Vec<(String, Option<String>)>,
    /// How to run these.
    run: Vec<String>,
}

fn rows() -> Vec<Row> {
    let text = fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let table = text
        .lines()
        .skip_while(|line| !line.starts_with("| # | promise |"));
    table
        .take_while(|line| line.starts_with('|'))
        .filter_map(row)
        .collect()
}

/// `| 1 | the promise | its tests | how to run them |`; the table's head is no row.
fn row(line: &str) -> Option<Row> {
    let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
    let number = cells.first()?.parse().ok()?;
    let [_, promise, shown, run] = cells[..] else {
        panic!("promise {number} has another number of cells: {line}");
    };
    Some(Row {
        number,
        promise: promise.to_owned(),
        shown: shown_by(shown),
        run: code(run).map(str::to_owned).collect(),
    })
}

/// What stands between backticks.
fn code(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// Files, each followed by the names of the tests that it holds; a program's has none.
fn shown_by(cell: &str) -> Vec<(String, Option<String>)> {
    let mut shown: Vec<(String, Option<String>)> = Vec::new();
    for text in code(cell).filter(|text| text.contains('/') || text.starts_with("promise_")) {
        let name = (!text.contains('/')).then(|| text.to_owned());
        match (name, shown.pop()) {
            (None, before) => {
                shown.extend(before);
                shown.push((text.to_owned(), None));
            }
            (name, Some((path, None))) => shown.push((path, name)),
            (name, Some(before)) => {
                let path = before.0.clone();
                shown.extend([before, (path, name)]);
            }
            (Some(name), None) => panic!("{name} stands in no file"),
        }
    }
    shown
}

/// The arguments of `cargo test` that run a promise's tests in this file.
fn arguments(path: &str, number: usize) -> String {
    let parts: Vec<_> = path.split('/').collect();
    let (package, rest) = match parts[..] {
        ["tests", ref rest @ ..] => ("webhook-tests", rest),
        ["crates", package, ref rest @ ..] => (package, rest),
        _ => panic!("{path} is in no package"),
    };
    let target = match rest {
        ["tests", target, ..] => format!("--test {}", target.trim_end_matches(".rs")),
        _ => "--lib".to_owned(),
    };
    format!("-p {package} {target} promise_{number:02}")
}

/// How the line ends that runs a program: a script as it is, another one by its name.
fn program(path: &str) -> String {
    match path
        .strip_suffix("/main.rs")
        .and_then(|path| path.rsplit_once('/'))
    {
        Some((_, name)) => format!(" --bin {name}"),
        None => path.to_owned(),
    }
}

#[test]
fn every_row_names_tests_that_are_there_and_how_to_run_them() {
    for Row {
        number,
        promise,
        shown,
        run,
    } in rows()
    {
        assert!(!shown.is_empty() && !promise.is_empty(), "promise {number}");
        let mut due = Vec::new();
        for (path, name) in shown {
            let file = root().join(&path);
            let Some(name) = name else {
                assert!(file.exists(), "promise {number}: there is no {path}");
                due.push(program(&path));
                continue;
            };
            let prefix = format!("promise_{number:02}_");
            assert!(name.starts_with(&prefix), "promise {number}: {name}");
            let source = fs::read_to_string(&file);
            let source = source.unwrap_or_else(|error| panic!("promise {number}: {path}: {error}"));
            let is_there = source.contains(&format!("fn {name}("));
            assert!(is_there, "promise {number}: {path} has no {name}");
            due.push(arguments(&path, number));
        }
        due.dedup();
        let is_run =
            run.len() == due.len() && run.iter().zip(&due).all(|(run, due)| run.ends_with(due));
        assert!(
            is_run,
            "promise {number} is run by {run:?}, and is due by {due:?}"
        );
    }
}

#[test]
fn no_promise_is_missing() {
    let numbers: Vec<_> = rows().iter().map(|row| row.number).collect();
    assert!(numbers.iter().copied().eq(1..=PROMISES), "{numbers:?}");
}

#[test]
fn no_test_of_a_promise_is_left_out() {
    let known: BTreeSet<_> = rows()
        .into_iter()
        .flat_map(|row| row.shown)
        .filter_map(|(path, name)| Some((path, name?)))
        .collect();
    let mut found = BTreeSet::new();
    for folder in ["crates", "tests"] {
        walk(&root().join(folder), &mut found);
    }
    assert_eq!(found, known, "tests and table");
}

/// Collects the tests whose names say that they show a promise.
fn walk(folder: &Path, found: &mut BTreeSet<(String, String)>) {
    let entries = fs::read_dir(folder).unwrap();
    let paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    for path in paths {
        if path.is_dir() {
            walk(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).unwrap();
            let path = path.strip_prefix(root()).unwrap().to_str().unwrap();
            for line in source.lines() {
                let Some((_, name)) = line.split_once("fn promise_") else {
                    continue;
                };
                // A test's name, not a line of this file.
                if let Some((name, _)) = name.split_once('(')
                    && name
                        .bytes()
                        .all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
                {
                    found.insert((path.to_owned(), format!("promise_{name}")));
                }
            }
        }
    }
}
