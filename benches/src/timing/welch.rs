/// Number, mean and variance of samples, one after the other
/// ([Welford, 1962](https://doi.org/10.1080/00401706.1962.10490022)).
#[derive(Clone, Copy, Debug, Default)]
pub struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    /// Adds a sample.
    pub fn push(&mut self, sample: f64) {
        self.count += 1.0;
        let distance = sample - self.mean;
        self.mean += distance / self.count;
        self.squares += distance * (sample - self.mean);
    }

    /// The squared error of the mean.
    fn error(self) -> f64 {
        self.squares / (self.count - 1.0) / self.count
    }
}

impl Extend<f64> for Moments {
    fn extend<I: IntoIterator<Item = f64>>(&mut self, samples: I) {
        samples.into_iter().for_each(|sample| self.push(sample));
    }
}

/// Welch's t: how far the two means are apart, in errors of that distance. 0 where either class has
/// fewer than two samples, or neither varies.
#[must_use]
pub fn t(first: Moments, second: Moments) -> f64 {
    if first.count < 2.0 || second.count < 2.0 {
        return 0.0;
    }
    let t = (first.mean - second.mean) / (first.error() + second.error()).sqrt();
    if t.is_nan() { 0.0 } else { t }
}

#[cfg(test)]
mod tests {
    use super::{Moments, t};

    fn of(samples: &[f64]) -> Moments {
        let mut moments = Moments::default();
        moments.extend(samples.iter().copied());
        moments
    }

    /// The examples of <https://en.wikipedia.org/wiki/Welch%27s_t-test>, with the t that is given there
    /// to two digits behind the point.
    #[test]
    fn t_is_that_of_published_examples() {
        let first = [
            27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7,
            21.4,
        ];
        let second = [
            27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 20.5,
            24.4,
        ];
        assert!((t(of(&first), of(&second)) - -2.46).abs() < 0.005);

        let first = [17.2, 20.9, 22.6, 18.1, 21.7, 21.4, 23.5, 24.2, 14.7, 21.8];
        let second = [
            21.5, 22.8, 21.0, 23.0, 21.6, 23.6, 22.5, 20.7, 23.4, 21.8, 20.7, 21.7, 21.5, 22.5,
            23.6, 21.5, 22.5, 23.5, 21.5, 21.8,
        ];
        assert!((t(of(&first), of(&second)) - -1.57).abs() < 0.005);
    }

    #[test]
    fn far_from_zero_nothing_is_rounded_away() {
        let near: Vec<f64> = [1.0, 2.0, 3.0, 4.0].into();
        let far: Vec<f64> = near.iter().map(|sample| sample + 1e9).collect();
        let moved = [6.0, 7.0, 8.0, 9.0].map(|sample: f64| sample + 1e9);
        // (2.5 - 7.5) / sqrt(2 * 5/3 / 4)
        let expected = -5.0 / (5.0_f64 / 6.0).sqrt();
        assert!((t(of(&far), of(&moved)) - expected).abs() < 1e-6);
    }

    #[test]
    fn too_few_samples_or_none_that_vary_say_nothing() {
        for (first, second) in [
            (&[][..], &[1.0, 2.0][..]),
            (&[1.0], &[1.0, 2.0]),
            (&[3.0, 3.0], &[3.0, 3.0]),
        ] {
            assert!(t(of(first), of(second)).abs() < f64::EPSILON);
        }
        assert!(
            t(of(&[1.0, 1.0]), of(&[2.0, 2.0])) < -1e9,
            "apart, without any error"
        );
    }
}
