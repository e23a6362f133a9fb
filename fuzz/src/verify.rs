//! The verifier against a naive one.
//!
//! The naive one decodes nothing: it makes the signature that would be right, with another
//! implementation of the hashes, and compares texts. A scheme is chosen freely; of the requests, some
//! are taken as they come and most are signed here, correctly or not quite.

use http::{HeaderMap, HeaderName, HeaderValue, Uri, request::Parts};
use ring::{digest, hmac};
use std::time::Duration;
use webhook_core::{Secret, Timestamp};
use webhook_signature::{
    Encoding, KeyRing, Primitive, Scheme, SchemeBuilder, SignRequest, Stage, TimestampUnit,
    Tolerance, Verifier,
};

use crate::support::{Input, lines, planted, reached, request};

const NOW: i64 = 1_700_000_000;
const BASE_URL: &str = "https://hooks.test";
const SECRETS: [&str; 3] = [
    "front 0123456789abcdef",
    "second 0123456789abcde",
    "third 0123456789abcdef",
];
const IDS: [&str; 3] = ["front", "second", "third"];

const PRIMITIVES: [Primitive; 8] = [
    Primitive::HmacSha256,
    Primitive::HmacSha1,
    Primitive::HmacSha384,
    Primitive::HmacSha512,
    Primitive::Sha1OfSecretAndText,
    Primitive::Sha256OfSecretAndText,
    Primitive::Sha1OfTextAndSecret,
    Primitive::Sha256OfTextAndSecret,
];

const ENCODINGS: [Encoding; 5] = [
    Encoding::Hex,
    Encoding::Base64,
    Encoding::HexAnyCase,
    Encoding::HexUpper,
    Encoding::Base64Url,
];

