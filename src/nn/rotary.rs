//! Rotary positions ([Su et al. 2021](https://arxiv.org/abs/2104.09864)).

use crate::backend::{ArrayOf, Backend, DeviceOf, Float, RotaryLayout, With, constant};
use crate::cpu::Cpu;
use crate::dim::{Dense, Dim, Even, Name};
use crate::module::{CastTo, ToEngine};
use crate::sealed::Sealed;
use crate::shape::{PositionsOf, Shape, Turns};
use crate::tensor::{IdOf, SameBackend, Tensor, transferred};
use crate::{Error, Module};
use std::marker::PhantomData;

/// Rotary positions: each pair of elements of a head is rotated by an angle that grows with its position, so that the
/// product of a query and a key depends on how far apart they stand.
///
/// It is a table for the positions `P`, of heads of size `D`, which is even. Positions are ids of `P`, as a
/// [`CacheStep`](super::CacheStep) gives them: none is beyond the table.
///
/// ```
/// use congruent::nn::{Rotary, RotaryLayout};
/// use congruent::prelude::*;
/// dims! { Batch = 1; Heads = 2; Seq = 3; HeadDim = 4; Positions = 512; }
/// let rotary = Rotary::new(Positions, HeadDim, 10000.0, RotaryLayout::Half);
/// let positions = Ids::new((Batch, Seq), Positions, &[7, 8, 9]).unwrap();
/// let q = Tensor::ones((Batch, Heads, Seq, HeadDim));
/// let rotated: Tensor<(Batch, Heads, Seq, HeadDim)> = rotary.forward(&q, &positions);
/// ```
#[derive(Clone, Module)]
#[module(debug)]
pub struct Rotary<P, D, B: Backend = Cpu<f32>> {
    positions: P,
    head_dim: D,
    #[module(skip)]
    cos: Table<B>,
    #[module(skip)]
    sin: Table<B>,
    layout: RotaryLayout,
}

/// `(P, D / 2)`, which no type says.
#[derive(Clone)]
struct Table<B: Backend>(ArrayOf<B>);

impl<B: Backend, E: Backend<Elem = B::Elem>> ToEngine<E> for Table<B> {
    type On = Table<E>;
    fn transferred(&self, device: &DeviceOf<E>) -> Table<E> {
        Table(transferred::<B, E>(&self.0, device))
    }
}

impl<B: Backend<Elem: Float>, E: Backend<Elem: Float, Engine = B::Engine>> CastTo<E> for Table<B> {
    type On = Table<E>;
    fn cast_to(&self) -> Table<E> {
        Table(B::cast::<E::Elem>(&self.0))
    }
}

impl<P: Dim, D: Dim, B: Backend<Elem: Float>> Rotary<P, D, B> {
    /// As [`with_frequencies`](Rotary::with_frequencies), of any element type, on this device of any engine.
    ///
    /// ```
    /// use congruent::nn::{Rotary, RotaryLayout, rotary_frequencies};
    /// use congruent::prelude::*;
    /// dims! { HeadDim = 4; Positions = 512; }
    /// let frequencies = rotary_frequencies(10000.0, HeadDim.size());
    /// let (layout, device) = (RotaryLayout::Half, Default::default());
    /// let rotary: Rotary<_, _, Cpu<f64>> = Rotary::on_device(Positions, HeadDim, &frequencies, layout, &device)?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// The size of a head is odd, there is not one frequency for each pair, or one of them is not finite.
    pub fn on_device(
        positions: P,
        head_dim: D,
        frequencies: &[f64],
        layout: RotaryLayout,
        device: &DeviceOf<B>,
    ) -> Result<Self, Error> {
        check_even(head_dim)?;
        let (expected, found) = (head_dim.size() / 2, frequencies.len());
        if expected != found {
            let shape = format!("a list of frequencies for `{}` = {}", Name::<D>::new(), head_dim.size());
            return Err(Error::ElementCount { shape, expected, found });
        }
        if let Some(found) = frequencies.iter().find(|frequency| !frequency.is_finite()) {
            let (setting, expected) = ("frequency", "a finite number");
            return Err(Error::Setting { setting, expected, found: found.to_string() });
        }
        let table = |f: fn(f64) -> f64| {
            let angles = (0..positions.size()).flat_map(|p| frequencies.iter().map(move |x| p as f64 * x));
            let elements = angles.map(|angle| constant(f(angle))).collect();
            Table(B::from_elements(elements, &[positions.size(), expected], device))
        };
        Ok(Rotary { positions, head_dim, cos: table(f64::cos), sin: table(f64::sin), layout })
    }

