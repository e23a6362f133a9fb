//! A client that can misbehave: deliveries made by hand, over HTTP/1.1 written by hand and HTTP/2
//! spoken frame by frame.

mod answer;
mod connection;
mod delivery;
mod http1;
mod http2;

pub use self::{
    answer::{Answer, Gone},
    connection::{Connection, Upload, deliver},
    delivery::{Delivery, framed},
    http1::Http1,
    http2::{Http2, Stream},
};
