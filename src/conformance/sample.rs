//! Arrays whose elements the suite knows, and operations that move them, by indices.

use crate::Rng;
use crate::backend::{Number, Value};

/// Sizes, and the elements in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample<T> {
    pub sizes: Vec<usize>,
    pub elements: Vec<T>,
}

/// All indices of an array of these sizes, in row-major order.
pub fn indices(sizes: &[usize]) -> impl Iterator<Item = Vec<usize>> + use<> {
    let sizes = sizes.to_vec();
    let count = sizes.iter().product::<usize>();
    (0..count).map(move |mut at| {
        let mut index = vec![0; sizes.len()];
        for axis in (0..sizes.len()).rev() {
            (index[axis], at) = (at % sizes[axis], at / sizes[axis]);
        }
        index
    })
}

impl<T: Copy> Sample<T> {
    pub fn new(sizes: &[usize], elements: Vec<T>) -> Self {
        assert_eq!(sizes.iter().product::<usize>(), elements.len(), "as many elements as the sizes say");
        Sample { sizes: sizes.to_vec(), elements }
    }
    pub fn from_fn(sizes: &[usize], f: impl FnMut(Vec<usize>) -> T) -> Self {
        Sample::new(sizes, indices(sizes).map(f).collect())
    }
    pub fn full(sizes: &[usize], value: T) -> Self {
        Sample::from_fn(sizes, |_| value)
    }
    pub fn rank(&self) -> usize {
        self.sizes.len()
    }
    pub fn at(&self, index: &[usize]) -> T {
        assert_eq!(index.len(), self.rank(), "an index along each axis");
        let at = index.iter().zip(&self.sizes).fold(0, |at, (&index, &size)| {
            assert!(index < size, "an index inside the array");
            at * size + index
        });
        self.elements[at]
    }
    /// The element at the last of these indices, as many as there are axes, at 0 along those of size 1.
    pub fn at_broadcast(&self, index: &[usize]) -> T {
        let own = index[index.len() - self.rank()..].iter().zip(&self.sizes);
        self.at(&own.map(|(&at, &size)| if size == 1 { 0 } else { at }).collect::<Vec<_>>())
    }

    pub fn map<U: Copy>(&self, f: impl Fn(T) -> U) -> Sample<U> {
        Sample::new(&self.sizes, self.elements.iter().map(|&x| f(x)).collect())
    }

