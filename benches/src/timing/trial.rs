//! One trial: samples of both classes, mixed at random, and how far apart they are.

use super::{Class, Moments, Path, Random, t};
use crate::BoxError;

/// Which part of all samples, the shortest, is looked at. What the machine did meanwhile makes some
/// samples long, and the mean of all would drown in those; a leak shows in the others.
const PARTS: [f64; 7] = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0];

/// One of so many samples is thrown away before the first counts.
const WARM_UP: usize = 20;

/// Takes this many samples, and tells Welch's t between the classes: that of the part of the samples
/// in which it is the largest. It is negative where the second class takes longer.
///
/// # Errors
/// An input was turned away on another path.
pub fn run(path: &mut Path, samples: usize, random: &mut Random) -> Result<f64, BoxError> {
    for _ in 0..samples / WARM_UP {
        let class = draw(random);
        path.sample(class, random)?;
    }
    let mut taken = Vec::with_capacity(samples);
    for _ in 0..samples {
        let class = draw(random);
        taken.push((path.sample(class, random)?, class));
    }
    Ok(largest_t(&mut taken))
}

const fn draw(random: &mut Random) -> Class {
    if random.coin() {
        Class::First
    } else {
        Class::Second
    }
}

// There are fewer than 2^52 samples, each of fewer nanoseconds.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss
)]
fn largest_t(taken: &mut [(u64, Class)]) -> f64 {
    taken.sort_unstable_by_key(|(nanos, _)| *nanos);
    let mut largest = 0.0_f64;
    for part in PARTS {
        let length = (taken.len() as f64 * part) as usize;
        // Whole: of equally long samples, none stays while another goes.
        let limit = taken
            .get(length.saturating_sub(1))
            .map_or(0, |(nanos, _)| *nanos);
        let shortest = taken.iter().take_while(|(nanos, _)| *nanos <= limit);
        let (mut first, mut second) = (Moments::default(), Moments::default());
        for (nanos, class) in shortest {
            match class {
                Class::First => first.push(*nanos as f64),
                Class::Second => second.push(*nanos as f64),
            }
        }
        let t = t(first, second);
        if t.abs() > largest.abs() {
            largest = t;
        }
    }
    largest
}

#[cfg(test)]
mod tests {
    use super::{Class, Random, draw, largest_t};
    use crate::timing::judge::LIMIT;

    /// 20,000 samples of about 1 us, of which every tenth is long for no reason of the class; the second
    /// class takes `longer` nanoseconds longer.
    fn samples(longer: u64) -> Vec<(u64, Class)> {
        let mut random = Random::new(7);
        let mut sample = |_| {
            let class = draw(&mut random);
            let long = if random.up_to(10) == 1 { 100_000 } else { 0 };
            let blur = u64::from(random.up_to(200));
            let own = if class == Class::Second { longer } else { 0 };
            (1000 + blur + own + long * u64::from(random.up_to(9)), class)
        };
        (0..20_000).map(&mut sample).collect()
    }

    #[test]
    fn a_small_difference_shows_through_long_pauses() {
        assert!(largest_t(&mut samples(0)).abs() < 4.0);
        let t = largest_t(&mut samples(10));
        assert!(t < -LIMIT, "{t}");
    }

    #[test]
    fn without_samples_there_is_no_difference() {
        assert!(largest_t(&mut []).abs() < f64::EPSILON);
    }
}
