//! The document of Amazon SNS, whose signature stands in the document itself.

use base64ct::{Base64, Encoding as _};
use webhook_core::{Reason, ShortText, Timestamp, Verification};

use super::{
    document::Head,
    json::{Member, Object},
    key::EcdsaForm,
    keys::{Keys, Signature},
    text::Text,
    url::UrlRule,
};
use crate::scheme::{Primitive, Scheme, rfc3339};

/// What a notification signs, in this order.
const NOTIFICATION: [&str; 6] = [
    "Message",
    "MessageId",
    "Subject",
    "Timestamp",
    "TopicArn",
    "Type",
];

/// What the messages that ask for a confirmation sign.
const CONFIRMATION: [&str; 7] = [
    "Message",
    "MessageId",
    "SubscribeURL",
    "Timestamp",
    "Token",
    "TopicArn",
    "Type",
];

pub(crate) fn verify(
    scheme: &Scheme,
    keys: &Keys,
    head: Head,
    body: &[u8],
    now: Timestamp,
) -> Result<Verification, Reason> {
    let document = Object::parse(body).ok_or(Reason::SignatureMalformed)?;
    let signature = match document.get("Signature") {
        None | Some(Member::Null) => return Err(Reason::SignatureMissing),
        Some(Member::Text(text)) if text.is_empty() => return Err(Reason::SignatureMissing),
        Some(Member::Text(text)) => {
            Base64::decode_vec(text).map_err(|_| Reason::SignatureMalformed)?
        }
        Some(_) => return Err(Reason::SignatureMalformed),
    };
    let primitive = match document.text("SignatureVersion") {
        Some("1") => Primitive::RsaPkcs1Sha1,
        Some("2") => Primitive::RsaPkcs1Sha256,
        _ => return Err(Reason::SignatureMalformed),
    };
    let url = document
        .text("SigningCertURL")
        .filter(|url| UrlRule::Sns.allows(url));
    let url = url.ok_or(Reason::SignatureMalformed)?;
    let text = signed_text(&document).ok_or(Reason::SignatureMalformed)?;
    let time = document.text("Timestamp").ok_or(Reason::TimestampMissing)?;
    let time = rfc3339::read(time.as_bytes()).ok_or(Reason::TimestampMalformed)?;
    if let Some(rule) = &scheme.timestamp {
        rule.judge(time, now)?;
    }

    let signature = Signature {
        primitive,
        form: EcdsaForm::Der,
        key_id: Some(url),
        bytes: &signature,
    };
    let key = keys.find(&Text::new([text.as_bytes()]), &signature, now);
    let mut facts = head.0;
    facts.body = false;
    facts.timestamp = Some(time);
    facts.id = document
        .text("MessageId")
        .map(|id| (ShortText::new(id), true));
    facts.event = document
        .text("Type")
        .map(|event| (ShortText::new(event), true));
    Ok(facts.describe(scheme, key.ok_or(Reason::SignatureMismatch)?))
}

/// `None` where a member that is signed is missing or no text, or where one that belongs to another
/// type is there: nothing would sign it, and a handler could act on it.
fn signed_text(document: &Object) -> Option<String> {
    let (names, foreign): (&[&str], &[&str]) = match document.text("Type")? {
        "Notification" => (&NOTIFICATION, &["SubscribeURL", "Token"]),
        "SubscriptionConfirmation" | "UnsubscribeConfirmation" => (&CONFIRMATION, &["Subject"]),
        _ => return None,
    };
    if foreign.iter().any(|name| document.get(name).is_some()) {
        return None;
    }
    let mut text = String::new();
    for name in names {
        let value = match document.get(name) {
            Some(Member::Text(value)) => value,
            None | Some(Member::Null) if *name == "Subject" => continue,
            _ => return None,
        };
        text.extend([name, "\n", value, "\n"]);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::{Object, signed_text};

    fn text(json: &str) -> Option<String> {
        signed_text(&Object::parse(json.as_bytes()).unwrap())
    }

    #[test]
    fn each_type_signs_its_own_members() {
        let notification =
            r#""Message":"m","MessageId":"i","Timestamp":"t","TopicArn":"a","Type":"Notification""#;
        let expected = "Message\nm\nMessageId\ni\nTimestamp\nt\nTopicArn\na\nType\nNotification\n";
        assert_eq!(
            text(&format!("{{{notification}}}")).as_deref(),
            Some(expected)
        );
        assert_eq!(
            text(&format!("{{{notification},\"Subject\":null}}")).as_deref(),
            Some(expected)
        );
        let subject = text(&format!("{{{notification},\"Subject\":\"s\"}}")).unwrap();
        assert!(subject.contains("MessageId\ni\nSubject\ns\nTimestamp\n"));
        for other in ["\"Token\":\"x\"", "\"SubscribeURL\":\"x\"", "\"Subject\":1"] {
            assert_eq!(
                text(&format!("{{{notification},{other}}}")),
                None,
                "{other}"
            );
        }
        for kind in ["SubscriptionConfirmation", "UnsubscribeConfirmation"] {
            let confirmation = format!(
                r#""Message":"m","MessageId":"i","SubscribeURL":"u","Timestamp":"t","Token":"x","TopicArn":"a","Type":"{kind}""#
            );
            let expected = format!(
                "Message\nm\nMessageId\ni\nSubscribeURL\nu\nTimestamp\nt\nToken\nx\nTopicArn\na\nType\n{kind}\n"
            );
            assert_eq!(text(&format!("{{{confirmation}}}")), Some(expected));
            let subject = format!("{{{confirmation},\"Subject\":\"s\"}}");
            assert_eq!(text(&subject), None);
        }
        assert_eq!(text(r#"{"Type":"Notification"}"#), None);
        assert_eq!(text(r#"{"Type":"Other"}"#), None);
    }
}