    pub fn reshape(&self, sizes: &[usize]) -> Self {
        Sample::new(sizes, self.elements.clone())
    }
    pub fn permute(&self, order: &[usize]) -> Self {
        let sizes: Vec<usize> = order.iter().map(|&axis| self.sizes[axis]).collect();
        Sample::from_fn(&sizes, |index| {
            let mut from = vec![0; index.len()];
            order.iter().zip(index).for_each(|(&axis, index)| from[axis] = index);
            self.at(&from)
        })
    }
    pub fn narrow(&self, axis: usize, start: usize, len: usize) -> Self {
        let mut sizes = self.sizes.clone();
        sizes[axis] = len;
        Sample::from_fn(&sizes, |mut index| {
            index[axis] += start;
            self.at(&index)
        })
    }
    pub fn broadcast(&self, sizes: &[usize]) -> Self {
        let new = sizes.len() - self.rank();
        Sample::from_fn(sizes, |index| {
            let own = index[new..].iter().zip(&self.sizes);
            self.at(&own.map(|(&index, &size)| if size == 1 { 0 } else { index }).collect::<Vec<_>>())
        })
    }
    pub fn concat(parts: &[&Self], axis: usize) -> Self {
        let mut sizes = parts[0].sizes.clone();
        sizes[axis] = parts.iter().map(|part| part.sizes[axis]).sum();
        Sample::from_fn(&sizes, |mut index| {
            for part in parts {
                if index[axis] < part.sizes[axis] {
                    return part.at(&index);
                }
                index[axis] -= part.sizes[axis];
            }
            unreachable!("an index inside one of the parts")
        })
    }
    pub fn update_slice(&self, part: &Self, starts: &[usize]) -> Self {
        Sample::from_fn(&self.sizes, |index| {
            let inside =
                index.iter().zip(starts).zip(&part.sizes).all(|((i, start), size)| (*start..start + size).contains(i));
            if !inside {
                return self.at(&index);
            }
            part.at(&index.iter().zip(starts).map(|(i, start)| i - start).collect::<Vec<_>>())
        })
    }
    pub fn gather(&self, ids: &Sample<u32>) -> Self {
        let sizes = [&ids.sizes[..], &self.sizes[1..]].concat();
        Sample::from_fn(&sizes, |index| {
            let (of_id, of_row) = index.split_at(ids.rank());
            self.at(&[&[ids.at(of_id) as usize], of_row].concat())
        })
    }
    pub fn pick(&self, ids: &Sample<u32>) -> Self {
        Sample::from_fn(&ids.sizes, |index| self.at(&[&index[..], &[ids.at(&index) as usize]].concat()))
    }
    pub fn take_along(&self, axis: usize, ids: &Sample<u32>) -> Self {
        Sample::from_fn(&ids.sizes, |mut index| {
            index[axis] = ids.at(&index) as usize;
            self.at(&index)
        })
    }
    pub fn put_along(&self, axis: usize, ids: &Sample<u32>, values: &Self) -> Self {
        let mut changed = self.clone();
        for mut index in indices(&ids.sizes) {
            let value = values.at(&index);
            index[axis] = ids.at(&index) as usize;
            let place = indices(&self.sizes).position(|other| other == index).expect("an index inside the array");
            changed.elements[place] = value;
        }
        changed
    }
    /// The rows along an axis, and for each index of the array without that axis, which one it is.
    fn rows_along(&self, axis: usize) -> (Vec<Vec<T>>, Sample<usize>) {
        let mut outer = self.sizes.clone();
        let size = outer.remove(axis);
        let row_at = |index: Vec<usize>| {
            let at = |i| self.at(&[&index[..axis], &[i], &index[axis..]].concat());
            (0..size).map(at).collect::<Vec<T>>()
        };
        let rows: Vec<_> = indices(&outer).map(row_at).collect();
        let numbers = Sample::new(&outer, (0..rows.len()).collect());
        (rows, numbers)
    }
    /// What `f` makes of each row along an axis, which goes.
    pub fn reduce<U: Copy>(&self, axis: usize, f: impl Fn(&[T]) -> U) -> Sample<U> {
        let (rows, numbers) = self.rows_along(axis);
        numbers.map(|number| f(&rows[number]))
    }
    /// What `f` makes of each row along an axis, as many as there were.
    pub fn rows<U: Copy>(&self, axis: usize, f: impl Fn(&[T]) -> Vec<U>) -> Sample<U> {
        let (rows, numbers) = self.rows_along(axis);
        let rows: Vec<Vec<U>> = rows.iter().map(|row| f(row)).collect();
        Sample::from_fn(&self.sizes, |mut index| {
            let at = index.remove(axis);
            rows[numbers.at(&index)][at]
        })
    }
}

/// Whether the type is one of floating-point numbers.
pub fn is_float<T: Number>() -> bool {
    matches!(T::zero().to_value(), Value::Float(_))
}

/// The number as a double one.
pub fn double<T: Number>(x: T) -> f64 {
    match x.to_value() {
        Value::Float(x) => x,
        Value::Integer(x) => x as f64,
    }
}

/// A number between -2 and 2, or of integers a small one.
pub fn number<T: Number>(rng: &mut Rng) -> T {
    let is_signed = T::min_value() < T::zero();
    match is_float::<T>() {
        true => T::from_value(Value::Float(4.0 * rng.f64() - 2.0)),
        false => T::from_value(Value::Integer((rng.u64() % 23) as i128 - if is_signed { 11 } else { 0 })),
    }
}

/// Numbers between -2 and 2 that the type has, of small integers if it is one of integers.
pub fn numbers<T: Number>(sizes: &[usize], seed: u64) -> Sample<T> {
    let mut rng = Rng::with_seed(seed);
    Sample::from_fn(sizes, |_| number(&mut rng))
}

/// Numbers below this one.
pub fn ids(sizes: &[usize], below: u32, seed: u64) -> Sample<u32> {
    let mut rng = Rng::with_seed(seed);
    Sample::from_fn(sizes, |_| (rng.u64() % below as u64) as u32)
}
