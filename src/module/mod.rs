//! Models as their parameters: by path, to be trained, counted, frozen, saved and loaded.

mod cast;
mod gradients;
mod observe;
mod parameter;
mod parts;
mod path;
mod shared;
mod summary;
mod to_engine;

pub use cast::CastTo;
pub(crate) use gradients::{squares, without_gradients};
pub(crate) use observe::report;
pub use observe::{Observed, observe};
pub use parameter::{Parameter, ParameterMut};
pub use parts::WithoutParameters;
pub(crate) use parts::constants;
pub use path::Path;
pub(crate) use path::quoted;
pub use shared::Boxed;
#[doc(hidden)]
pub use summary::show;
pub use summary::{Part, Summary};
pub use to_engine::ToEngine;

use crate::backend::{Autodiff, Backend, DeviceOf, Float};
use crate::cpu::Cpu;

/// A model, or a part of one: its parameters, each with its path.
///
/// `#[derive(Module)]` makes one of a structure or an enumeration whose fields are tensors, layers and other modules. A path
/// is the names of the fields on the way to a parameter: `encoder.layers.0.attention.query.weight`. Vectors, arrays and
/// tuples have positions for names, maps their keys; what is the only field of a tuple structure has the path of that. The alternatives
/// of an enumeration are not in the path, as no state dictionary of PyTorch has them. What is in an `Arc` is shared until it is
/// changed; in place of `Box`, also for trait objects, there is [`Boxed`].
///
/// - A type parameter without bounds is a dimension. One that is a [`Backend`] by its bounds is the backend of the
///   parameters; where there is none, that is `Cpu<f32>`, or what `#[module(backend = Cpu<f64>)]` says.
/// - Fields without parameters are numbers, texts, dimensions, settings such as an [`Activation`](crate::nn::Activation),
///   and those marked by `#[module(skip)]`: they are neither trained nor saved. So are ids, integers and masks that a model holds.
/// - `#[module(name = "ln_1")]` gives a field another name in the path; `#[module(name = "")]` gives it none, so that what it is made
///   of stands beside the other fields.
/// - A type whose backend is a parameter goes to other engines with all its fields: [`to_engine`](Module::to_engine).
/// - `#[module(buffer)]` makes a field a buffer: what is saved and loaded with the parameters and is not trained, such as
///   running statistics. It is never tracked, not counted, and no optimizer changes it. A module by hand says so by
///   [`Parameter::into_buffer`].
/// - `#[module(debug)]` before the type makes it `Debug`: it shows the names and sizes of its parameters.
/// - A type with parameters of two element types names both backends, and is a module on each, on one engine or on any: see
///   [below](#two-element-types).
///
/// Each field is a parameter of its own, and cloning one makes another that begins as equal. Parameters are tied by using
/// one field twice: it is counted, saved and trained once.
///
/// ```
/// use congruent::nn::{Dropout, Embedding, LayerNorm};
/// use congruent::prelude::*;
/// dims! { Batch = 2; Vocab = 5; Embed = 4; }
///
/// #[derive(Clone, Module)]
/// struct Model {
///     embedding: Embedding<Vocab, Embed>,
///     norms: Vec<LayerNorm<Embed>>,
///     dropout: Dropout,
/// }
///
/// let norm = LayerNorm::new(Embed, 1e-5);
/// let embedding = Embedding { weight: Tensor::ones((Vocab, Embed)) };
/// let mut model = Model { embedding, norms: vec![norm.clone(), norm], dropout: Dropout { rate: 0.1 } };
/// assert_eq!(model.parameter_count(), 5 * 4 + 2 * (4 + 4));
/// let mut names = Vec::new();
/// model.for_each(|parameter| names.push(parameter.path().to_string()));
/// assert_eq!(names, ["embedding.weight", "norms.0.weight", "norms.0.bias", "norms.1.weight", "norms.1.bias"]);
///
/// model.track();
/// model.embedding.freeze();
/// assert!(model.norms[0].weight.is_tracked() && !model.embedding.weight.is_tracked());
/// ```
///
/// A buffer is changed by assigning to it, without what it was calculated by:
///
/// ```
/// use congruent::prelude::*;
/// dims! { Batch = 2; Embed = 4; }
///
/// #[derive(Module)]
/// struct Centred {
///     bias: Tensor<(Embed,)>,
///     #[module(buffer)]
///     running_mean: Tensor<(Embed,)>,
/// }
///
/// impl Centred {
///     fn forward_training(&mut self, x: &Tensor<(Batch, Embed)>) -> Tensor<(Batch, Embed)> {
///         let mean = x.mean(Batch);
///         self.running_mean = (&self.running_mean * 0.9 + &mean * 0.1).detach();
///         x - mean + &self.bias
///     }
/// }
///
/// let mut layer = Centred { bias: Tensor::zeros((Embed,)), running_mean: Tensor::zeros((Embed,)) };
/// layer.track();
/// layer.forward_training(&Tensor::ones((Batch, Embed)));
/// assert!(layer.bias.is_tracked() && !layer.running_mean.is_tracked());
/// assert_eq!(layer.running_mean.to_vec(), [0.1; 4]);
/// assert_eq!(layer.parameter_count(), 4);
/// ```
///
/// # Two element types
///
/// Every parameter that a visitor sees is of its backend `B`, whose elements are the second parameter of this trait: it is written nowhere
/// but in the implementations of a type that is several modules. A type that names two backends is a module on each, with the fields that
/// say so, and those without a word that are modules on both. Each has its optimizer; both take their gradients from one loss.
///
/// ```
/// use congruent::half::bf16;
/// use congruent::optim::{Optimizer, Sgd};
/// use congruent::prelude::*;
/// dims! { Embed = 2; }
/// type Narrow = Cpu<bf16>;
///
/// #[derive(Module)]
/// #[module(backend = Cpu<f32>, backend = Narrow)]
/// struct Block {
///     #[module(backend = Cpu<f32>)]
///     norm: Tensor<(Embed,)>,
///     #[module(backend = Narrow)]
///     weight: Tensor<(Embed,), Narrow>,
/// }
/// #[derive(Module)]
/// #[module(backend = Cpu<f32>, backend = Narrow)]
/// struct Model {
///     blocks: Vec<Block>,
/// }
///
/// let block = Block { norm: Tensor::ones((Embed,)), weight: Narrow::ones((Embed,)) };
/// let mut model = Model { blocks: vec![block] };
/// Module::<Cpu<f32>>::track(&mut model);
/// Module::<Narrow>::track(&mut model);
/// let (mut norms, mut weights) = (Optimizer::<Cpu<f32>>::new(Sgd::default()), Optimizer::<Narrow>::new(Sgd::default()));
/// let block = &model.blocks[0];
/// let gradients = (block.weight.cast::<f32>() * &block.norm).sum(Embed).backward();
/// norms.step(&mut model, &gradients, 1.0);
/// weights.step(&mut model, &gradients.on::<Narrow>(), 1.0);
/// let summary = Module::<Cpu<f32>>::summary(&model).and(Module::<Narrow>::summary(&model));
/// assert_eq!(summary.total().bytes, 2 * 4 + 2 * 2);
/// ```
///
/// Generic over engines, such a type names the elements of its backend, `B: Backend<Elem = f32>`, and those of other elements on the same
/// engine as [`With<B, f64>`](crate::backend::With). It goes to another engine with all of them:
///
/// ```
/// use congruent::backend::{Backend, With};
/// use congruent::optim::{Optimizer, Sgd};
/// use congruent::prelude::*;
/// dims! { Batch = 3; Embed = 2; }
///
/// #[derive(Module)]
/// #[module(backend = B, backend = With<B, f64>)]
/// struct Scaled<B: Backend<Elem = f32> = Cpu<f32>> {
///     #[module(backend = B)]
///     weight: Tensor<(Embed,), B>,
///     #[module(backend = With<B, f64>)]
///     scale: TensorOf<(Embed,), f64, B>,
/// }
///
/// impl<B: Backend<Elem = f32>> Scaled<B> {
///     fn forward(&self, x: &Tensor<(Batch, Embed), B>) -> TensorOf<(Batch, Embed), f64, B> {
///         (x * &self.weight).cast::<f64>() * &self.scale
///     }
/// }
///
/// let model = Scaled { weight: Tensor::ones((Embed,)), scale: Cpu::<f64>::ones((Embed,)) };
/// // The name of another engine stands here, and one of its devices.
/// let mut model: Scaled = Module::<Cpu<f32>>::to_engine::<Cpu<f32>>(&model, &Default::default());
/// Module::<Cpu<f32>>::track(&mut model);
/// Module::<Cpu<f64>>::track(&mut model);
/// let gradients = model.forward(&Tensor::ones((Batch, Embed))).sum(Embed).sum(Batch).backward();
/// Optimizer::<Cpu<f64>>::new(Sgd::default()).step(&mut model, &gradients, 1.0);
/// Optimizer::<Cpu<f32>>::new(Sgd::default()).step(&mut model, &gradients.on::<Cpu<f32>>(), 1.0);
/// assert!(model.weight.to_vec()[0] < 1.0 && model.scale.to_vec()[0] < 1.0);
/// ```
///
/// What is left open, `B: Backend<Elem: Float>`, could be `f64` as well: the type would be a module on one backend twice, and the compiler
/// allows no two implementations that might be one. Then each half is a structure of its own, with its own backend. Other elements
/// that are not trained need no second module: `#[module(skip, backend = With<B, f64>)]` says where the field goes with the others, and
/// ids, integers and truth values need only `skip`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a module with parameters on this backend",
    label = "neither a tensor on `{B}` nor a module of such",
    note = "a structure of tensors and layers becomes one by `#[derive(Module)]`; a field without parameters, as of ids, integers or masks, is left out by `#[module(skip)]`; in place of `Box` there is `congruent::module::Boxed`",
    note = "a model goes to another engine by `model.to_engine::<B>(&device)`, and what is left out goes with it",
    note = "explained in `congruent::errors::C43`: https://docs.rs/congruent/latest/congruent/errors/C43/"
)]
pub trait Module<B: Backend<Elem = T> = Cpu<f32>, T: Float = <B as Backend>::Elem> {
    /// Shows each parameter to `visitor`, buffers too. Their paths begin with `path`.
    fn visit(&self, path: &Path<'_>, visitor: &mut dyn FnMut(Parameter<'_, B>));

    /// Gives each parameter to `visitor`, buffers too, to be changed. Their paths begin with `path`.
    fn visit_mut(&mut self, path: &Path<'_>, visitor: &mut dyn FnMut(ParameterMut<'_, B>));

    /// Shows each parameter to `visitor`, buffers too.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::Linear;
    /// dims! { Embed = 2; Hidden = 3; }
    /// let mut names = Vec::new();
    /// Linear::random(Embed, Hidden, &mut Rng::with_seed(1)).for_each(|parameter| names.push(parameter.path().to_string()));
    /// assert_eq!(names, ["weight", "bias"]);
    /// ```
    #[doc(alias("parameters", "named_parameters"))]
    fn for_each(&self, mut visitor: impl FnMut(Parameter<'_, B>))
    where
        Self: Sized,
    {
        self.visit(&Path::root(), &mut visitor);
    }

    /// Gives each parameter to `visitor`, buffers too, to be changed.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::backend::Unary;
    /// use congruent::nn::RmsNorm;
    /// dims! { Embed = 2; }
    /// let mut norm = RmsNorm { weight: Tensor::full((Embed,), 4.0), epsilon: 1e-5 };
    /// norm.for_each_mut(|mut parameter| parameter.change(|array| Cpu::<f32>::unary(Unary::Sqrt, array)));
    /// assert_eq!(norm.weight.to_vec(), [2.0, 2.0]);
    /// ```
    fn for_each_mut(&mut self, mut visitor: impl FnMut(ParameterMut<'_, B>))
    where
        Self: Sized,
    {
        self.visit_mut(&Path::root(), &mut visitor);
    }

    /// The number of elements of all parameters. Buffers do not count.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::Linear;
    /// dims! { Embed = 2; Hidden = 3; }
    /// assert_eq!(Linear::random(Embed, Hidden, &mut Rng::with_seed(1)).parameter_count(), 9);
    /// ```
    fn parameter_count(&self) -> usize {
        let mut count = 0;
        let mut add = |parameter: Parameter<'_, B>| count += parameter.sizes().iter().product::<usize>();
        self.visit(&Path::root(), &mut |parameter| {
            if !parameter.is_buffer() {
                add(parameter)
            }
        });
        count
    }

    /// A table of all parameters and buffers: paths, shapes, how many numbers, how many bytes.
    ///
    /// ```
    /// use congruent::nn::Linear;
    /// use congruent::prelude::*;
    /// dims! { Embed = 4; Classes = 3; }
    /// let mut model = Linear::random(Embed, Classes, &mut Rng::with_seed(1));
    /// model.weight = model.weight.tracked();
    /// let table = "\
    /// part    shape                     parameters  tracked  bytes
    /// weight  (Classes = 3, Embed = 4)          12       12     48
    /// bias    (Classes = 3)                      3        0     12
    /// all                                       15       12     60";
    /// assert_eq!(model.summary().to_string(), table);
    /// ```
    ///
    /// Of a large model, [`to_depth`](Summary::to_depth) shows its parts.
    #[doc(alias("torchinfo", "print"))]
    fn summary(&self) -> Summary {
        Summary::of(self)
    }

    /// Makes all parameters [tracked](crate::Tensor::tracked), those that were frozen too: they are to be trained. It is
    /// called before the loss is calculated: gradients are those of parameters that were tracked then. Buffers become
    /// constants.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::Linear;
    /// dims! { Batch = 1; Embed = 2; Hidden = 1; }
    /// let mut layer = Linear { weight: Tensor::ones((Hidden, Embed)), bias: None };
    /// layer.track();
    /// let x = Tensor::from_nested((Batch, Embed), [[3.0, 4.0]]);
    /// let gradients = layer.forward(&x).sum(Batch).sum(Hidden).backward();
    /// assert_eq!(gradients.of(&layer.weight).to_vec(), [3.0, 4.0]);
    /// ```
    fn track(&mut self)
    where
        B: Autodiff,
    {
        self.visit_mut(&Path::root(), &mut |mut parameter| {
            let is_buffer = parameter.as_parameter().is_buffer();
            parameter.change(|x| if is_buffer { B::detach(x) } else { B::track(B::detach(x)) });
        });
    }

    /// Makes all parameters and buffers constants: they are not to be trained.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::Linear;
    /// dims! { Embed = 2; Hidden = 3; }
    /// let mut layer = Linear::random(Embed, Hidden, &mut Rng::with_seed(1));
    /// layer.track();
    /// layer.freeze();
    /// assert!(!layer.weight.is_tracked());
    /// ```
    #[doc(alias = "requires_grad_")]
    fn freeze(&mut self) {
        self.visit_mut(&Path::root(), &mut |mut parameter| parameter.change(B::detach));
    }

    /// The same model on the engine of `E`, with all that it holds on this device, as [`Tensor::to_engine`](crate::Tensor::to_engine) has it of one
    /// tensor. Parameters are constants there, as those of a model that was loaded: [`track`](Self::track) is called after.
    /// With the backend that it has, the model goes to another device of its engine.
    ///
    /// A type goes to another engine if its backend is a parameter of it: `#[derive(Module)]` does the rest.
    ///
    /// ```
    /// use congruent::backend::{Backend, Float};
    /// use congruent::nn::{LayerNorm, Linear};
    /// use congruent::prelude::*;
    /// dims! { Seq = 3; Positions = 16; Embed = 4; Hidden = 8; }
    ///
    /// #[derive(Module)]
    /// struct Model<B: Backend = Cpu<f32>> {
    ///     norm: LayerNorm<Embed, B>,
    ///     layers: Vec<Linear<Embed, Hidden, B>>,
    ///     #[module(skip)]
    ///     positions: TensorOf<(Seq,), Index<Positions>, B>,
    /// }
    ///
    /// let layer = Linear::random(Embed, Hidden, &mut Rng::with_seed(1));
    /// let positions = Ids::new((Seq,), Positions, &[0, 1, 2]).unwrap();
    /// let model = Model { norm: LayerNorm::new(Embed, 1e-5), layers: vec![layer], positions };
    /// // The name of another engine stands here, and one of its devices.
    /// let mut model: Model = model.to_engine::<Cpu<f32>>(&Default::default());
    /// model.track();
    /// ```
    ///
    /// # Panics
    /// An engine fails, as [`try_to_vec`](crate::Tensor::try_to_vec) says.
    #[doc(alias("to", "cuda", "to_device"))]
    fn to_engine<E: Backend>(&self, device: &DeviceOf<E>) -> Self::On
    where
        Self: Sized + ToEngine<E>,
    {
        self.transferred(device)
    }

    /// The same model on `E`, a backend of other elements on the same engine, calculated of this one: gradients go back to the
    /// parameters of this model, in their type. So a model is trained in half precision while its parameters, their gradients and
    /// the state of the optimizer stay in single:
    ///
    /// ```
    /// use congruent::half::bf16;
    /// use congruent::nn::{Linear, cross_entropy};
    /// use congruent::optim::{AdamW, Optimizer};
    /// use congruent::prelude::*;
    /// dims! { Batch = 4; Embed = 8; Classes = 3; }
    ///
    /// let rng = &mut Rng::with_seed(1);
    /// let mut model = Linear::random(Embed, Classes, rng);
    /// model.track();
    /// let mut optimizer = Optimizer::new(AdamW { learning_rate: 0.05, ..AdamW::default() });
    /// let x = Tensor::normal((Batch, Embed), 0.0, 1.0, rng);
    /// let targets = Ids::new((Batch,), Classes, &[0, 2, 1, 0])?;
    /// for _ in 0..100 {
    ///     // Products are of `bf16`, what is calculated of the logits is of `f32`.
    ///     let logits = model.cast::<Cpu<bf16>>().forward(&x.cast::<bf16>()).cast::<f32>();
    ///     let gradients = cross_entropy(&logits, &targets).mean(Batch).backward();
    ///     optimizer.step(&mut model, &gradients, 1.0);
    /// }
    /// assert_eq!(model.forward(&x).argmax(Classes).to_vec(), targets.to_vec());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// It is cast again for each step, since the parameters have changed. What is not to be of the other type, such as the last
    /// layer, is called on this model. A type is cast if its backend is a parameter of it: `#[derive(Module)]` does the rest.
    #[doc(alias("autocast", "half", "bfloat16", "amp"))]
    fn cast<E: Backend<Engine = B::Engine>>(&self) -> Self::On
    where
        Self: Sized + CastTo<E>,
    {
        self.cast_to()
    }
}