/// The signed text, and what ends an id in it where something follows that.
const TEXTS: [(&str, Option<&str>); 10] = [
    ("{body}", None),
    ("{timestamp}.{body}", None),
    ("{id}.{timestamp}.{body}", Some(".")),
    ("{body}{timestamp}", None),
    ("{method}{target}{body}", None),
    ("{header.x-nonce}:{body}", None),
    ("{timestamp}{body}{id}", None),
    ("{id}{body}", None),
    ("[{id};{body}]", Some(";")),
    ("{{{url}}}{body}", None),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Header,
    Lines,
    Two,
    Query,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Prefix(&'static str),
    MaybePrefix(&'static str),
    Credentials(&'static str),
    Bare(u8),
    Stamped(u8),
    List {
        separator: u8,
        assign: u8,
        any_case: bool,
    },
}

const FORMS: [Form; 10] = [
    Form::Prefix(""),
    Form::Prefix("sha256="),
    Form::List {
        separator: b',',
        assign: b'=',
        any_case: false,
    },
    Form::List {
        separator: b' ',
        assign: b',',
        any_case: false,
    },
    Form::MaybePrefix("v0="),
    Form::Credentials("HMAC"),
    Form::Bare(b','),
    Form::Stamped(b','),
    Form::List {
        separator: b';',
        assign: b':',
        any_case: true,
    },
    Form::Bare(b' '),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Time {
    None,
    Header,
    Label,
    Stamp,
}

/// A scheme, in the words of this target.
#[derive(Debug)]
struct Plan {
    primitive: Primitive,
    place: Place,
    form: Form,
    encoding: Encoding,
    text: &'static str,
    after_id: Option<&'static str>,
    time: Time,
    unit: TimestampUnit,
    past: Option<u64>,
    future: Option<u64>,
    has_id: bool,
}

impl Plan {
    fn choose(input: &mut Input<'_>) -> Self {
        let primitive = input.pick(&PRIMITIVES);
        let place = input.pick(&[
            Place::Header,
            Place::Header,
            Place::Lines,
            Place::Two,
            Place::Query,
        ]);
        let form = input.pick(&FORMS);
        let encoding = input.pick(&ENCODINGS);
        let (text, after_id) = input.pick(&TEXTS);
        let label = input.flag();
        let time = match form {
            _ if !text.contains("{timestamp}") => Time::None,
            Form::Stamped(_) => Time::Stamp,
            Form::List { .. } if label => Time::Label,
            _ => Time::Header,
        };
        let unit = input.pick(&[
            TimestampUnit::Seconds,
            TimestampUnit::Milliseconds,
            TimestampUnit::SecondsOrMilliseconds,
            TimestampUnit::Rfc3339,
        ]);
        let bounds = [
            (Some(300), Some(300)),
            (Some(300), None),
            (None, None),
            (Some(0), Some(0)),
        ];
        let (past, future) = input.pick(&bounds);
        let has_id = text.contains("{id}") || input.flag();
        Self {
            primitive,
            place,
            form,
            encoding,
            text,
            after_id,
            time,
            unit,
            past,
            future,
            has_id,
        }
    }

    fn scheme(&self) -> Option<Scheme> {
        let builder = Scheme::builder("fuzz", self.primitive)
            .encoding(self.encoding)
            .signed_text(self.text);
        let builder = match self.place {
            Place::Header => builder.header("x-signature"),
            Place::Lines => builder.header_lines("x-signature"),
            Place::Two => builder.headers(["x-signature", "x-signature-b"]),
            Place::Query => builder.query_parameter("sig"),
        };
        let builder = match self.form {
            Form::Prefix(prefix) => builder.prefix(prefix),
            Form::MaybePrefix(prefix) => builder.optional_prefix(prefix),
            Form::Credentials(name) => builder.credentials(name),
            Form::Bare(separator) => builder.bare_list(separator.into()),
            Form::Stamped(separator) => builder.stamped_list(separator.into()),
            Form::List {
                separator,
                assign,
                any_case,
            } => {
                let list = builder.list(separator.into(), assign.into(), "v1");
                if any_case {
                    list.any_label_case()
                } else {
                    list
                }
            }
        };
        let builder = match self.time {
            Time::Header => builder.timestamp_header("x-time"),
            Time::Label => builder.timestamp_label("t"),
            Time::None | Time::Stamp => builder,
        };
        let builder = if self.has_id {
            builder.id_header("x-id")
        } else {
            builder
        };
        let builder: SchemeBuilder = builder
            .timestamp_unit(self.unit)
            .tolerance(self.tolerance());
        builder.build().ok()?.with_base_url(BASE_URL).ok()
    }

    fn tolerance(&self) -> Tolerance {
        let seconds = Duration::from_secs;
        match (self.past, self.future) {
            (Some(past), Some(_)) => Tolerance::within(seconds(past)),
            (Some(past), None) => Tolerance::max_age(seconds(past)),
            (None, _) => Tolerance::insecure_unbounded(),
        }
    }

    /// The signature that is right, as text.
    fn signature(
        &self,
        secret: &str,
        request: &Parts,
        time: &[u8],
        id: &[u8],
        body: &[u8],
    ) -> Option<Vec<u8>> {
        let mut text = Vec::new();
        let mut rest = self.text;
        while let Some(first) = rest.chars().next() {
            let doubled = rest.starts_with("{{") || rest.starts_with("}}");
            if first != '{' || doubled {
                text.push(u8::try_from(first).ok()?);
                rest = &rest[1 + usize::from(doubled)..];
                continue;
            }
            let (name, behind) = rest[1..].split_once('}')?;
            rest = behind;
            let target = request
                .uri
                .path_and_query()
                .map_or("", |target| target.as_str());
            match name {
                "body" => text.extend_from_slice(body),
                "timestamp" => text.extend_from_slice(time),
                "id" => text.extend_from_slice(id),
                "method" => text.extend_from_slice(request.method.as_str().as_bytes()),
                "target" => text.extend_from_slice(target.as_bytes()),
                "url" => text.extend_from_slice([BASE_URL, target].concat().as_bytes()),
                _ => match lines(request, "x-nonce")[..] {
                    [nonce] => text.extend_from_slice(nonce),
                    _ => return None,
                },
            }
        }
        let secret = secret.as_bytes();
        let of = |name: hmac::Algorithm, text: &[u8]| {
            hmac::sign(&hmac::Key::new(name, secret), text)
                .as_ref()
                .to_vec()
        };
        let sha1 = &digest::SHA1_FOR_LEGACY_USE_ONLY;
        let plain =
            |name, texts: [&[u8]; 2]| digest::digest(name, &texts.concat()).as_ref().to_vec();
        let bytes = match self.primitive {
            Primitive::HmacSha1 => of(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &text),
            Primitive::HmacSha384 => of(hmac::HMAC_SHA384, &text),
            Primitive::HmacSha512 => of(hmac::HMAC_SHA512, &text),
            Primitive::Sha1OfSecretAndText => plain(sha1, [secret, &text]),
            Primitive::Sha256OfSecretAndText => plain(&digest::SHA256, [secret, &text]),
            Primitive::Sha1OfTextAndSecret => plain(sha1, [&text, secret]),
            Primitive::Sha256OfTextAndSecret => plain(&digest::SHA256, [&text, secret]),
            _ => of(hmac::HMAC_SHA256, &text),
        };
        Some(encoded(self.encoding, &bytes))
    }
}

fn encoded(encoding: Encoding, bytes: &[u8]) -> Vec<u8> {
    let hex = |digits: &[u8; 16]| {
        let pairs = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        pairs.map(|digit| digits[usize::from(digit)]).collect()
    };
    match encoding {
        Encoding::Hex | Encoding::HexAnyCase => hex(b"0123456789abcdef"),
        Encoding::HexUpper => hex(b"0123456789ABCDEF"),
        Encoding::Base64 => base64(bytes, *b"+/", true),
        _ => base64(bytes, *b"-_", false),
    }
}

fn base64(bytes: &[u8], last: [u8; 2], padded: bool) -> Vec<u8> {
    let mut digits: Vec<u8> = (b'A'..=b'Z')
        .chain(b'a'..=b'z')
        .chain(b'0'..=b'9')
        .collect();
    digits.extend(last);
    let mut text = Vec::new();
    for group in bytes.chunks(3) {
        let bits = group
            .iter()
            .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - group.len()));
        for place in 0..=group.len() {
            text.push(digits[(bits >> (18 - 6 * place) & 63) as usize]);
        }
        if padded {
            text.resize(text.len() + 3 - group.len(), b'=');
        }
    }
    text
}

/// What a delivery is known to be.
#[derive(Debug, PartialEq)]
struct Known {
    key: &'static str,
    millis: Option<i64>,
    id: Option<Vec<u8>>,
}

/// A secret of the ring, and from when to when it is valid, in milliseconds.
struct Key {
    id: &'static str,
    secret: &'static str,
    valid: (Option<i64>, Option<i64>),
}

/// The naive verifier. `None` is a refusal.
fn verify(plan: &Plan, keys: &[Key], request: &Parts, body: &[u8], now: i64) -> Option<Known> {
    let id = match lines(request, "x-id")[..] {
        _ if !plan.has_id => None,
        [] | [b""] => None,
        [id] => Some(id).filter(|id| id.len() <= 256 && id.iter().all(u8::is_ascii_graphic)),
        _ => return None,
    };
    if plan.text.contains("{id}") {
        let id = std::str::from_utf8(id?).ok()?;
        if plan.after_id.is_some_and(|end| id.contains(end)) {
            return None;
        }
    }
    let mut found = Found::default();
    for value in values(plan, request)? {
        found.read(plan, value)?;
    }
    let time = match plan.time {
        Time::None => None,
        Time::Header => match lines(request, "x-time")[..] {
            [time] => Some(time),
            _ => return None,
        },
        Time::Label | Time::Stamp => Some(found.time?),
    };
    let millis = match time {
        None => None,
        Some(text) => Some(fresh(plan, text, now)?),
    };
    for key in keys {
        let begun = key.valid.0.is_none_or(|first| now >= first);
        if !begun || key.valid.1.is_some_and(|last| now > last) {
            continue;
        }
        let right = plan.signature(
            key.secret,
            request,
            time.unwrap_or_default(),
            id.unwrap_or_default(),
            body,
        )?;
        let is_right = |text: &[u8]| match plan.encoding {
            Encoding::HexAnyCase => text.eq_ignore_ascii_case(&right),
            Encoding::Hex if planted(2) => text.eq_ignore_ascii_case(&right),
            _ => text == right,
        };
        if found.signatures.iter().any(|text| is_right(text)) {
            return Some(Known {
                key: key.id,
                millis,
                id: id.map(<[u8]>::to_vec),
            });
        }
    }
    None
}

/// The values that hold signatures.
fn values<'r>(plan: &Plan, request: &'r Parts) -> Option<Vec<&'r [u8]>> {
    let once = |name| match lines(request, name)[..] {
        [] => Some(&b""[..]),
        [value] => Some(value),
        [first, ..] if planted(4) => Some(first),
        _ => None,
    };
    let values = match plan.place {
        Place::Header => vec![once("x-signature")?],
        Place::Lines => lines(request, "x-signature"),
        Place::Two => vec![once("x-signature")?, once("x-signature-b")?],
        Place::Query => {
            let pairs = request.uri.query().unwrap_or_default().split('&');
            let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
            let ours: Vec<_> = pairs
                .filter(|(name, _)| unescaped(name) == Some(b"sig".to_vec()))
                .collect();
            match ours[..] {
                [(_, value)] => vec![value.as_bytes()],
                _ => return None,
            }
        }
    };
    let values: Vec<_> = values
        .into_iter()
        .filter(|value| !value.is_empty())
        .collect();
    (1..=16).contains(&values.len()).then_some(values)
}

fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    loop {
        rest = match rest {
            [] => return Some(bytes),
            [b'%', digits @ ..] => {
                let digits = digits.get(..2)?;
                let hex = digits.iter().all(u8::is_ascii_hexdigit);
                let digits = std::str::from_utf8(digits).ok().filter(|_| hex)?;
                bytes.push(u8::from_str_radix(digits, 16).ok()?);
                &rest[3..]
            }
            [byte, behind @ ..] => {
                bytes.push(if *byte == b'+' { b' ' } else { *byte });
                behind
            }
        };
    }
}

/// What the values hold, before anything is decoded.
#[derive(Default)]
struct Found<'r> {
    signatures: Vec<&'r [u8]>,
    time: Option<&'r [u8]>,
}

impl<'r> Found<'r> {
    /// `None` where that alone refuses the delivery.
    fn read(&mut self, plan: &Plan, value: &'r [u8]) -> Option<()> {
        match plan.form {
            Form::Prefix(prefix) => self
                .signatures
                .extend(value.strip_prefix(prefix.as_bytes())),
            Form::MaybePrefix(prefix) => {
                self.signatures
                    .push(value.strip_prefix(prefix.as_bytes()).unwrap_or(value));
            }
            Form::Credentials(name) => {
                let (scheme, text) = value.split_at(name.len().min(value.len()));
                if scheme.eq_ignore_ascii_case(name.as_bytes()) && text.starts_with(b" ") {
                    self.signatures.push(text.trim_ascii_start());
                }
            }
            Form::Bare(separator) | Form::Stamped(separator) => {
                if value.len() > 8192 {
                    return Some(());
                }
                let mut list: Vec<_> = value
                    .split(|byte| *byte == separator)
                    .map(<[u8]>::trim_ascii)
                    .collect();
                if plan.time == Time::Stamp && list.len() > 1 {
                    self.time = Some(list.remove(0));
                }
                if list.len() > 16 && !planted(3) {
                    return None;
                }
                self.signatures.append(&mut list);
            }
            Form::List {
                separator,
                assign,
                any_case,
            } => {
                let elements: Vec<_> = value.split(|byte| *byte == separator).collect();
                if value.len() > 8192 || elements.len() > 64 {
                    return None;
                }
                let is = |label: &[u8], ours: &[u8]| {
                    label == ours || (any_case && label.eq_ignore_ascii_case(ours))
                };
                let before = self.signatures.len();
                for element in elements {
                    let element = if separator == b' ' {
                        element
                    } else {
                        element.trim_ascii()
                    };
                    let Some(at) = element.iter().position(|byte| *byte == assign) else {
                        continue;
                    };
                    let (label, text) = (&element[..at], &element[at + 1..]);
                    if is(label, b"v1") {
                        self.signatures.push(text);
                    } else if plan.time == Time::Label && self.time.is_none() && is(label, b"t") {
                        self.time = Some(text);
                    }
                }
                if self.signatures.len() - before > 16 && !planted(3) {
                    return None;
                }
            }
        }
        Some(())
    }
}

