//! One receiver, written by hand, with a place for each mistake.

use std::{
    collections::{HashMap, HashSet},
    convert::Infallible,
    io::Read as _,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use flate2::read::GzDecoder;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body::Body as _;
use http_body_util::{BodyExt as _, Full, Limited};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use tower::{Service, service_fn};
use webhook_core::{Facts, Timestamp};
use webhook_testing::{HandlerProbe, TestBody};

pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";
const LIMIT: usize = 64 * 1024;
const QUOTA: usize = 900;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    None,
    NoneWithTime,
    NoLimit,
    LimitByContentLength,
    SerialisesAgain,
    TrimsTheBody,
    TrustsForwardedFor,
    QuotaByForwardedFor,
    AlgorithmFromHeader,
    DedupByUnsignedId,
    SeenBeforeVerified,
    AbsentIsSkipped,
    ComparesShorterLength,
    EmptySecret,
    TimeIsNotCompared,
    FutureIsFresh,
    Inflates,
    EchoesTheMac,
    HandlesFirst,
    ChecksOnlyPost,
}

impl Mistake {
    pub(crate) fn is_about_time(self) -> bool {
        matches!(
            self,
            Self::NoneWithTime | Self::TimeIsNotCompared | Self::FutureIsFresh
        )
    }
}

type Answer = Response<Full<Bytes>>;

#[derive(Clone)]
struct Receiver {
    mistake: Mistake,
    now: i64,
    seen: Arc<Mutex<HashSet<Vec<u8>>>>,
    counts: Arc<Mutex<HashMap<String, usize>>>,
}

pub(crate) fn receiver(
    mistake: Mistake,
    now: Timestamp,
) -> impl Service<Request<TestBody>, Response = Answer, Error = Infallible, Future: Send + 'static>
+ Clone
+ Send
+ 'static {
    let receiver = Receiver {
        mistake,
        now: now.unix_seconds(),
        seen: Arc::default(),
        counts: Arc::default(),
    };
    service_fn(move |request| {
        let receiver = receiver.clone();
        async move {
            Ok(receiver
                .receive(request)
                .await
                .unwrap_or_else(|refusal| refusal))
        }
    })
}

fn answer(status: StatusCode, text: impl Into<Bytes>) -> Answer {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    response
}

