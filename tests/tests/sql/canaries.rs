//! No secret, token, signature, query or body is in any sink, nor in the files beside the database.

use std::{convert::Infallible, num::NonZeroUsize};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer as _, ServiceExt as _, service_fn};
use webhook_audit_layer::AuditLayer;
use webhook_sql::{AuditLog, ExportFormat, Filter, Overflow, SqlSink, SqlSinkSettings};

use crate::{PATIENCE, block_on, databases, log};

const CANARY: &str = "c4n4ry";

#[test]
fn promise_32_canaries_are_in_no_sink() {
    let stores = databases().stores("canaries");
    for url in &stores.urls {
        let spill = stores.folder.path().join("spill.jsonl");
        let settings = SqlSinkSettings::new(url.parse().unwrap())
            .with_capacity(NonZeroUsize::new(1).unwrap())
            .with_overflow(Overflow::Spill(spill));
        let sink = SqlSink::open_with(settings).unwrap();
        let audit = sink.handle();
        let audited = AuditLayer::new(sink).layer(service_fn(async |_: Request<Full<Bytes>>| {
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        }));
        block_on(async {
            for _ in 0..50 {
                let request = Request::post(format!("/hooks?token={CANARY}"))
                    .header("user-agent", "visible")
                    .header("authorization", format!("Bearer {CANARY}"))
                    .header("cookie", format!("session={CANARY}"))
                    .header("x-hub-signature-256", format!("sha256={CANARY}"))
                    .header("x-gitlab-token", CANARY)
                    .body(Full::from(format!("{{\"secret\":\"{CANARY}\"}}")))
                    .unwrap();
                audited.clone().oneshot(request).await.unwrap();
            }
        });
        // What was spilled, before it is read back and after.
        let files = || {
            let files = std::fs::read_dir(stores.folder.path()).unwrap();
            files
                .filter_map(|file| std::fs::read(file.unwrap().path()).ok())
                .flatten()
                .collect::<Vec<_>>()
        };
        let before = files();
        drop(audited);
        audit.flush(PATIENCE).unwrap();
        let mut out = Vec::new();
        let export = async |log: AuditLog, out: &mut Vec<u8>| {
            log.export(&Filter::new(), ExportFormat::JsonLines, out)
                .await
                .unwrap();
            log.export(&Filter::new(), ExportFormat::Csv, out)
                .await
                .unwrap();
        };
        block_on(export(log(url), &mut out));
        let text = String::from_utf8_lossy(&out);
        assert!(text.contains("visible"));
        for bytes in [before, files(), out] {
            assert!(!String::from_utf8_lossy(&bytes).contains(CANARY), "{url}");
        }
    }
}
