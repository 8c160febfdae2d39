//! Tensors from values.

use super::made::{array, check_count, of_shape, random};
use super::{Nested, Tensor};
use crate::backend::{Backend, DeviceOf, Element, Float, Number, constant, elements};
use crate::dim::{Dim, GivenDim};
use crate::shape::{Given, Shape};
use crate::{Error, Rng};
use std::ops::{Range, RangeInclusive};

/// The constructors of tensors on this backend: `Cpu::<f64>::zeros((Batch, Embed))`.
///
/// Those of the default backend are at hand as `Tensor::zeros((Batch, Embed))`. What is made lies on the default device of the
/// engine. On another one: `B::zeros((Batch, Embed)).to_device(&device)`, by [`Tensor::to_device`].
pub trait Create: Backend {
    /// A tensor of zeros.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 3; }
    /// assert_eq!(Cpu::<f64>::zeros((Batch, Embed)).to_vec(), [0.0; 6]);
    /// ```
    fn zeros<S, X: Given<S>>(shape: X) -> Tensor<S, Self>
    where
        Self::Elem: Number,
    {
        Self::full(shape, num_traits::zero())
    }

    /// A tensor of ones.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 3; }
    /// assert_eq!(Cpu::<i64>::ones((Batch, Embed)).to_vec(), [1; 6]);
    /// ```
    fn ones<S, X: Given<S>>(shape: X) -> Tensor<S, Self>
    where
        Self::Elem: Number,
    {
        Self::full(shape, num_traits::one())
    }

    /// A tensor of one value.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; }
    /// assert_eq!(Cpu::<bool>::full((Batch,), true).to_vec(), [true, true]);
    /// ```
    fn full<S, X: Given<S>>(shape: X, value: Self::Elem) -> Tensor<S, Self> {
        let value = value.to_primitive();
        of_shape(shape, |shape| Self::filled(value, shape.sizes().as_ref(), &DeviceOf::<Self>::default()))
    }

    /// A tensor of row-major elements.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; }
    /// assert_eq!(Cpu::<u8>::from_vec((Batch,), vec![1, 2])?.to_vec(), [1, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Their number is not that of the shape.
    fn from_vec<S, X: Given<S>>(shape: X, elements: Vec<Self::Elem>) -> Result<Tensor<S, Self>, Error> {
        check_count(shape.shape(), elements.len())?;
        Ok(of_shape(shape, |shape| array::<Self>(elements, shape)))
    }

    /// A tensor of row-major elements, copied.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; }
    /// assert_eq!(Cpu::<u8>::from_slice((Batch,), &[1, 2])?.to_vec(), [1, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Their number is not that of the shape.
    fn from_slice<S, X: Given<S>>(shape: X, elements: &[Self::Elem]) -> Result<Tensor<S, Self>, Error> {
        // Before the copy: a slice of another length is not copied.
        check_count(shape.shape(), elements.len())?;
        Ok(of_shape(shape, |shape| array::<Self>(elements.to_vec(), shape)))
    }

    /// A tensor of the value that `f` gives for each position, in row-major order. Those of a [`Shard`](crate::dim::Shard) are counted
    /// in the whole.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Rows = 2; Columns = 2; }
    /// assert_eq!(Cpu::<bool>::from_fn((Rows, Columns), |[i, j]| i == j).to_vec(), [true, false, false, true]);
    /// ```
    fn from_fn<S: Shape, X: Given<S>>(shape: X, mut f: impl FnMut(S::Sizes) -> Self::Elem) -> Tensor<S, Self>
    where
        S::Sizes: AsMut<[usize]>,
    {
        let shape = shape.given();
        let sizes = shape.sizes();
        let mut position = sizes.into_array();
        position.as_mut().fill(0);
        let part = S::IS_SHARDED.then(|| shape.part());
        let in_whole = |mut position: S::Sizes| {
            if let Some(part) = &part {
                let axes = position.as_mut().iter_mut().enumerate();
                axes.for_each(|(axis, at)| *at = part.position(axis, *at));
            }
            position
        };
        let mut elements = Vec::with_capacity(shape.elements());
        for _ in 0..shape.elements() {
            elements.push(f(in_whole(position)));
            for (at, &size) in position.as_mut().iter_mut().zip(sizes.as_ref()).rev() {
                *at += 1;
                if *at < size {
                    break;
                }
                *at = 0;
            }
        }
        Tensor::from_parts(shape, array::<Self>(elements, shape))
    }

