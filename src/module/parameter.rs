//! The parameters of a module.

use super::{Path, quoted};
use crate::backend::{ArrayOf, Backend, Engine, Float, PrimitiveOf, constant};
use crate::cpu::Cpu;
use crate::shape::AnyShape;
use std::fmt::{self, Debug, Display, Formatter};

/// A parameter of a [`Module`](super::Module).
pub struct Parameter<'a, B: Backend = Cpu<f32>> {
    pub(super) path: &'a Path<'a>,
    pub(super) shape: &'a dyn AnyShape,
    pub(super) array: &'a ArrayOf<B>,
    pub(super) is_buffer: bool,
}

impl<'a, B: Backend> Parameter<'a, B> {
    /// Where it is.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::Linear;
    /// dims! { Embed = 2; Hidden = 3; }
    /// let mut paths = Vec::new();
    /// Linear::random(Embed, Hidden, &mut Rng::with_seed(1)).for_each(|parameter| paths.push(parameter.path().to_string()));
    /// assert_eq!(paths, ["weight", "bias"]);
    /// ```
    pub fn path(&self) -> &'a Path<'a> {
        self.path
    }

    /// Its dimensions, by name and size.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::Linear;
    /// dims! { Embed = 2; Hidden = 3; }
    /// let mut shapes = Vec::new();
    /// Linear::random(Embed, Hidden, &mut Rng::with_seed(1)).for_each(|parameter| shapes.push(parameter.shape().to_string()));
    /// assert_eq!(shapes, ["(Hidden = 3, Embed = 2)", "(Hidden = 3)"]);
    /// ```
    pub fn shape(&self) -> &'a dyn Display {
        self.shape
    }

    /// The same, with which part of a whole this rank has.
    pub(crate) fn any_shape(&self) -> &'a dyn AnyShape {
        self.shape
    }

    /// The size of each dimension.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::Linear;
    /// dims! { Embed = 2; Hidden = 3; }
    /// let mut matrices = 0;
    /// Linear::random(Embed, Hidden, &mut Rng::with_seed(1)).for_each(|parameter| {
    ///     matrices += usize::from(parameter.sizes().len() == 2);
    /// });
    /// assert_eq!(matrices, 1);
    /// ```
    pub fn sizes(&self) -> &'a [usize] {
        B::sizes(self.array)
    }

    /// Its array.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::RmsNorm;
    /// dims! { Embed = 2; }
    /// RmsNorm::new(Embed, 1e-5).for_each(|parameter| assert_eq!(parameter.array().elements()[..], [1.0, 1.0]));
    /// ```
    pub fn array(&self) -> &'a ArrayOf<B> {
        self.array
    }

    /// Whether it is to be trained.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::RmsNorm;
    /// dims! { Embed = 2; }
    /// let mut norm = RmsNorm::new(Embed, 1e-5);
    /// norm.for_each(|parameter| assert!(!parameter.is_tracked()));
    /// norm.track();
    /// norm.for_each(|parameter| assert!(parameter.is_tracked()));
    /// ```
    pub fn is_tracked(&self) -> bool {
        B::is_tracked(self.array)
    }

    /// Whether it is a buffer: saved and loaded, but not trained.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::BatchNorm;
    /// dims! { Channels = 2; }
    /// let mut buffers = Vec::new();
    /// BatchNorm::new(Channels, 1e-5).for_each(|parameter| {
    ///     if parameter.is_buffer() {
    ///         buffers.push(parameter.path().to_string());
    ///     }
    /// });
    /// assert_eq!(buffers, ["running_mean", "running_var"]);
    /// ```
    pub fn is_buffer(&self) -> bool {
        self.is_buffer
    }

    /// The same as a buffer. A module by hand shows its buffers by it: see [`ParameterMut::into_buffer`].
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::module::{Module, Path};
    /// dims! { Embed = 2; }
    /// let mean = Tensor::<(Embed,)>::zeros((Embed,));
    /// mean.visit(&Path::root().at("mean"), &mut |parameter| assert!(parameter.into_buffer().is_buffer()));
    /// ```
    pub fn into_buffer(self) -> Self {
        Parameter { is_buffer: true, ..self }
    }
}