/// The time in milliseconds, where it can be read and is within the tolerance.
fn fresh(plan: &Plan, text: &[u8], now: i64) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let count = |most: usize| -> Option<i64> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        (digits && !text.is_empty() && text.len() <= most).then(|| text.parse().ok())?
    };
    let (millis, in_seconds) = match plan.unit {
        TimestampUnit::Seconds => (count(12)?.checked_mul(1000)?, true),
        TimestampUnit::Milliseconds => (count(16)?, false),
        TimestampUnit::Rfc3339 => (crate::calendar::millis(text)?, false),
        _ if text.len() <= 11 => (count(11)?.checked_mul(1000)?, true),
        _ => (count(16)?, true),
    };
    // Whole seconds are compared where the unit is a second.
    let in_unit = |millis: i64| {
        if in_seconds {
            millis.div_euclid(1000)
        } else {
            millis
        }
    };
    let scale = if in_seconds { 1 } else { 1000 };
    let age = in_unit(now) - in_unit(millis);
    let is_old = |past: u64| age > past.cast_signed() * scale + i64::from(planted(1));
    let is_early = |future: u64| -age > future.cast_signed() * scale;
    (!plan.past.is_some_and(is_old) && !plan.future.is_some_and(is_early)).then_some(millis)
}

/// Signs the request as the plan says, for the key at this place and a time this far from now.
fn sign(
    plan: &Plan,
    request: &mut Parts,
    body: &[u8],
    now: i64,
    input: &mut Input<'_>,
) -> Option<()> {
    let secret = SECRETS[usize::from(input.byte()) % 3];
    let delta = input.number();
    let edges = [0, 300_000, -300_000, 300_999, -300_001, 301_000, 999, -999];
    let millis = now.saturating_add(delta).saturating_sub(input.pick(&edges));
    let seconds = millis.div_euclid(1000);
    let time = match plan.unit {
        TimestampUnit::Milliseconds => millis.to_string(),
        TimestampUnit::Rfc3339 => crate::calendar::text(millis)?,
        _ => seconds.to_string(),
    };
    let id = lines(request, "x-id")
        .first()
        .map_or(&b""[..], |id| id)
        .to_vec();
    let signature = plan.signature(secret, request, time.as_bytes(), &id, body)?;
    let mut signature = String::from_utf8(signature).ok()?;
    let change = input.byte() % 8;
    if change == 1 {
        signature = signature.to_ascii_uppercase();
    }
    let many = usize::from(input.byte() % 20);
    let junk =
        |text: &str| std::iter::repeat_n(text.to_owned(), if change == 2 { many } else { 0 });
    let value = match plan.form {
        Form::Prefix(prefix) | Form::MaybePrefix(prefix) => format!("{prefix}{signature}"),
        Form::Credentials(name) => format!("{name} {signature}"),
        Form::Bare(separator) => {
            let all: Vec<_> = junk("00").chain([signature]).collect();
            all.join(&char::from(separator).to_string())
        }
        Form::Stamped(separator) => {
            let all: Vec<_> = [time.clone()]
                .into_iter()
                .chain(junk("x"))
                .chain([signature])
                .collect();
            all.join(&char::from(separator).to_string())
        }
        Form::List {
            separator, assign, ..
        } => {
            let assign = char::from(assign);
            let time = (plan.time == Time::Label).then(|| format!("t{assign}{time}"));
            let all = time.into_iter().chain(junk(&format!("v1{assign}00")));
            let all: Vec<_> = all.chain([format!("v1{assign}{signature}")]).collect();
            all.join(&char::from(separator).to_string())
        }
    };
    let header = |name: &'static str, value: &str, headers: &mut HeaderMap| {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_str(value).ok()?,
        );
        Some(())
    };
    if plan.time == Time::Header {
        header("x-time", &time, &mut request.headers)?;
    }
    match plan.place {
        Place::Query => {
            let path = request.uri.path();
            let escape = value.replace(' ', "%20");
            request.uri = format!("{path}?sig={escape}").parse::<Uri>().ok()?;
        }
        Place::Two if change == 3 => header("x-signature-b", &value, &mut request.headers)?,
        _ => header("x-signature", &value, &mut request.headers)?,
    }
    if change == 4 {
        request
            .headers
            .append("x-signature", HeaderValue::from_str(&value).ok()?);
    }
    Some(())
}

