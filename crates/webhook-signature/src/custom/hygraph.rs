use webhook_core::Reason;

use super::Delivery;
use crate::{json::quoted, scheme::only};

/// The environment that a sender names.
const ENVIRONMENT: &str = "master";

/// A JSON document that holds the body as a string, the environment's name and the timestamp.
pub(super) fn texts(delivery: &Delivery<'_>) -> Result<Vec<Vec<u8>>, Reason> {
    let body = std::str::from_utf8(delivery.body).map_err(|_| Reason::SignatureMismatch)?;
    let timestamp =
        std::str::from_utf8(delivery.timestamp).map_err(|_| Reason::TimestampMalformed)?;
    let environment = environment(delivery)?;
    let text = format!(
        "{{\"Body\":{},\"EnvironmentName\":{},\"TimeStamp\":{timestamp}}}",
        quoted(body),
        quoted(environment)
    );
    Ok(vec![text.into_bytes()])
}

/// The element `env` of the signature's header.
fn environment<'a>(delivery: &Delivery<'a>) -> Result<&'a str, Reason> {
    let header = delivery
        .scheme
        .signature_header()
        .ok_or(Reason::Misconfigured)?;
    let Some(line) = only(delivery.headers, header)? else {
        // The delivery is being signed.
        return Ok(ENVIRONMENT);
    };
    let line = line.to_str().map_err(|_| Reason::SignatureMalformed)?;
    let mut names = line
        .split(',')
        .filter_map(|element| element.trim().strip_prefix("env="));
    match (names.next(), names.next()) {
        (Some(name), None) => Ok(name),
        _ => Err(Reason::SignatureMalformed),
    }
}

/// The header's value.
pub(super) fn write(timestamp: &str, signature: &str) -> String {
    format!("sign={signature}, env={ENVIRONMENT}, t={timestamp}")
}
