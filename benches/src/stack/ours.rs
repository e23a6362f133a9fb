//! The layers of this family, each alone and all together.

use axum::Router;
use tower::Layer as _;
use webhook_layers::{
    AuditLayer, DedupLayer, DedupSettings, HmacLayer, IpLayer, JsonLinesSink, KeyRing, PauseSwitch,
    Quota, RateLimitLayer, Secret, WebhookLayers,
    endpoint::PauseLayer,
    presets,
    token::{Token, TokenLayer, TokenSource},
};

use super::{AMPLE, App, BoxError, NETWORKS, SECRET, delivery, output::sink};

pub(super) fn whole(router: Router, is_spent: bool) -> Result<Router, BoxError> {
    Ok(router.layer(builder(is_spent)?.build()?))
}

pub(super) fn around(router: Router, is_spent: bool) -> Result<App, BoxError> {
    let hooks = builder(is_spent)?.build()?;
    Ok(App::Around(hooks.layer(router.with_state(()))))
}

pub(super) fn whole_with_dedup(router: Router) -> Result<Router, BoxError> {
    let hooks = builder(false)?.dedup(DedupSettings::new()).build()?;
    Ok(router.layer(hooks))
}

fn builder(is_spent: bool) -> Result<webhook_layers::Builder<JsonLinesSink>, BoxError> {
    Ok(WebhookLayers::builder(&presets::GITHUB)
        .secret("current", Secret::new(SECRET))
        .allow(NETWORKS)
        .network_quota(quota(is_spent))
        .endpoint_quota(quota(false))
        .audit(sink()?))
}

pub(super) fn audit() -> Result<AuditLayer<JsonLinesSink>, BoxError> {
    Ok(AuditLayer::new(sink()?))
}

pub(super) fn pause() -> PauseLayer {
    PauseLayer::new(PauseSwitch::new())
}

pub(super) fn ip() -> Result<IpLayer, BoxError> {
    Ok(IpLayer::allow(NETWORKS)?)
}

pub(super) fn network_quota(is_spent: bool) -> RateLimitLayer {
    limited(RateLimitLayer::per_network(), is_spent)
}

pub(super) fn endpoint_quota() -> RateLimitLayer {
    limited(RateLimitLayer::per_endpoint(), false)
}

/// The token is in the header that a signature stands in otherwise, so that all get the same request.
pub(super) fn token() -> Result<TokenLayer, BoxError> {
    let token = Token::new("current", Secret::new(delivery::signature()?)?)?;
    let source = TokenSource::header("x-hub-signature-256")?;
    Ok(TokenLayer::new(source, token))
}

pub(super) fn hmac() -> Result<HmacLayer, BoxError> {
    let ring = KeyRing::new("current", Secret::new(SECRET)?)?;
    Ok(HmacLayer::new(&presets::GITHUB, ring)?)
}

pub(super) fn dedup() -> DedupLayer {
    DedupLayer::new()
}

fn limited(layer: RateLimitLayer, is_spent: bool) -> RateLimitLayer {
    match quota(is_spent) {
        Ok(quota) => layer.with_quota(quota),
        // The default, which the check of every answer would find out.
        Err(_) => layer,
    }
}

fn quota(is_spent: bool) -> Result<Quota, webhook_layers::ratelimit::RateLimitError> {
    if is_spent {
        Quota::per_minute(1)
    } else {
        Quota::per_second(AMPLE)
    }
}
