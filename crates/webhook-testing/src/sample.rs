//! A body such as each provider sends.

use webhook_core::Timestamp;

/// What a delivery of this provider holds where the test says nothing else: the least that its
/// scheme can sign.
pub(crate) fn sample(provider: &str, now: Timestamp) -> Vec<u8> {
    let text = match provider {
        "twilio" | "plivo" | "plivo-v1" | "plivo-v2" | "mandrill" | "vonage-sms"
        | "vonage-sms-sha512" | "braintree" | "slack-form" | "paddle-classic" => "a=1&b=2",
        "adyen" => ADYEN,
        "travis-ci" => "payload=%7B%22id%22%3A1%7D&a=1",
        "dropbox-sign" => r#"{"event":{"event_type":"signature_request_sent"}}"#,
        "microsoft-graph" => r#"{"value":[{"changeType":"created","resource":"me/messages"}]}"#,
        "linear" => return format!("{{\"webhookTimestamp\":{}}}", now.unix_millis()).into_bytes(),
        _ => r#"{"type":"ping"}"#,
    };
    text.into()
}

const ADYEN: &str = r#"{"notificationItems":[{"NotificationRequestItem":{"pspReference":"7914073381342284","merchantAccountCode":"TestMerchant","merchantReference":"TestPayment-1","amount":{"value":1130,"currency":"EUR"},"eventCode":"AUTHORISATION","success":"true"}}]}"#;

/// The id of a delivery where the test says nothing else.
pub(crate) fn id(provider: &str) -> &'static str {
    match provider {
        // A token in the body.
        "mailgun" => "msg1",
        _ => "msg_1",
    }
}

/// The content type of a [`sample`].
pub(crate) fn content_type(sample: &[u8]) -> &'static str {
    if matches!(sample.first(), Some(b'{' | b'[')) {
        "application/json"
    } else {
        "application/x-www-form-urlencoded"
    }
}
