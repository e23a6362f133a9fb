//! Finds the case files: representative cases here, all of them beside the workspace.

use std::{fs, path::Path};

use serde_json::Value;

/// The cases of a file of this crate.
pub(crate) fn own(name: &str) -> Vec<Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name);
    cases(&fs::read_to_string(file).expect("the crate holds its own cases"))
}

/// The cases of the folder `shared/data` beside the workspace; none, with a word about it, where it
/// is not there.
pub(crate) fn shared(name: &str) -> Vec<Value> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join("shared/data").join(name))
        .find(|file| file.is_file());
    if let Some(file) = file {
        return cases(&fs::read_to_string(file).expect("a readable file"));
    }
    println!("skipped: shared/data/{name} is not there");
    Vec::new()
}

fn cases(text: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(text).expect("a JSON file");
    file["cases"].as_array().expect("a list of cases").clone()
}
