//! The dashboard and the alert rules: whole by their own formats, over metrics and labels of the
//! family only, and fed by real requests.
// Failing is how these tests speak.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::{collections::BTreeSet, convert::Infallible, fs, process::Command, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use serde_json::Value;
use tower::{Layer as _, ServiceExt as _, service_fn};
use webhook_layers::{
    BufferedBody, Clock, PeerAddr, Quota, Secret, SignRequest, WebhookLayers,
    audit::{Alert, Detectors, Gauges, JsonLinesSink, Metric, MetricKind, MetricsSink},
    core::body::MemoryBudget,
    presets,
};
use webhook_tests::{
    cargo::root,
    hosts::{SECRET, START, verifier},
    promql::{Selector, selectors},
};
use yaml_rust2::{Yaml, YamlLoader};

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap()
}

fn dashboard() -> Value {
    serde_json::from_str(&read("dash/grafana.json")).unwrap()
}

fn panels() -> Vec<Value> {
    dashboard()["panels"].as_array().unwrap().clone()
}

/// The rules of `dash/alerts.yml`.
fn rules() -> Vec<Yaml> {
    let documents = YamlLoader::load_from_str(&read("dash/alerts.yml")).unwrap();
    assert_eq!(documents.len(), 1);
    let groups = documents[0]["groups"].as_vec().unwrap();
    let rules = groups.iter().flat_map(|group| {
        assert!(group["name"].as_str().is_some());
        group["rules"].as_vec().unwrap().clone()
    });
    rules.collect()
}

/// The dashboard's expressions, as Grafana would send them.
fn expressions_of_panels() -> Vec<String> {
    let panels = panels();
    let targets = panels
        .iter()
        .filter_map(|panel| panel["targets"].as_array());
    targets
        .flatten()
        .map(|target| {
            let expression = target["expr"].as_str().unwrap();
            expression
                .replace("$__rate_interval", "5m")
                .replace("$provider", ".*")
        })
        .collect()
}

fn expressions_of_rules() -> Vec<String> {
    let rules = rules();
    let expressions = rules.iter().map(|rule| rule["expr"].as_str().unwrap());
    expressions.map(ToOwned::to_owned).collect()
}

/// What Prometheus calls the series of a metric.
fn series_of(metric: &Metric) -> Vec<String> {
    let name = metric.name;
    match metric.kind {
        MetricKind::Histogram => ["bucket", "count", "sum"]
            .map(|part| format!("{name}_{part}"))
            .to_vec(),
        _ => vec![name.to_owned()],
    }
}

fn metric_of(selector: &Selector) -> Metric {
    Metric::ALL
        .into_iter()
        .find(|metric| series_of(metric).contains(&selector.name))
        .unwrap_or_else(|| panic!("{} is no metric of the family", selector.name))
}

#[test]
fn the_dashboard_is_one() {
    let dashboard = dashboard();
    for member in ["uid", "title", "refresh"] {
        assert!(
            dashboard[member]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{member}"
        );
    }
    assert!(dashboard["schemaVersion"].as_u64().unwrap() >= 39);
    assert!(dashboard["time"]["from"].is_string() && dashboard["time"]["to"].is_string());
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    let variables: Vec<_> = variables
        .iter()
        .map(|variable| variable["name"].as_str())
        .collect();
    assert_eq!(variables, [Some("datasource"), Some("provider")]);

    let panels = panels();
    let rows = panels.iter().filter(|panel| panel["type"] == "row");
    assert_eq!(rows.count(), 6);
    assert_eq!(panels[0]["type"], "row");
    let mut ids = BTreeSet::new();
    let mut taken = BTreeSet::new();
    for panel in &panels {
        let title = panel["title"].as_str().unwrap();
        assert!(
            ids.insert(panel["id"].as_u64().unwrap()),
            "{title}: its id is used twice"
        );
        let place = ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
        let [x, y, w, h] = place;
        assert!(x + w <= 24 && w > 0 && h > 0, "{title}: {place:?}");
        for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
            assert!(taken.insert(cell), "{title} lies over another panel");
        }
        if panel["type"] != "row" {
            assert!(panel["description"].is_string(), "{title}");
            assert!(
                panel["fieldConfig"]["defaults"]["unit"].is_string(),
                "{title}"
            );
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{title}");
            let targets = panel["targets"].as_array().unwrap();
            let ids: BTreeSet<_> = targets
                .iter()
                .map(|target| target["refId"].as_str())
                .collect();
            assert!(
                ids.len() == targets.len() && !ids.contains(&None),
                "{title}"
            );
        }
    }
}

