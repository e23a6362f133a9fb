//! RSA with two fixed keys that are public on purpose.

use base64ct::{Base64, Encoding as _};
use p256::elliptic_curve::bigint::{
    Odd, U2048,
    modular::{FixedMontyForm, FixedMontyParams},
};
use ring::{
    rand::SystemRandom,
    signature::{RsaEncoding, RsaKeyPair},
};
use sha1::{Digest as _, Sha1};

/// A key of 2048 bits. Both numbers are hexadecimal.
pub(super) struct RsaTestKey {
    pub(super) public: &'static str,
    private: &'static str,
    modulus: &'static str,
    exponent: &'static str,
}

impl RsaTestKey {
    pub(super) fn sign(&self, how: &'static dyn RsaEncoding, text: &[u8]) -> Vec<u8> {
        let lines: String = self.private.split_whitespace().collect();
        let key = Base64::decode_vec(&lines)
            .ok()
            .and_then(|der| RsaKeyPair::from_pkcs8(&der).ok());
        let signed = key.and_then(|key| {
            let mut signature = vec![0; key.public().modulus_len()];
            let signed = key.sign(how, &SystemRandom::new(), text, &mut signature);
            signed.ok().map(|()| signature)
        });
        match signed {
            Some(signature) => signature,
            None => panic!("a fixed RSA key cannot sign"),
        }
    }

    /// Signs with SHA-1, for the two providers that still do. `ring` does not, and the crate `rsa` has
    /// an open advisory; RSASSA-PKCS1-v1_5 ([RFC 8017, section
    /// 8.2](https://www.rfc-editor.org/rfc/rfc8017#section-8.2)) is one power, which takes the
    /// integers of the curves. In no constant time: the key is no secret.
    pub(super) fn sign_sha1(&self, text: &[u8]) -> Vec<u8> {
        const BYTES: usize = 256;
        const SHA1: &[u8] = b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14";
        let end = [&[0], SHA1, Sha1::digest(text).as_slice()].concat();
        let filling = vec![0xff; BYTES.saturating_sub(2 + end.len())];
        let padded = [&[0, 1], filling.as_slice(), &end].concat();
        let params = FixedMontyParams::new_vartime(Odd::<U2048>::from_be_hex(self.modulus));
        let message = FixedMontyForm::new(&U2048::from_be_slice(&padded), &params);
        let signature = message.pow_vartime(&U2048::from_be_hex(self.exponent));
        signature.retrieve().to_be_bytes().as_ref().to_vec()
    }
}

/// The first test key.
pub(super) const FIRST: RsaTestKey = RsaTestKey {
    public: include_str!("rsa-first.pem"),
    private: include_str!("rsa-first-private.b64"),
    modulus: "\
        bec47ad55811d3cfdaf213e7590a34db584374a67dff8927b3d4923ee16303d97855f4ad99236573d08eeb2e\
        6f1b6dedeac2570a00a2eb1b8687204783ed7043127ce6458aebd0e908c42ed0363d971ecb025512408af7a3\
        1996759a1145166111fee4afeff78635d36369eba7a662cf226c69ad6735ecacdaf5697a54c39cd9e8831a13\
        2a9c8a14f75d3975ce2ff9f4318f9cff1fc3f5db14129e793c3d47abe43cff36268072e94190b0d3c121af85\
        70e9f6e71c13c18d44a5dda6e465f969b727494afc3e83ef714192de5548e623b8aad19e28c9d719010c7398\
        7f34ee4b350169829b8c76b52ee1a01d7dc9d8254de0d69bbcf72e762143dfe391704d33\
    ",
    exponent: "\
        193b6b0a7843f60c77bcd8831b6a2d2eeca56772ca16ed863c7e9ba55e31b6daf7295a069d75c01529d06d82\
        4e71db556d0802c930e7b0f48abe540d0181d0a7c91f3a0f42b3b430792cb1b5c526da5684002d4e650e6723\
        6c8953c96ab55a4e168f974c94b9dc4796f67eebb62e076db6f38dfac091b259f3facd2bc00b1633700ce5a5\
        38f1975c5979b652eec06819221a946caab3bb1e1258d6d22a0a89867b661e5001929bb5a1ba061c764e1017\
        bbfb4bcb152da74ba64f823e6b6a3357df19d0964b78cac653b8f28c97af8430951ef3c8d1f5673fce8d0a8d\
        96b30143b2efe68627286effd5e79677d1feadb722764b7b6a9de54996f04554429a4491\
    ",
};

/// The second test key.
pub(super) const SECOND: RsaTestKey = RsaTestKey {
    public: include_str!("rsa-second.pem"),
    private: include_str!("rsa-second-private.b64"),
    modulus: "\
        a84eab7deb232d24a72076f7e738df822c52d2229bbb85a4dcffaeac1e53f5a1993d0f4054cf7cd514d034a8\
        93c6641a372660133841cea063716719dc0147ce6c24c3a78943669a39799a8c92404db4eb28d6a2e6c4aa78\
        7339c8d9ad4a0a82e3647f9aad3aa1e61494e145c83d7ef8c1128f977d3cb8938cab223f98945b24faa36203\
        75bf2373383cf757d0df77d4b3c37b80fa7e5821ad77f6189f0f8e3190b4b2315b6a531e301ca2ed279fbeff\
        a1a2c1e0ce4ccada1b8230fc292d0e0935774373e4414a3a7c4a1b6c8596a6c535c871d706ec7a4b3ae70d2d\
        db854e9a9c6963a105b3452eda9d6f9697030cc978186b418008a031b2baf8bb29646751\
    ",
    exponent: "\
        1caa054ff52f70fd488f616398181a0cc7f2b5021ae6c57c8dfce7a93da30bf6e12bc280b0d1039020b2d2fd\
        10e9dd5b8f9ff405e1f36736eea8be27ebcdb6068469807ef4842ba1c17f21e0a5f9d8a222d8ba31553f124f\
        60446b9e1302c4a68506b52ac92ceeacca3d8ede3d1ba817c27e20416b1d5fcc154d821035b2b290e33a6b46\
        04c69211a1bda5f42f09d8544df6084513d15f4680078148278021c707fa5be0a4e335a12c4c21ff77158648\
        39f6f3c24614f56fa29b1e6e022275685a3da7883b323535ca128f4ec6d39f64608ba253d5c7b861ff5ea0d4\
        b20fc0817f1b1d9a841fd002101201b43b6e4ff0e46b39895636d1f55c9166a3b719b169\
    ",
};
