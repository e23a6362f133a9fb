use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::net::TcpSocket;

use super::CONNECTIONS;
use crate::{
    sender::Sender,
    stack::{BoxError, Case, Outcome},
};

/// What one round of requests came to.
pub(super) struct Load {
    pub(super) took: Duration,
    pub(super) met: Met,
}

/// What the senders met with.
#[derive(Default)]
pub(super) struct Met {
    pub(super) latencies: Vec<Duration>,
    /// Requests whose answer was lost with their connection.
    pub(super) lost: usize,
}

/// Sends the requests over as many connections as there are, each its share, one after another.
pub(super) async fn send(
    case: Case,
    server: SocketAddr,
    requests: &[Bytes],
) -> Result<Load, BoxError> {
    let start = Instant::now();
    let mut connections = tokio::task::JoinSet::new();
    for number in 0..CONNECTIONS {
        let share: Vec<_> = requests
            .iter()
            .skip(number)
            .step_by(CONNECTIONS)
            .cloned()
            .collect();
        connections.spawn_local(one_connection(case, server, share));
    }
    let mut met = Met::default();
    while let Some(of_one) = connections.join_next().await {
        let of_one = of_one??;
        met.latencies.extend(of_one.latencies);
        met.lost += of_one.lost;
    }
    Ok(Load {
        took: start.elapsed(),
        met,
    })
}

/// One request, whatever becomes of it: the first one of a quota of one is let through.
pub(super) async fn warm_up(
    case: Case,
    server: SocketAddr,
    request: &[u8],
) -> Result<(), BoxError> {
    connect(case, server).await?.send(request).await?;
    Ok(())
}

async fn one_connection(
    case: Case,
    server: SocketAddr,
    requests: Vec<Bytes>,
) -> Result<Met, BoxError> {
    let mut sender = connect(case, server).await?;
    let mut met = Met::default();
    for request in requests {
        let is_kept_alive = match sender.send(&request).await {
            Ok(answer) if answer.status == case.outcome.status().as_u16() => {
                met.latencies.push(answer.took);
                answer.is_kept_alive
            }
            Ok(answer) => return Err(format!("{case}: answered with {}", answer.status).into()),
            // The reset that follows a refusal before the body can overtake the answer.
            Err(_) if case.outcome != Outcome::Accepted => {
                met.lost += 1;
                false
            }
            Err(error) => return Err(format!("{case}: {error}").into()),
        };
        if !is_kept_alive {
            sender = connect(case, server).await?;
        }
    }
    Ok(met)
}

/// From an address that is listed, or from one that is not.
async fn connect(case: Case, server: SocketAddr) -> io::Result<Sender> {
    let socket = TcpSocket::new_v4()?;
    if case.outcome == Outcome::Forbidden {
        socket.bind((Ipv4Addr::new(127, 128, 0, 1), 0).into())?;
    }
    Sender::over(socket.connect(server).await?)
}
