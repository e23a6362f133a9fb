//! What `sign` and `send` share: a delivery as its sender would have made it.

use http::{HeaderName, header};
use webhook_core::Timestamp;
use webhook_signature::{SignError, SignRequest, Verifier};

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
        })
    }
}

impl Delivery {
    /// The headers that the scheme adds.
    pub(super) fn sign(&mut self) -> Result<Headers, Failure> {
        let signed = match self.signed_at(self.at) {
            Err(SignError::IdMissing) if self.id.is_none() => {
                let id = new_id()?;
                say(format_args!(
                    "note: signed with the new id {id}; --id gives your own"
                ));
                self.id = Some(id);
                self.signed_at(self.at)
            }
            signed => signed,
        };
        signed.map_err(told)
    }

    /// The same delivery, a second later: what its timestamp must not be exchanged for.
    pub(super) fn sign_later(&self) -> Result<Headers, Failure> {
        let second = std::time::Duration::from_secs(1);
        self.signed_at(self.at.saturating_add(second)).map_err(told)
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

    fn signed_at(&self, at: Timestamp) -> Result<Headers, SignError> {
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
        self.verifier.sign(&sign)
    }
}

fn told(error: SignError) -> Failure {
    Failure::usage(in_words_of_the_command_line(error))
}

/// An id in the form of Standard Webhooks, whose providers are those that sign one.
fn new_id() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Failure::Io(format!("no randomness: {error}")))?;
    Ok(format!("msg_{}", const_hex::encode(bytes)))
}