fn keys(input: &mut Input<'_>, now: i64) -> Vec<Key> {
    let count = 1 + usize::from(input.byte()) % 3;
    let (limited, edge) = (input.byte(), i64::from(input.byte() % 3) - 1);
    (0..count)
        .map(|place| Key {
            id: IDS[place],
            secret: SECRETS[place],
            valid: match (limited >> (2 * place)) % 4 {
                1 => (Some(now + edge), None),
                2 => (None, Some(now + edge)),
                _ => (None, None),
            },
        })
        .collect()
}

fn ring(keys: &[Key]) -> KeyRing {
    let (first, others) = keys.split_first().expect("there is one");
    let secret = |key: &Key| Secret::new(key.secret).expect("long enough");
    let ring = KeyRing::new(first.id, secret(first)).expect("an id");
    let ring = others.iter().fold(ring, |ring, key| {
        ring.with(key.id, secret(key)).expect("another id")
    });
    keys.iter().fold(ring, |ring, key| {
        let ring = match key.valid.0 {
            Some(first) => ring
                .with_not_before(key.id, Timestamp::from_unix_millis(first))
                .expect("known"),
            None => ring,
        };
        match key.valid.1 {
            Some(last) => ring
                .with_not_after(key.id, Timestamp::from_unix_millis(last))
                .expect("known"),
            None => ring,
        }
    })
}

