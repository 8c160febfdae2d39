//! Elements in the memory of somebody else.

use std::ops::Deref;

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
