//! What the claims of a verified token must say.

use webhook_core::{Reason, ShortText, Timestamp};

use crate::{
    public::{
        begin::Facts,
        json::{Member, Object},
        rules::{TokenRules, TokenTime},
    },
    scheme::{Scheme, Tolerance},
};

/// What must become of the body's digest.
pub(super) enum Expected {
    /// It must be this one.
    Digest([u8; 32]),
    /// There must be no body.
    NoBody,
    /// The token says nothing of the body.
    Anything,
}

/// Judges all claims but that of the body, and adds what they say to the facts.
pub(super) fn judge(
    scheme: &Scheme,
    rules: &TokenRules,
    claims: &Object,
    facts: &mut Facts,
    now: Timestamp,
) -> Result<(), Reason> {
    let issued = time(claims, "iat")?;
    judge_expiry(scheme, rules, claims, now)?;
    if rules.time == TokenTime::Age {
        let issued = issued.ok_or(Reason::TimestampMissing)?;
        if let Some(rule) = &scheme.timestamp {
            rule.judge(Timestamp::from_unix_seconds(issued), now)?;
        }
    }
    let said = issued.or(time(claims, "nbf")?);
    facts.timestamp = said.map(Timestamp::from_unix_seconds);

    let names = |name: &str, expected: &Option<_>| {
        expected
            .as_ref()
            .is_none_or(
                |expected: &std::borrow::Cow<'_, str>| match claims.get(name) {
                    Some(Member::Text(text)) => text == expected,
                    Some(Member::Texts(texts)) => {
                        name == "aud" && texts.iter().any(|text| text == expected)
                    }
                    _ => false,
                },
            )
    };
    if !names("iss", &rules.issuer)
        || !names("aud", &rules.audience)
        || !names("sub", &rules.subject)
    {
        return Err(Reason::SignatureMismatch);
    }
    if let Some(id) = rules.id.and_then(|name| claims.text(name)) {
        let visible =
            id.len() <= crate::verify::MAX_ID && id.bytes().all(|byte| byte.is_ascii_graphic());
        if !visible {
            return Err(Reason::IdMalformed);
        }
        facts.id = Some((ShortText::new(id), true));
    }
    Ok(())
}

/// `exp` and `nbf`, with the tolerance as the leeway. As RFC 7519 has it, a token is no longer valid
/// in the very second of its `exp`.
fn judge_expiry(
    scheme: &Scheme,
    rules: &TokenRules,
    claims: &Object,
    now: Timestamp,
) -> Result<(), Reason> {
    let (leeway, ahead) = leeway(scheme);
    let now = now.unix_seconds();
    let expires = time(claims, "exp")?;
    if rules.time == TokenTime::Expiry && expires.is_none() {
        return Err(Reason::TimestampMissing);
    }
    let is_over = |expires: i64| leeway.is_some_and(|leeway| now >= expires.saturating_add(leeway));
    if expires.is_some_and(is_over) {
        return Err(Reason::TimestampTooOld);
    }
    let is_early = |begins: i64| ahead.is_some_and(|ahead| begins > now.saturating_add(ahead));
    if time(claims, "nbf")?.is_some_and(is_early) {
        return Err(Reason::TimestampInFuture);
    }
    Ok(())
}

/// Seconds behind and ahead; `None` where the operator wants no bound.
fn leeway(scheme: &Scheme) -> (Option<i64>, Option<i64>) {
    let seconds = |bound: std::time::Duration| i64::try_from(bound.as_secs()).unwrap_or(i64::MAX);
    match scheme.tolerance() {
        None => (Some(0), Some(0)),
        Some(tolerance) => (
            tolerance.past().map(seconds),
            Tolerance::future(tolerance).map(seconds),
        ),
    }
}

fn time(claims: &Object, name: &str) -> Result<Option<i64>, Reason> {
    match claims.get(name) {
        None => Ok(None),
        Some(Member::Number(seconds @ 0..)) => Ok(Some(*seconds)),
        Some(_) => Err(Reason::TimestampMalformed),
    }
}

/// What the claim of the body says.
pub(super) fn body(rules: &TokenRules, claims: &Object) -> Result<Expected, Reason> {
    let Some(claim) = &rules.body else {
        return Ok(Expected::Anything);
    };
    match claims.get(claim.name) {
        Some(Member::Text(text)) => {
            let mut digest = [0; 32];
            if claim.encoding.decode(text.as_bytes(), &mut digest) {
                Ok(Expected::Digest(digest))
            } else {
                Err(Reason::SignatureMismatch)
            }
        }
        None if claim.absent_without_body => Ok(Expected::NoBody),
        _ => Err(Reason::SignatureMismatch),
    }
}
