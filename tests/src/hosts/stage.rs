use std::fmt;

use http::Version;

/// A server framework.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// axum 0.8: `Router::layer`, served by `axum::serve`.
    Axum,
    /// hyper 1: `TowerToHyperService` under hyper-util's automatic connection builder.
    Hyper,
    /// tonic 0.14: `Server::builder().layer`.
    Tonic,
}

/// Where a delivery is made: a host, a version of HTTP, and webhook or gRPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The host.
    pub host: Host,
    /// The version of HTTP that the client speaks.
    pub version: Version,
    /// Whether the delivery is a unary gRPC call.
    pub is_grpc: bool,
}

/// Every stage.
pub const STAGES: [Stage; 7] = [
    Stage {
        host: Host::Axum,
        version: Version::HTTP_11,
        is_grpc: false,
    },
    Stage {
        host: Host::Axum,
        version: Version::HTTP_2,
        is_grpc: false,
    },
    Stage {
        host: Host::Axum,
        version: Version::HTTP_2,
        is_grpc: true,
    },
    Stage {
        host: Host::Hyper,
        version: Version::HTTP_11,
        is_grpc: false,
    },
    Stage {
        host: Host::Hyper,
        version: Version::HTTP_2,
        is_grpc: false,
    },
    Stage {
        host: Host::Hyper,
        version: Version::HTTP_2,
        is_grpc: true,
    },
    Stage {
        host: Host::Tonic,
        version: Version::HTTP_2,
        is_grpc: true,
    },
];

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_grpc { "gRPC" } else { "webhook" };
        write!(f, "{kind} to {:?} over {:?}", self.host, self.version)
    }
}
