//! 6, 35: who the client is, and that nobody is where nobody can tell.

use std::{convert::Infallible, fmt::Write as _};

use axum::{Router, routing::post};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, Request, Response};
use http_body_util::Full;
use proptest::{collection::vec, prelude::*};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
};
use tower::{Layer as _, ServiceBuilder, ServiceExt as _, service_fn};
use webhook_layers::{Facts, IpLayer, Reason, Rejection, Secret, WebhookLayers, presets};
use webhook_tests::stand::{Ledger, NOW, SECRET, ScriptedBody, Sender, Setup, Stand, poll_once};

use crate::{CLIENT, generous, judged, request, value};

// ---- 6 ----

/// Headers by which some proxy or other tells who the client is.
const FORWARDING: [&str; 9] = [
    "x-forwarded-for",
    "forwarded",
    "x-real-ip",
    "cf-connecting-ip",
    "true-client-ip",
    "fly-client-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-original-forwarded-for",
];

/// What a stranger may write: addresses of others, and anything.
fn stranger() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "(198\\.51\\.100\\.7|192\\.0\\.2\\.1|::ffff:198\\.51\\.100\\.7|10\\.0\\.0\\.1|for=192\\.0\\.2\\.1|,| |;|\"){0,9}"
            .prop_map(String::into_bytes),
        vec(prop_oneof![0x20_u8..0x7f, 0x80_u8..=0xff], 0..40),
    ]
}

#[test]
fn promise_06_a_client_cannot_choose_its_address() {
    // It may come from the documentation's first network alone, and would like to be from there.
    let behind_proxies = |setup: Setup| {
        let setup = setup.trusted_proxies(["10.0.0.0/8"]);
        generous(setup).allow(["198.51.100.0/24", "192.0.2.1"])
    };
    let stand = Stand::with(behind_proxies);
    let send = |peer: &str, headers: HeaderMap| {
        let mut delivery = Sender::new().delivery(peer, "{}");
        delivery.headers_mut().extend(headers);
        let (status, _) = judged(&stand, delivery);
        let client = stand.ledger.last().client;
        (status, client.map(|client| client.ip().to_string()))
    };
    proptest!(|(
        lies in vec((0..FORWARDING.len(), stranger()), 0..4),
        left in stranger(),
        separate: bool,
    )| {
        // No proxy in front: whatever it writes, it is who it is.
        let mut headers = HeaderMap::new();
        for (name, text) in &lies {
            headers.append(HeaderName::from_static(FORWARDING[*name]), value(text));
        }
        let direct = send(CLIENT, headers.clone());
        prop_assert_eq!(direct, (403, Some(CLIENT.to_owned())));

        // Behind two proxies, which add on the right: what stands to the left counts for nothing.
        let name = HeaderName::from_static("x-forwarded-for");
        headers.remove(&name);
        let told = format!("{CLIENT}, 10.0.0.2");
        if separate {
            headers.append(&name, value(&left));
            headers.append(&name, value(&told));
        } else {
            let text = [left.as_slice(), b", ", told.as_bytes()].concat();
            headers.append(&name, value(text));
        }
        let forwarded = send("10.0.0.1", headers);
        prop_assert_eq!(forwarded, (403, Some(CLIENT.to_owned())));
    });
    // And the one that may come does.
    let mut headers = HeaderMap::new();
    headers.insert("x-forwarded-for", value("8.8.8.8, 198.51.100.7, 10.0.0.2"));
    let due = (200, Some("198.51.100.7".to_owned()));
    assert_eq!(send("10.0.0.1", headers), due);
}

// ---- 35 ----

/// Whatever needs to know who the client is: lists, one of them empty, and quotas.
const NEEDS_THE_CLIENT: [fn(Setup) -> Setup; 5] = [
    |setup| setup,
    |setup| setup.allow(["0.0.0.0/0", "::/0"]),
    |setup| setup.allow([""; 0]),
    |setup| setup.deny(["192.0.2.1"]),
    |setup| setup.deny([""; 0]),
];

#[test]
fn promise_35_an_unknown_client_is_refused_wherever_somebody_needs_to_know_it() {
    for setup in NEEDS_THE_CLIENT {
        let stand = Stand::with(setup);
        // A server that tells no peer: an axum router without `ConnectInfo`, say.
        let mut nobody = request(Sender::new().headers(b"{}", NOW), ScriptedBody::new("{}"));
        nobody.extensions_mut().remove::<Facts>();
        let forwarding = value("192.0.2.1");
        nobody.headers_mut().insert("x-forwarded-for", forwarding);
        assert_eq!(judged(&stand, nobody), (403, "ip_unresolved"));
        assert_eq!(stand.calls(), 0);
    }
}

/// The lists by themselves, with no quota in front of the handler that would refuse as well.
#[test]
fn promise_35_each_list_refuses_an_unknown_client_by_itself() {
    let nobody = [""; 0];
    let lists = [
        ("allow", IpLayer::allow(["0.0.0.0/0", "::/0"])),
        ("allow nobody", IpLayer::allow(nobody)),
        ("deny", IpLayer::deny(["192.0.2.1"])),
        ("deny nobody", IpLayer::deny(nobody)),
        (
            "a proxy",
            IpLayer::new().with_trusted_proxies(["10.0.0.0/8"]),
        ),
    ];
    for (name, layer) in lists {
        let guarded = layer.unwrap().layer(service_fn(pass));
        let unknown = Request::post("/").header("x-forwarded-for", "192.0.2.9");
        let answer = poll_once(guarded.oneshot(unknown.body(()).unwrap())).unwrap();
        let answer = answer.unwrap();
        let rejection = answer.extensions().get::<Rejection>().expect(name);
        assert_eq!(rejection.reason(), Reason::IpUnresolved, "{name}");
        assert_eq!(answer.status(), 403, "{name}");
    }
}

async fn pass(_: Request<()>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::default())
}

/// The same over a socket that has no address.
#[tokio::test]
async fn promise_35_a_unix_socket_has_no_client() {
    for (number, setup) in NEEDS_THE_CLIENT.into_iter().enumerate() {
        let ledger = Ledger::default();
        let (clock, _hands) = webhook_layers::Clock::manual(NOW);
        let hooks = setup(
            WebhookLayers::builder(&presets::STANDARD_WEBHOOKS)
                .secret("test", Secret::new(SECRET))
                .clock(clock)
                .audit(ledger.clone()),
        );
        let hooks = hooks.build().unwrap();
        let app = Router::new()
            .route("/webhooks", post(async || "handled"))
            .layer(ServiceBuilder::new().layer(hooks));
        let name = format!("webhook-promises-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let listener = UnixListener::bind(&path).unwrap();
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });

        let mut head = "POST /webhooks HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
                        x-forwarded-for: 192.0.2.1\r\ncontent-length: 2\r\n"
            .to_owned();
        for (name, value) in Sender::new().headers(b"{}", NOW) {
            let (name, value) = (name.unwrap(), value.to_str().unwrap().to_owned());
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        let mut stream = UnixStream::connect(&path).await.unwrap();
        stream
            .write_all(format!("{head}\r\n{{}}").as_bytes())
            .await
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
        assert_eq!(ledger.conclusions(), [("denied", "ip_unresolved")]);
        server.abort();
        std::fs::remove_file(path).unwrap();
    }
}
