//! How products of queries and keys become scores, and scores weights.

use super::key_mask::{KeyMask, Mask};
use crate::backend::{AttentionOptions, Binary, Float, Real, Unary};
use crate::cpu::array::Array;
use crate::cpu::kernels::simd::Bias;
use crate::cpu::kernels::{InOut, Operand, all_widened, generic};
use num_traits::{Float as _, One, Zero};
use std::borrow::Cow;
use std::ops::Range;

/// The options of the processor.
pub type Options<'a, T> = AttentionOptions<'a, Array<T>>;

/// Which pairs count, and what is done to products before and in the softmax. A place is a sequence, a head, and a query.
pub struct Scores<'a, T: Float> {
    pub mask: KeyMask<'a>,
    pub scale: T::Wide,
    pub soft_cap: Option<T::Wide>,
    bias: Option<Biases<'a, T::Wide>>,
    sinks: Option<Cow<'a, [T::Wide]>>,
}

/// A bias, whose elements of a query are contiguous.
struct Biases<'a, W: Clone> {
    elements: Cow<'a, [W]>,
    /// Of sequences, heads and queries.
    strides: [usize; 3],
}

impl<'a, W: Clone> Biases<'a, W> {
    fn new<T: Float<Wide = W>>(bias: &'a Array<T>, sizes: [usize; 4]) -> Self {
        let own = bias.sizes();
        let of_axis = |axis: usize| (axis + own.len()).checked_sub(4).map_or(1, |at| own[at]);
        let view = bias.reshape(&std::array::from_fn::<_, 4, _>(of_axis)).broadcast(&sizes);
        let strides: [usize; 4] = view.layout().strides().try_into().expect("there are four axes");
        // As it lies, if that is how it is read.
        let is_view = std::ptr::eq(view.buffer(), bias.buffer());
        if is_view && (strides[3] == 1 || sizes[3] <= 1) && size_of::<T>() == size_of::<W>() {
            let start = view.layout().start(&[0; 4]);
            if let Cow::Borrowed(elements) = all_widened(bias.buffer()) {
                let elements = Cow::Borrowed(elements.get(start..).unwrap_or(&[]));
                return Biases { elements, strides: [strides[0], strides[1], strides[2]] };
            }
        }
        // What is repeated along the others is copied once.
        let once = |view: Array<T>, axis: usize| {
            if of_axis(axis) == 1 { view.narrow(axis, 0, sizes[axis].min(1)) } else { view }
        };
        let view = (0..3).fold(view, once);
        let elements = Cow::Owned(all_widened(&view.elements()).into_owned());
        let rows = [view.sizes()[1] * view.sizes()[2], view.sizes()[2], 1];
        let stride = |axis: usize| if of_axis(axis) == 1 { 0 } else { rows[axis] * sizes[3] };
        Biases { elements, strides: [stride(0), stride(1), stride(2)] }
    }

    fn from(&self, place: [usize; 3], key: usize) -> &[W] {
        let start = place.iter().zip(self.strides).map(|(at, stride)| at * stride).sum::<usize>();
        self.elements.get(start + key..).unwrap_or(&[])
    }
}

impl<'a, T: Float> Scores<'a, T> {
    /// Of so many sequences, heads, queries and keys.
    pub fn new(mask: &'a Mask, options: Options<'a, T>, sizes: [usize; 4]) -> Self {
        let constant = T::Wide::constant;
        assert!(options.sinks.is_none_or(|sinks| sinks.sizes() == [sizes[1]]), "a sink for each head");
        Scores {
            mask: KeyMask::new(mask, sizes),
            scale: constant(options.scale),
            soft_cap: options.soft_cap.map(constant),
            bias: options.bias.map(|bias| Biases::new(bias, sizes)),
            sinks: options.sinks.map(|sinks| match sinks.as_slice() {
                Some(sinks) => all_widened(sinks),
                None => all_widened(&sinks.elements()).into_owned().into(),
            }),
        }
    }

