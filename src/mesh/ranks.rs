//! The ranks of a mesh, and what they do together with elements.

use super::agree::agree;
use super::communicator::{Combine, Communicator, Numbers};
use crate::backend::{Collective, DataType, MeshAxis, Primitive};
use half::{bf16, f16};
use std::any::{Any, TypeId};
use std::fmt::{self, Debug, Formatter};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// A [`Leaf`](super::array::Leaf) of any array.
pub type AnyLeaf = dyn Any + Send + Sync;

/// The elements of a parameter, and how the ranks add up the pending gradients of all parameters of such elements.
#[derive(Clone, Copy)]
pub struct Elements {
    pub data_type: DataType,
    /// The type of the gradients, which is that of an engine.
    pub gradients: TypeId,
    pub add_up: fn(&Arc<Ranks>, &mut dyn Any),
}

impl PartialEq for Elements {
    fn eq(&self, other: &Self) -> bool {
        (self.data_type, self.gradients) == (other.data_type, other.gradients)
    }
}

/// The ranks of a mesh, as one of them sees them: for each axis, those that differ from it along this one alone.
pub struct Ranks {
    axes: Vec<Arc<dyn Communicator>>,
    /// The parameters whose gradients may be pending, in the order in which they were tracked.
    leaves: Mutex<Vec<(Elements, Weak<AnyLeaf>)>>,
}

impl Ranks {
    pub fn new(axes: Vec<Arc<dyn Communicator>>) -> Self {
        Ranks { axes, leaves: Mutex::default() }
    }

    pub fn along(&self, axis: MeshAxis) -> &dyn Communicator {
        &*self.axes[axis.number()]
    }

    /// Remembers a parameter, until it is dropped.
    pub fn track(&self, elements: Elements, leaf: Weak<AnyLeaf>) {
        let mut leaves = self.leaves.lock().unwrap_or_else(PoisonError::into_inner);
        // Those of former steps are gone: as a rule as many as come now.
        if leaves.len() == leaves.capacity() {
            leaves.retain(|(_, leaf)| leaf.strong_count() > 0);
        }
        leaves.push((elements, leaf));
    }

    /// The parameters that are still there.
    pub fn leaves(&self) -> Vec<(Elements, Arc<AnyLeaf>)> {
        let leaves = self.leaves.lock().unwrap_or_else(PoisonError::into_inner);
        leaves.iter().filter_map(|(elements, leaf)| Some((*elements, leaf.upgrade()?))).collect()
    }

    /// What the ranks make together of arrays of these sizes, with its sizes.
    pub fn together<P: Primitive>(
        &self,
        collective: Collective,
        axis: MeshAxis,
        elements: Vec<P>,
        sizes: &[usize],
    ) -> (Vec<P>, Vec<usize>) {
        let along = self.along(axis);
        let (rank, ranks) = (along.rank(), along.ranks());
        if cfg!(debug_assertions) {
            let operation = format!("{collective:?} of {sizes:?} elements of {}", P::DATA_TYPE);
            agree(along, &operation);
        }
        let mut sizes = sizes.to_vec();
        match collective {
            Collective::Sum => (self.reduced(Combine::Sum, axis, elements), sizes),
            Collective::Max => (self.reduced(Combine::Max, axis, elements), sizes),
            Collective::ReduceScatter(at) => {
                let parts = in_parts(&elements, &sizes, at, ranks);
                sizes[at] /= ranks;
                (self.scattered(axis, parts), sizes)
            }
            Collective::AllGather(at) => {
                let parts = P::from_bytes(&along.all_gather(P::bytes(&elements)));
                sizes[at] *= ranks;
                (of_parts(&parts, &sizes, at, ranks), sizes)
            }
            Collective::Part(at) => {
                let parts = in_parts(&elements, &sizes, at, ranks);
                let length = parts.len() / ranks;
                sizes[at] /= ranks;
                (parts[rank * length..(rank + 1) * length].to_vec(), sizes)
            }
            Collective::AllToAll(from, to) => {
                let parts = in_parts(&elements, &sizes, from, ranks);
                let parts = P::from_bytes(&along.all_to_all(P::bytes(&parts)));
                sizes[from] /= ranks;
                sizes[to] *= ranks;
                (of_parts(&parts, &sizes, to, ranks), sizes)
            }
            Collective::FromRank(root) => {
                let mut bytes = P::bytes(&elements).to_vec();
                along.broadcast(root, &mut bytes);
                (P::from_bytes(&bytes), sizes)
            }
        }
    }

