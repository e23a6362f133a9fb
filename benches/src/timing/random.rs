use std::hash::{BuildHasher as _, RandomState};

/// `SplitMix64` ([Steele, Lea and Flood, 2014](https://doi.org/10.1145/2660193.2660195)): enough to
/// choose classes and wrong bytes.
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    /// The same numbers for the same seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A seed that is another one each time.
    #[must_use]
    pub fn seed() -> u64 {
        RandomState::new().hash_one(0)
    }

    /// The next number.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Heads or tails.
    pub const fn coin(&mut self) -> bool {
        self.next() >> 63 == 1
    }

    /// A number from 1 up to `last`.
    pub fn up_to(&mut self, last: u8) -> u8 {
        let drawn = (self.next() >> 8) % u64::from(last.max(1)) + 1;
        u8::try_from(drawn).unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn the_numbers_are_those_of_the_reference() {
        // The first three of the public-domain `splitmix64.c` with the seed 1234567.
        let mut random = Random::new(1_234_567);
        let drawn = [random.next(), random.next(), random.next()];
        let expected = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
        ];
        assert_eq!(drawn, expected);
    }

    #[test]
    fn a_wrong_byte_is_never_the_right_one() {
        let mut random = Random::new(1);
        let mut seen = [0_u32; 6];
        for _ in 0..1000 {
            seen[usize::from(random.up_to(5))] += 1;
        }
        assert_eq!(seen[0], 0);
        assert!(seen[1..].iter().all(|&count| count > 100), "{seen:?}");
    }
}
