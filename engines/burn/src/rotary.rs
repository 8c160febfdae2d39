//! Rotary positions.

use crate::array::Array;
use burn_backend::ops::FloatTensorOps;
use burn_backend::{Shape, Slice};
use burn_dispatch::{Dispatch, DispatchTensor};
use congruent::backend::RotaryLayout;

impl Array {
    /// The pairs of elements of heads `(batch, heads, sequence, d)` turned by angles, whose cosines and sines are
    /// `(batch, sequence, d / 2)`.
    pub(crate) fn rotate(self, [cos, sin]: [&Array; 2], layout: RotaryLayout) -> Array {
        self.meets("rotate", cos);
        self.meets("rotate", sin);
        let &[batch, heads, sequence, d] = self.sizes() else { panic!("heads are (batch, heads, sequence, d)") };
        // The two of a pair along an axis of their own.
        let (pairs, axis) = match layout {
            RotaryLayout::Half => ([batch, heads, sequence, 2, d / 2], 3),
            RotaryLayout::Interleaved => ([batch, heads, sequence, d / 2, 2], 4),
        };
        let mut angles = pairs;
        (angles[1], angles[axis]) = (1, 1);
        let of_heads = |x: &Array| {
            let constant = x.clone().detach().into_tensor()?;
            Some(Dispatch::float_reshape(constant, Shape::new(angles)))
        };
        let (cos_of, sin_of) = (of_heads(cos), of_heads(sin));
        self.calculated_of([cos, sin]).map("rotate", |x| {
            let (cos, sin) = cos_of.zip(sin_of).expect("elements have angles");
            let x = Dispatch::float_reshape(x, Shape::new(pairs));
            let of_pairs = |i: usize| {
                let slices: [Slice; 5] = std::array::from_fn(|at| match at == axis {
                    true => Slice::from(i..i + 1),
                    false => Slice::from(0..pairs[at]),
                });
                Dispatch::float_slice(x.clone(), &slices)
            };
            let (first, second) = (of_pairs(0), of_pairs(1));
            let times = |x: &DispatchTensor, y: &DispatchTensor| Dispatch::float_mul(x.clone(), y.clone());
            let turned = vec![
                Dispatch::float_sub(times(&first, &cos), times(&second, &sin)),
                Dispatch::float_add(times(&second, &cos), times(&first, &sin)),
            ];
            Dispatch::float_reshape(Dispatch::float_cat(turned, axis), Shape::new([batch, heads, sequence, d]))
        })
    }
}
