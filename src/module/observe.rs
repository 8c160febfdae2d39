//! What the layers of a model calculate, by their paths.

use super::Module;
use crate::backend::{ArrayOf, Backend, Float, PrimitiveOf, elements};
use crate::cpu::Cpu;
use crate::shape::{Described, Shape};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

/// What a layer gave: see [`observe`].
#[derive(Clone, Debug)]
pub struct Observed<B: Backend = Cpu<f32>> {
    /// The path of the layer, without the name of its parameter.
    pub path: String,
    /// The dimensions of the result, by name and size.
    pub shape: String,
    /// The result.
    pub array: ArrayOf<B>,
}

impl<B: Backend> Observed<B> {
    /// The elements in row-major order.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::{module::observe, nn::RmsNorm};
    /// dims! { Batch = 1; Embed = 2; }
    /// let norm = RmsNorm::new(Embed, 0.0);
    /// let (_, seen) = observe(&norm, |_| true, || norm.forward(&Tensor::full((Batch, Embed), 3.0)));
    /// assert_eq!(seen[0].to_vec(), [1.0, 1.0]);
    /// ```
    ///
    /// # Panics
    /// The engine fails.
    pub fn to_vec(&self) -> Vec<PrimitiveOf<B>> {
        elements::<B>(&self.array)
    }
}

/// What `forward` gives, and what the layers of the model gave meanwhile, in that order: linear layers, norms and tables whose path is
/// `chosen`. For looking into a model, as by the hooks of PyTorch.
///
/// A layer is known by where its weight lies: what `forward` calculates by a clone of it is not seen. With what a linear layer gives is
/// the activation or residual that is calculated in one pass with it. All of it is kept until the end, so choose.
///
/// ```
/// use congruent::module::observe;
/// use congruent::nn::{FeedForward, LayerNorm};
/// use congruent::prelude::*;
/// dims! { Batch = 2; Embed = 4; Hidden = 8; }
///
/// #[derive(Module)]
/// struct Model {
///     norms: Vec<LayerNorm<Embed>>,
///     hidden: FeedForward<Embed, Hidden>,
/// }
/// let hidden = FeedForward::random(Embed, Hidden, &mut Rng::with_seed(1));
/// let model = Model { norms: vec![LayerNorm::new(Embed, 1e-5)], hidden };
/// let x = Tensor::ones((Batch, Embed));
/// let (y, seen) = observe(&model, |path| path != "hidden.up", || model.hidden.forward(&model.norms[0].forward(&x)));
/// let seen: Vec<_> = seen.iter().map(|of| (of.path.as_str(), of.shape.as_str())).collect();
/// assert_eq!(seen, [("norms.0", "(Batch = 2, Embed = 4)"), ("hidden.down", "(Batch = 2, Embed = 4)")]);
/// ```
#[doc(alias("hook", "register_forward_hook", "activations"))]
pub fn observe<M: Module<B>, B: Backend<Elem: Float>, R>(
    model: &M,
    chosen: impl Fn(&str) -> bool,
    forward: impl FnOnce() -> R,
) -> (R, Vec<Observed<B>>) {
    let mut paths = HashMap::new();
    model.for_each(|parameter| {
        let path = parameter.path().to_string();
        let layer = path.rsplit_once('.').map_or("", |(layer, _)| layer);
        if chosen(layer) {
            paths.insert(place(parameter.array()), layer.to_owned());
        }
    });
    let former =
        Former { watch: WATCH.replace(Watch { paths, seen: Vec::new() }), is_watched: IS_WATCHED.replace(true) };
    let result = forward();
    let seen = WATCH.take().seen;
    drop(former);
    let of_backend = |seen: Seen| {
        let array = *seen.array.downcast().ok()?;
        Some(Observed { path: seen.path, shape: seen.shape, array })
    };
    (result, seen.into_iter().filter_map(of_backend).collect())
}

/// Says what the layer with this weight gave. Where nobody asks, that is a look at one variable of the thread.
#[inline]
pub(crate) fn report<B: Backend>(weight: &ArrayOf<B>, shape: impl Shape, y: &ArrayOf<B>) {
    if IS_WATCHED.get() {
        note::<B>(weight, shape, y);
    }
}

#[cold]
fn note<B: Backend>(weight: &ArrayOf<B>, shape: impl Shape, y: &ArrayOf<B>) {
    WATCH.with_borrow_mut(|watch| {
        if let Some(path) = watch.paths.get(&place(weight)) {
            let shape = Described::new(shape).to_string();
            watch.seen.push(Seen { path: path.clone(), shape, array: Box::new(y.clone()) });
        }
    });
}

/// Where a value lies, which is held by its owner as long as anybody asks.
fn place<T>(x: &T) -> usize {
    std::ptr::from_ref(x).addr()
}

thread_local! {
    static IS_WATCHED: Cell<bool> = const { Cell::new(false) };
    static WATCH: RefCell<Watch> = RefCell::default();
}

/// The layers that are watched, by where their parameters lie, and what they gave.
#[derive(Default)]
struct Watch {
    paths: HashMap<usize, String>,
    seen: Vec<Seen>,
}

struct Seen {
    path: String,
    shape: String,
    /// An array of any engine and element.
    array: Box<dyn Any>,
}

/// What was watched before, and is again after this scope, if it ends by a panic too.
struct Former {
    watch: Watch,
    is_watched: bool,
}

impl Drop for Former {
    fn drop(&mut self) {
        WATCH.set(std::mem::take(&mut self.watch));
        IS_WATCHED.set(self.is_watched);
    }
}
