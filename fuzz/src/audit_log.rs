//! The reader of JSON lines, its filters and pages, and the small texts that the command line takes:
//! times, checkpoints, URLs of databases.

use std::{fs, net::IpAddr, path::PathBuf, sync::LazyLock};

use serde_json::Value;
use webhook_core::Timestamp;
use webhook_sql::{AuditLog, Checkpoint, DatabaseUrl, Event, ExportFormat, Filter, parse_time};

use crate::{
    audit_line::is_unsafe,
    support::{Input, now, planted, reached},
};

/// A file of this process.
static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    std::env::temp_dir().join(format!("webhook-fuzz-{}.jsonl", std::process::id()))
});

/// What a line must have to be a record, with its time and what filters ask for.
struct Line {
    number: i64,
    time: Timestamp,
    endpoint: Option<String>,
    client: Option<IpAddr>,
}

fn naive(text: &[u8]) -> Vec<Line> {
    // A line without its end is still being written.
    let whole = text
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(&[][..], |end| &text[..end]);
    let read = |(number, line): (i64, &[u8])| {
        let line: Value = serde_json::from_slice(line).ok()?;
        line["event"].as_str()?;
        Some(Line {
            number,
            time: parse_time(line["ts"].as_str()?)?,
            endpoint: line["webhook.source.id"].as_str().map(str::to_owned),
            client: line["client.address"]
                .as_str()
                .and_then(|text| text.split('/').next()?.parse().ok()),
        })
    };
    if whole.is_empty() && !text.starts_with(b"\n") {
        return Vec::new();
    }
    (1..)
        .zip(whole.split(|byte| *byte == b'\n'))
        .filter_map(read)
        .collect()
}

/// Every member of an event's line.
fn members(event: &Event) -> Value {
    let mut line = Vec::new();
    event.write_json_line(&mut line);
    let line = String::from_utf8(line).expect("UTF-8");
    let content = line.strip_suffix('\n').expect("a line");
    assert!(!content.contains('\n'));
    assert!(!content.chars().any(is_unsafe), "{content:?}");
    let told = format!("{event} {event:?}");
    assert!(!told.chars().any(is_unsafe), "{told:?}");
    serde_json::from_str(content).unwrap_or_else(|error| panic!("{error}: {content}"))
}

fn log(text: &[u8]) -> AuditLog {
    fs::write(&*FILE, text).expect("a file");
    let url = format!("jsonl:{}", FILE.display());
    now(AuditLog::open(&url.parse().expect("a URL"))).expect("a log")
}

fn filter(input: &mut Input<'_>) -> (Filter, impl Fn(&Line) -> bool + use<>) {
    let time = |number: i64| Timestamp::from_unix_seconds(1_700_000_000 + number);
    let since = input.flag().then(|| time(input.number()));
    let until = input.flag().then(|| time(input.number()));
    let endpoint = input.pick(&[None, None, Some("tenant-7"), Some("a")]);
    let network = input.pick(&[
        None,
        Some(("203.0.113.0", 24)),
        Some(("2001:db8::", 32)),
        Some(("0.0.0.0", 0)),
        Some(("10.0.0.0", 40)),
    ]);
    let mut filter = Filter::new();
    if let Some(since) = since {
        filter = filter.since(since);
    }
    if let Some(until) = until {
        filter = filter.until(until);
    }
    if let Some(endpoint) = endpoint {
        filter = filter.endpoint(endpoint);
    }
    let network = network.map(|(address, prefix): (&str, u8)| {
        (address.parse::<IpAddr>().expect("an address"), prefix)
    });
    if let Some((address, prefix)) = network {
        filter = filter.client(address, prefix);
    }
    let is_inside = move |client: IpAddr| match network {
        None => true,
        Some((address, prefix)) => {
            let most = if address.is_ipv4() { 32 } else { 128 };
            let network = ipnet::IpNet::new(address, prefix.min(most))
                .expect("a prefix")
                .trunc();
            // A client in either spelling is looked for among addresses of 128 bits.
            let client = if client.is_ipv4() == address.is_ipv4() {
                client
            } else {
                client.to_canonical()
            };
            network.contains(&client)
        }
    };
    let means = move |line: &Line| {
        since.is_none_or(|since| line.time >= since)
            && until.is_none_or(|until| line.time < until || (planted(1) && line.time == until))
            && endpoint.is_none_or(|endpoint| line.endpoint.as_deref() == Some(endpoint))
            && (network.is_none() || line.client.is_some_and(is_inside))
    };
    (filter, means)
}