    /// The elements of the rank before this one: each gives its own to the next, and the last one to the first.
    pub fn shifted<P: Primitive>(&self, axis: MeshAxis, elements: Vec<P>) -> Vec<P> {
        let along = self.along(axis);
        if along.ranks() == 1 {
            return elements;
        }
        if cfg!(debug_assertions) {
            agree(along, &format!("a shift of {} elements of {}", elements.len(), P::DATA_TYPE));
        }
        P::from_bytes(&along.shift(P::bytes(&elements)))
    }

    /// The numbers of all ranks, put together.
    pub fn reduced<P: Primitive>(&self, combine: Combine, axis: MeshAxis, elements: Vec<P>) -> Vec<P> {
        reduce(elements, |numbers| self.along(axis).all_reduce(combine, numbers))
    }

    /// This rank's part of the sums, of as many parts as there are ranks.
    pub fn scattered<P: Primitive>(&self, axis: MeshAxis, elements: Vec<P>) -> Vec<P> {
        let length = elements.len() / self.along(axis).ranks();
        let mut own = reduce(elements, |numbers| self.along(axis).reduce_scatter(numbers));
        own.truncate(length);
        own.shrink_to_fit();
        own
    }
}

impl Debug for Ranks {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let axes = self.axes.iter().map(|axis| (axis.rank(), axis.ranks()));
        f.debug_list().entries(axes).finish()
    }
}

/// Elements as numbers that ranks put together: those of 16 bits in 32.
///
/// # Panics
/// They are no floating-point numbers.
fn reduce<P: Primitive>(mut elements: Vec<P>, f: impl FnOnce(Numbers<'_>)) -> Vec<P> {
    fn narrow<T: Copy>(
        elements: &mut [T],
        widen: impl Fn(T) -> f32,
        narrow: impl Fn(f32) -> T,
        f: impl FnOnce(Numbers<'_>),
    ) {
        let mut wide: Vec<f32> = elements.iter().map(|element| widen(*element)).collect();
        f(Numbers::F32(&mut wide));
        elements.iter_mut().zip(wide).for_each(|(element, wide)| *element = narrow(wide));
    }
    let any: &mut dyn Any = &mut elements;
    if let Some(numbers) = any.downcast_mut::<Vec<f32>>() {
        f(Numbers::F32(numbers));
    } else if let Some(numbers) = any.downcast_mut::<Vec<f64>>() {
        f(Numbers::F64(numbers));
    } else if let Some(numbers) = any.downcast_mut::<Vec<f16>>() {
        narrow(numbers, f16::to_f32, f16::from_f32, f);
    } else if let Some(numbers) = any.downcast_mut::<Vec<bf16>>() {
        narrow(numbers, bf16::to_f32, bf16::from_f32, f);
    } else {
        panic!("ranks add floating-point numbers, and no {}", P::DATA_TYPE);
    }
    elements
}

/// The rows of an array before an axis, the length of that, and the elements behind each of its positions.
fn around(sizes: &[usize], axis: usize) -> (usize, usize) {
    (sizes[..axis].iter().product(), sizes[axis + 1..].iter().product())
}

/// An array in as many parts along an axis, one after another.
fn in_parts<T: Copy>(elements: &[T], sizes: &[usize], axis: usize, parts: usize) -> Vec<T> {
    let (rows, inner) = around(sizes, axis);
    assert!(sizes[axis].is_multiple_of(parts), "{} positions are not divided evenly into {parts} parts", sizes[axis]);
    let length = sizes[axis] / parts * inner;
    let part = |part| (0..rows).flat_map(move |row| &elements[(row * parts + part) * length..][..length]);
    (0..parts).flat_map(part).copied().collect()
}

/// The array of these sizes whose parts along an axis stand one after another.
fn of_parts<T: Copy>(elements: &[T], sizes: &[usize], axis: usize, parts: usize) -> Vec<T> {
    let (rows, inner) = around(sizes, axis);
    let length = sizes[axis] / parts * inner;
    let row = |row| (0..parts).flat_map(move |part| &elements[(part * rows + row) * length..][..length]);
    (0..rows).flat_map(row).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_put_together_again() {
        let elements: Vec<usize> = (0..2 * 6 * 3).collect();
        let sizes = [2, 6, 3];
        assert_eq!(in_parts(&elements, &sizes, 1, 2)[..9], [0, 1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(in_parts(&elements, &sizes, 1, 2)[9..12], [18, 19, 20]);
        for axis in 0..3 {
            for parts in [1, sizes[axis]] {
                assert_eq!(of_parts(&in_parts(&elements, &sizes, axis, parts), &sizes, axis, parts), elements);
            }
        }
    }
}