fn refused(status: StatusCode) -> Answer {
    answer(status, status.as_str().to_owned())
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

impl Receiver {
    async fn receive(&self, request: Request<TestBody>) -> Result<Answer, Answer> {
        let is = |mistake| self.mistake == mistake;
        self.admit(&request)?;
        if is(Mistake::HandlesFirst) {
            HandlerProbe::note(request.extensions());
        }
        let (parts, body) = request.into_parts();
        if parts.method != Method::POST {
            return match is(Mistake::ChecksOnlyPost) {
                true => Ok(answer(StatusCode::OK, "done")),
                false => Err(refused(StatusCode::METHOD_NOT_ALLOWED)),
            };
        }
        let is_coded = parts.headers.contains_key("content-encoding");
        if is_coded && !is(Mistake::Inflates) {
            return Err(refused(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let mut body = self.read(body).await?;
        if is_coded {
            let mut plain = Vec::new();
            let mut decoder = GzDecoder::new(&*body).take(LIMIT as u64);
            decoder
                .read_to_end(&mut plain)
                .map_err(|_| refused(StatusCode::BAD_REQUEST))?;
            body = plain.into();
        }
        if is(Mistake::SeenBeforeVerified) {
            self.once(&parts.headers, &body)?;
        }
        self.verify(&parts.headers, &body)?;
        if !is(Mistake::SeenBeforeVerified) {
            self.once(&parts.headers, &body)?;
        }
        if !is(Mistake::HandlesFirst) {
            // A panic of the handler is an answer of its own.
            let handle = || HandlerProbe::note(&parts.extensions);
            let handled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(handle));
            handled.map_err(|_| refused(StatusCode::INTERNAL_SERVER_ERROR))?;
        }
        Ok(answer(StatusCode::OK, "done"))
    }

    /// Whether the client may be here, and not too often.
    fn admit(&self, request: &Request<TestBody>) -> Result<(), Answer> {
        let peer = Facts::peer_of(request.extensions()).and_then(|peer| peer.ip());
        let peer = peer.unwrap().to_string();
        let claimed = header(request.headers(), "x-forwarded-for").unwrap_or(&peer);
        let is = |mistake| self.mistake == mistake;
        let client = if is(Mistake::TrustsForwardedFor) {
            claimed
        } else {
            &peer
        };
        let has_list = is(Mistake::TrustsForwardedFor) || is(Mistake::None);
        if has_list && !client.starts_with("192.0.2.") {
            return Err(refused(StatusCode::FORBIDDEN));
        }
        let key = if is(Mistake::QuotaByForwardedFor) {
            claimed
        } else {
            &peer
        };
        let mut counts = self.counts.lock().unwrap();
        let count = counts.entry(key.to_owned()).or_default();
        *count += 1;
        match *count > QUOTA {
            true => Err(refused(StatusCode::TOO_MANY_REQUESTS)),
            false => Ok(()),
        }
    }

    async fn read(&self, body: TestBody) -> Result<Bytes, Answer> {
        let declared = body.size_hint().exact();
        let too_large = || refused(StatusCode::PAYLOAD_TOO_LARGE);
        if self.mistake != Mistake::NoLimit && declared.is_some_and(|bytes| bytes > LIMIT as u64) {
            return Err(too_large());
        }
        let limit = match self.mistake {
            Mistake::NoLimit | Mistake::LimitByContentLength => usize::MAX,
            _ => LIMIT,
        };
        let mut body = Limited::new(body, limit);
        let (mut content, mut frames) = (Vec::new(), 0);
        let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
        loop {
            let frame = tokio::time::timeout_at(deadline, body.frame()).await;
            let frame = frame.map_err(|_| refused(StatusCode::REQUEST_TIMEOUT))?;
            let Some(frame) = frame else { break };
            let frame =
                frame.map_err(
                    |error| match error.is::<http_body_util::LengthLimitError>() {
                        true => too_large(),
                        false => refused(StatusCode::BAD_REQUEST),
                    },
                )?;
            frames += 1;
            if frames > 16_384 {
                return Err(too_large());
            }
            content.extend_from_slice(&frame.into_data().unwrap());
        }
        Ok(content.into())
    }

    fn once(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), Answer> {
        let id = header(headers, "x-github-delivery").unwrap_or_default();
        let key = match self.mistake {
            Mistake::DedupByUnsignedId => id.as_bytes().to_vec(),
            _ => body.to_vec(),
        };
        if self.seen.lock().unwrap().insert(key) {
            return Ok(());
        }
        let mut duplicate = answer(StatusCode::OK, "");
        let headers = duplicate.headers_mut();
        headers.insert("webhook-duplicate", "true".parse().unwrap());
        Err(duplicate)
    }

    fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), Answer> {
        let unauthorized = || refused(StatusCode::UNAUTHORIZED);
        let is = |mistake| self.mistake == mistake;
        let mut lines = headers.get_all("x-hub-signature-256").iter();
        let Some(line) = lines.next() else {
            return if is(Mistake::AbsentIsSkipped) {
                Ok(())
            } else {
                Err(unauthorized())
            };
        };
        if lines.next().is_some() {
            return Err(unauthorized());
        }
        let line = line.to_str().map_err(|_| unauthorized())?;
        let (label, sent) = line.split_once('=').ok_or_else(unauthorized)?;
        if label != "sha256" && !is(Mistake::AlgorithmFromHeader) {
            return Err(unauthorized());
        }
        let text = self.signed_text(headers, body).ok_or_else(unauthorized)?;
        let right = mac(label, SECRET.as_bytes(), &text).ok_or_else(unauthorized)?;
        let is_right = match self.mistake {
            Mistake::ComparesShorterLength => sent.bytes().zip(right.bytes()).all(|(a, b)| a == b),
            // The slot for the next secret, whose variable is not set.
            Mistake::EmptySecret => {
                sent == right || Some(sent) == mac(label, b"", &text).as_deref()
            }
            _ => sent == right,
        };
        match is_right {
            true => Ok(()),
            false if is(Mistake::EchoesTheMac) => {
                let text = format!("signature mismatch: expected sha256={right}");
                Err(answer(StatusCode::UNAUTHORIZED, text))
            }
            false => Err(unauthorized()),
        }
    }

    /// What is signed; `None` where it is too old to be looked at.
    fn signed_text(&self, headers: &HeaderMap, body: &[u8]) -> Option<Vec<u8>> {
        if self.mistake == Mistake::SerialisesAgain {
            let value: serde_json::Value = serde_json::from_slice(body).ok()?;
            return Some(value.to_string().into_bytes());
        }
        if self.mistake == Mistake::TrimsTheBody {
            return Some(body.trim_ascii().to_vec());
        }
        if !self.mistake.is_about_time() {
            return Some(body.to_vec());
        }
        let mut lines = headers.get_all("x-time").iter();
        let time = lines.next()?.to_str().ok()?;
        let is_plain = time.len() == 10 && time.bytes().all(|byte| byte.is_ascii_digit());
        let sent: i64 = time.parse().unwrap_or_default();
        let age = self.now.saturating_sub(sent);
        let is_fresh = match self.mistake {
            Mistake::TimeIsNotCompared => true,
            Mistake::FutureIsFresh => is_plain && age <= 300,
            _ => is_plain && age.abs() <= 300,
        };
        (is_fresh && lines.next().is_none()).then(|| [time.as_bytes(), b".", body].concat())
    }
}

fn mac(label: &str, key: &[u8], text: &[u8]) -> Option<String> {
    let bytes = match label {
        "sha1" => Hmac::<Sha1>::new_from_slice(key)
            .ok()?
            .chain_update(text)
            .finalize()
            .into_bytes()
            .to_vec(),
        "sha256" => Hmac::<Sha256>::new_from_slice(key)
            .ok()?
            .chain_update(text)
            .finalize()
            .into_bytes()
            .to_vec(),
        "sha512" => Hmac::<Sha512>::new_from_slice(key)
            .ok()?
            .chain_update(text)
            .finalize()
            .into_bytes()
            .to_vec(),
        _ => return None,
    };
    Some(const_hex::encode(bytes))
}