#[test]
fn each_rule_says_how_grave_it_is_and_what_to_do() {
    let manual = read("docs/OPERATING.md");
    let mut names = BTreeSet::new();
    for rule in rules() {
        let name = rule["alert"].as_str().unwrap().to_owned();
        let severity = rule["labels"]["severity"].as_str();
        assert!(
            matches!(severity, Some("info" | "warning" | "critical")),
            "{name}"
        );
        assert!(rule["annotations"]["summary"].as_str().is_some(), "{name}");
        let page = rule["annotations"]["runbook_url"].as_str().unwrap();
        let (page, heading) = page.split_once('#').unwrap();
        assert!(page.ends_with("/docs/OPERATING.md"), "{name}");
        let headings = manual.lines().filter_map(|line| line.strip_prefix("### "));
        let mut anchors = headings.map(|heading| heading.to_lowercase().replace(' ', "-"));
        assert!(
            anchors.any(|anchor| anchor == heading),
            "{name}: no heading #{heading}"
        );
        assert!(names.insert(name), "twice");
    }
    // What the conventions of the family ask for, section 5.5.
    for name in [
        "WebhookManyUnauthorized",
        "WebhookSilentProvider",
        "WebhookNewNetwork",
        "WebhookLargeBodies",
        "WebhookSecretEnding",
        "WebhookAddressFeedOld",
        "WebhookAuditDropped",
        "WebhookStoreErrors",
        "WebhookShadowRejections",
    ] {
        assert!(names.contains(name), "{name}");
    }
}

#[test]
fn expressions_name_metrics_and_labels_of_the_family_only() {
    for expression in [expressions_of_panels(), expressions_of_rules()].concat() {
        let selectors = selectors(&expression).unwrap_or_else(|why| panic!("{expression}: {why}"));
        assert!(!selectors.metrics.is_empty(), "{expression}");
        let mut known = BTreeSet::from(["le"]);
        for selector in &selectors.metrics {
            let metric = metric_of(selector);
            for label in &selector.labels {
                let is_known = metric.labels.contains(&label.as_str());
                assert!(is_known, "{}{{{label}}} in {expression}", metric.name);
            }
            known.extend(metric.labels);
        }
        for label in &selectors.grouped_by {
            assert!(
                known.contains(label.as_str()),
                "by ({label}) in {expression}"
            );
        }
    }
}

#[test]
fn the_dashboard_shows_every_metric() {
    let expressions = expressions_of_panels();
    let shown: BTreeSet<_> = expressions
        .iter()
        .flat_map(|expression| selectors(expression).unwrap().metrics)
        .map(|selector| metric_of(&selector).name)
        .collect();
    assert_eq!(
        shown,
        Metric::ALL.iter().map(|metric| metric.name).collect()
    );
}

#[test]
fn the_manual_lists_every_metric() {
    let manual = read("docs/OPERATING.md");
    for metric in Metric::ALL {
        let kind = match metric.kind {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
            MetricKind::Histogram => "histogram",
        };
        let labels = metric.labels.join(", ");
        let row = format!("| `{}` | {kind} | {labels} | ", metric.name).replace("|  |", "| |");
        assert!(manual.contains(&row), "{row}");
    }
}

/// Prometheus's own judgement, where it is installed.
#[allow(clippy::print_stderr)] // Says what is skipped.
fn promtool(arguments: &[&str], name: &str, text: &str) {
    if Command::new("promtool").arg("--version").output().is_err() {
        eprintln!("promtool is not here; expressions are only read for their names");
        return;
    }
    let file = std::env::temp_dir().join(format!("webhook-{name}-{}.yml", std::process::id()));
    fs::write(&file, text).unwrap();
    let mut promtool = Command::new("promtool");
    let said = webhook_tests::cargo::output(promtool.args(arguments).arg(&file));
    assert!(said.contains("SUCCESS"), "{said}");
    fs::remove_file(file).unwrap();
}

