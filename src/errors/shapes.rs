//! Shapes and axes: those that an operation needs, and those that do not go together.

use super::errors;

errors! {
    C09: "`A` is not a shape"
    /// A shape is a tuple of up to six dimensions that have a size. With one dimension it has a comma: `(Embed,)`. If it is a
    /// tuple, one of its elements is not a dimension: a number, which is written [`N::<8>`](crate::N) or declared with a name by
    /// [`dims!`](crate::dims), or `NoSizeYet<Seq>`, the name of a dimension that was declared without a size. Bind that one to a
    /// number by [`bind!`](crate::bind), and use the variable in its place; of a `once` dimension, what `set` gives.

    C10: "the shape `S` has no dimension `D`"
    /// An axis is chosen by its dimension, and the tensor does not have this one: it was reduced, renamed or merged
    /// before, or it is another binding of a run-time dimension. The message shows the dimensions that the tensor has.
    /// An axis can be chosen by position too, by [`At::<1>`](crate::At), counted from 0.

    C11: "the last dimension of `S` is not `D`"
    /// A linear layer, a norm or a choice of the largest elements works on the last dimension, and has another one than
    /// the tensor. Bring the right axis to the end by [`permute`](crate::Tensor::permute), or use the layer that has
    /// the width of the tensor. Two names for one width become one by [`relabel`](crate::Tensor::relabel).

    C12: "cannot multiply `X` by `Y`"
    /// In a matrix product the last dimension of the left side is the last but one of the right side, and the
    /// dimensions before these are the same on both sides, or absent on the right. The scores of attention are the
    /// product with the keys transposed. [`einsum!`](crate::einsum) does without the transposition.

    C13: "`X` and `Y` do not go together elementwise"
    /// Sums, products and comparisons of elements take two tensors of one shape, or one whose shape is the end of the
    /// other's. An axis that is missing elsewhere, in the middle or at the end, is never filled in silently: the tensor is repeated
    /// along it in the shape of the other by [`expand_as`](crate::Tensor::expand_as), as `query[:, None, :]` is in PyTorch; along a
    /// new first one by [`expand`](crate::Tensor::expand). Where no tensor has the whole shape yet,
    /// [`permute`](crate::Tensor::permute) brings that one to its place. For generic code, see [`shape`](crate::shape).

    C14: "cannot concatenate `X` and `Y` along `D`"
    /// Two tensors are put one behind the other along one axis, and all their other axes have to be the same. Either
    /// the axis is the wrong one, or one of the tensors has another batch, width or number of dimensions.

    C15: "`A` is not a concatenation of two dimensions"
    /// An axis is taken apart where a concatenation joined it: its dimension is a `Plus<A, B>`. A dimension that was
    /// declared as a sum has a name of its own. Name its parts first by [`relabel`](crate::Tensor::relabel).

    C16: "`A` is not a product of two dimensions"
    /// An axis is split into two where its dimension is a `Times<A, B>`. A dimension that was declared as a product has
    /// a name of its own. Name its factors first by [`relabel`](crate::Tensor::relabel).

    C17: "`S` has six dimensions, and no room for `D`"
    /// Shapes have at most six dimensions. Reduce an axis that is no longer needed, or [`merge`](crate::Tensor::merge)
    /// two neighbours into one before a new one comes.

    C18: "`A` and `B` do not stand side by side in `S`"
    /// Two axes become one only as neighbours, the outer one first. After attention the heads stand before the
    /// sequence: bring them beside their own dimension by [`permute`](crate::Tensor::permute), or use
    /// [`merge_heads`](crate::Tensor::merge_heads).

    C19: "`T` is not `S` in another order"
    /// [`permute`](crate::Tensor::permute) takes every dimension of the tensor once, and no other. To lose a dimension,
    /// reduce it. To split or merge one, use [`rearrange!`](crate::rearrange).

    C20: "`d` is `A` in the first tensor and `B` in the second"
    /// In a pattern of [`einsum!`](crate::einsum) each letter is one dimension, the same wherever the letter stands,
    /// and each tensor has one dimension for each letter of its part: "`X` does not have the 4 dimensions of `b h i d`".
    /// `..` stands for all dimensions that have no letter, and these are the same in every tensor that has it.
    /// Correct the pattern or the tensor. Two names for one size become one by [`relabel`](crate::Tensor::relabel).

    C21: "`X` does not fit `b s (h d) -> b h s d`"
    /// In a pattern of [`rearrange!`](crate::rearrange) each letter is one dimension, and a group `(h d)` is a
    /// dimension `Times<H, D>`. A dimension that has a name of its own is not taken apart: name its factors first by
    /// [`relabel`](crate::Tensor::relabel).

    C32: "`A` does not have the shape `S`"
    /// The lengths of the nested arrays are not the sizes of the shape, or they are nested more or less deeply. The
    /// outermost array belongs to the first dimension. Lengths above 1024 that are no powers of two cannot be compared:
    /// use [`from_vec`](crate::Tensor::from_vec), which counts at run time.

    C34: "`k` is in the output of `b h i d, b h j d -> b h i k` and in no input, and other messages of patterns"
    /// The patterns of [`einsum!`](crate::einsum) and [`rearrange!`](crate::rearrange) are letters or names with spaces
    /// between: one part for each tensor, separated by commas, then `->` and the output. Each letter of the output
    /// stands in an input, and none stands twice in one part. `..`, which `einsum!` takes for the dimensions that have no letter,
    /// stands in the output wherever it stands in an input. `rearrange!` keeps every letter, and its groups are of
    /// two: `(h d)`.

    C38: "type annotations needed"
    /// The compiler cannot infer `Position`: the shape has the dimension twice, as the scores of self-attention have
    /// the sequence, and either axis could be meant. Choose one by position, counted from 0: the list of `impl`s names the
    /// two, here `At<2>` and `At<3>`, and one of them stands in the place of the dimension, `scores.softmax(At::<3>)`. All
    /// that takes an axis takes a position too.
    ///
    /// What it cannot infer has another name where an operation itself could mean two things. `KeysOrQueries`: a softmax along the
    /// first of two axes of one name would be over the queries; over the keys it is `softmax(At::<3>)`. `WholeOrHalf`: a number
    /// is to say which part of `Plus<D, D>` is meant, two tensors one behind the other; take them apart by
    /// [`unconcat`](crate::Tensor::unconcat), and count in each. `NumbersOrPositions`: a mask by hand is to be for queries that
    /// stand behind a past; [`Allowed::by_position`](crate::Allowed::by_position) makes it of positions.

    C44: "cannot fuse `I` elementwise"
    /// [`fuse`](crate::fuse()) takes a tensor, or a tuple of two to four, all of them by reference. Their shapes go together
    /// as those of operators do: see [`C13`]. Their elements are floating-point numbers of one type: others are converted
    /// first, by [`cast`](crate::Tensor::cast).

    C84: "a tensor of `S` is not changed by one of `R`, elementwise"
    /// What `+=`, `-=`, `*=` and `/=` change keeps its shape, so that the other tensor has the same one, or the end of it: see
    /// [`C13`]. A mean or a sum lacks an axis, which [`expand_as`](crate::Tensor::expand_as) gives back. Where the other tensor is
    /// larger, the result is a new tensor: `let y = &x + &other`.

    C85: "cannot combine the conditions `Tensor<..>` with `Tensor<..>`"
    /// `&`, `|` and `^` take two tensors of `bool`, whose shapes go together as those of other operators do: see [`C13`]. A tensor
    /// of numbers becomes one by a comparison, [`greater_than`](crate::Tensor::greater_than) and others. Masks of attention are no
    /// tensors, and are combined by [`and`](crate::mask::Combine::and).

    C56: "`A` is not `S` without `D`"
    /// [`expand_as`](crate::Tensor::expand_as) repeats a tensor along one axis of another tensor, which it lacks: what a mean
    /// along that axis gives. This tensor lacks another axis, or more of them, or has its dimensions in another order. Name the
    /// axis that was reduced.

    C57: "a tensor is not reshaped, and other words of PyTorch and ndarray"
    /// The method has this name elsewhere and another one here, or what it does is done in another way. The message names it. The
    /// documentation of [`Tensor`](crate::Tensor) is found by words of PyTorch and ndarray too.

    C58: "cannot calculate with `Tensor<..>` on `Cpu<f32>` and `{integer}`"
    /// Numbers and tensors go together where the number is of the type of the elements, which is `f32` unless the tensor says
    /// otherwise: `Cpu<f64>`. A literal has a point, `2.0`; a variable of another type is converted, `scale as f32`. Where a whole
    /// number stands before the tensor, `2 * x`, the compiler says that it cannot multiply `{integer}`. Two tensors of different
    /// elements are brought together by [`cast`](crate::Tensor::cast), two engines by
    /// [`to_engine`](crate::Tensor::to_engine). Positions are counted from 0 and never negative: the last
    /// one of `Seq` is `x.at(Seq, Seq.size() - 1)?`.

    C71: "sizes are not indexed by `{integer}`: a size is chosen by its dimension"
    /// Which axis stands at a position changes when heads are split or axes are permuted, and any size is a number. Ask for
    /// the [dimension](crate::Tensor::dim) of the axis, or take the shape apart by names. All sizes together are
    /// [compared, printed and iterated](crate::shape::Sizes).

    C87: "rows `R` at ids `I` of `D` cannot be added to `S`"
    /// [`scatter_add`](crate::Tensor::scatter_add) adds a row for each id: the rows have the shape of the ids, and behind it that of
    /// a row of the table. The first dimension of the table is what the ids are ids of.

    C88: "ids `I` do not name elements along `D` of `S`"
    /// [`take_along`](crate::Tensor::take_along) and [`put_along`](crate::Tensor::put_along) work along one axis, and on each place of
    /// the others by itself: the ids have all dimensions of the tensor, and another one in the place of that axis. Where the same
    /// positions are meant everywhere, repeat the ids by [`expand`](crate::Tensor::expand).

    C89: "one axis is named twice, and two are needed"
    /// A diagonal, and what lies above or below it, is that of two axes. In a shape that has one dimension twice, each of its axes is
    /// chosen by its position, by [`At::<1>`](crate::At) and [`At::<2>`](crate::At), counted from 0; or one gets a name of its own by
    /// [`relabel`](crate::Tensor::relabel), as [`Keys`](crate::dim::Keys).

    C90: "`D` is not known to have `W` windows of `Z` in steps of `T`"
    /// [`unfold`](crate::Tensor::unfold) gives all windows that fit, and their number is a dimension of its own. The compiler compares
    /// it by multiplication: the last window begins a step for each of the others behind the first, and ends inside; one more would
    /// not. Sizes that only run time knows are compared by [`try_unfold`](crate::Tensor::try_unfold).

    C78: "cannot convolve `X` by a weight `W`"
    /// A convolution goes over `(Batch, In, Time)` or `(Batch, In, Height, Width)`: channels stand before what windows slide along,
    /// as PyTorch has them. The weight is `(Out, In, Kernel)`, of a transposed convolution `(In, Out, Kernel)`, with the same
    /// channels `In`. Channels that are last, as images often have them, get there by [`permute`](crate::Tensor::permute). Groups are
    /// said by [`Sliding::groups`](crate::Sliding::groups), and stand in the types: `Times<Groups, In>` becomes `Times<Groups, Out>`,
    /// by a weight `(Times<Groups, Out>, In, Kernel)`.

    C79: "windows of `K` along `L` are not known to be `O`"
    /// What a convolution or pooling gives has a length of its own, which is the number of windows that fit. The compiler compares it
    /// by multiplication, with stride, padding and dilation: `(O - 1) * stride + (K - 1) * dilation + 1` is at most
    /// `L + 2 * padding`, and one more window would not fit. Of a transposed convolution it is the other way round: windows along
    /// what comes out are as many as there are elements. Sizes that only run time knows are compared by
    /// [`try_conv`](crate::Tensor::try_conv) and the others of this kind.

    C81: "`X` is no number for `O`"
    /// Stride, padding and dilation are dimensions, so that the compiler knows them: `N::<2>`. Numbers that only run time knows are
    /// taken by [`try_conv`](crate::Tensor::try_conv) and the others of this kind. One number is for all axes that windows slide
    /// along; a pair is for two.

    C82: "windows do not slide over `S` into `O`"
    /// Windows slide along one axis, of `(Batch, Channels, Length)`, and `O` is the dimension of what comes out; or along two, of
    /// `(Batch, Channels, Height, Width)`, and `O` is a pair. Where there are more axes before them, two become one by
    /// [`merge`](crate::Tensor::merge); channels that are last get before them by [`permute`](crate::Tensor::permute).

    C126: "`S` is not `(batch, C, height, width)`"
    /// Images have their channels before height and width, as the convolution that makes vectors of patches takes them. Files and decoders
    /// of images have them last: [`permute`](crate::Tensor::permute) brings them before.
}