/// What the layers' verifier says, with the body in one piece and in several.
fn ours(
    verifier: &Verifier,
    request: &Parts,
    body: &[u8],
    now: Timestamp,
    cut: usize,
) -> Option<Known> {
    let whole = verifier.verify(request, body, now);
    let (first, rest) = body.split_at(cut.min(body.len()));
    let frames = [first, rest, &[]];
    let fed = verifier.begin(request, now).and_then(|mut pending| {
        for frame in frames {
            pending.update(frame);
        }
        pending.finish(frames)
    });
    let unfed = verifier
        .begin(request, now)
        .and_then(|mut pending| pending.finish(frames));
    for other in [&fed, &unfed] {
        match (&whole, other) {
            (Ok(one), Ok(other)) => assert_eq!(format!("{one:?}"), format!("{other:?}")),
            (one, other) => assert_eq!(one.as_ref().err(), other.as_ref().err()),
        }
    }
    let verification = match whole {
        Ok(verification) => verification,
        Err(refusal) => {
            if refusal.stage() == Stage::Body {
                reached("a signature that is compared and wrong");
            }
            return None;
        }
    };
    let key = verification.secret_id().expect("a key").as_str();
    Some(Known {
        key: IDS
            .iter()
            .find(|id| **id == key)
            .expect("a key of the ring"),
        millis: verification.timestamp().map(Timestamp::unix_millis),
        id: verification.delivery_id().map(|id| id.as_bytes().to_vec()),
    })
}

/// What the layers' own signer makes, the verifier takes.
fn round_trip(plan: &Plan, verifier: &Verifier, request: &Parts, body: &[u8], now: Timestamp) {
    let id = lines(request, "x-id")
        .first()
        .and_then(|id| std::str::from_utf8(id).ok())
        .unwrap_or("msg");
    let target = request
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let asked = SignRequest::new(body, now)
        .with_id(id)
        .with_method(&request.method)
        .with_target(target)
        .with_headers(&request.headers);
    let Ok(signed) = verifier.sign_request(&asked) else {
        return;
    };
    let mut parts = request.clone();
    for name in ["x-signature", "x-signature-b", "x-time", "x-id"] {
        parts.headers.remove(name);
    }
    let (headers, body, target) = signed.into_parts();
    for (name, value) in headers {
        parts.headers.append(name, value);
    }
    if let Some(uri) = target.and_then(|target| target.parse().ok()) {
        parts.uri = uri;
    }
    let verdict = verifier.verify(&parts, &body, now);
    assert!(
        verdict.is_ok(),
        "{verdict:?} of what the signer made: {plan:?} {parts:?}"
    );
    reached("a delivery that the signer made");
}

pub fn run(data: &[u8]) {
    let mut input = Input::new(data, 24);
    let plan = Plan::choose(&mut input);
    let now = NOW * 1000 + input.number();
    let keys = keys(&mut input, now);
    let cut = input.byte().into();
    let is_signed_here = !input.byte().is_multiple_of(4);
    let damage = input.byte();
    let (Some(scheme), Some((mut parts, body))) = (plan.scheme(), request(input.text)) else {
        return;
    };
    if is_signed_here && sign(&plan, &mut parts, body, now, &mut input).is_none() {
        return;
    }
    let mut body = body.to_vec();
    if damage == 255 {
        body.push(0);
    }
    let verifier =
        Verifier::new(scheme, ring(&keys)).expect("a scheme that is built has a verifier");
    let time = Timestamp::from_unix_millis(now);
    let known = ours(&verifier, &parts, &body, time, cut);
    let naive = verify(&plan, &keys, &parts, &body, now);
    assert_eq!(known, naive, "ours and the naive one: {plan:?} {parts:?}");
    match &known {
        Some(Known { key: "front", .. }) => reached("accepted by the key in front"),
        Some(_) => reached("accepted by another key"),
        None => {}
    }
    if known.is_some() && plan.time != Time::None {
        reached("accepted with a signed time");
    }
    if keys[0].valid == (None, None) {
        round_trip(&plan, &verifier, &parts, &body, time);
    }
}
