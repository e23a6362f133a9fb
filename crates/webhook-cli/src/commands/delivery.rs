//! What `sign` and `send` share: a delivery as its sender would have made it.

use std::borrow::Cow;

use http::{HeaderName, header};
use webhook_core::Timestamp;
use webhook_signature::{SignError, SignRequest, Signed, Verifier};

use super::time;
use crate::{
    args::{
        HeaderLines, Request, RequestArgs, SchemeArgs, SecretArgs, Url,
        in_words_of_the_command_line,
    },
    exit::{Failure, say},
};

#[derive(clap::Args)]
pub(super) struct DeliveryArgs {
    #[command(flatten)]
    scheme: SchemeArgs,

    /// The time to sign, in seconds since 1970 [default: now]
    #[arg(long, value_name = "UNIX_SECONDS", allow_negative_numbers = true)]
    at: Option<i64>,

    /// The delivery's id [default: a new one, where the provider signs one]
    #[arg(long, value_name = "ID")]
    id: Option<String>,

    /// The event's type
    #[arg(long, value_name = "NAME")]
    event: Option<String>,

    #[command(flatten)]
    secrets: SecretArgs,

    #[command(flatten)]
    request: RequestArgs,
}

/// A delivery that can be signed, at any time.
pub(super) struct Delivery {
    pub(super) request: Request,
    verifier: Verifier,
    at: Timestamp,
    id: Option<String>,
    event: Option<String>,
    /// Whether signing made another body, and another URL.
    pub(super) changes_body: bool,
    pub(super) changes_url: bool,
}

/// Headers as the sender's library adds them.
pub(super) type Headers = HeaderLines;

impl DeliveryArgs {
    /// `to` is where the delivery goes, unless the request says what the sender saw.
    pub(super) fn read(self, to: Option<&Url>) -> Result<Delivery, Failure> {
        let mut request = self.request.read()?;
        if request.url.is_none() {
            request.url = to.cloned();
        }
        let scheme = self.scheme.load(request.url.as_ref())?;
        let scheme = self.secrets.encoded(scheme);
        let verifier = Verifier::new(scheme, self.secrets.one()?)
            .map_err(|error| Failure::usage(in_words_of_the_command_line(error)))?;
        Ok(Delivery {
            request,
            verifier,
            at: time::at(self.at),
            id: self.id,
            event: self.event,
            changes_body: false,
            changes_url: false,
        })
    }
}

impl Delivery {
    /// The headers that the scheme adds; where the signature stands in the body or the query, the
    /// request is the signed one from now on.
    pub(super) fn sign(&mut self) -> Result<Headers, Failure> {
        if self.id.is_none() && self.signed_at(self.at).err() == Some(SignError::IdMissing) {
            let id = new_id()?;
            self.id = Some(format!("msg_{id}"));
            if self.signed_at(self.at).err() == Some(SignError::IdMalformed) {
                // A token of letters and digits.
                self.id = Some(id);
            }
            say(format_args!(
                "note: signed with the new id {}; --id gives your own",
                self.id.as_deref().unwrap_or_default()
            ));
        }
        let signed = self.signed_at(self.at).map_err(told)?;
        let (changes_body, changes_url) = (signed.changes_body(), signed.changes_target());
        let (headers, body, target) = signed.into_parts();
        let body = changes_body.then(|| body.into_owned());
        let target = target.filter(|_| changes_url).map(Cow::into_owned);
        if let Some(body) = body {
            self.request.body = body;
            self.request.body_file = None;
        }
        if let (Some(url), Some(target)) = (&self.request.url, target) {
            self.request.url = Some(url.with_target(&target)?);
        }
        (self.changes_body, self.changes_url) = (changes_body, changes_url);
        Ok(headers)
    }

    /// The same delivery, a second later: what its timestamp must not be exchanged for.
    pub(super) fn sign_later(&self) -> Result<Headers, Failure> {
        let second = std::time::Duration::from_secs(1);
        let signed = self.signed_at(self.at.saturating_add(second));
        signed.map(|it| it.into_parts().0).map_err(told)
    }

    pub(super) fn scheme(&self) -> &webhook_signature::Scheme {
        self.verifier.scheme()
    }

    pub(super) const fn at(&self) -> Timestamp {
        self.at
    }

    /// The request's own headers in their order, without those that only frame it on the wire, and
    /// then `signed`.
    pub(super) fn headers(&self, signed: &Headers) -> HeaderLines {
        const FRAMING: [HeaderName; 3] = [
            header::CONTENT_LENGTH,
            header::TRANSFER_ENCODING,
            header::CONNECTION,
        ];
        let is_signed = |name: &HeaderName| signed.iter().any(|(own, _)| own == name);
        let mut headers = self.request.headers.lines.clone();
        headers.retain(|(name, _)| !FRAMING.contains(name) && !is_signed(name));
        headers.extend_from_slice(signed);
        headers
    }

    fn signed_at(&self, at: Timestamp) -> Result<Signed<'_>, SignError> {
        let request = &self.request;
        let mut sign = SignRequest::new(&request.body, at)
            .with_method(&request.method)
            .with_headers(&request.headers.map);
        if let Some(id) = &self.id {
            sign = sign.with_id(id);
        }
        if let Some(event) = &self.event {
            sign = sign.with_event(event);
        }
        if let Some(url) = &request.url {
            sign = sign.with_target(url.target_text());
        }
        self.verifier.sign_request(&sign)
    }
}

fn told(error: SignError) -> Failure {
    Failure::usage(in_words_of_the_command_line(error))
}

/// What is unique of an id; in front of it stands `msg_`, as Standard Webhooks has it, unless a
/// provider takes letters and digits only.
fn new_id() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Failure::Io(format!("no randomness: {error}")))?;
    Ok(const_hex::encode(bytes))
}