    /// The bias of the heads from this one on, and of the queries and keys from these on.
    pub fn bias_from(&self, place: [usize; 3], key: usize) -> Option<Bias<'_, T::Wide>> {
        let bias = self.bias.as_ref()?;
        Some(Bias { elements: bias.from(place, key), strides: [bias.strides[2], bias.strides[1]] })
    }

    /// The sinks from this head on.
    pub fn sinks_from(&self, head: usize) -> Option<&[T::Wide]> {
        self.sinks.as_ref().map(|sinks| &sinks[head..])
    }

    /// Products, scaled and capped.
    pub fn scaled(&self, row: &mut [T::Wide]) {
        let times = |row: &mut [T::Wide], factor| {
            generic::binary(Binary::Mul, InOut::in_place(row), Operand::Scalar(factor), false);
        };
        times(row, self.scale);
        if let Some(cap) = self.soft_cap {
            generic::binary(Binary::Div, InOut::in_place(row), Operand::Scalar(cap), false);
            generic::unary(Unary::Tanh, InOut::in_place(row));
            times(row, cap);
        }
    }

    /// For each key of the range of a query, by its number in the range, whether the query may attend to it, if some may be
    /// masked or forbidden.
    pub fn allows(&self, place: [usize; 3]) -> Option<impl Fn(usize) -> bool + '_> {
        let Range { start, end } = self.mask.range(place[0], place[2]);
        let allowed = self.mask.allowed_of(place);
        let bias = self.bias.as_ref().map(|bias| &bias.from(place, start)[..end - start]);
        (allowed.is_some() || bias.is_some()).then_some(move |key: usize| {
            allowed.is_none_or(|allowed| allowed[key]) && bias.is_none_or(|bias| bias[key] != T::Wide::neg_infinity())
        })
    }

    /// The weights of a row of [`scaled`](Self::scaled) products: softmax over the valid keys with their bias, zeros elsewhere.
    /// The row begins with `first_key`, and may end before the last key. Returns the weight of the sink.
    pub fn softmax(&self, place: [usize; 3], first_key: usize, row: &mut [T::Wide]) -> T::Wide {
        let (zero, one) = (T::Wide::zero(), T::Wide::one());
        let range = self.mask.range(place[0], place[2]);
        let (before, row) = row.split_at_mut(range.start - first_key);
        let (valid, after) = row.split_at_mut(range.len());
        before.fill(zero);
        after.fill(zero);
        let sink = self.sinks.as_ref().map(|sinks| sinks[place[1]]);
        if let Some(bias) = &self.bias {
            let bias = &bias.from(place, range.start)[..range.len()];
            generic::binary(Binary::Add, InOut::in_place(valid), Operand::Slice(bias), false);
        }
        let Some(allows) = self.allows(place) else { return softmax_beside(sink, valid) };
        if !(0..valid.len()).any(&allows) {
            valid.fill(zero);
            return if sink.is_some() { one } else { zero };
        }
        let mask = |row: &mut [T::Wide], value| {
            row.iter_mut().enumerate().filter(|(key, _)| !allows(*key)).for_each(|(_, x)| *x = value);
        };
        mask(valid, T::Wide::neg_infinity());
        let of_sink = softmax_beside(sink, valid);
        mask(valid, zero);
        of_sink
    }
}

/// Softmax of a row beside a sink, if there is one, whose weight is returned.
fn softmax_beside<W: Real>(sink: Option<W>, row: &mut [W]) -> W {
    let count = row.len();
    let Some(sink) = sink else {
        generic::softmax(InOut::in_place(row), count);
        return W::zero();
    };
    if count == 0 {
        return W::one();
    }
    let mut all = row.to_vec();
    all.push(sink);
    generic::softmax(InOut::in_place(&mut all), count + 1);
    row.copy_from_slice(&all[..count]);
    all[count]
}
