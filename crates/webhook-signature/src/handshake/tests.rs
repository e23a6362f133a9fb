use super::{
    all,
    alphabet::{Alphabet, MAX_CHALLENGE},
    by_name,
    definition::{Piece, Trust},
    reading::{form_field, is_sns_url},
};

#[test]
fn a_challenge_that_is_echoed_holds_no_markup_and_no_control() {
    for text in ["a", "a b", "~{}\""] {
        assert!(Alphabet::Text.takes(text.as_bytes()), "{text}");
    }
    for text in ["", "a<b", "a>b", "a\n", "\tb", "\u{7f}", "é"] {
        assert!(!Alphabet::Text.takes(text.as_bytes()), "{text:?}");
    }
}

#[test]
fn the_table_is_in_order_and_every_answer_is_bounded() {
    assert!(all().map(super::Handshake::provider).is_sorted());
    for handshake in all() {
        let name = handshake.provider();
        assert!(!handshake.source().is_empty() && !handshake.steps.is_empty());
        assert_eq!(by_name(name).map(super::Handshake::provider), Some(name));
        for step in handshake.steps {
            let signs = step.body.iter().any(|piece| matches!(piece, Piece::Mac));
            let raw = step
                .body
                .iter()
                .any(|piece| matches!(piece, Piece::Challenge));
            assert_eq!(step.body.is_empty(), step.content_type.is_none(), "{name}");
            // What is echoed as it is goes out as text.
            assert!(!raw || step.content_type == Some("text/plain"), "{name}");
            assert_eq!(signs, handshake.signs(), "{name}");
            if signs {
                let alphabet = step.challenge.as_ref().map(|challenge| challenge.alphabet);
                let signing = handshake.signing.as_ref().unwrap();
                assert_eq!(alphabet, Some(signing.alphabet), "{name}");
                assert_ne!(alphabet, Some(Alphabet::Text), "{name}");
            }
            if step.trust != Trust::Anyone && step.trust != Trust::Signed {
                assert!(step.challenge.is_some(), "{name}");
            }
        }
    }
}

#[test]
fn no_json_and_no_form_can_be_written_in_a_signed_alphabet() {
    for alphabet in [Alphabet::Token, Alphabet::ShortHex] {
        for byte in b"{}[]\"':=&%|, \n\r\t\\\0\x7f<>;" {
            assert!(!alphabet.has(*byte), "{alphabet:?} has {byte}");
        }
        assert!((128..=255).all(|byte| !alphabet.has(byte)));
    }
    assert!(!Alphabet::Token.takes(b""));
    assert!(Alphabet::Token.takes(&[b'a'; MAX_CHALLENGE]));
    assert!(!Alphabet::Token.takes(&[b'a'; MAX_CHALLENGE + 1]));
    assert!(!Alphabet::ShortHex.takes(&[b'a'; 19]));
    assert!(Alphabet::ShortHex.takes(&[b'a'; 20]));
    assert!(!Alphabet::ShortHex.takes(&[b'a'; 33]));
    assert!(!Alphabet::ShortHex.takes(&[b'A'; 20]));
}

#[test]
fn a_field_of_a_form_is_decoded_and_stands_once() {
    let field = |form: &str| form_field(form, "a.b");
    assert_eq!(field("x=1&a.b=c%3A+%c3%a9&d").unwrap(), "c: é");
    assert_eq!(field("a%2Eb=1").unwrap(), "1");
    assert_eq!(field("a.b").unwrap(), "");
    for form in [
        "",
        "x",
        "a.b=1&a.b=1",
        "a.b=1&a%2eb=1",
        "a.b=%",
        "a.b=%4",
        "a.b=%zz",
        "a.b=%ff",
    ] {
        assert_eq!(field(form), None, "{form}");
    }
}

#[test]
fn only_urls_of_sns_are_handed_on() {
    for url in [
        "https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&Token=2336412f",
        "https://sns.cn-north-1.amazonaws.com.cn/",
    ] {
        assert!(is_sns_url(url), "{url}");
    }
    for url in [
        "",
        "http://sns.us-west-2.amazonaws.com/",
        "https://sns.us-west-2.amazonaws.com",
        "https://sns.us-west-2.amazonaws.com:8443/",
        "https://sns.us-west-2.amazonaws.com.evil.example/",
        "https://sns.evil.example/.amazonaws.com/",
        "https://sns.user@evil.example?.amazonaws.com/",
        "https://sns.evil.example#.amazonaws.com/",
        "https://sns.a.b.amazonaws.com/",
        "https://sns..amazonaws.com/",
        "https://sns.us-west-2.amazonaws.com\\@evil.example/",
        "https://bucket.s3.amazonaws.com/",
    ] {
        assert!(!is_sns_url(url), "{url}");
    }
}
