//! (c) and (c+log): the best existing parts around (b).

use std::{io, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
};
use axum_client_ip::{ClientIp, ClientIpSource};
use ipnet::IpNet;
use tower_governor::{GovernorLayer, governor::GovernorConfigBuilder};
use tower_http::{
    limit::RequestBodyLimitLayer,
    trace::{DefaultMakeSpan, DefaultOnResponse, TraceLayer},
};
use tracing::Level;

use super::{BoxError, MAX_BODY, NETWORKS, by_hand};

/// The parts without a log: nobody subscribes to what is traced.
pub(super) fn router(is_spent: bool) -> Result<Router, BoxError> {
    Ok(around(by_hand::router(), is_spent)?.layer(TraceLayer::new_for_http()))
}

/// The parts with an access log in JSON, whose lines are made and thrown away.
pub(super) fn logging_router(is_spent: bool) -> Result<Router, BoxError> {
    // The second one in a process finds the first one, which is the same.
    let _already_there = tracing_subscriber::fmt()
        .json()
        .with_writer(io::sink)
        .with_max_level(Level::INFO)
        .try_init();
    let trace = TraceLayer::new_for_http()
        .make_span_with(DefaultMakeSpan::new().level(Level::INFO))
        .on_response(DefaultOnResponse::new().level(Level::INFO));
    Ok(around(by_hand::router(), is_spent)?.layer(trace))
}

fn around(router: Router, is_spent: bool) -> Result<Router, BoxError> {
    let (period, burst) = if is_spent {
        (Duration::from_secs(3600), 1)
    } else {
        (Duration::from_micros(1), super::AMPLE)
    };
    let quota = GovernorConfigBuilder::default()
        .period(period)
        .burst_size(burst)
        .finish()
        .ok_or("no quota")?;
    let networks: Result<Vec<IpNet>, _> = NETWORKS.iter().map(|network| network.parse()).collect();
    Ok(router
        .layer(RequestBodyLimitLayer::new(MAX_BODY))
        .layer(GovernorLayer::new(quota))
        .layer(from_fn_with_state(Arc::new(networks?), listed))
        .layer(ClientIpSource::ConnectInfo.into_extension()))
}

async fn listed(
    State(networks): State<Arc<Vec<IpNet>>>,
    ClientIp(client): ClientIp,
    request: Request,
    next: Next,
) -> Response {
    if networks.iter().any(|network| network.contains(&client)) {
        next.run(request).await
    } else {
        StatusCode::FORBIDDEN.into_response()
    }
}