    /// A tensor of nested arrays, or nested `GenericArray`s, whose lengths are the sizes of the shape.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 3; }
    /// let x = Tensor::from_nested((Batch, Embed), [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    /// assert_eq!(x.to_nested::<[[f32; 3]; 2]>()[1], [4.0, 5.0, 6.0]);
    /// ```
    fn from_nested<S, A: Nested<S, Self::Elem>, X: Given<S>>(shape: X, nested: A) -> Tensor<S, Self> {
        let mut elements = Vec::with_capacity(shape.shape().elements());
        nested.flatten(&mut elements);
        of_shape(shape, |shape| array::<Self>(elements, shape))
    }

    /// The numbers from 0 on along a dimension.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Seq = 4; }
    /// assert_eq!(Cpu::<u32>::arange(Seq).to_vec(), [0, 1, 2, 3]);
    /// ```
    fn arange<D: Dim, X: GivenDim<D>>(dim: X) -> Tensor<(D,), Self>
    where
        Self::Elem: Number,
    {
        let dim = dim.given();
        let numbers = Self::range(dim.whole_size(), &DeviceOf::<Self>::default());
        if !D::IS_SHARDED {
            return Tensor::from_parts((dim,), numbers);
        }
        let numbers = (dim,).part().of(&elements::<Self>(&numbers));
        Tensor::from_parts((dim,), Self::from_elements(numbers, &[dim.size()], &DeviceOf::<Self>::default()))
    }

    /// Evenly spaced numbers along a dimension, both ends among them; of one, the first.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Steps = 3; }
    /// assert_eq!(Cpu::<f64>::linspace(Steps, -1.0..=1.0).to_vec(), [-1.0, 0.0, 1.0]);
    /// ```
    fn linspace<D: Dim, X: GivenDim<D>>(dim: X, ends: RangeInclusive<f64>) -> Tensor<(D,), Self>
    where
        Self::Elem: Float,
    {
        let shape = (dim.given(),);
        let (dim, size, (first, last)) = (shape.0, shape.0.whole_size(), ends.into_inner());
        let step = (last - first) / size.saturating_sub(1).max(1) as f64;
        // From the nearer end, so that both are what they should be.
        let at = |i: usize| if i <= size / 2 { first + step * i as f64 } else { last - step * (size - 1 - i) as f64 };
        let numbers = (0..dim.size()).map(|i| constant(at(dim.whole_position(i))));
        Tensor::from_parts(shape, array::<Self>(numbers.collect(), shape))
    }

    /// Uniformly distributed numbers from `range.start` up to, not including, `range.end`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Embed = 3; }
    /// assert_eq!(Cpu::<f64>::uniform((Embed,), 2.0..3.0, &mut Rng::with_seed(1)).floor().to_vec(), [2.0; 3]);
    /// ```
    fn uniform<S, X: Given<S>>(shape: X, range: Range<f64>, rng: &mut Rng) -> Tensor<S, Self>
    where
        Self::Elem: Float,
    {
        random(shape, |numbers| numbers.fill_with(|| range.start + (range.end - range.start) * rng.f64()))
    }

    /// Normally distributed numbers of this mean and standard deviation
    /// ([Box and Muller 1958](https://doi.org/10.1214/aoms/1177706645)).
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Samples = 10000; }
    /// let x = Cpu::<f64>::normal((Samples,), 5.0, 2.0, &mut Rng::with_seed(1));
    /// assert!((x.mean(Samples).scalar() - 5.0).abs() < 0.1 && (x.std(Samples).scalar() - 2.0).abs() < 0.1);
    /// ```
    fn normal<S, X: Given<S>>(shape: X, mean: f64, deviation: f64, rng: &mut Rng) -> Tensor<S, Self>
    where
        Self::Elem: Float,
    {
        random(shape, |numbers| {
            rng.fill_normal(numbers);
            numbers.iter_mut().for_each(|number| *number = mean + deviation * *number);
        })
    }
}

impl<B: Backend> Create for B {}

/// # Making one
///
/// The constructors of [`Create`], for `f32` on the processor.
impl<S> Tensor<S> {
    /// A tensor of zeros.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 3; }
    /// assert_eq!(Tensor::zeros((Batch, Embed)).sizes(), [2, 3]);
    /// ```
    #[doc(alias = "empty")]
    pub fn zeros<X: Given<S>>(shape: X) -> Self {
        Create::zeros(shape)
    }

    /// A tensor of ones.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 3; }
    /// assert_eq!(Tensor::ones((Batch, Embed)).to_vec(), [1.0; 6]);
    /// ```
    pub fn ones<X: Given<S>>(shape: X) -> Self {
        Create::ones(shape)
    }

    /// A tensor of one value.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 3; }
    /// assert_eq!(Tensor::full((Batch, Embed), 0.5).to_vec(), [0.5; 6]);
    /// ```
    #[doc(alias = "from_elem")]
    pub fn full<X: Given<S>>(shape: X, value: f32) -> Self {
        Create::full(shape, value)
    }

