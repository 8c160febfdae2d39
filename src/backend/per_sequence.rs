//! A number for each sequence of a batch.

use std::any::Any;
use std::fmt::{self, Debug, Formatter};
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// A number for each sequence of a batch, and what an engine has made of them: they go to a device once, however many layers
/// ask. Clones share it.
#[derive(Clone)]
pub struct PerSequence(Arc<Inner>);

struct Inner {
    numbers: Box<[usize]>,
    /// What the first engine and device that asked has made of them.
    cached: OnceLock<Box<dyn Any + Send + Sync>>,
}

impl PerSequence {
    /// What `make` gives for the numbers. It is cached, and given again as long as it is of this type and `fits`.
    ///
    /// ```
    /// use congruent::backend::PerSequence;
    /// let lengths = PerSequence::from(vec![3, 5]);
    /// // What an engine makes of them for its device, once.
    /// let made = lengths.cached(|_: &Vec<u32>| true, |numbers| numbers.iter().map(|&x| x as u32).collect());
    /// assert_eq!(made, [3, 5]);
    /// assert_eq!(lengths.cached(|_: &Vec<u32>| true, |_| panic!("it is there")), made);
    /// ```
    pub fn cached<T: Clone + Send + Sync + 'static>(
        &self,
        fits: impl FnOnce(&T) -> bool,
        make: impl Fn(&[usize]) -> T,
    ) -> T {
        let cached = self.0.cached.get_or_init(|| Box::new(make(self)));
        cached.downcast_ref::<T>().filter(|cached| fits(cached)).cloned().unwrap_or_else(|| make(self))
    }
}

impl Deref for PerSequence {
    type Target = [usize];
    fn deref(&self) -> &[usize] {
        &self.0.numbers
    }
}

impl FromIterator<usize> for PerSequence {
    fn from_iter<I: IntoIterator<Item = usize>>(numbers: I) -> Self {
        PerSequence(Arc::new(Inner { numbers: numbers.into_iter().collect(), cached: OnceLock::new() }))
    }
}
impl From<&[usize]> for PerSequence {
    fn from(numbers: &[usize]) -> Self {
        numbers.iter().copied().collect()
    }
}
impl From<Vec<usize>> for PerSequence {
    fn from(numbers: Vec<usize>) -> Self {
        numbers.into_iter().collect()
    }
}
impl<const N: usize> From<[usize; N]> for PerSequence {
    fn from(numbers: [usize; N]) -> Self {
        numbers.into_iter().collect()
    }
}

impl Debug for PerSequence {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Debug::fmt(&self.0.numbers, f)
    }
}
