use std::{fmt::Write as _, io::Write as _};

use flate2::{Compression, write::GzEncoder};
use http::Method;

use super::{
    case::{Case, Expected, Family},
    delivery::{Delivery, Place},
    signature::without,
    source::Source,
};

/// What a compressed bomb grows to.
const BOMB: usize = 4 * 1024 * 1024;

pub(super) fn cases(source: &Source, serves_grpc: bool) -> Vec<Case> {
    let refused = |name, delivery| Case::refused(name, Family::Request, delivery);
    let unsigned = |method: Method| without(source.fresh()).map(|it| it.with_method(method));
    let signed = |method: Method| source.fresh().with_method(method);
    let query = |name: &str| {
        without(source.fresh()).map(|mut delivery| {
            delivery.target = with_query(&delivery.target, name, &source.secret);
            delivery
        })
    };
    let mut cases = vec![
        refused("unsigned-get", unsigned(Method::GET)),
        refused("unsigned-put", unsigned(Method::PUT)),
        refused("unsigned-patch", unsigned(Method::PATCH)),
        refused("unsigned-delete", unsigned(Method::DELETE)),
        refused(
            "unsigned-method-override",
            without(source.fresh()).map(|delivery| {
                delivery
                    .with_method(Method::GET)
                    .with("x-http-method-override", "POST")
            }),
        ),
        refused("captured-as-put", Some(signed(Method::PUT))),
        refused("captured-as-delete", Some(signed(Method::DELETE))),
        refused("secret-in-query-as-token", query("token")),
        refused("secret-in-query-as-secret", query("secret")),
        refused(
            "secret-in-other-header",
            without(source.fresh()).map(|delivery| delivery.with("x-attack-token", &source.secret)),
        ),
        refused("coding-gzip-signed-on-the-wire", coded(source, true)),
        refused("coding-gzip-signed-inside", coded(source, false)),
        refused("coding-gzip-bomb", bomb(source)),
        refused(
            "coding-without-coding",
            Some(source.fresh().with("content-encoding", "gzip")),
        ),
        refused(
            "coding-unknown",
            Some(source.fresh().with("content-encoding", "x-attack")),
        ),
        refused(
            "unsigned-form",
            without(source.fresh())
                .map(|delivery| delivery.with("content-type", "application/x-www-form-urlencoded")),
        ),
    ];
    let grpc = without(source.fresh())
        .filter(|_| serves_grpc)
        .map(|delivery| {
            vec![
                delivery
                    .with("content-type", "application/grpc")
                    .with("te", "trailers"),
            ]
        });
    cases.push(Case::new(
        "unsigned-grpc",
        Family::Request,
        Expected::RefusedInGrpc,
        grpc,
    ));
    cases
}

fn with_query(target: &str, name: &str, value: &str) -> String {
    let separator = if target.contains('?') { '&' } else { '?' };
    let mut target = format!("{target}{separator}{name}=");
    for byte in value.bytes() {
        let _infallible = write!(target, "%{byte:02X}");
    }
    target
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    match encoder.write_all(content).and_then(|()| encoder.finish()) {
        Ok(coded) => coded,
        Err(error) => panic!("gzip into memory failed: {error}"),
    }
}

/// A compressed body, signed as it is sent or as it is inside.
fn coded(source: &Source, is_wire_signed: bool) -> Option<Delivery> {
    let plain = source.fresh();
    if matches!(plain.signature, Some((Place::Body, _))) {
        return None;
    }
    let coded = gzip(&plain.body);
    let delivery = if is_wire_signed {
        // A body that is no text can be signed only where the scheme takes any bytes.
        source.try_of(&coded)?
    } else {
        plain.with_body(coded)
    };
    Some(delivery.with("content-encoding", "gzip"))
}

fn bomb(source: &Source) -> Option<Delivery> {
    let coded = gzip(&vec![b' '; BOMB]);
    let delivery = source.try_of(&coded)?;
    Some(delivery.with("content-encoding", "gzip"))
}
