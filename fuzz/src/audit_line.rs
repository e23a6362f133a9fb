//! The delivery record and its line of JSON: whatever a stranger sends, it is one line of at most
//! 2 KiB without a control or a bidirectional character, and it says what was recorded.

use std::sync::{Arc, Mutex};

use http::{HeaderValue, Method, Request, Uri};
use serde_json::Value;
use webhook_audit_layer::{AuditLayer, AuditRecord, MAX_LINE_BYTES};
use webhook_core::{
    AddressError, BufferedBody, Check, ClientAddr, Clock, DeliveryRecord, Facts, Name, PeerAddr,
    Reason, ShortText, Ticks, Timestamp, Verdict, Verification,
};

use crate::{
    service::answered_by,
    support::{Input, planted, reached},
};

/// What no line may hold: controls, line ends, and what turns the direction of writing (UAX 9).
pub(crate) fn is_unsafe(char: char) -> bool {
    let is_planted = planted(1) && char == 'é';
    char.is_control()
        || matches!(char, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        || is_planted
}

/// One act of a layer or the handler.
#[derive(Clone, Debug)]
enum Act {
    Verdict(Check, Verdict),
    Refusal(Reason, Check),
    Shadow(Reason, Check),
    Answered(Reason, Check),
    Text(u8, String),
    Number(u64),
}

struct Texts<'a>(&'a [u8]);

impl Texts<'_> {
    /// The next text: a length, and as many bytes. Some of them are repeated, to be long.
    fn next(&mut self) -> String {
        let Some((&size, rest)) = self.0.split_first() else {
            return String::new();
        };
        let (text, rest) = rest.split_at(usize::from(size % 64).min(rest.len()));
        self.0 = rest;
        let text = String::from_utf8_lossy(text);
        if size >= 192 {
            text.repeat(1 + usize::from(size) * 20 / text.len().max(1))
        } else {
            text.into_owned()
        }
    }

    fn bytes(&mut self) -> Vec<u8> {
        let size = self.0.first().copied().unwrap_or_default();
        let rest = self.0.get(1..).unwrap_or_default();
        let (bytes, rest) = rest.split_at(usize::from(size).min(rest.len()));
        self.0 = rest;
        bytes.to_vec()
    }
}

fn acts(input: &mut Input<'_>, texts: &mut Texts<'_>) -> Vec<Act> {
    let count = input.byte() % 12;
    let act = |_| {
        let (kind, which) = (input.byte(), input.byte());
        let check = Check::ALL[usize::from(which) % Check::ALL.len()];
        let reason = Reason::ALL[usize::from(input.byte()) % Reason::ALL.len()];
        let verdict = [
            Verdict::Skipped,
            Verdict::Pass,
            Verdict::ShadowFail,
            Verdict::Fail,
        ];
        match kind % 8 {
            0 => Act::Verdict(check, verdict[usize::from(which) / 64]),
            1 => Act::Refusal(reason, check),
            2 => Act::Shadow(reason, check),
            3 => Act::Answered(reason, check),
            4 => Act::Number(u64::from(which) << (kind % 57)),
            _ => Act::Text(which % 8, texts.next()),
        }
    };
    (0..count).map(act).collect()
}

fn perform(record: &DeliveryRecord, act: &Act) {
    match act {
        Act::Verdict(check, verdict) => record.set_verdict(*check, *verdict),
        Act::Refusal(reason, check) => record.set_refusal(*reason, *check),
        Act::Shadow(reason, check) => record.set_shadow_refusal(*reason, *check),
        Act::Answered(reason, check) => record.set_answered(*reason, *check),
        Act::Number(number) => {
            record.set_body_bytes(*number);
            record.set_verify_time(*number);
            record.set_handler_start(Ticks::from_nanos(*number));
        }
        Act::Text(which, text) => {
            let (name, short) = (Name::from(text.clone()), ShortText::new(text));
            match which {
                0 => record.set_endpoint(&name),
                1 => record.set_provider(&name),
                2 => record.set_quota(&name),
                3 => record.set_claimed_delivery_id(short),
                4 => record.set_note(text),
                5 => record.set_secrets_tried(vec![name; text.len() % 20]),
                6 => {
                    record.set_client(ClientAddr::new([203, 0, 113, 9].into(), Some(9)));
                    record.set_address_error(AddressError::UnknownHop);
                }
                _ => {
                    let verification = Verification::new(name.clone()).with_secret_id(name);
                    let verification = verification
                        .with_delivery_id(short.clone(), true)
                        .with_event_type(short, true);
                    record.set_verification(&verification.with_signed_body());
                }
            }
        }
    }
}

/// Either the whole text, or its beginning and the sign of the cut.
fn is_kept(line: &Value, member: &str, text: &str) {
    let Some(value) = line.get(member) else {
        return;
    };
    let value = value.as_str().expect("a text");
    let is_beginning = value
        .strip_suffix('…')
        .is_some_and(|head| text.starts_with(head));
    assert!(
        value == text || is_beginning,
        "{member} is {value:?} of {text:?}"
    );
}