    /// A tensor of row-major elements.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 3; }
    /// assert!(Tensor::from_vec((Batch, Embed), vec![0.0; 6]).is_ok());
    /// let error = Tensor::from_vec((Batch, Embed), vec![0.0; 5]).unwrap_err();
    /// assert_eq!(error.to_string(), "(Batch = 2, Embed = 3) has 6 elements, found 5");
    /// ```
    ///
    /// # Errors
    /// Their number is not that of the shape.
    #[doc(alias = "from_shape_vec")]
    pub fn from_vec<X: Given<S>>(shape: X, elements: Vec<f32>) -> Result<Self, Error> {
        Create::from_vec(shape, elements)
    }

    /// A tensor of row-major elements, copied.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 2; }
    /// assert_eq!(Tensor::from_slice((Batch, Embed), &[1.0, 2.0, 3.0, 4.0])?.sum(Embed).to_vec(), [3.0, 7.0]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// Their number is not that of the shape.
    pub fn from_slice<X: Given<S>>(shape: X, elements: &[f32]) -> Result<Self, Error> {
        Create::from_slice(shape, elements)
    }

    /// A tensor of the value that `f` gives for each position, in row-major order. Those of a [`Shard`](crate::dim::Shard) are counted
    /// in the whole.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 3; }
    /// let x = Tensor::from_fn((Batch, Embed), |[b, e]| (10 * b + e) as f32);
    /// assert_eq!(x.to_vec(), [0.0, 1.0, 2.0, 10.0, 11.0, 12.0]);
    /// ```
    #[doc(alias = "from_shape_fn")]
    pub fn from_fn<X: Given<S>>(shape: X, f: impl FnMut(S::Sizes) -> f32) -> Self
    where
        S: Shape<Sizes: AsMut<[usize]>>,
    {
        Create::from_fn(shape, f)
    }

    /// A tensor of nested arrays whose lengths are the sizes of the shape. See [`Create::from_nested`].
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 2; }
    /// assert_eq!(Tensor::from_nested((Batch, Embed), [[1.0, 2.0], [3.0, 4.0]]).to_vec(), [1.0, 2.0, 3.0, 4.0]);
    /// ```
    #[doc(alias("from_data", "array"))]
    pub fn from_nested<A: Nested<S, f32>, X: Given<S>>(shape: X, nested: A) -> Self {
        Create::from_nested(shape, nested)
    }

    /// Uniformly distributed numbers from `range.start` up to, not including, `range.end`.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 3; }
    /// let x = Tensor::uniform((Batch, Embed), -1.0..1.0, &mut Rng::with_seed(1));
    /// assert!(x.to_vec().iter().all(|x| (-1.0..1.0).contains(x)));
    /// ```
    #[doc(alias = "rand")]
    pub fn uniform<X: Given<S>>(shape: X, range: Range<f64>, rng: &mut Rng) -> Self {
        Create::uniform(shape, range, rng)
    }

    /// Normally distributed numbers of this mean and standard deviation.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Batch = 2; Embed = 3; }
    /// let mut rng = Rng::with_seed(1);
    /// let weights = Tensor::normal((Batch, Embed), 0.0, 0.02, &mut rng);
    /// ```
    #[doc(alias = "randn")]
    pub fn normal<X: Given<S>>(shape: X, mean: f64, deviation: f64, rng: &mut Rng) -> Self {
        Create::normal(shape, mean, deviation, rng)
    }
}

/// The constructors of [`Create`] along one dimension, for `f32` on the processor.
impl<D: Dim> Tensor<(D,)> {
    /// The numbers from 0 on along a dimension. Its ids are `Ids::all`.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Seq = 4; }
    /// let positions: Tensor<(Seq,)> = Tensor::arange(Seq);
    /// assert_eq!(positions.to_vec(), [0.0, 1.0, 2.0, 3.0]);
    /// assert_eq!(Cpu::<i64>::arange(Seq).to_vec(), [0, 1, 2, 3]);
    /// ```
    pub fn arange<X: GivenDim<D>>(dim: X) -> Self {
        Create::arange(dim)
    }

    /// Evenly spaced numbers along a dimension, both ends among them; of one, the first.
    ///
    /// ```
    /// use congruent::prelude::*;
    /// dims! { Steps = 5; }
    /// assert_eq!(Tensor::linspace(Steps, 0.0..=1.0).to_vec(), [0.0, 0.25, 0.5, 0.75, 1.0]);
    /// ```
    pub fn linspace<X: GivenDim<D>>(dim: X, ends: RangeInclusive<f64>) -> Self {
        Create::linspace(dim, ends)
    }
}