    /// The positions of the table.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{Rotary, RotaryLayout};
    /// dims! { HeadDim = 4; Positions = 512; }
    /// assert_eq!(Rotary::new(Positions, HeadDim, 10000.0, RotaryLayout::Half).positions(), Positions);
    /// ```
    pub fn positions(&self) -> P {
        self.positions
    }

    /// The size of a head.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{Rotary, RotaryLayout};
    /// dims! { HeadDim = 4; Positions = 512; }
    /// assert_eq!(Rotary::new(Positions, HeadDim, 10000.0, RotaryLayout::Half).head_dim(), HeadDim);
    /// ```
    pub fn head_dim(&self) -> D {
        self.head_dim
    }

    /// Heads `(batch, heads, sequence, D)`, each of a sequence rotated by its position, of which there are
    /// `(batch, sequence)`: those of the whole sequence, where each rank has a part of it.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{Rotary, RotaryLayout};
    /// dims! { Batch = 1; Heads = 1; Seq = 2; HeadDim = 2; Positions = 512; }
    /// let rotary = Rotary::new(Positions, HeadDim, 10000.0, RotaryLayout::Half);
    /// let q = Tensor::from_vec((Batch, Heads, Seq, HeadDim), vec![1.0, 0.0, 1.0, 0.0])?;
    /// let rotated = rotary.forward(&q, &Ids::new((Batch, Seq), Positions, &[0, 1])?);
    /// // By nothing, and by one radian.
    /// assert_eq!(format!("{:.4?}", rotated.to_vec()), "[1.0000, 0.0000, 0.5403, 0.8415]");
    /// # Ok::<(), Error>(())
    /// ```
    pub fn forward<S, R, I, C>(&self, x: &Tensor<S, impl SameBackend<B>>, positions: &Tensor<R, C>) -> Tensor<S, B>
    where
        S: Shape,
        R: Turns<S, D>,
        I: IdOf<P>,
        C: Backend<Elem = I> + SameBackend<With<B, I>>,
        D: Dense,
    {
        self.angles(positions).forward(x)
    }

    /// The angles of these positions, which a model looks up once for the queries and the keys of all its layers.
    ///
    /// ```
    /// use congruent::nn::{Rotary, RotaryLayout};
    /// use congruent::prelude::*;
    /// dims! { Batch = 1; Heads = 2; Seq = 3; HeadDim = 4; Positions = 512; }
    /// let rotary = Rotary::new(Positions, HeadDim, 10000.0, RotaryLayout::Half);
    /// let positions = Ids::new((Batch, Seq), Positions, &[7, 8, 9])?;
    /// let x = Tensor::ones((Batch, Heads, Seq, HeadDim));
    /// let rotated = rotary.angles(&positions).forward(&x);
    /// assert_eq!(rotated.to_vec(), rotary.forward(&x, &positions).to_vec());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn angles<R: Shape, I, C>(&self, positions: &Tensor<R, C>) -> RotaryAngles<R, D, B>
    where
        I: IdOf<P>,
        C: Backend<Elem = I> + SameBackend<With<B, I>>,
    {
        self.angles_on(positions)
    }

    /// The angles of a sequence at its positions, on a backend that is known to be this one.
    pub(super) fn angles_of<N, L, R: PositionsOf<N, L>, I: IdOf<P>, C: Backend<Elem = B::Elem, Engine = B::Engine>>(
        &self,
        sequence: L,
        positions: &Tensor<R, impl Backend<Elem = I, Engine = B::Engine>>,
    ) -> RotaryAngles<(N, L), D, C> {
        let angles = self.angles_on::<R, I, C>(positions);
        let [cos, sin] = angles.own(R::own(sequence));
        RotaryAngles { cos, sin, layout: self.layout, of: PhantomData }
    }

