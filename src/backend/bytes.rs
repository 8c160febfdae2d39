//! Elements in the memory of somebody else.

use std::ops::{Deref, Range};
use std::sync::Arc;

/// An owner of elements, which has to give the same ones each time that it is asked: anybody may write an `AsRef` that does
/// not, without `unsafe`, and kernels count on what was checked of the first ones.
#[derive(Clone)]
pub struct Same<O> {
    owner: O,
    /// Where the elements were at first, and how many.
    address: usize,
    len: usize,
}

impl<O: Deref> Same<O> {
    /// Asks the owner once.
    pub fn new<T>(owner: O) -> Self
    where
        O::Target: AsRef<[T]>,
    {
        let elements = (*owner).as_ref();
        let (address, len) = (elements.as_ptr().addr(), elements.len());
        Same { owner, address, len }
    }

    /// The elements.
    ///
    /// # Panics
    /// They are not where they were at first, or not as many.
    pub fn as_slice<T>(&self) -> &[T]
    where
        O::Target: AsRef<[T]>,
    {
        let elements = (*self.owner).as_ref();
        let same = elements.as_ptr().addr() == self.address && elements.len() == self.len;
        assert!(same, "an owner of shared elements gave others than at first");
        elements
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.len
    }
}

/// A part of bytes that belong to somebody else, such as a mapped file.
#[derive(Clone)]
pub struct Bytes {
    owner: Same<Arc<dyn AsRef<[u8]> + Send + Sync>>,
    range: Range<usize>,
}

impl Bytes {
    /// The bytes `range` of `owner`. The owner has to give the same bytes each time: whatever uses them panics if it gives
    /// others later than here, elsewhere in memory, or more or fewer.
    ///
    /// ```
    /// use congruent::backend::Bytes;
    /// use std::sync::Arc;
    /// let file = Arc::new(vec![1u8, 2, 3, 4]);
    /// assert_eq!(Bytes::new(file, 1..3).as_slice(), [2, 3]);
    /// ```
    ///
    /// # Panics
    /// The owner has not as many.
    pub fn new(owner: Arc<dyn AsRef<[u8]> + Send + Sync>, range: Range<usize>) -> Self {
        let bytes = Bytes { owner: Same::new(owner), range };
        let Range { start, end } = bytes.range;
        let len = bytes.owner.len();
        assert!(start <= end && end <= len, "bytes {start}..{end} of an owner that has {len}");
        bytes
    }

    /// The bytes.
    ///
    /// ```
    /// use congruent::backend::Bytes;
    /// use std::sync::Arc;
    /// assert_eq!(Bytes::new(Arc::new(b"weights".to_vec()), 0..7).as_slice(), b"weights");
    /// ```
    ///
    /// # Panics
    /// The owner gave others than at first.
    pub fn as_slice(&self) -> &[u8] {
        &self.owner.as_slice()[self.range.clone()]
    }

    /// All bytes of the owner.
    pub(crate) fn whole(&self) -> &[u8] {
        self.owner.as_slice()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::panic::catch_unwind;

    /// The elements from the first on, or the second, and fewer.
    struct Moving([u8; 4], Cell<[usize; 2]>);

    impl AsRef<[u8]> for Moving {
        fn as_ref(&self) -> &[u8] {
            let [start, len] = self.1.get();
            &self.0[start..start + len]
        }
    }

    #[test]
    fn the_same_elements_are_given_and_no_others() {
        let same = Same::new(Box::new(Moving([1, 2, 3, 4], Cell::new([0, 3]))));
        assert_eq!((same.as_slice(), same.len()), (&[1, 2, 3][..], 3));
        for others in if cfg!(miri) { vec![[1, 3]] } else { vec![[1, 3], [0, 2], [0, 4]] } {
            same.owner.1.set(others);
            assert!(catch_unwind(std::panic::AssertUnwindSafe(|| same.as_slice().len())).is_err());
        }
        same.owner.1.set([0, 3]);
        assert_eq!(same.as_slice(), [1, 2, 3]);
    }
}
