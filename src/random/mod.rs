//! Random numbers.

mod bits;
mod normal;

use bits::{STEP, mixed, unit};

/// A source of random numbers that gives the same ones for the same seed: SplitMix64
/// ([Steele et al. 2014](https://doi.org/10.1145/2660193.2660195)). Not for secrets.
///
/// ```
/// use congruent::Rng;
/// let (mut first, mut second) = (Rng::with_seed(1), Rng::with_seed(1));
/// assert_eq!(first.f64(), second.f64());
/// ```
#[derive(Clone, Debug)]
pub struct Rng {
    state: u64,
}

impl Rng {
    /// A source with this seed.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// let numbers = |seed| [(); 3].map(|()| Rng::with_seed(seed).u64());
    /// assert_eq!(numbers(1), numbers(1));
    /// assert_ne!(numbers(1), numbers(2));
    /// ```
    pub fn with_seed(seed: u64) -> Self {
        Rng { state: seed }
    }

    /// The seed of a source that gives the numbers that this one would give from here on: to go on later.
    ///
    /// ```
    /// use congruent::Rng;
    /// let mut rng = Rng::with_seed(1);
    /// rng.u64();
    /// let mut later = Rng::with_seed(rng.seed());
    /// assert_eq!(later.u64(), rng.u64());
    /// ```
    pub fn seed(&self) -> u64 {
        self.state
    }

    /// A number of 64 random bits.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// let mut rng = Rng::with_seed(1);
    /// assert_ne!(rng.u64(), rng.u64());
    /// ```
    pub fn u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        mixed(self.state)
    }

    /// A number from 0 up to, not including, 1.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// let mut rng = Rng::with_seed(1);
    /// assert!((0..100).all(|_| (0.0..1.0).contains(&rng.f64())));
    /// ```
    pub fn f64(&mut self) -> f64 {
        unit(self.u64())
    }

    /// Normally distributed numbers, of mean 0 and standard deviation 1. The numbers do not depend on the instructions of the
    /// processor, nor on how many are asked for at once.
    pub(crate) fn fill_normal(&mut self, numbers: &mut [f64]) {
        normal::fill(self.state, numbers);
        self.state = self.state.wrapping_add(STEP.wrapping_mul(2 * numbers.len() as u64));
    }
}

#[cfg(test)]
mod tests {
    use super::Rng;

    /// The first numbers of the seed 1234567, as published with the method's reference implementation.
    #[test]
    fn the_numbers_are_those_of_the_method() {
        let mut rng = Rng::with_seed(1234567);
        let numbers = [6457827717110365317, 3203168211198807973, 9817491932198370423];
        assert_eq!([rng.u64(), rng.u64(), rng.u64()], numbers);
    }

    #[test]
    fn the_numbers_are_evenly_spread() {
        let (mut rng, count) = (Rng::with_seed(0), 10_000);
        let numbers: Vec<f64> = (0..count).map(|_| rng.f64()).collect();
        assert!(numbers.iter().all(|x| (0.0..1.0).contains(x)));
        let tenths: Vec<usize> =
            (0..10).map(|t| numbers.iter().filter(|x| (**x * 10.0) as usize == t).count()).collect();
        assert!(tenths.iter().all(|&tenth| tenth.abs_diff(1000) < 150), "{tenths:?}");
    }
}
