//! JSON Web Signatures whose payload is the body.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use http::{HeaderName, request::Parts};
use webhook_core::{Reason, Timestamp, Verification};

use super::jws::Jws;
use crate::{
    public::{
        begin::Facts,
        json::{Member, Object},
        key::EcdsaForm,
        keys::{Keys, Signature},
        rules::{Payload, TokenRules, TokenTime},
        text::Text,
    },
    scheme::{Primitive, Scheme, only, rfc3339},
};

/// A detached token whose head passed.
pub(crate) struct Detached {
    primitive: Primitive,
    key_id: Option<String>,
    signature: Vec<u8>,
    /// `header.`
    start: String,
    unencoded: bool,
    /// What stands in front of the body: nothing, or the head with each spelling of its path.
    fronts: Vec<String>,
    facts: Facts,
}

impl Detached {
    pub(super) fn new(
        scheme: &Scheme,
        rules: &TokenRules,
        jws: &Jws<'_>,
        mut facts: Facts,
        parts: &Parts,
        now: Timestamp,
    ) -> Result<Self, Reason> {
        let primitive = jws.algorithm(rules)?;
        let unencoded = jws.is_unencoded(rules)?;
        jws.check_key_set(rules)?;
        let signed = if rules.payload == Payload::TrueLayer {
            truelayer(&jws.header, parts)?
        } else {
            Signed::default()
        };
        let time = match (rules.time, scheme.timestamp_header()) {
            (TokenTime::HeaderTs, _) => Some(header_ts(&jws.header)?),
            (_, Some(name)) => Some(signed_time(name, &signed, parts)?),
            _ => None,
        };
        if let (Some(time), Some(rule)) = (time, &scheme.timestamp) {
            rule.judge(time, now)?;
        }
        facts.timestamp = time;
        Ok(Self {
            primitive,
            key_id: jws.key_id().map(str::to_owned),
            signature: jws.signature.clone(),
            start: format!("{}.", jws.encoded_header),
            unencoded,
            fronts: signed.fronts,
            facts,
        })
    }

    pub(crate) fn verify(
        self,
        scheme: &Scheme,
        keys: &Keys,
        body: &[&[u8]],
        now: Timestamp,
    ) -> Result<Verification, Reason> {
        let signature = Signature {
            primitive: self.primitive,
            form: EcdsaForm::Fixed,
            key_id: self.key_id.as_deref(),
            bytes: &self.signature,
        };
        let start = self.start.as_bytes();
        let found = self.fronts.iter().find_map(|front| {
            let content = std::iter::once(front.as_bytes()).chain(body.iter().copied());
            if self.unencoded {
                let text = Text::new(std::iter::once(start).chain(content));
                return keys.find(&text, &signature, now);
            }
            let content = Text::new(content);
            let encoded = Base64UrlUnpadded::encode_string(content.joined());
            keys.find(&Text::new([start, encoded.as_bytes()]), &signature, now)
        });
        let key = found.ok_or(Reason::SignatureMismatch)?;
        Ok(self.facts.describe(scheme, key))
    }
}

fn header_ts(header: &Object) -> Result<Timestamp, Reason> {
    match header.get("ts") {
        None => Err(Reason::TimestampMissing),
        Some(Member::Number(seconds @ 0..)) => Ok(Timestamp::from_unix_seconds(*seconds)),
        Some(_) => Err(Reason::TimestampMalformed),
    }
}

/// What is signed in front of the body.
struct Signed {
    fronts: Vec<String>,
    names: Vec<HeaderName>,
}

impl Default for Signed {
    fn default() -> Self {
        Self {
            fronts: vec![String::new()],
            names: Vec::new(),
        }
    }
}

/// Method and path, then the headers that `tl_headers` names, in its order and with its capitals.
fn truelayer(header: &Object, parts: &Parts) -> Result<Signed, Reason> {
    const MAX_HEADERS: usize = 32;
    if header.text("tl_version") != Some("2") {
        return Err(Reason::SignatureMalformed);
    }
    let list = match header.get("tl_headers") {
        None => "",
        Some(Member::Text(list)) => list,
        Some(_) => return Err(Reason::SignatureMalformed),
    };
    let (mut lines, mut names) = (String::new(), Vec::new());
    for spelling in list.split(',').filter(|name| !name.is_empty()) {
        let name: HeaderName = spelling.parse().map_err(|_| Reason::SignatureMalformed)?;
        if names.contains(&name) || names.len() == MAX_HEADERS {
            return Err(Reason::SignatureMalformed);
        }
        let value = only(&parts.headers, &name)?.ok_or(Reason::SignatureMismatch)?;
        let value = value.to_str().map_err(|_| Reason::SignatureMalformed)?;
        lines.extend([spelling, ": ", value, "\n"]);
        names.push(name);
    }
    // A path is signed without the slash at its end, which an endpoint may have all the same.
    let path = parts.uri.path();
    let trimmed = path.trim_end_matches('/');
    let mut paths = vec![path];
    if !trimmed.is_empty() && trimmed != path {
        paths.push(trimmed);
    }
    let front = |path: &str| format!("{} {path}\n{lines}", parts.method);
    Ok(Signed {
        fronts: paths.into_iter().map(front).collect(),
        names,
    })
}

/// The time in a header, which must be one of those that are signed.
fn signed_time(name: &HeaderName, signed: &Signed, parts: &Parts) -> Result<Timestamp, Reason> {
    let value = only(&parts.headers, name)?.ok_or(Reason::TimestampMissing)?;
    if !signed.names.contains(name) {
        return Err(Reason::TimestampMissing);
    }
    rfc3339::read(value.as_bytes()).ok_or(Reason::TimestampMalformed)
}
