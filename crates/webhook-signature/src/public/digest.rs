//! What the body becomes before it is signed, and the digest that is made while it arrives.

use sha2::{Digest as _, Sha256};

/// In what form a signed text holds the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyAs {
    /// Byte for byte.
    Raw,
    /// The SHA-256 digest in lower-case hexadecimal.
    HexSha256,
    /// The CRC-32 checksum in decimal, against which bodies can be made up.
    Crc32,
    /// The decoded value of this field of a form.
    Field(&'static str),
}

/// A digest in the making.
pub(crate) enum Running {
    Nothing,
    Sha256(Sha256),
    Crc32(u32),
}

impl Running {
    pub(crate) fn of(body: BodyAs) -> Self {
        match body {
            BodyAs::Raw | BodyAs::Field(_) => Self::Nothing,
            BodyAs::HexSha256 => Self::Sha256(Sha256::new()),
            BodyAs::Crc32 => Self::Crc32(u32::MAX),
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Nothing => {}
            Self::Sha256(digest) => digest.update(bytes),
            Self::Crc32(crc) => *crc = bytes.iter().fold(*crc, |crc, byte| step(crc, *byte)),
        }
    }

    /// The digest's text, as a signed text holds it.
    pub(crate) fn text(self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Sha256(digest) => const_hex::encode(digest.finalize()),
            Self::Crc32(crc) => (!crc).to_string(),
        }
    }

    pub(crate) fn sha256(self) -> [u8; 32] {
        match self {
            Self::Sha256(digest) => digest.finalize().into(),
            _ => [0; 32],
        }
    }
}

/// CRC-32 as in gzip (reflected polynomial 0xEDB88320), a byte at once.
fn step(crc: u32, byte: u8) -> u32 {
    const TABLE: [u32; 256] = table();
    let [low, ..] = crc.to_le_bytes();
    let entry = TABLE.get(usize::from(low ^ byte)).copied();
    (crc >> 8) ^ entry.unwrap_or_default()
}

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    // A constant: an index beyond the table would not compile.
    while byte < 256 {
        #[allow(clippy::cast_possible_truncation, reason = "`byte` is below 256")]
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            };
            bit += 1;
        }
        #[allow(
            clippy::indexing_slicing,
            reason = "evaluated when the program is compiled"
        )]
        {
            table[byte] = crc;
        }
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::{BodyAs, Running};

    fn text(body: BodyAs, pieces: &[&[u8]]) -> String {
        let mut running = Running::of(body);
        for piece in pieces {
            running.update(piece);
        }
        running.text()
    }

    #[test]
    fn digests_are_the_known_ones() {
        assert_eq!(
            text(BodyAs::Crc32, &[b"123456789"]),
            0xcbf4_3926_u32.to_string()
        );
        assert_eq!(text(BodyAs::Crc32, &[b"1234", b"", b"56789"]), "3421780262");
        assert_eq!(text(BodyAs::Crc32, &[]), "0");
        assert_eq!(
            text(BodyAs::HexSha256, &[b"a", b"bc"]),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
