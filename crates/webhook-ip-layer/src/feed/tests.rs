use std::{fs, io::Write, net::IpAddr, time::Duration};

use proptest::prelude::*;
use webhook_core::{
    Clock, Timestamp,
    change::{Cause, ChangeKind, ChangeLog},
};

use super::{
    FeedError, FeedFile, FeedFormat, FeedHandle, MAX_FEED_BYTES, MAX_FEED_NETWORKS, PROVIDERS,
    provider,
};
use crate::{AccessList, AddressSet};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

/// A list of each provider in its published form, cut to a few entries, with members that are not
/// asked for; and the networks that it stands for.
const PUBLISHED: [(&str, &str, &[&str]); 24] = [
    (
        "atlassian",
        include_str!("../../tests/data/feeds/atlassian.json"),
        &[
            "13.52.5.96/28",
            "18.205.93.0/25",
            "104.192.136.0/21",
            "2401:1d80:3224::/48",
        ],
    ),
    (
        "aws",
        include_str!("../../tests/data/feeds/amazon.json"),
        &[
            "3.4.12.4/32",
            "3.5.140.0/22",
            "15.177.66.0/23",
            "2600:1f14::/35",
        ],
    ),
    (
        "aws-sns",
        include_str!("../../tests/data/feeds/amazon.json"),
        &["3.4.12.4/32", "3.5.140.0/22", "2600:1f14::/35"],
    ),
    (
        "azure",
        include_str!("../../tests/data/feeds/azure.json"),
        &["4.145.74.52/30", "20.36.105.32/29", "2603:1000:4::10c/126"],
    ),
    (
        "bitbucket-cloud",
        include_str!("../../tests/data/feeds/atlassian.json"),
        &["18.205.93.0/25", "104.192.136.0/21", "2401:1d80:3224::/48"],
    ),
    (
        "buildkite",
        r#"{"webhook_ips": ["100.24.182.113", "35.172.45.249", "54.85.125.32"]}"#,
        &["35.172.45.249/32", "54.85.125.32/32", "100.24.182.113/32"],
    ),
    (
        "checkout",
        "# live\n3.248.17.147\n\n52.56.70.1/32\r\n",
        &["3.248.17.147/32", "52.56.70.1/32"],
    ),
    (
        "checkout-sandbox",
        "  13.237.205.62\t\n",
        &["13.237.205.62/32"],
    ),
    (
        "cloudflare",
        r#"{"result": {"ipv4_cidrs": ["173.245.48.0/20"], "ipv6_cidrs": ["2400:cb00::/32"], "etag": "x"}, "success": true, "errors": []}"#,
        &["173.245.48.0/20", "2400:cb00::/32"],
    ),
    (
        "cloudflare-ipv4",
        "173.245.48.0/20\n103.21.244.0/22",
        &["103.21.244.0/22", "173.245.48.0/20"],
    ),
    (
        "cloudflare-ipv6",
        "2400:cb00::/32\n2606:4700::/32\n",
        &["2400:cb00::/32", "2606:4700::/32"],
    ),
    (
        "datadog",
        r#"{"version": 11, "modified": "2019-10-31-20-00-00", "agents": {"prefixes_ipv4": ["3.233.144.0/20"], "prefixes_ipv6": []}, "synthetics": {"prefixes_ipv4_by_location": {"aws:us-east-1": ["1.2.3.4/32"]}}, "webhooks": {"prefixes_ipv4": ["3.233.151.144/32"], "prefixes_ipv6": []}}"#,
        &["3.233.151.144/32"],
    ),
    (
        "fastly",
        r#"{"addresses": ["23.235.32.0/20"], "ipv6_addresses": ["2a04:4e40::/32"]}"#,
        &["23.235.32.0/20", "2a04:4e40::/32"],
    ),
    (
        "github",
        include_str!("../../tests/data/feeds/github.json"),
        &[
            "140.82.112.0/20",
            "143.55.64.0/20",
            "185.199.108.0/22",
            "192.30.252.0/22",
            "2606:50c0::/32",
            "2a0a:a440::/29",
        ],
    ),
    (
        "google",
        include_str!("../../tests/data/feeds/google.json"),
        &["8.8.4.0/24", "34.1.208.0/20", "2001:4860::/32"],
    ),
    (
        "google-cloud",
        include_str!("../../tests/data/feeds/google.json"),
        &["8.8.4.0/24", "34.1.208.0/20", "2001:4860::/32"],
    ),
    (
        "jira",
        include_str!("../../tests/data/feeds/atlassian.json"),
        &["13.52.5.96/28", "104.192.136.0/21"],
    ),
    (
        "microsoft-graph",
        include_str!("../../tests/data/feeds/office.json"),
        &["13.107.6.152/31", "52.96.0.0/14", "2603:1006::/40"],
    ),
    (
        "okta",
        r#"{"us_cell_1": {"ip_ranges": ["3.23.150.192/26", "13.52.169.64/26"]}, "emea_cell_1": {"ip_ranges": ["3.120.121.192/26"]}, "version": "1"}"#,
        &["3.23.150.192/26", "3.120.121.192/26", "13.52.169.64/26"],
    ),
    (
        "paddle",
        r#"{"data": {"ipv4_cidrs": ["34.194.127.46/32", "54.234.237.108/32"]}, "meta": {"request_id": "0c4"}}"#,
        &["34.194.127.46/32", "54.234.237.108/32"],
    ),
    (
        "pagerduty",
        r#"["44.242.69.192", "52.89.71.166"]"#,
        &["44.242.69.192/32", "52.89.71.166/32"],
    ),
    ("pagerduty-eu", r#"["18.192.91.93"]"#, &["18.192.91.93/32"]),
    (
        "stripe",
        r#"{"WEBHOOKS": ["3.18.12.63", "3.130.192.231", "13.235.14.237"]}"#,
        &["3.18.12.63/32", "3.130.192.231/32", "13.235.14.237/32"],
    ),
    (
        "trello",
        include_str!("../../tests/data/feeds/atlassian.json"),
        &["13.52.5.96/28"],
    ),
];

fn texts(set: &AddressSet) -> Vec<String> {
    set.networks().iter().map(ToString::to_string).collect()
}

#[test]
fn every_providers_list_is_read_in_its_published_form() {
    assert_eq!(PUBLISHED.len(), PROVIDERS.len());
    for ((name, list, expected), known) in PUBLISHED.into_iter().zip(&PROVIDERS) {
        assert_eq!(known.name, name, "one of each, in the order of names");
        assert!(known.url.starts_with("https://"), "{name}");
        let (networks, _) = known.format().parse(list.as_bytes()).unwrap();
        assert_eq!(texts(&networks), expected, "{name}");
    }
}

#[test]
fn a_list_tells_when_it_was_published() {
    for (name, date) in [
        ("atlassian", Some(1_589_309_298)),
        ("aws", Some(1_700_000_000)),
        ("datadog", Some(1_572_552_000)),
        ("google", Some(1_699_963_200)),
        ("stripe", None),
    ] {
        let (_, list, _) = PUBLISHED
            .into_iter()
            .find(|(known, ..)| *known == name)
            .unwrap();
        let (_, published) = provider(name)
            .unwrap()
            .format()
            .parse(list.as_bytes())
            .unwrap();
        assert_eq!(published.map(Timestamp::unix_seconds), date, "{name}");
    }
}

#[test]
fn filters_take_the_service_and_the_region() {
    let amazon = include_str!("../../tests/data/feeds/amazon.json").as_bytes();
    let aws = || provider("aws").unwrap().format();
    for (format, expected) in [
        (aws().only("service", ["EC2"]), &["15.177.66.0/23"][..]),
        (aws().only("region", ["us-west-2"]), &["2600:1f14::/35"]),
        (
            aws().only("region", ["us-west-2", "eu-west-1"]),
            &["3.4.12.4/32", "2600:1f14::/35"],
        ),
        (
            aws().only("region", ["eu-west-1"]).only("service", ["EC2"]),
            &[],
        ),
        (aws().only("no such member", ["x"]), &[]),
    ] {
        assert_eq!(
            texts(&format.parse(amazon).unwrap().0),
            expected,
            "{format:?}"
        );
    }
    let azure = include_str!("../../tests/data/feeds/azure.json").as_bytes();
    let tag = provider("azure")
        .unwrap()
        .format()
        .only("name", ["ActionGroup"]);
    assert_eq!(
        texts(&tag.parse(azure).unwrap().0),
        ["4.145.74.52/30", "2603:1000:4::10c/126"]
    );
}

#[test]
fn one_wrong_entry_or_type_refuses_the_whole_list() {
    let github = provider("github").unwrap().format();
    for list in [
        r#"{"hooks": ["192.30.252.0/22", "192.30.252.1/22"]}"#,
        r#"{"hooks": ["192.30.252.0/22", "010.0.0.1"]}"#,
        r#"{"hooks": ["192.30.252.0/22", " 10.0.0.1"]}"#,
        r#"{"hooks": ["192.30.252.0/22", ""]}"#,
        r#"{"hooks": ["192.30.252.0/22", "hooks.example"]}"#,
    ] {
        let error = github.parse(list.as_bytes()).unwrap_err();
        assert!(matches!(error, FeedError::BadEntries(_)), "{list}: {error}");
    }
    for list in [
        r#"{"hooks": ["192.30.252.0/22", 7]}"#,
        r#"{"hooks": ["192.30.252.0/22", null]}"#,
        r#"{"hooks": ["192.30.252.0/22", ["10.0.0.1"]]}"#,
        r#"{"hooks": "192.30.252.0/22"}"#,
        r#"{"hooks": {"a": "192.30.252.0/22"}}"#,
        r#"["192.30.252.0/22"]"#,
        r#"{"hooks": ["192.30.252.0/22"]"#,
        r#"{"hooks": ["192.30.252.0/22"]} x"#,
        "<html>502</html>",
        "",
        "\u{feff}{}",
    ] {
        let error = github.parse(list.as_bytes()).unwrap_err();
        assert!(matches!(error, FeedError::Malformed(_)), "{list}: {error}");
    }
    let nested = "[".repeat(100_000);
    assert!(matches!(
        github.parse(nested.as_bytes()),
        Err(FeedError::Malformed(_))
    ));
    let page = FeedFormat::lines().parse(b"<html>\n<h1>502</h1>\n</html>");
    assert!(matches!(page, Err(FeedError::BadEntries(_))));
    assert!(FeedFormat::lines().parse(b"10.0.0.1\n\xff").is_err());
    let dated = provider("aws").unwrap().format();
    let dated = dated.parse(br#"{"createDate": "soon", "prefixes": []}"#);
    assert!(matches!(dated, Err(FeedError::Malformed(_))));
}

#[test]
fn what_is_told_of_a_list_full_of_mistakes_is_bounded() {
    let lines = "x\n".repeat(100_000);
    let FeedError::BadEntries(errors) = FeedFormat::lines().parse(lines.as_bytes()).unwrap_err()
    else {
        panic!("bad entries");
    };
    assert_eq!(errors.errors().len(), 16);
    assert!(errors.to_string().starts_with("feed entry \"x\""));
}

#[test]
fn size_and_number_are_bounded() {
    let format = FeedFormat::lines();
    let comment = vec![b'#'; MAX_FEED_BYTES];
    assert!(format.parse(&comment).unwrap().0.is_empty());
    let comment = vec![b'#'; MAX_FEED_BYTES + 1];
    assert_eq!(format.parse(&comment).err(), Some(FeedError::TooLarge));
    let lines = "10.0.0.1\n".repeat(MAX_FEED_NETWORKS);
    assert_eq!(format.parse(lines.as_bytes()).unwrap().0.len(), 1);
    let lines = lines + "10.0.0.1\n";
    assert_eq!(
        format.parse(lines.as_bytes()).err(),
        Some(FeedError::TooMany)
    );
}

fn after(seconds: u64) -> Timestamp {
    NOW.saturating_add(Duration::from_secs(seconds))
}

fn lines(name: &'static str) -> FeedHandle {
    FeedHandle::new(name, FeedFormat::lines())
}

#[test]
fn a_bad_refresh_keeps_the_last_good_list_and_shows_its_error() {
    let feed = lines("acme");
    let list = AccessList::open().with_allow_feed(&feed);
    let address: Option<IpAddr> = "192.0.2.7".parse().ok();
    assert!(
        list.is_configured() && !list.permits(address),
        "nothing is loaded yet"
    );
    assert_eq!((feed.age(NOW), feed.current().is_none()), (None, true));

    feed.refresh(b"192.0.2.0/24", NOW).unwrap();
    assert!(list.permits(address));
    let rule = address.and_then(|address| list.rule(address));
    assert_eq!(rule, "192.0.2.0/24".parse().ok());
    for bad in [&b"192.0.2.1/24"[..], b"", b"# none", b"198.51.100.0/24"] {
        let error = feed.refresh(bad, after(60)).unwrap_err();
        assert_eq!(feed.last_error(), Some(error));
        assert!(list.permits(address), "{bad:?}");
    }
    assert_eq!(feed.age(after(60)), Some(Duration::from_secs(60)));
    // The same list again is a fresh one, and the error is gone.
    feed.refresh(b"192.0.2.0/24", after(60)).unwrap();
    assert_eq!(
        (feed.last_error(), feed.age(after(60))),
        (None, Some(Duration::ZERO))
    );
    // A clock that steps back makes nothing younger than new.
    assert_eq!(feed.age(NOW), Some(Duration::ZERO));

    let failed: Result<Vec<u8>, &str> = Err("connection refused");
    let error = feed.refresh_with(|| failed, after(90)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the list cannot be had: \"connection refused\""
    );
    assert!(list.permits(address));
    feed.refresh_with(|| Ok::<_, &str>(b"192.0.2.0/24".to_vec()), after(90))
        .unwrap();
    assert_eq!(feed.last_error(), None);
}

#[test]
fn a_list_that_lost_more_than_half_is_refused_unless_it_is_forced() {
    let feed = lines("acme");
    let four = b"192.0.2.0/26\n192.0.2.64/26\n192.0.2.128/26\n192.0.2.192/26";
    feed.refresh(four, NOW).unwrap();
    // Joined, none is lost.
    feed.refresh(b"192.0.2.0/24", NOW).unwrap();
    // Split again, and half of it gone: the one network is not whole any more.
    let error = feed.refresh(b"192.0.2.0/25", NOW).unwrap_err();
    assert_eq!(error, FeedError::Shrunk { from: 1, lost: 1 });
    feed.refresh(four, NOW).unwrap();
    feed.refresh(b"192.0.2.0/25\n203.0.113.0/24", NOW).unwrap();
    // As many networks as before, and all of them others.
    let error = feed
        .refresh(b"198.51.100.1\n198.51.100.2", NOW)
        .unwrap_err();
    assert_eq!(error, FeedError::Shrunk { from: 2, lost: 2 });

    let cause = Cause::new("alice", "they moved");
    feed.force(b"198.51.100.1\n198.51.100.2", NOW, &cause)
        .unwrap();
    assert_eq!(feed.current().unwrap().networks().len(), 2);
    assert!(feed.force(b"198.51.100.1/8", NOW, &cause).is_err());
    feed.force(b"", NOW, &cause).unwrap();
    let list = AccessList::open().with_allow_feed(&feed);
    assert!(
        !list.permits("198.51.100.1".parse().ok()),
        "empty lets nobody in"
    );
}

#[test]
fn an_older_list_and_one_from_the_future_are_refused() {
    let feed = FeedHandle::of(provider("aws").unwrap());
    let dated = |date: &str| {
        format!(r#"{{"createDate": "{date}", "prefixes": [{{"ip_prefix": "3.4.12.4/32"}}]}}"#)
    };
    let refresh = |date| feed.refresh(dated(date).as_bytes(), NOW);
    refresh("2023-11-14-20-00-00").unwrap();
    refresh("2023-11-14-20-00-00").unwrap();
    assert!(matches!(
        refresh("2023-11-14-19-59-59"),
        Err(FeedError::Older { .. })
    ));
    assert!(matches!(
        refresh("2023-11-15-22-13-21"),
        Err(FeedError::Malformed(_))
    ));
    let published = refresh("2023-11-14-21-00-00").unwrap().published();
    assert_eq!(published, Some(Timestamp::from_unix_seconds(1_699_995_600)));
    assert_eq!(feed.current().unwrap().loaded(), NOW);
    // A time of day that is none makes no date.
    for none in [
        "2023-11-14-24-00-00",
        "2023-11-14-21-60-00",
        "2023-11-14-21-00-60",
    ] {
        assert!(refresh(none).is_err(), "{none}");
    }
    // A day ahead may be a clock that is wrong.
    refresh("2023-11-15-22-13-20").unwrap();
}

#[test]
fn networks_that_change_are_a_change_in_the_log_and_the_same_list_is_none() {
    let changes = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = std::sync::Arc::clone(&changes);
    let log = ChangeLog::new(Clock::system(), move |change| {
        kept.lock().unwrap().push(change);
    });
    let feed = lines("acme").with_log(log);
    feed.refresh(b"192.0.2.1\n192.0.2.2\n192.0.2.3", NOW)
        .unwrap();
    feed.refresh(b"192.0.2.3\n192.0.2.2\n192.0.2.1", NOW)
        .unwrap();
    feed.refresh(b"192.0.2.1\n192.0.2.2\n192.0.2.4\n192.0.2.5", NOW)
        .unwrap();
    let changes = changes.lock().unwrap();
    let told: Vec<_> = changes
        .iter()
        .map(|change| (change.kind, change.target.as_str(), change.cause.why()))
        .collect();
    assert_eq!(
        told,
        [
            (
                ChangeKind::Replaced,
                "feed acme",
                "3 networks added, 0 removed"
            ),
            (
                ChangeKind::Replaced,
                "feed acme",
                "2 networks added, 1 removed"
            ),
        ]
    );
}

#[test]
fn a_file_is_read_again_when_it_changed() {
    let folder = std::env::temp_dir().join(format!("webhook-ip-feed-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("list.txt");
    let feed = lines("acme");
    let mut file = FeedFile::new(feed.clone(), &path);
    assert!(matches!(
        file.refresh_if_changed(NOW),
        Err(FeedError::Unavailable(_))
    ));

    let mut handle = fs::File::create(&path).unwrap();
    handle.write_all(b"192.0.2.0/24\n").unwrap();
    assert_eq!(file.refresh_if_changed(NOW), Ok(true));
    assert_eq!(file.refresh_if_changed(after(60)), Ok(false));
    assert_eq!(feed.age(after(60)), Some(Duration::from_secs(60)));

    handle.write_all(b"192.0.2.1/8\n").unwrap();
    assert!(file.refresh_if_changed(after(60)).is_err());
    assert_eq!(file.refresh_if_changed(after(60)), Ok(false));
    assert!(feed.last_error().is_some());
    assert_eq!(feed.current().unwrap().networks().len(), 1);
    fs::write(&path, "192.0.2.0/24\n192.0.3.0/24\n").unwrap();
    assert_eq!(file.refresh_if_changed(after(60)), Ok(true));
    assert_eq!(feed.current().unwrap().networks().len(), 2);

    // What is too large is refused, whatever its first bytes say.
    let mut padded = b"192.0.2.0/24\n192.0.3.0/24\n".to_vec();
    padded.resize(MAX_FEED_BYTES + 2, b'\n');
    fs::write(&path, &padded).unwrap();
    assert_eq!(file.refresh_if_changed(after(60)), Err(FeedError::TooLarge));

    fs::remove_file(&path).unwrap();
    assert!(file.refresh_if_changed(after(60)).is_err());
    assert_eq!(feed.current().unwrap().networks().len(), 2);
    fs::remove_dir_all(&folder).unwrap();
}

proptest! {
    #[test]
    fn no_bytes_break_a_parser(bytes in prop::collection::vec(any::<u8>(), 0..200), place in 0_usize..24) {
        let format = PROVIDERS[place].format();
        if let Ok((networks, _)) = format.parse(&bytes) {
            prop_assert!(networks.len() <= bytes.len());
        }
    }

    /// Any one byte of a published list changed: the list is read as something, or refused as a
    /// whole, and never breaks what was in force.
    #[test]
    fn a_damaged_list_never_breaks_the_one_in_force(
        which in 0_usize..24,
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let (name, list, expected) = PUBLISHED[which];
        let feed = FeedHandle::of(provider(name).unwrap());
        feed.refresh(list.as_bytes(), NOW).unwrap();
        let mut damaged = list.as_bytes().to_vec();
        let place = place.index(damaged.len());
        damaged[place] = byte;
        let outcome = feed.refresh(&damaged, NOW);
        let current = feed.current().unwrap();
        if outcome.is_err() {
            prop_assert_eq!(texts(current.networks()), expected);
        }
        prop_assert!(!current.networks().is_empty());
    }
}
