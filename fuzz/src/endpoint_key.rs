//! Keys of endpoints: patterns and paths, against a naive comparison of segments.

use http::{Request, request::Parts};
use webhook_endpoint_layer::{EndpointKey, MAX_KEY_BYTES};

use crate::support::{Input, line, lines, planted, reached, request};

const PATTERNS: [&str; 6] = [
    "/webhooks/{key}",
    "/{key}",
    "/a/{x}/b/{y}",
    "/{a}/{b}",
    "/v1.0/{key_1}",
    "/~/{k}/:",
];

fn is_plain(segment: &str) -> bool {
    let visible = segment.bytes().all(|byte| (b'!'..=b'~').contains(&byte));
    !["", ".", ".."].contains(&segment) && visible && !segment.contains(['%', '\\'])
}

/// The keys of a path; `None` where it is another's.
fn of_path(pattern: &str, is_prefix: bool, path: &str) -> Option<Vec<String>> {
    let wanted: Vec<&str> = pattern.split('/').collect();
    let found: Vec<&str> = path.split('/').collect();
    let fits = if is_prefix {
        found.len() >= wanted.len()
    } else {
        found.len() == wanted.len()
    };
    let is_strict = planted(1) || found.iter().skip(1).all(|segment| is_plain(segment));
    if !fits || found.first() != Some(&"") || !is_strict {
        return None;
    }
    let mut keys = Vec::new();
    for (wanted, found) in wanted.iter().zip(found) {
        if wanted.starts_with('{') {
            keys.push(found.to_owned());
        } else if *wanted != found {
            return None;
        }
    }
    Some(keys)
}

fn of_header(request: &Parts) -> Option<String> {
    let [value] = lines(request, "x-endpoint")[..] else {
        return None;
    };
    let visible = !value.is_empty() && value.iter().all(|byte| (b'!'..=b'~').contains(byte));
    visible.then(|| String::from_utf8_lossy(value).into_owned())
}

/// A pattern is taken only where it can be told from a path. Each of its keys has a letter here, and a
/// space between two, which is all that so many have room for.
fn pattern(text: &str) {
    if text.split('/').filter(|part| part.starts_with('{')).count() > MAX_KEY_BYTES / 2 {
        return;
    }
    for key in [EndpointKey::path(text), EndpointKey::path_prefix(text)] {
        match key {
            Ok(key) => {
                let path: Vec<_> = text
                    .split('/')
                    .map(|segment| {
                        if segment.starts_with('{') {
                            "k"
                        } else {
                            segment
                        }
                    })
                    .collect();
                let request = Request::post(path.join("/")).body(());
                if let Ok(request) = &request {
                    assert!(
                        request.uri().path() != path.join("/") || key.read(request).is_some(),
                        "{text:?}"
                    );
                    reached("a pattern that is taken");
                }
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

pub fn run(data: &[u8]) {
    let mut input = Input::new(data, 4);
    let text = input.pick(&PATTERNS);
    let (is_prefix, with_header) = (input.flag(), input.flag());
    if let Some((first, _)) = line(input.text) {
        pattern(&String::from_utf8_lossy(first));
    }
    let Some((parts, _)) = request(input.text) else {
        return;
    };
    let key = if is_prefix {
        EndpointKey::path_prefix(text)
    } else {
        EndpointKey::path(text)
    };
    let mut key = key.expect("a pattern");
    let mut expected = of_path(text, is_prefix, parts.uri.path());
    if with_header {
        key = key.and(EndpointKey::header("x-endpoint").expect("a name"));
        let header = of_header(&parts);
        expected = expected.zip(header).map(|(mut keys, header)| {
            keys.push(header);
            keys
        });
    }
    let expected = expected
        .map(|keys| keys.join(" "))
        .filter(|key| key.len() <= MAX_KEY_BYTES);
    let request = Request::from_parts(parts, ());
    let read = key.read(&request);
    assert_eq!(
        read.as_ref().map(webhook_endpoint_layer::Key::as_str),
        expected.as_deref(),
        "{text} {:?}",
        request.uri()
    );
    if let Some(read) = read {
        assert_eq!(read.parts().collect::<Vec<_>>().join(" "), read.as_str());
        reached("a key");
        if with_header {
            reached("a key of path and header");
        }
    }
}
