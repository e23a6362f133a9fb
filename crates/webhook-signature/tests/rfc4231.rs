//! The HMAC test cases of RFC 4231, section 4, and of RFC 2202, section 3, through the verifier.

mod common;

use common::{parts, secret};
use webhook_core::{Reason, Timestamp};
use webhook_signature::{Primitive, Scheme, SecretEncoding, Verifier};

struct Case {
    key: &'static [u8],
    data: &'static [u8],
    tags: [(Primitive, &'static str); 4],
}

/// Test cases 1 to 4, 6 and 7 of RFC 4231 (5 is of a truncated tag, which is never taken). Cases 1 to 4
/// have the tags that RFC 2202, section 3, prints for SHA-1; those of 6 and 7, whose keys are longer
/// there, are computed with Python's `hmac`.
const CASES: [Case; 6] = [
    // Test case 1.
    Case {
        key: &[0x0b; 20],
        data: b"Hi There",
        tags: [
            (Primitive::HmacSha1, "b617318655057264e28bc0b6fb378c8ef146be00"),
            (Primitive::HmacSha256, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (Primitive::HmacSha384, "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6"),
            (Primitive::HmacSha512, "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854"),
        ],
    },
    // Test case 2.
    Case {
        key: b"Jefe",
        data: b"what do ya want for nothing?",
        tags: [
            (Primitive::HmacSha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            (Primitive::HmacSha256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            (Primitive::HmacSha384, "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"),
            (Primitive::HmacSha512, "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"),
        ],
    },
    // Test case 3.
    Case {
        key: &[0xaa; 20],
        data: &[0xdd; 50],
        tags: [
            (Primitive::HmacSha1, "125d7342b9ac11cd91a39af48aa17b4f63f175d3"),
            (Primitive::HmacSha256, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
            (Primitive::HmacSha384, "88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b2a5ab39dc13814b94e3ab6e101a34f27"),
            (Primitive::HmacSha512, "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb"),
        ],
    },
    // Test case 4.
    Case {
        key: &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25],
        data: &[0xcd; 50],
        tags: [
            (Primitive::HmacSha1, "4c9007f4026250c6bc8414f9bf50c86c2d7235da"),
            (Primitive::HmacSha256, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
            (Primitive::HmacSha384, "3e8a69b7783c25851933ab6290af6ca77a9981480850009cc5577c6e1f573b4e6801dd23c4a7d679ccf8a386c674cffb"),
            (Primitive::HmacSha512, "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3dba91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd"),
        ],
    },
    // Test case 6.
    Case {
        key: &[0xaa; 131],
        data: b"Test Using Larger Than Block-Size Key - Hash Key First",
        tags: [
            (Primitive::HmacSha1, "90d0dace1c1bdc957339307803160335bde6df2b"),
            (Primitive::HmacSha256, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
            (Primitive::HmacSha384, "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952"),
            (Primitive::HmacSha512, "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598"),
        ],
    },
    // Test case 7.
    Case {
        key: &[0xaa; 131],
        data: b"This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.",
        tags: [
            (Primitive::HmacSha1, "217e44bb08b6e06a2d6c30f3cb9f537f97c63356"),
            (Primitive::HmacSha256, "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
            (Primitive::HmacSha384, "6617178e941f020d351e2f254e8fd32c602420feb0b8fb9adccebb82461e99c5a678cc31e799176d3860e6110c46523e"),
            (Primitive::HmacSha512, "e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58"),
        ],
    },
];

#[test]
fn each_tag_verifies_and_no_part_of_it_does() {
    let now = Timestamp::from_unix_seconds(0);
    for (number, case) in CASES.iter().enumerate() {
        for (primitive, tag) in case.tags {
            let scheme = Scheme::builder("rfc4231", primitive)
                .header("x-signature")
                .secret_encoding(SecretEncoding::Hex)
                .build()
                .unwrap();
            let verifier = Verifier::new(scheme, secret(const_hex::encode(case.key))).unwrap();
            let verify = |tag: &str, data: &[u8]| {
                verifier.verify(&parts([("x-signature", tag.as_bytes())]), data, now)
            };
            assert!(
                verify(tag, case.data).is_ok(),
                "case {number}, {primitive:?}"
            );
            let mut other = case.data.to_vec();
            other.push(0);
            let refusal = verify(tag, &other).unwrap_err();
            assert_eq!(refusal.reason(), Reason::SignatureMismatch);
            for length in (0..tag.len()).step_by(2) {
                let (part, _) = tag.split_at(length);
                assert!(
                    verify(part, case.data).is_err(),
                    "case {number}, {primitive:?}, {length} digits"
                );
            }
        }
    }
}
