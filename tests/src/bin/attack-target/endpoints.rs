use std::{collections::HashMap, convert::Infallible, time::Duration};

use http::{Request, StatusCode};
use hyper::body::Incoming;
use tower::{Layer as _, ServiceBuilder, ServiceExt as _, service_fn, util::BoxCloneSyncService};
use webhook_layers::{
    BodyLimits, BufferedBody, ClientAddressSource, HmacLayer, HmacSettings, IpLayer, JsonLinesSink,
    KeyRing, Quota, RateLimitLayer, Scheme, Secret, Settings, audit::AuditLayer, presets,
    signature::SecretEncoding,
};

use webhook_token_layer::{Token, TokenLayer, TokenSettings, TokenSource};

use crate::{
    BoxError,
    handler::{Answer, Calls, Manner, handle, status},
};

pub(crate) type Service = BoxCloneSyncService<Request<Incoming>, Answer, Infallible>;

const CURRENT: &str = "current-secret-0123456789abcdef";
const PREVIOUS: &str = "previous-secret-0123456789abcdef";

/// Loopback except 127.0.0.9, and 10.0.0.0/8.
const TRUSTED_PROXIES: [&str; 23] = [
    "127.0.0.0/29",
    "127.0.0.8/32",
    "127.0.0.10/31",
    "127.0.0.12/30",
    "127.0.0.16/28",
    "127.0.0.32/27",
    "127.0.0.64/26",
    "127.0.0.128/25",
    "127.0.1.0/24",
    "127.0.2.0/23",
    "127.0.4.0/22",
    "127.0.8.0/21",
    "127.0.16.0/20",
    "127.0.32.0/19",
    "127.0.64.0/18",
    "127.0.128.0/17",
    "127.1.0.0/16",
    "127.2.0.0/15",
    "127.4.0.0/14",
    "127.8.0.0/13",
    "127.16.0.0/12",
    "::1/128",
    "10.0.0.0/8",
];

/// Every endpoint behind one audit layer, by its path or its gRPC method.
pub(crate) fn service(
    audit: &AuditLayer<JsonLinesSink>,
    calls: &Calls,
) -> Result<Service, BoxError> {
    let endpoints = endpoints(calls)?;
    let dispatch = service_fn(move |request: Request<Incoming>| {
        let endpoint = endpoints.get(name(request.uri().path())).cloned();
        async move {
            match endpoint {
                Some(endpoint) => endpoint.oneshot(request).await,
                None => Ok(status(StatusCode::NOT_FOUND)),
            }
        }
    });
    Ok(BoxCloneSyncService::new(audit.layer(dispatch)))
}

fn name(path: &str) -> &str {
    path.strip_prefix("/hook.Svc/")
        .or_else(|| path.strip_prefix('/'))
        .unwrap_or_default()
}

fn endpoints(calls: &Calls) -> Result<HashMap<&'static str, Service>, BoxError> {
    let github = || presets::GITHUB.scheme().with_any_hex_case();
    let signed = |scheme: Scheme| guard(scheme, client()?, None, calls, Manner::Plain);
    let of_manner = |manner| guard(github(), client()?, None, calls, manner);
    let listed = client()?.with_allow(["203.0.113.0/24"])?;
    let three = Quota::per_period(3, Duration::from_secs(3600))?;
    Ok(HashMap::from([
        ("github", signed(github())?),
        ("stripe", signed(presets::STRIPE.scheme())?),
        ("slack", signed(presets::SLACK.scheme())?),
        ("shopify", signed(presets::SHOPIFY.scheme())?),
        ("std", signed(standard())?),
        ("ip", guard(github(), listed, None, calls, Manner::Plain)?),
        (
            "rl",
            guard(github(), client()?, Some(three), calls, Manner::Plain)?,
        ),
        (
            "bearer",
            token(TokenSource::Bearer, "tok-0123456789abcdef", calls)?,
        ),
        ("basic", token(TokenSource::basic("hook")?, "pa:ss", calls)?),
        ("panic", of_manner(Manner::Panics)?),
        ("slow", of_manner(Manner::Slow)?),
        ("err", of_manner(Manner::Fails)?),
    ]))
}

/// Standard Webhooks under its own header names only, with the secret's text as the key.
fn standard() -> Scheme {
    presets::STANDARD_WEBHOOKS
        .scheme()
        .with_first_headers_only()
        .with_secret_encoding(SecretEncoding::Raw)
}

/// The client address behind the trusted proxies, without a list.
fn client() -> Result<IpLayer, BoxError> {
    let layer = IpLayer::new().with_source(ClientAddressSource::XForwardedFor);
    Ok(layer.with_trusted_proxies(TRUSTED_PROXIES)?)
}

fn limits() -> BodyLimits {
    BodyLimits::default()
        .with_max_bytes(65_536)
        .with_deadline(Duration::from_secs(2))
}

/// A shared token, and a body that is whole, though nothing signs it.
fn token(source: TokenSource, token: &str, calls: &Calls) -> Result<Service, BoxError> {
    let token = Token::new("current", Secret::insecure_short(token)?)?;
    let settings = TokenSettings::new(source, token).with_limits(limits());
    let stack = ServiceBuilder::new()
        .layer(client()?)
        .layer(TokenLayer::with_settings(Settings::fixed(settings)).buffered())
        .service(handler(Manner::Plain, calls));
    Ok(BoxCloneSyncService::new(stack))
}

fn handler(
    manner: Manner,
    calls: &Calls,
) -> BoxCloneSyncService<Request<BufferedBody>, Answer, Infallible> {
    let calls = calls.clone();
    BoxCloneSyncService::new(service_fn(move |request| {
        handle(manner, calls.clone(), request)
    }))
}

/// A stack whose quotas are out of the way, but for the one that an endpoint is about.
fn guard(
    scheme: Scheme,
    client: IpLayer,
    quota: Option<Quota>,
    calls: &Calls,
    manner: Manner,
) -> Result<Service, BoxError> {
    let keys =
        KeyRing::new("current", Secret::new(CURRENT)?)?.with("previous", Secret::new(PREVIOUS)?)?;
    let settings = HmacSettings::new(scheme, keys)?.with_limits(limits());
    let stack = ServiceBuilder::new()
        .layer(client)
        .option_layer(quota.map(|quota| RateLimitLayer::per_network().with_quota(quota)))
        .layer(HmacLayer::from(settings))
        .service(handler(manner, calls));
    Ok(BoxCloneSyncService::new(stack))
}