#[test]
fn prometheus_takes_every_expression() {
    let check = ["check", "rules"];
    promtool(&check, "alerts", &read("dash/alerts.yml"));
    let expressions = expressions_of_panels();
    let records = expressions.iter().enumerate().map(|(number, expression)| {
        let expression = serde_json::to_string(expression).unwrap();
        format!("      - record: panel:{number}\n        expr: {expression}\n")
    });
    let records = records.collect::<Vec<_>>().concat();
    let rules = format!("groups:\n  - name: panels\n    rules:\n{records}");
    promtool(&check, "panels", &rules);
}

/// A series, minute by minute, and the labels of the alert that it must raise.
struct Incident {
    alert: &'static str,
    series: &'static str,
    values: &'static str,
    at: &'static str,
    labels: &'static [(&'static str, &'static str)],
}

const INCIDENTS: [Incident; 8] = [
    Incident {
        alert: "WebhookManyUnauthorized",
        series: r#"webhook_rejections_total{provider="github", stage="signature", reason="signature_mismatch", enforced="true"}"#,
        values: "0+60x20",
        at: "15m",
        labels: &[("provider", "github")],
    },
    Incident {
        alert: "WebhookSilentProvider",
        series: r#"webhook_last_verified_timestamp_seconds{provider="github"}"#,
        values: "0x1500",
        at: "1455m",
        labels: &[("provider", "github")],
    },
    Incident {
        alert: "WebhookNewNetwork",
        series: r#"webhook_alerts_total{kind="new_network"}"#,
        values: "0x5 1x20",
        at: "8m",
        labels: &[],
    },
    Incident {
        alert: "WebhookSecretEnding",
        series: r#"webhook_secret_expiry_timestamp_seconds{provider="github", secret_id="2026-q4"}"#,
        values: "1000000x100",
        at: "70m",
        labels: &[("provider", "github"), ("secret_id", "2026-q4")],
    },
    Incident {
        alert: "WebhookAddressFeedOld",
        series: r#"webhook_ip_feed_age_seconds{feed="github"}"#,
        values: "700000x100",
        at: "70m",
        labels: &[("feed", "github")],
    },
    Incident {
        alert: "WebhookAuditDropped",
        series: r#"webhook_audit_dropped_total{sink="json_lines"}"#,
        values: "0x5 3x10",
        at: "8m",
        labels: &[("sink", "json_lines")],
    },
    Incident {
        alert: "WebhookStoreErrors",
        series: r#"webhook_store_errors_total{store="endpoints"}"#,
        values: "0x5 1x10",
        at: "8m",
        labels: &[("store", "endpoints")],
    },
    // The first of a new series, which no increase shows.
    Incident {
        alert: "WebhookShadowRejections",
        series: r#"webhook_rejections_total{provider="github", stage="ip", reason="ip_denied", enforced="false"}"#,
        values: "1x10",
        at: "5m",
        labels: &[("provider", "github"), ("stage", "ip")],
    },
];

#[test]
fn the_rules_notice_incidents() {
    let file = root().join("dash/alerts.yml");
    let file = serde_json::to_string(&file).unwrap();
    let tests = INCIDENTS.iter().map(|incident| {
        let rules = rules();
        let named = |rule: &&Yaml| rule["alert"].as_str() == Some(incident.alert);
        let rule = rules.iter().find(named).unwrap();
        let mut summary = rule["annotations"]["summary"].as_str().unwrap().to_owned();
        let mut labels = serde_json::json!({ "severity": rule["labels"]["severity"].as_str() });
        for (label, value) in incident.labels {
            summary = summary.replace(&format!("{{{{ $labels.{label} }}}}"), value);
            labels[*label] = (*value).into();
        }
        let page = rule["annotations"]["runbook_url"].as_str();
        let annotations = serde_json::json!({ "summary": summary, "runbook_url": page });
        let alert = serde_json::json!({ "exp_labels": labels, "exp_annotations": annotations });
        // JSON is YAML.
        let test = serde_json::json!({
            "interval": "1m",
            "input_series": [{ "series": incident.series, "values": incident.values }],
            "alert_rule_test": [
                { "eval_time": "0m", "alertname": "WebhookClockSkew", "exp_alerts": [] },
                { "eval_time": incident.at, "alertname": incident.alert, "exp_alerts": [alert] },
            ],
        });
        format!("  - {test}\n")
    });
    let tests = tests.collect::<Vec<_>>().concat();
    let tests = format!("rule_files: [{file}]\nevaluation_interval: 1m\ntests:\n{tests}");
    promtool(&["test", "rules"], "incidents", &tests);
}

