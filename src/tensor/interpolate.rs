//! Images and sequences of another size, by what lies between their positions.

use super::Tensor;
use super::windows::taken;
use crate::backend::{ArrayOf, Backend, Binary, Float, constant};
use crate::dim::{Picked, Whole};
use crate::shape::{Shape, Slide};

/// What stands between two positions, by PyTorch's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    /// What stands at the position before: `i · length / out`, rounded down.
    Nearest,
    /// A mean of the four positions around it, along one axis of two.
    Bilinear {
        /// Whether the first and the last position of both sizes are the same points. Else all positions are the middle of parts of
        /// equal length.
        align_corners: bool,
    },
}

impl<S: Shape, B: Backend<Elem: Float>> Tensor<S, B> {
    /// The axis of `(Batch, Channels, Length)`, or both of `(Batch, Channels, Height, Width)`, with so many positions as `out` says: a
    /// dimension, or a pair.
    ///
    /// ```
    /// use congruent::Interpolation;
    /// use congruent::prelude::*;
    /// dims! { Batch = 1; Channels = 1; Time = 2; More = 3; }
    /// let x = Tensor::from_nested((Batch, Channels, Time), [[[1.0, 2.0]]]);
    /// let y: Tensor<(Batch, Channels, More)> = x.interpolate(More, Interpolation::Bilinear { align_corners: true });
    /// assert_eq!(y.to_vec(), [1.0, 1.5, 2.0]);
    /// assert_eq!(x.interpolate(More, Interpolation::Nearest).to_vec(), [1.0, 1.0, 2.0]);
    /// ```
    ///
    /// # Panics
    /// An axis has no positions, and is to have some.
    #[doc(alias("upsample", "resize", "bilinear", "Upsample"))]
    pub fn interpolate<Out, Slid>(&self, out: Out, by: Interpolation) -> Tensor<Slid, B>
    where
        S: Slide<Out, Slid = Slid>,
        S::Height: Whole + Picked,
        S::Width: Whole + Picked,
        Slid: Shape,
    {
        let shape = self.shape.slid(out);
        let sizes = shape.sizes().as_ref().to_vec();
        let along = |x: ArrayOf<B>, axis: usize| interpolated::<B>(&x, axis, sizes[axis], by);
        Tensor::from_parts(shape, (2..S::RANK).fold(self.array.clone(), along))
    }
}

fn interpolated<B: Backend<Elem: Float>>(x: &ArrayOf<B>, axis: usize, count: usize, by: Interpolation) -> ArrayOf<B> {
    let length = B::sizes(x)[axis];
    assert!(length > 0 || count == 0, "an axis without positions has none to take for {count}");
    let align_corners = match by {
        Interpolation::Nearest => {
            let positions = (0..count).map(|i| (i as u128 * length as u128 / count as u128) as usize).collect();
            return taken::<B>(x, axis, positions, &[count]);
        }
        Interpolation::Bilinear { align_corners } => align_corners,
    };
    let position = |i: usize| match align_corners {
        true => i as f64 * (length - 1) as f64 / (count - 1).max(1) as f64,
        false => ((i as f64 + 0.5) * length as f64 / count as f64 - 0.5).max(0.0),
    };
    let positions: Vec<f64> = (0..count).map(position).collect();
    let before: Vec<usize> = positions.iter().map(|&position| (position as usize).min(length - 1)).collect();
    let behind = before.iter().map(|&before| (before + 1).min(length - 1)).collect();
    let shares = positions.iter().zip(&before).map(|(position, &before)| constant(position - before as f64)).collect();
    let [before, behind] = [before, behind].map(|positions| taken::<B>(x, axis, positions, &[count]));
    let inner = &B::sizes(&before)[axis..];
    let column: Vec<usize> = inner.iter().enumerate().map(|(i, &size)| if i == 0 { size } else { 1 }).collect();
    let shares = B::broadcast(&B::from_elements(shares, &column, &B::device(x)), inner);
    let apart = B::binary(Binary::Sub, behind, before.clone());
    B::binary(Binary::Add, before, B::binary(Binary::Mul, apart, shares))
}
