//! A form whose fields are sorted and written as PHP serialises an array.

use base64ct::{Base64, Encoding as _};
use webhook_core::{Reason, Timestamp, Verification};

use super::{
    document::Head,
    form,
    key::EcdsaForm,
    keys::{Keys, Signature},
    text::Text,
};
use crate::scheme::Scheme;

/// The field with the signature.
const SIGNATURE: &str = "p_signature";

pub(crate) fn verify(
    scheme: &Scheme,
    keys: &Keys,
    head: Head,
    body: &[u8],
    now: Timestamp,
) -> Result<Verification, Reason> {
    let mut fields = form::fields(body).ok_or(Reason::SignatureMalformed)?;
    let at = fields.iter().position(|(name, _)| name == SIGNATURE);
    let (_, signature) = at
        .map(|at| fields.remove(at))
        .ok_or(Reason::SignatureMissing)?;
    if signature.is_empty() {
        return Err(Reason::SignatureMissing);
    }
    let signature = Base64::decode_vec(&signature).map_err(|_| Reason::SignatureMalformed)?;
    let text = serialise(fields).ok_or(Reason::SignatureMalformed)?;
    let signature = Signature {
        primitive: scheme.primitive,
        form: EcdsaForm::Der,
        key_id: None,
        bytes: &signature,
    };
    let key = keys.find(&Text::new([text.as_bytes()]), &signature, now);
    let mut facts = head.0;
    facts.body = true;
    Ok(facts.describe(scheme, key.ok_or(Reason::SignatureMismatch)?))
}

/// What PHP makes of the fields; `None` for names that PHP would read as numbers or as arrays.
fn serialise(mut fields: Vec<(String, String)>) -> Option<String> {
    fields.sort();
    let is_plain = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && !name.contains(['[', ']', '.', ' '])
    };
    let mut text = format!("a:{}:{{", fields.len());
    for (name, value) in &fields {
        if !is_plain(name) {
            return None;
        }
        for string in [name, value] {
            text.extend(["s:", &string.len().to_string(), ":\"", string, "\";"]);
        }
    }
    text.push('}');
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::serialise;

    fn php(fields: &[(&str, &str)]) -> Option<String> {
        serialise(
            fields
                .iter()
                .map(|(name, value)| ((*name).into(), (*value).into()))
                .collect(),
        )
    }

    #[test]
    fn fields_are_sorted_and_counted_in_bytes() {
        let text = php(&[("b", "é"), ("alert_name", "x\"y"), ("a", "")]).unwrap();
        assert_eq!(
            text,
            r#"a:3:{s:1:"a";s:0:"";s:10:"alert_name";s:3:"x"y";s:1:"b";s:2:"é";}"#
        );
        assert_eq!(php(&[]).unwrap(), "a:0:{}");
        for name in ["1", "a[b]", "", "a.b"] {
            assert!(php(&[(name, "x")]).is_none(), "{name}");
        }
    }
}
