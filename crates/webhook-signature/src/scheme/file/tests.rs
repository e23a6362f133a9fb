use std::time::Duration;

use crate::{Encoding, Primitive, Scheme, SecretEncoding, Tolerance};

const LEAST: &str = "name = \"acme\"\nalgorithm = \"hmac-sha256\"\nheader = \"x-acme-signature\"\n";

fn refused(more: &str) -> (Option<usize>, String) {
    let error = Scheme::from_toml(&format!("{LEAST}{more}")).unwrap_err();
    (error.line(), error.to_string())
}

#[test]
fn the_least_file_is_the_builders_default() {
    let built = Scheme::hmac_sha256("acme").header("x-acme-signature");
    assert_eq!(Scheme::from_toml(LEAST), Ok(built.build().unwrap()));
}

#[test]
fn every_key_reaches_the_builder() {
    let read = Scheme::from_toml(
        r#"
        name = "acme"
        algorithm = "hmac-sha512"
        header = "x-acme-signature"
        list = { separator = ",", assign = "=", label = "v1" }
        encoding = "base64url"
        signed_text = "{id}.{timestamp}.{url}.{body}"
        timestamp_label = "t"
        timestamp_unit = "milliseconds"
        max_age = 60
        id_header = "x-acme-id"
        event_header = "x-acme-event"
        secret_encoding = "whsec"
        base_url = "https://hooks.example.com"
        "#,
    );
    let built = Scheme::builder("acme", Primitive::HmacSha512)
        .header("x-acme-signature")
        .list(',', '=', "v1")
        .encoding(Encoding::Base64Url)
        .signed_text("{id}.{timestamp}.{url}.{body}")
        .timestamp_label("t")
        .timestamp_unit(crate::TimestampUnit::Milliseconds)
        .tolerance(Tolerance::max_age(Duration::from_secs(60)))
        .id_header("x-acme-id")
        .event_header("x-acme-event")
        .secret_encoding(SecretEncoding::Whsec)
        .build()
        .unwrap()
        .with_base_url("https://hooks.example.com")
        .unwrap();
    assert_eq!(read, Ok(built));

    let read = Scheme::from_toml(&format!(
        "{LEAST}prefix = \"v2=\"\nsigned_text = \"{{timestamp}}\"\ntimestamp_header = \"x-t\"\ntolerance = 5\ninsecure_unsigned_body = true"
    ));
    let built = Scheme::hmac_sha256("acme")
        .header("x-acme-signature")
        .prefix("v2=")
        .signed_text("{timestamp}")
        .timestamp_header("x-t")
        .tolerance(Tolerance::within(Duration::from_secs(5)))
        .insecure_unsigned_body();
    assert_eq!(read, Ok(built.build().unwrap()));
}

#[test]
fn mistakes_are_told_with_line_and_fix() {
    for (more, line, fix) in [
        ("hedaer = \"x\"", Some(4), "expected one of"),
        ("encoding = \"hax\"", Some(4), "`hex-upper`"),
        ("\nencoding = 5", Some(5), "expected a string"),
        (
            "encoding = \"hex\"\nencoding = \"hex\"",
            Some(5),
            "duplicate key",
        ),
        (
            "list = { separator = \",\", assign = \"=\", label = \"v1\", x = 1 }",
            Some(4),
            "`x`",
        ),
        (
            "list = { separator = \",,\", assign = \"=\", label = \"v1\" }",
            Some(4),
            "character",
        ),
        (
            "list = { separator = \",\", assign = \",\", label = \"v1\" }",
            Some(4),
            "assignment",
        ),
        ("id_header = \"x id\"", Some(4), "no header's name"),
        ("signed_text = \"{bdy}\"", Some(4), "placeholder"),
        ("prefix = \"a\"\nsigned_text = \"x\"", Some(5), "add it"),
        (
            "timestamp_header = \"x-t\"",
            Some(4),
            "make an old delivery fresh",
        ),
        ("tolerance = 5", Some(4), "remove this key"),
        ("tolerance = 5\nmax_age = 5", Some(5), "exclude each other"),
        ("max_age = -5", Some(4), "integer"),
        ("base_url = \"hooks.example.com\"", Some(4), "https://"),
        ("algo", Some(4), "expected"),
    ] {
        let (at, text) = refused(more);
        assert_eq!(at, line, "{more}: {text}");
        assert!(text.contains(fix), "{more}: {text}");
    }
    let error = Scheme::from_toml("name = \"acme\"\n").unwrap_err();
    assert_eq!(error.line(), None, "{error}");
    assert!(error.to_string().contains("`algorithm`"), "{error}");
    let error = Scheme::from_toml(&LEAST.replace("acme\"\nalg", "\"\nalg")).unwrap_err();
    assert_eq!(error.line(), Some(1), "{error}");
}