    /// As [`angles`](Self::angles), on a backend and for a shape that are known to be these.
    pub(super) fn angles_on<R, I: IdOf<P>, C: Backend<Elem = B::Elem, Engine = B::Engine>>(
        &self,
        positions: &Tensor<impl Shape, impl Backend<Elem = I, Engine = B::Engine>>,
    ) -> RotaryAngles<R, D, C> {
        let at_positions = |table: &Table<B>| B::gather(&table.0, positions.array());
        RotaryAngles {
            cos: at_positions(&self.cos),
            sin: at_positions(&self.sin),
            layout: self.layout,
            of: PhantomData,
        }
    }
}

/// That it turns heads of size `D` at the positions `P`: a [`Rotary<P, D>`](Rotary).
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not turn heads of size `{D}`",
    label = "expected a `Rotary` for heads of size `{D}`",
    note = "the table is made for the size of the heads that the attention has: `Rotary::new(positions, head_dim, base, layout)`",
    note = "explained in `congruent::errors::C124`: https://docs.rs/congruent/latest/congruent/errors/C124/"
)]
pub trait RotaryOf<P, D> {
    /// What it is on.
    type Backend: Backend;
    /// The table.
    fn rotary(&self) -> &Rotary<P, D, Self::Backend>;
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<P, D, B: Backend> RotaryOf<P, D> for Rotary<P, D, B> {
    type Backend = B;
    fn rotary(&self) -> &Self {
        self
    }
    fn sealed(_: Sealed) {}
}

/// The angles of a [`Rotary`] at the positions of a tensor of shape `R`: see [`Rotary::angles`].
pub struct RotaryAngles<R, D, B: Backend = Cpu<f32>> {
    // Cosines and sines, `(batch, sequence, D / 2)`.
    cos: ArrayOf<B>,
    sin: ArrayOf<B>,
    layout: RotaryLayout,
    of: PhantomData<fn() -> (R, D)>,
}

impl<R, D, B: Backend<Elem: Float>> RotaryAngles<R, D, B> {
    /// Cosines and sines of this rank's positions, among those of all ranks.
    fn own(&self, own: Option<[usize; 2]>) -> [ArrayOf<B>; 2] {
        [&self.cos, &self.sin].map(|angles| match own {
            Some([first, count]) => B::narrow(angles, 1, first, count),
            None => angles.clone(),
        })
    }

    /// Heads `(batch, heads, sequence, D)`, each of a sequence rotated by its angles.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{Rotary, RotaryLayout};
    /// dims! { Batch = 1; Heads = 1; Seq = 1; HeadDim = 2; Positions = 512; }
    /// let rotary = Rotary::new(Positions, HeadDim, 10000.0, RotaryLayout::Half);
    /// let angles = rotary.angles(&Ids::new((Batch, Seq), Positions, &[1])?);
    /// let q = Tensor::from_vec((Batch, Heads, Seq, HeadDim), vec![1.0, 0.0])?;
    /// assert_eq!(format!("{:.4?}", angles.forward(&q).to_vec()), "[0.5403, 0.8415]");
    /// # Ok::<(), Error>(())
    /// ```
    pub fn forward<S: Shape>(&self, x: &Tensor<S, impl SameBackend<B>>) -> Tensor<S, B>
    where
        R: Turns<S, D>,
        D: Dense,
    {
        let [cos, sin] = self.own(R::own(x.shape()));
        Tensor::from_parts(x.shape(), B::rotate(x.array().clone(), &cos, &sin, self.layout))
    }

