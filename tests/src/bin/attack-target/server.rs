use std::{convert::Infallible, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Notify,
    time::timeout,
};
use tower::ServiceExt as _;
use webhook_layers::Facts;

use crate::{
    BoxError,
    endpoints::Service,
    handler::{Answer, Calls},
};

/// How long a connection may take to send its first request's head, and each later one's.
const HEAD_DEADLINE: Duration = Duration::from_secs(2);

pub(crate) async fn serve(
    address: SocketAddr,
    service: Service,
    calls: Calls,
) -> Result<(), BoxError> {
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    let mut server = auto::Builder::new(TokioExecutor::new());
    server
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_DEADLINE);
    server.http2().timer(TokioTimer::new());
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let connection =
                    serve_connection(stream, peer, service.clone(), calls.clone(), server.clone());
                tokio::spawn(connection);
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

async fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    service: Service,
    calls: Calls,
    server: auto::Builder<TokioExecutor>,
) {
    let arrived = Arc::new(Notify::new());
    let told = {
        let arrived = Arc::clone(&arrived);
        service_fn(move |request: Request<Incoming>| {
            arrived.notify_one();
            answer(service.clone(), calls.clone(), peer, request)
        })
    };
    let mut connection = pin!(server.serve_connection(TokioIo::new(stream), told));
    // How a connection ends is the client's affair.
    let _ended = tokio::select! {
        ended = &mut connection => ended,
        first = timeout(HEAD_DEADLINE, arrived.notified()) => match first {
            Ok(()) => connection.await,
            Err(_) => return,
        },
    };
}

/// The count of calls for whoever runs the cases; everything else goes to the endpoints.
async fn answer(
    service: Service,
    calls: Calls,
    peer: SocketAddr,
    mut request: Request<Incoming>,
) -> Result<Answer, Infallible> {
    if request.method() == Method::GET && request.uri().path() == "/__calls" {
        return Ok(Answer::new(Full::new(Bytes::from(
            calls.count().to_string(),
        ))));
    }
    request.extensions_mut().insert(Facts::from_peer(peer));
    service.oneshot(request).await
}