#[test]
fn a_secret_that_does_not_belong_there_is_not_repeated() {
    let (_, text) = refused("secret = \"canary-canary-canary\"");
    assert!(!text.contains("canary"), "{text}");
}

/// A file that says no more than it must of this algorithm.
fn with_algorithm(algorithm: &str, more: &str) -> String {
    format!("name = \"acme\"\nalgorithm = \"{algorithm}\"\nheader = \"x-acme-signature\"\n{more}")
}

#[test]
fn every_word_that_a_preset_needs_can_be_written() {
    for preset in crate::presets::all().filter(|preset| preset.is_verifiable()) {
        let scheme = preset.scheme();
        let (primitive, encoding) = (scheme.primitive(), scheme.encoding());
        let more = format!(
            "encoding = \"{}\"\nsecret_encoding = \"{}\"\n",
            encoding.as_str(),
            scheme.secret_encoding().as_str()
        );
        let read = Scheme::from_toml(&with_algorithm(primitive.as_str(), &more));
        let read = read.unwrap_or_else(|error| panic!("{}: {error}", preset.name()));
        assert_eq!((read.primitive(), read.encoding()), (primitive, encoding));
        assert_eq!(read.secret_encoding(), scheme.secret_encoding());
        if let Some(unit) = scheme.timestamp_unit() {
            let more = format!(
                "timestamp_header = \"x-t\"\nsigned_text = \"{{timestamp}}{{body}}\"\ntimestamp_unit = \"{}\"\n",
                super::unit_name(unit)
            );
            let read = Scheme::from_toml(&format!("{LEAST}{more}")).unwrap();
            assert_eq!(read.timestamp_unit(), Some(unit));
        }
    }
}

#[test]
fn every_word_names_what_it_says() {
    for primitive in super::PRIMITIVES {
        let read = Scheme::from_toml(&with_algorithm(primitive.as_str(), "")).unwrap();
        let built = Scheme::builder("acme", *primitive).header("x-acme-signature");
        assert_eq!(read, built.build().unwrap());
    }
    for encoding in super::ENCODINGS {
        let is_text = matches!(encoding, Encoding::Text | Encoding::Base64Text);
        let algorithm = if is_text { "token" } else { "hmac-sha256" };
        let more = format!("encoding = \"{}\"", encoding.as_str());
        let read = Scheme::from_toml(&with_algorithm(algorithm, &more)).unwrap();
        assert_eq!(read.encoding(), encoding);
    }
    for encoding in super::SECRET_ENCODINGS {
        let more = format!("{LEAST}secret_encoding = \"{}\"", encoding.as_str());
        assert_eq!(
            Scheme::from_toml(&more).unwrap().secret_encoding(),
            *encoding
        );
    }
    let none = Scheme::from_toml(&with_algorithm("none", "")).unwrap_err();
    assert!(none.to_string().contains("no such `algorithm`"), "{none}");
}