fn lines(input: &mut Input<'_>) {
    let log = log(input.text);
    let (filter, means) = filter(input);
    let mut expected: Vec<_> = naive(input.text)
        .into_iter()
        .filter(|line| means(line))
        .collect();
    expected.sort_by_key(|line| std::cmp::Reverse((line.time, line.number)));
    let expected: Vec<_> = expected.iter().map(|line| line.number).collect();
    let size = usize::from(input.byte() % 5) + 1;
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let page = now(log.list(&filter, cursor, size)).expect("a page");
        assert!(page.events.len() <= size);
        found.extend(page.events);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let numbers: Vec<_> = found.iter().map(Event::number).collect();
    assert_eq!(numbers, expected);
    if found.len() > size {
        reached("several pages");
    }
    for event in &found {
        let line = members(event);
        let mut again = serde_json::to_vec(&line).expect("JSON");
        again.push(b'\n');
        let second = now(self::log(&again).list(&Filter::new(), None, 1)).expect("a page");
        let second = second.events.first().expect("what was written is read");
        let (mut one, mut other) = (line, members(second));
        for line in [&mut one, &mut other] {
            line.as_object_mut().expect("an object").remove("number");
        }
        // What is escaped is escaped again; everything else comes back.
        let is_plain = !one.to_string().contains('\\') && !one.to_string().contains('…');
        assert!(!is_plain || one == other, "{one} became {other}");
        reached("a record that is written and read again");
    }
    csv(&log);
}

/// Each record has one line, and no cell is a formula.
fn csv(log: &AuditLog) {
    let mut out = Vec::new();
    let written = now(log.export(&Filter::new(), ExportFormat::Csv, &mut out)).expect("an export");
    let text = String::from_utf8(out).expect("UTF-8");
    let (mut cells, mut lines, mut is_quoted) = (vec![String::new()], 0, false);
    for char in text.chars() {
        match char {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => cells.push(String::new()),
            '\n' if !is_quoted => {
                lines += 1;
                cells.push(String::new());
            }
            char => cells.last_mut().expect("one").push(char),
        }
    }
    assert_eq!((lines, is_quoted), (written + 1, false));
    for cell in cells {
        let is_number = cell.trim_end().parse::<i64>().is_ok();
        assert!(
            is_number || !cell.starts_with(['=', '+', '-', '@', '\t']),
            "{cell:?}"
        );
    }
}

fn texts(text: &str, input: &mut Input<'_>) {
    if let Some(time) = parse_time(text) {
        assert_eq!(
            parse_time(&time.to_string()).map(Timestamp::unix_millis),
            Some(time.unix_millis())
        );
        if let Some(millis) =
            crate::calendar::millis(text).filter(|_| text.ends_with('Z') && !text.contains(":60"))
        {
            assert_eq!(time.unix_millis(), millis, "{text}");
            reached("a time in text");
        }
    } else {
        let is_date = text.ends_with('Z') && crate::calendar::millis(text).is_some();
        assert!(!is_date, "{text}");
    }
    if let Ok(checkpoint) = text.parse::<Checkpoint>() {
        assert_eq!(
            checkpoint.to_string().parse::<Checkpoint>().ok(),
            Some(checkpoint)
        );
        reached("a checkpoint");
    }
    if let Ok(url) = text.parse::<DatabaseUrl>() {
        assert!(!format!("{url:?}").is_empty());
    }
    // Whatever the password is, the same is printed.
    let host = input.pick(&["h/d", "h:5432/d?sslmode=require", "[::1]/d"]);
    let url = |password: &str| {
        format!("postgres://user:{password}@{host}")
            .parse::<DatabaseUrl>()
            .expect("a URL")
            .to_string()
    };
    assert!(is_hidden(&url(text), text), "{} of {text:?}", url(text));
}

/// Nothing of four characters of a password is printed that is not there without it.
fn is_hidden(printed: &str, password: &str) -> bool {
    let chars: Vec<char> = password.chars().collect();
    let public =
        "postgres://*** postgres://user:***@h/d user:***@h:5432/d?sslmode=require user:***@[::1]/d";
    chars
        .windows(4)
        .map(|window| window.iter().collect::<String>())
        .all(|part| public.contains(&part) || !printed.contains(&part))
}

pub fn run(data: &[u8]) {
    let mut input = Input::new(data, 16);
    if input.byte() % 4 == 3 {
        let text = String::from_utf8_lossy(input.text).into_owned();
        texts(&text, &mut input);
    } else {
        lines(&mut input);
    }
}