impl<B: Backend> Debug for Parameter<'_, B> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.path, self.shape)
    }
}

/// A parameter of a [`Module`](super::Module), to be changed.
pub struct ParameterMut<'a, B: Backend = Cpu<f32>> {
    pub(super) path: &'a Path<'a>,
    pub(super) shape: &'a dyn AnyShape,
    pub(super) array: &'a mut ArrayOf<B>,
    pub(super) is_buffer: bool,
}

impl<B: Backend> ParameterMut<'_, B> {
    /// The parameter, to be looked at.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::RmsNorm;
    /// dims! { Embed = 2; }
    /// let mut norm = RmsNorm::new(Embed, 1e-5);
    /// norm.for_each_mut(|parameter| assert_eq!(parameter.as_parameter().path().to_string(), "weight"));
    /// ```
    pub fn as_parameter(&self) -> Parameter<'_, B> {
        Parameter { path: self.path, shape: self.shape, array: self.array, is_buffer: self.is_buffer }
    }

    /// The same as a buffer. A module by hand gives its buffers by it, as `#[module(buffer)]` does:
    ///
    /// ```
    /// use congruent::module::{Module, Parameter, ParameterMut, Path};
    /// use congruent::prelude::{Tensor, dims};
    /// dims! { Embed = 2; }
    ///
    /// struct Running {
    ///     mean: Tensor<(Embed,)>,
    /// }
    ///
    /// impl Module for Running {
    ///     fn visit(&self, path: &Path<'_>, visitor: &mut dyn FnMut(Parameter<'_>)) {
    ///         self.mean.visit(&path.at("mean"), &mut |mean| visitor(mean.into_buffer()));
    ///     }
    ///     fn visit_mut(&mut self, path: &Path<'_>, visitor: &mut dyn FnMut(ParameterMut<'_>)) {
    ///         self.mean.visit_mut(&path.at("mean"), &mut |mean| visitor(mean.into_buffer()));
    ///     }
    /// }
    ///
    /// let mut running = Running { mean: Tensor::zeros((Embed,)) };
    /// running.track();
    /// assert!(!running.mean.is_tracked());
    /// ```
    pub fn into_buffer(self) -> Self {
        ParameterMut { is_buffer: true, ..self }
    }

    /// Puts what `f` makes of the array in its place. `f` holds it alone, if nobody else does, and may write into it.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::backend::Binary;
    /// use congruent::nn::RmsNorm;
    /// dims! { Embed = 2; }
    /// let mut norm = RmsNorm::new(Embed, 1e-5);
    /// norm.for_each_mut(|mut parameter| parameter.change(|array| Cpu::<f32>::binary_scalar(Binary::Mul, array, 0.5)));
    /// assert_eq!(norm.weight.to_vec(), [0.5, 0.5]);
    /// ```
    ///
    /// # Panics
    /// `f` gives an array of other sizes, which is not stored. Then, and if `f` panics, the parameter keeps its sizes, and all
    /// its elements are NaN: `f` has had the former ones. Or an array that other ranks of a mesh have parts of, in place of one that they
    /// have alike, or the other way round.
    pub fn change(&mut self, f: impl FnOnce(ArrayOf<B>) -> ArrayOf<B>)
    where
        B::Elem: Float,
    {
        let sizes = B::sizes(self.array).to_vec();
        let array = std::mem::replace(self.array, B::filled(constant(f64::NAN), &sizes, &B::device(self.array)));
        let axes = B::Engine::varies::<PrimitiveOf<B>>(&array);
        let array = f(array);
        assert!(
            B::Engine::varies::<PrimitiveOf<B>>(&array) == axes,
            "{} is {}, and was to become an array that ranks of the mesh share otherwise",
            quoted(self.path),
            self.shape
        );
        let (shape, found) = (self.shape, B::sizes(&array));
        assert!(
            found == sizes,
            "{} is {shape}, of sizes {sizes:?}, and was to become an array of sizes {found:?}",
            quoted(self.path)
        );
        *self.array = array;
    }
}
