//! Tensors to values, and between element types and arrays.

use super::{Nested, Tensor, TensorOf};
use crate::Error;
use crate::backend::{
    ArrayOf, Backend, DeviceOf, Element, Number, Primitive, Proven, With, elements, slice, try_elements,
};
use crate::shape::{Described, Is, Shape, WithoutDimensions};
use std::any::Any;

/// The same elements in an array on this device of an engine, as a constant.
///
/// # Panics
/// The engine fails.
pub(crate) fn transferred<B: Backend, E: Backend>(x: &ArrayOf<B>, device: &DeviceOf<E>) -> ArrayOf<E, B::Elem> {
    match (x as &dyn Any).downcast_ref() {
        // Of the same engine.
        Some(x) => With::<E, B::Elem>::to_device(x, device),
        None => With::<E, B::Elem>::from_elements(elements::<B>(x), B::sizes(x), device),
    }
}

/// What can be converted to a number: numbers, and `bool`.
#[doc(hidden)]
pub trait Cast: Element {
    fn cast<T: Number, B: Backend<Elem = Self>>(x: &ArrayOf<B>) -> ArrayOf<B, T>;
}
impl<N: Number> Cast for N {
    fn cast<T: Number, B: Backend<Elem = N>>(x: &ArrayOf<B>) -> ArrayOf<B, T> {
        B::cast::<T>(x)
    }
}
impl Cast for bool {
    fn cast<T: Number, B: Backend<Elem = bool>>(x: &ArrayOf<B>) -> ArrayOf<B, T> {
        let numbers = [T::one(), T::zero()].map(|number| With::<B, T>::filled(number, B::sizes(x), &B::device(x)));
        With::<B, T>::select(x, &numbers[0], &numbers[1])
    }
}

/// # Elements
impl<S: Shape, B: Backend> Tensor<S, B> {
    /// The elements in row-major order, copied. Of an engine that calculates elsewhere, it waits until they are there.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 2; }
    /// let x = Tensor::from_nested((Batch, Embed), [[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(x.to_vec(), [1.0, 2.0, 3.0, 4.0]);
    /// assert_eq!(x.transpose(Batch, Embed).to_vec(), [1.0, 3.0, 2.0, 4.0]);
    /// ```
    ///
    /// # Panics
    /// The engine failed, as [`try_to_vec`](Self::try_to_vec) says.
    #[doc(alias("numpy", "tolist", "to_vec1", "into_raw_vec"))]
    pub fn to_vec(&self) -> Vec<B::Elem> {
        B::Elem::of_primitives(elements::<B>(&self.array), Proven(()))
    }

    /// As [`to_vec`](Self::to_vec).
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Embed = 3; }
    /// let elements = Tensor::arange(Embed).try_to_vec()?;
    /// assert_eq!(elements, [0.0, 1.0, 2.0]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// The engine failed, as where the memory of its device was full: in the operation that the error names, of which
    /// this tensor was calculated. The processor's does not.
    pub fn try_to_vec(&self) -> Result<Vec<B::Elem>, Error> {
        let elements = try_elements::<B>(&self.array).map_err(Error::Engine)?;
        Ok(B::Elem::of_primitives(elements, Proven(())))
    }

    /// The elements in row-major order, if they lie so in memory.
    ///
    /// Those of a permuted or repeated tensor do not.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 2; }
    /// let x = Tensor::from_nested((Batch, Embed), [[1.0, 2.0], [3.0, 4.0]]);
    /// assert_eq!(x.as_slice(), Some(&[1.0, 2.0, 3.0, 4.0][..]));
    /// assert_eq!(x.transpose(Batch, Embed).as_slice(), None);
    /// ```
    #[doc(alias = "contiguous")]
    pub fn as_slice(&self) -> Option<&[B::Elem]> {
        slice::<B>(&self.array).map(|primitives| B::Elem::of_slice(primitives, Proven(())))
    }

    /// The elements as nested arrays, or nested `GenericArray`s.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 3; }
    /// let x: [[f32; 3]; 2] = Tensor::ones((Batch, Embed)).to_nested();
    /// assert_eq!(x, [[1.0; 3]; 2]);
    /// ```
    pub fn to_nested<A: Nested<S, B::Elem>>(&self) -> A {
        A::build(&mut self.to_vec().into_iter())
    }

    /// Each element converted to `T`. A floating-point number is the nearest one, of two the one whose last bit is even, also
    /// where `bf16` or `f16` is made of an `f64` or of an integer; beyond the largest it is infinite. An integer is what the
    /// operator `as` gives: a fraction is cut off, what is beyond its range becomes its largest or smallest, and NaN zero; of
    /// another integer the lowest bits stay. Of `bool`, it is 1 for `true` and 0 for `false`.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Embed = 3; }
    /// let x = Tensor::full((Embed,), 1.5).cast::<i32>();
    /// assert_eq!(x.to_vec(), [1, 1, 1]);
    /// assert_eq!(x.equal_to(1).cast::<f32>().mean(Embed).scalar(), 1.0);
    ///
    /// // Hardly nearer to the number above than to 1.
    /// let x = Tensor::full((Embed,), 1.0 + 2f32.powi(-8) + 2f32.powi(-23)).cast::<congruent::half::bf16>();
    /// assert_eq!(x.cast::<f32>().to_vec(), [1.0 + 2f32.powi(-7); 3]);
    /// ```
    #[doc(alias("to", "astype", "to_dtype", "float", "double"))]
    pub fn cast<T: Number>(&self) -> TensorOf<S, T, B>
    where
        B::Elem: Cast,
    {
        self.with_array::<T>(<B::Elem as Cast>::cast::<T, B>(&self.array))
    }

    /// A tensor of an array whose shape only run time knows: the way into the typed world.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 3; }
    /// let array = Tensor::ones((N::<2>, N::<4>)).into_array();
    /// let error = Tensor::<_, Cpu<f32>>::try_from_array((Batch, Embed), array).unwrap_err();
    /// assert_eq!(error.to_string(), "expected (Batch = 2, Embed = 3), found sizes [2, 4]; `Embed` is 3, found 4");
    /// ```
    ///
    /// # Errors
    /// The sizes of the array are not those of the shape: the error names each axis that differs.
    pub fn try_from_array(shape: S, array: ArrayOf<B>) -> Result<Self, Error>
    where
        B::Elem: Primitive,
    {
        let (expected, found) = (shape.sizes(), B::sizes(&array));
        if expected.as_ref() == found {
            return Ok(Tensor::from_parts(shape, array));
        }
        let axes = if S::RANK == found.len() {
            let axes = S::names().into_iter().zip(expected.as_ref().iter().copied().zip(found.iter().copied()));
            axes.filter(|(_, (expected, found))| expected != found).map(|(name, (e, f))| (name, e, f)).collect()
        } else {
            Vec::new()
        };
        Err(Error::ArrayShape { expected: Described::new(shape).to_string(), found: found.to_vec(), axes })
    }
}

impl<S: Shape, B: Backend> Tensor<S, B> {
    /// The one element of a tensor without dimensions, which a loss is.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 3; }
    /// let x = Tensor::ones((Batch, Embed));
    /// assert_eq!(x.mean(Embed).mean(Batch).scalar(), 1.0);
    /// ```
    #[doc(alias("item", "to_scalar"))]
    pub fn scalar<X>(&self) -> B::Elem
    where
        S: Is<X>,
        X: WithoutDimensions,
    {
        self.to_vec()[0]
    }
}