/// The gravest verdict of each check, and the first of each refusal, by going through the acts.
fn is_true(line: &Value, acts: &[Act]) {
    let grave = |verdict: Verdict| {
        ["skipped", "pass", "shadow_fail", "fail"]
            .iter()
            .position(|word| *word == verdict.as_str())
    };
    for check in Check::ALL {
        let verdicts = acts.iter().filter_map(|act| match act {
            Act::Verdict(of, verdict) if *of == check => Some(*verdict),
            Act::Refusal(_, of) if *of == check => Some(Verdict::Fail),
            Act::Shadow(_, of) if *of == check => Some(Verdict::ShadowFail),
            Act::Answered(_, of) if *of == check => Some(Verdict::Pass),
            _ => None,
        });
        let gravest = verdicts
            .max_by_key(|verdict| grave(*verdict))
            .map(Verdict::as_str);
        let told = line["checks"].get(check.as_str()).and_then(Value::as_str);
        assert_eq!(told, gravest, "{check:?} after {acts:?}");
    }
    let refusals = acts.iter().filter_map(|act| match act {
        Act::Refusal(reason, _) => Some(reason.as_str()),
        _ => None,
    });
    if let Some(first) = refusals.into_iter().next() {
        assert_eq!(line["reason"], first);
    }
}

#[allow(clippy::too_many_lines, reason = "one list of what must hold")]
pub fn run(data: &[u8]) {
    let mut input = Input::new(data, 48);
    let mut texts = Texts(input.text);
    let (path, agent, method) = (texts.next(), texts.bytes(), texts.next());
    let acts = acts(&mut input, &mut texts);
    let seen: Arc<Mutex<Option<AuditRecord>>> = Arc::default();
    let keep = Arc::clone(&seen);
    let (clock, _hands) = Clock::manual(Timestamp::from_unix_seconds(1_700_000_000));
    let layer =
        AuditLayer::new(move |record: AuditRecord| *keep.lock().expect("alone") = Some(record))
            .with_clock(clock);

    let mut request = Request::new(());
    if let Ok(uri) = format!("/{path}").parse::<Uri>() {
        *request.uri_mut() = uri;
    }
    if let Ok(method) = method.parse::<Method>() {
        *request.method_mut() = method;
    }
    if let Ok(value) = HeaderValue::from_bytes(&agent) {
        request.headers_mut().insert("user-agent", value);
    }
    let peers = [
        None,
        Some(PeerAddr::Unix),
        Some(PeerAddr::new(([192, 0, 2, 1], 7).into())),
    ];
    if let Some(peer) = input.pick(&peers) {
        request.extensions_mut().insert(peer);
    }
    let path = request.uri().path().to_owned();
    let mine = acts.clone();
    let _answer = answered_by::<_, _, _, BufferedBody>(&layer, request, move |parts| {
        let record = Facts::record_of(&parts.extensions);
        for act in &mine {
            perform(&record, act);
        }
    });
    let record = seen
        .lock()
        .expect("alone")
        .take()
        .expect("exactly one record");
    let mut buffer = Vec::new();
    record.write_json_line(&mut buffer);
    let line = std::str::from_utf8(&buffer).expect("UTF-8");
    assert!(line.len() <= MAX_LINE_BYTES, "{} bytes", line.len());
    let content = line.strip_suffix('\n').expect("a line");
    assert!(!content.chars().any(is_unsafe), "{content:?}");
    let line: Value = serde_json::from_str(content).expect("JSON");
    for member in [
        "ts", "event", "id", "outcome", "reason", "checks", "total_us",
    ] {
        assert!(
            line.get(member).is_some(),
            "{member} is missing in {content}"
        );
    }
    is_kept(&line, "url.path", &path);
    let texts = [
        (
            "webhook.provider",
            record.provider.as_ref().map(Name::as_str),
        ),
        (
            "webhook.source.id",
            record.endpoint.as_ref().map(Name::as_str),
        ),
        (
            "note",
            record
                .note
                .as_ref()
                .map(webhook_audit_layer::SenderText::as_raw),
        ),
        (
            "webhook.delivery.id",
            record
                .delivery_id
                .as_ref()
                .map(webhook_audit_layer::SenderText::as_raw),
        ),
        (
            "user_agent.original",
            record
                .user_agent
                .as_ref()
                .map(webhook_audit_layer::SenderText::as_raw),
        ),
    ];
    for (member, text) in texts {
        match text {
            Some(text) => is_kept(&line, member, text),
            None => assert!(line.get(member).is_none()),
        }
    }
    for text in [&record.user_agent, &record.note, &record.delivery_id]
        .into_iter()
        .flatten()
    {
        assert!(!format!("{text} {text:?}").chars().any(is_unsafe));
    }
    is_true(&line, &acts);
    if content.len() > 1900 {
        reached("a line near its limit");
    }
    if content.contains("\\u202e") {
        reached("an override that is escaped");
    }
    if record.is_verified {
        reached("a verified record");
    }
}