/// Everything that the dashboard and the rules ask for is there once deliveries came.
#[test]
fn real_requests_feed_the_dashboard() {
    let mut builder = PrometheusBuilder::new();
    for metric in Metric::ALL {
        if !metric.buckets.is_empty() {
            let name = Matcher::Full(metric.name.to_owned());
            builder = builder
                .set_buckets_for_metric(name, metric.buckets)
                .unwrap();
        }
    }
    let recorder = builder.build_recorder();
    metrics::with_local_recorder(&recorder, || {
        Metric::describe_all();
        serve();
    });
    let text = recorder.handle().render();
    for expression in [expressions_of_panels(), expressions_of_rules()].concat() {
        for selector in selectors(&expression).unwrap().metrics {
            let name = &selector.name;
            let series: Vec<_> = text
                .lines()
                .filter_map(|line| line.strip_prefix(name.as_str()))
                .filter(|line| line.starts_with(['{', ' ']))
                .collect();
            assert!(!series.is_empty(), "{name} is not there:\n{text}");
            for label in &selector.labels {
                let written = format!("{label}=\"");
                let has_label = series.iter().all(|line| line.contains(&written));
                assert!(has_label, "{label} is not there: {series:?}");
            }
        }
    }
    for (kind, name) in [
        ("counter", "webhook_requests_total"),
        ("histogram", "webhook_request_body_bytes"),
    ] {
        assert!(text.contains(&format!("# TYPE {name} {kind}")), "{text}");
        assert!(text.contains(&format!("# HELP {name} ")), "{text}");
    }
}

/// Deliveries through the whole stack: verified, forged, over the quota, and in shadow mode.
fn serve() {
    let clock = Clock::manual(START).0;
    let budget = MemoryBudget::default();
    let lines = JsonLinesSink::new(std::io::sink()).unwrap();
    let detectors = Detectors::new(Alert::count);
    let sinks = (MetricsSink::new(), detectors.clone(), lines.clone());
    let builder = |is_shadow| {
        WebhookLayers::builder(&presets::STANDARD_WEBHOOKS)
            .secret("2026-q4", Secret::new(SECRET))
            .endpoint_quota(Quota::per_minute(1))
            .insecure_shadow(is_shadow)
            .clock(clock.clone())
            .memory_budget(budget.clone())
            .audit(sinks.clone())
            .build()
            .unwrap()
    };
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_time().build().unwrap();
    runtime.block_on(async {
        for hooks in [builder(false), builder(true)] {
            let guarded = hooks.layer(service_fn(async |_: Request<BufferedBody>| {
                Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
            }));
            for body in ["{}", "{}", "{\"forged\":1}"] {
                guarded.clone().oneshot(signed(body)).await.unwrap();
            }
        }
    });
    detectors.check(START.saturating_add(Duration::from_secs(25 * 3600)));
    Gauges::new()
        .with_unverified_bytes(move || budget.held())
        .with_audit("json_lines", lines.handle())
        .with_ratelimit_keys("network", || 1)
        .with_store_errors("endpoints", || 0)
        .with_ip_feed_age("github", || Some(Duration::from_secs(60)))
        .with_secret_expiry("standard-webhooks", "2026-q4", || Some(START))
        .publish();
}

/// `{}`, signed; anything else under that signature is forged.
fn signed(body: &'static str) -> Request<Full<Bytes>> {
    let signature = verifier()
        .sign(&SignRequest::new(b"{}", START).with_id("msg_1"))
        .unwrap();
    let peer = PeerAddr::new(([203, 0, 113, 9], 4711).into());
    let mut request = Request::post("/webhooks")
        .extension(peer)
        .body(Full::new(Bytes::from_static(body.as_bytes())))
        .unwrap();
    request.headers_mut().extend(signature);
    request
}
