use axum::{Router, body::Bytes, http::StatusCode, routing::post};

use super::{App, BoxError, Outcome, by_hand, ours, parts};

/// Who serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Server {
    /// (a): a bare axum handler that takes `Bytes`.
    Bare,
    /// (b): (a) and a signature verified by hand in the handler.
    ByHand,
    /// (c): (b) and the best existing parts.
    Parts,
    /// (c+log): (c) with an access log in JSON.
    PartsLog,
    /// The whole stack of this family, with both quotas and an audit in JSON lines.
    Ours,
    /// The whole stack around the whole router in place of its routes.
    OursAround,
    /// The whole stack, and each delivery handled once.
    OursDedup,
    /// The audit layer alone.
    Audit,
    /// The pause layer alone.
    Pause,
    /// The address layer alone.
    Ip,
    /// The quota per network alone.
    NetworkQuota,
    /// A shared token alone.
    Token,
    /// The signature layer alone.
    Hmac,
    /// The signature layer and the quota per endpoint.
    HmacEndpointQuota,
    /// The signature layer and the layer that handles each delivery once.
    HmacDedup,
}

impl Server {
    /// The whole servers.
    pub const WHOLE: [Self; 7] = [
        Self::Bare,
        Self::ByHand,
        Self::Parts,
        Self::PartsLog,
        Self::Ours,
        Self::OursAround,
        Self::OursDedup,
    ];

    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Bare,
        Self::ByHand,
        Self::Parts,
        Self::PartsLog,
        Self::Ours,
        Self::OursAround,
        Self::OursDedup,
        Self::Audit,
        Self::Pause,
        Self::Ip,
        Self::NetworkQuota,
        Self::Token,
        Self::Hmac,
        Self::HmacEndpointQuota,
        Self::HmacDedup,
    ];

    /// The name on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::ByHand => "by-hand",
            Self::Parts => "parts",
            Self::PartsLog => "parts-log",
            Self::Ours => "ours",
            Self::OursAround => "ours-around",
            Self::OursDedup => "ours-dedup",
            Self::Audit => "audit",
            Self::Pause => "pause",
            Self::Ip => "ip",
            Self::NetworkQuota => "network-quota",
            Self::Token => "token",
            Self::Hmac => "hmac",
            Self::HmacEndpointQuota => "hmac-endpoint-quota",
            Self::HmacDedup => "hmac-dedup",
        }
    }

    /// What the tables call it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Bare => "(a) bare axum",
            Self::ByHand => "(b) HMAC by hand",
            Self::Parts => "(c) existing parts",
            Self::PartsLog => "(c+log)",
            Self::Ours => "**whole stack**",
            Self::OursAround => "**whole stack, around**",
            Self::OursDedup => "**whole stack, dedup**",
            Self::Audit => "audit alone",
            Self::Pause => "pause alone",
            Self::Ip => "address alone",
            Self::NetworkQuota => "quota per network alone",
            Self::Token => "token alone",
            Self::Hmac => "signature alone",
            Self::HmacEndpointQuota => "signature, quota per endpoint",
            Self::HmacDedup => "signature, dedup",
        }
    }

    /// Whether it is a server as one would run it, and no single layer.
    #[must_use]
    pub fn is_whole(self) -> bool {
        Self::WHOLE.contains(&self)
    }

    /// What can become of a request to it.
    #[must_use]
    pub const fn outcomes(self) -> &'static [Outcome] {
        use Outcome::{Accepted, Forbidden, Forged, Throttled, TooLarge, Unsigned};
        match self {
            Self::Bare | Self::OursDedup | Self::Audit | Self::Pause => &[Accepted],
            Self::ByHand | Self::HmacEndpointQuota | Self::HmacDedup => {
                &[Accepted, Unsigned, Forged]
            }
            Self::Parts | Self::PartsLog | Self::Ours | Self::OursAround => &Outcome::ALL,
            Self::Ip => &[Accepted, Forbidden],
            Self::NetworkQuota => &[Accepted, Throttled],
            Self::Token => &[Accepted, Unsigned],
            Self::Hmac => &[Accepted, Unsigned, Forged, TooLarge],
        }
    }

    /// Whether a delivery that came before is not handled again.
    #[must_use]
    pub const fn remembers(self) -> bool {
        matches!(self, Self::OursDedup | Self::HmacDedup)
    }

    /// The server, with quotas that are spent by the first request where requests are to be refused
    /// for that.
    ///
    /// # Errors
    /// A setting is wrong.
    pub fn app(self, outcome: Outcome) -> Result<App, BoxError> {
        let is_spent = outcome == Outcome::Throttled;
        let router = match self {
            Self::OursAround => return ours::around(bare(), is_spent),
            Self::Bare => bare(),
            Self::ByHand => by_hand::router(),
            Self::Parts => parts::router(is_spent)?,
            Self::PartsLog => parts::logging_router(is_spent)?,
            Self::Ours => ours::whole(bare(), is_spent)?,
            Self::OursDedup => ours::whole_with_dedup(bare())?,
            Self::Audit => bare().layer(ours::audit()?),
            Self::Pause => bare().layer(ours::pause()),
            Self::Ip => bare().layer(ours::ip()?),
            Self::NetworkQuota => bare().layer(ours::network_quota(is_spent)),
            Self::Token => bare().layer(ours::token()?),
            Self::Hmac => bare().layer(ours::hmac()?),
            Self::HmacEndpointQuota => bare().layer((ours::hmac()?, ours::endpoint_quota())),
            Self::HmacDedup => bare().layer((ours::hmac()?, ours::dedup())),
        };
        Ok(router.into())
    }
}

/// The route that everything else is around.
fn bare() -> Router {
    Router::new().route("/hooks", post(handle))
}

async fn handle(body: Bytes) -> StatusCode {
    // The handler takes the whole body; what it does with it is its own affair.
    std::hint::black_box(&body);
    StatusCode::OK
}
