//! What would be read of padding, and what covers it.

use super::errors;

errors! {
    C06: "`A` is not known to be a dimension without padding"
    /// A function, a layer or a comparison of sizes asks for a dimension without padding, [`Dense`](crate::dim::Dense), and this
    /// one is [`Ragged`](crate::Ragged), or made of one by `Times` or `Plus`. Behind the end of each sequence stands padding,
    /// which would be taken for data. Use what takes the lengths, as [`masked_mean`](crate::Tensor::masked_mean) does, or say
    /// what the padding becomes by [`fill_padding`](crate::Tensor::fill_padding). Which value is right depends on what follows:
    /// see [`C50`], [`C51`], [`C52`], [`C53`], [`C86`] and [`C106`]. In generic code, ask for a dimension without padding: `S: Dense`, which
    /// serves all of these. A number, as `usize` or one of typenum, is no dimension at all: see [`C02`](super::C02).

    C07: "`A` may hold padding or other texts, and the mask does not cover them"
    /// The keys are [`Ragged`](crate::Ragged), and the mask does not know where their padding begins, so the queries
    /// would attend to it; or they are [`Packed`](crate::Packed), and the queries would attend to other texts of their row, which
    /// [`Segments`](crate::mask::Segments) keep apart. Give the [`Lengths`](crate::Lengths) as the mask, or combine them with it by
    /// [`and`](crate::mask::Combine::and). In generic code, ask for keys without padding, `S: Dense`, or take any `impl
    /// Mask<B, Q, K>`.

    C50: "`A` may hold padding, and this operation would read it (sums, products, layers)"
    /// A sum, a product of matrices or a layer goes over all positions of a [`Ragged`](crate::Ragged) dimension, and adds up
    /// padding. The sum of the valid positions is [`masked_sum`](crate::Tensor::masked_sum). Before a product, and before a
    /// [`Linear`](crate::nn::Linear) layer along the positions, fill in zeros, which add nothing. A layer that works on features
    /// has them last: the axes may be in another order than was meant.

    C51: "`A` may hold padding, and this operation would read it (means, norms)"
    /// A mean or a variance divides by the number of positions, padding among them, so that zeros in its place are wrong too. Use
    /// [`masked_mean`](crate::Tensor::masked_mean) and [`masked_var`](crate::Tensor::masked_var), or, of losses of all sequences
    /// together, [`mean_of_valid`](crate::nn::mean_of_valid); of packed texts [`Segments::mean`](crate::Segments::mean), or what
    /// [`unpack`](crate::Segments::unpack) gives. Norms are taken along features, moved last by [`permute`](crate::Tensor::permute).

    C52: "`A` may hold padding, and this operation would read it (the largest, softmax)"
    /// The largest of all positions, or a softmax over them, would be that of padding. Zeros in its place are wrong too where
    /// each valid position is negative. Use [`masked_max`](crate::Tensor::masked_max) and [`masked_min`](crate::Tensor::masked_min), or
    /// fill in −∞ before `argmax`, `top_k`, `softmax`, `log_softmax` and the losses along positions.

    C53: "`A` may hold padding, and this operation would read it (positions)"
    /// A position is taken by its number, and in a short sequence it is padding. The last one of each sequence is
    /// [`masked_last`](crate::Tensor::masked_last). Where others are meant, say by
    /// [`fill_padding`](crate::Tensor::fill_padding) what is found where there is none.

    C86: "`A` may hold padding, and this operation would read it (products of elements)"
    /// A product goes over all positions of a [`Ragged`](crate::Ragged) dimension, and takes padding for factors: zeros in its place
    /// make it zero. Fill in ones.

    C83: "`T` is not a state of each sequence of `B`"
    /// A scan of padded sequences keeps the state that each had at its own length, while others go on. So each sequence has its
    /// part of the state, along the first dimension, and of what a step gives: a tensor `(Batch, ..)`, or a tuple of such. What a
    /// step gives along another axis has the dimensions before that axis too.

    C91: "`A` may hold padding, and this operation would read it (states that go along an axis)"
    /// A state would go on through padding, and come from it in the other direction.
    /// [`masked_scan`](crate::Tensor::masked_scan) and [`masked_scan_reverse`](crate::Tensor::masked_scan_reverse) know where each
    /// sequence ends; a [`Gru`](crate::nn::Gru) has `forward_masked`.

    C54: "a length does not say what is padding in `A`"
    /// [`Lengths`](crate::Lengths) say how many positions of each sequence are valid, the first ones. In a dimension that was put
    /// together of padded parts there is padding in the middle, where no length reaches. New keys behind padded ones are the
    /// matter of [`step_ragged`](crate::nn::KeyValueCache::step_ragged), which appends each sequence where it ends, and
    /// whose step has the right mask. Sums and means of other parts are taken of each part with its own lengths.

    C28: "`S` does not hold the sequences `L` of the batch `B`"
    /// The lengths say where the sequences of one batch end, and this tensor has another batch, or another dimension of
    /// positions. Use the lengths that came with the tensor's own ids.

    C93: "`S` may hold padding, which would be sent to experts and counted in their load"
    /// A mixture of experts sends each position to some of them, and asks that all take as many. Positions of padding would take the
    /// room of tokens, and be a part of the balance. With lengths,
    /// [`forward_padded`](crate::nn::MixtureOfExperts::forward_padded) takes the valid positions.

    C106: "`A` may hold padding, and this operation would read it (convolutions, pooling)"
    /// A window of a [convolution](crate::Tensor::conv) or of [pooling](crate::Tensor::max_pool) that begins inside a sequence may end
    /// in its padding. Say what stands there: zeros for a convolution, as it has beyond the ends, −∞ for the largest of a window.
    /// Padding is filled where sequences stand behind the batch; channels are moved there afterwards. What comes out is dense, and the
    /// last windows of a short sequence are made of what was filled in.
}