#[test]
fn every_place_and_form_can_be_written() {
    let start = "name = \"acme\"\nalgorithm = \"hmac-sha256\"\n";
    let acme = || Scheme::hmac_sha256("acme");
    for (text, built) in [
        ("header_lines = \"x\"", acme().header_lines("x")),
        ("headers = [\"x\", \"y\"]", acme().headers(["x", "y"])),
        ("numbered_headers = \"x-\"", acme().numbered_headers("X-")),
        ("query_parameter = \"sig\"", acme().query_parameter("sig")),
        (
            "header = \"x\"\nprefix = \"v0=\"",
            acme().header("x").prefix("v0="),
        ),
        (
            "header = \"x\"\noptional_prefix = \"v0=\"",
            acme().header("x").optional_prefix("v0="),
        ),
        (
            "header = \"authorization\"\ncredentials = \"Bearer\"",
            acme().header("authorization").credentials("Bearer"),
        ),
        (
            "header = \"x\"\nbare_list = \",\"",
            acme().header("x").bare_list(','),
        ),
        (
            "header = \"x\"\nstamped_list = \",\"\nsigned_text = \"{timestamp}.{body}\"",
            acme()
                .header("x")
                .stamped_list(',')
                .signed_text("{timestamp}.{body}"),
        ),
        (
            "header = \"x\"\nlist = { separator = \",\", assign = \"=\", label = \"v1\", any_case = true }",
            acme().header("x").list(',', '=', "v1").any_label_case(),
        ),
    ] {
        let read = Scheme::from_toml(&format!("{start}{text}"));
        assert_eq!(read, Ok(built.build().unwrap()), "{text}");
    }
    let told = Scheme::from_toml(&format!("{LEAST}url_from_trusted_proxy = true")).unwrap();
    assert!(told.takes_url_from_trusted_proxy());
    assert!(
        !Scheme::from_toml(LEAST)
            .unwrap()
            .takes_url_from_trusted_proxy()
    );
}

#[test]
fn what_excludes_each_other_is_told_where_the_second_stands() {
    for (more, line, fix) in [
        (
            "query_parameter = \"s\"",
            4,
            "`header` and `query_parameter` exclude",
        ),
        (
            "prefix = \"a\"\nbare_list = \",\"",
            5,
            "`prefix` and `bare_list` exclude",
        ),
        ("encoding = \"text\"", 4, "does not fit"),
        ("optional_prefix = 5", 4, "expected a string"),
        ("bare_list = \"a\"", 4, "character"),
        ("stamped_list = \",\"", 4, "make an old delivery fresh"),
        (
            "signed_text = \"{timestamp}{body}\"\nstamped_list = \"a\"",
            5,
            "character",
        ),
    ] {
        let (at, text) = refused(more);
        assert_eq!(at, Some(line), "{more}: {text}");
        assert!(text.contains(fix), "{more}: {text}");
    }
    let nowhere = "name = \"acme\"\nalgorithm = \"hmac-sha256\"\n";
    let error = Scheme::from_toml(nowhere).unwrap_err().to_string();
    assert!(error.contains("`header = \"x-acme-signature\"`"), "{error}");
    let bad = format!("{nowhere}headers = [\"x\", \"x y\"]");
    assert_eq!(Scheme::from_toml(&bad).unwrap_err().line(), Some(3));
    let query = format!("{nowhere}query_parameter = \"s\"\ncredentials = \"HMAC\"");
    assert_eq!(Scheme::from_toml(&query).unwrap_err().line(), Some(3));
    let token = Scheme::from_toml(&with_algorithm("token", "signed_text = \"{body}\""));
    assert_eq!(token.unwrap_err().line(), Some(4));
}

#[test]
fn the_nearest_word_is_offered() {
    for (more, nearest) in [
        ("hedaer_lines = \"x\"", "`header_lines`"),
        ("timestmap_unit = \"seconds\"", "`timestamp_unit`"),
        ("encoding = \"bas64\"", "`base64`"),
        ("encoding = \"HEX\"", "`hex`"),
        ("secret_encoding = \"wsec\"", "`whsec`"),
        ("timestamp_unit = \"milisecond\"", "`milliseconds`"),
        (
            "list = { separator = \",\", assign = \"=\", lable = \"v1\" }",
            "`label`",
        ),
    ] {
        let (_, text) = refused(more);
        assert!(
            text.contains(&format!("did you mean {nearest}?")),
            "{more}: {text}"
        );
    }
    let error = Scheme::from_toml(&with_algorithm("hmac-sha265", "")).unwrap_err();
    assert!(
        error.to_string().contains("did you mean `hmac-sha256`?"),
        "{error}"
    );
    let (_, text) = refused("encoding = \"zzzzzzzzz\"");
    assert!(!text.contains("did you mean"), "{text}");
}