    /// The heads rotated, whose angles these are. The result may be written in their memory.
    pub(super) fn rotated<S: Shape>(&self, heads: Tensor<S, B>) -> Tensor<S, B> {
        let shape = heads.shape();
        Tensor::from_parts(shape, B::rotate(heads.into_array(), &self.cos, &self.sin, self.layout))
    }
}

/// By how much each pair of elements of a head of this size is rotated from one position to the next, in radians: pair `i` by
/// `base ^ (-2 i / head_dim)`.
///
/// ```
/// use congruent::nn::rotary_frequencies;
/// assert_eq!(rotary_frequencies(10000.0, 4), [1.0, 0.01]);
/// ```
pub fn rotary_frequencies(base: f64, head_dim: usize) -> Vec<f64> {
    (0..head_dim / 2).map(|i| base.powf(-2.0 * i as f64 / head_dim as f64)).collect()
}

impl<P: Dim, D: Dim> Rotary<P, D> {
    /// The table in which each pair is rotated by its [`rotary_frequencies`].
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{Rotary, RotaryLayout};
    /// dims! { HeadDim = 64; Positions = 2048; }
    /// let rotary = Rotary::new(Positions, HeadDim, 10000.0, RotaryLayout::Half);
    /// assert_eq!((rotary.positions(), rotary.head_dim()), (Positions, HeadDim));
    /// ```
    ///
    /// # Panics
    /// The base is not a number above 0.
    pub fn new(positions: P, head_dim: D, base: f64, layout: RotaryLayout) -> Self
    where
        D: Even,
    {
        Self::with_base(positions, head_dim, base, layout).unwrap_or_else(|error| panic!("{error}"))
    }

    /// As [`new`](Self::new), for a size that only run time knows.
    ///
    /// ```
    /// use congruent::nn::{Rotary, RotaryLayout};
    /// use congruent::prelude::*;
    /// dims! { HeadDim; Positions = 512; }
    /// bind!(head_dim: HeadDim = 63);
    /// let error = Rotary::check(Positions, head_dim, 10000.0, RotaryLayout::Half).err().unwrap();
    /// assert_eq!(error.to_string(), "`HeadDim` is 63, which is odd: rotary positions turn pairs of elements");
    /// ```
    ///
    /// # Errors
    /// The size is odd, or the base is not a number above 0.
    pub fn check(positions: P, head_dim: D, base: f64, layout: RotaryLayout) -> Result<Self, Error> {
        check_even(head_dim)?;
        Self::with_base(positions, head_dim, base, layout)
    }

    /// The table in which pair `i` is rotated by `frequencies[i]`, in radians, from one position to the next: for models that
    /// stretch them to longer contexts.
    ///
    /// ```
    /// # use congruent::prelude::*;
    /// use congruent::nn::{Rotary, RotaryLayout, rotary_frequencies};
    /// dims! { HeadDim = 64; Positions = 8192; }
    /// // Stretched to four times the context.
    /// let frequencies: Vec<f64> = rotary_frequencies(10000.0, HeadDim.size()).iter().map(|x| x / 4.0).collect();
    /// let rotary = Rotary::with_frequencies(Positions, HeadDim, &frequencies, RotaryLayout::Half)?;
    /// assert!(Rotary::with_frequencies(Positions, HeadDim, &frequencies[1..], RotaryLayout::Half).is_err());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// The size of a head is odd, there is not one frequency for each pair, or one of them is not finite.
    pub fn with_frequencies(
        positions: P,
        head_dim: D,
        frequencies: &[f64],
        layout: RotaryLayout,
    ) -> Result<Self, Error> {
        Self::on_device(positions, head_dim, frequencies, layout, &Default::default())
    }

    /// The size of a head is even.
    fn with_base(positions: P, head_dim: D, base: f64, layout: RotaryLayout) -> Result<Self, Error> {
        if !(base.is_finite() && base > 0.0) {
            let (setting, expected) = ("base", "a number above 0");
            return Err(Error::Setting { setting, expected, found: base.to_string() });
        }
        Self::with_frequencies(positions, head_dim, &rotary_frequencies(base, head_dim.size()), layout)
    }
}

/// The size of a head is even.
fn check_even<D: Dim>(head_dim: D) -> Result<(), Error> {
    match head_dim.size() {
        size if size.is_multiple_of(2) => Ok(()),
        size => Err(Error::OddSize { dimension: Name::<D>::new().to_string(), size }),
    }
}
