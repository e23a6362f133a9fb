//! The token layer that also takes the whole body in.

mod case;
mod future;
mod layer;
mod service;

use self::case::Case;
pub use self::{future::BufferingFuture, layer::BufferedTokenLayer, service::VerifyTokenBuffered};
