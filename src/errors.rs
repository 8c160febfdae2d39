//! The messages of the compiler about shapes: what each means, a program that gets it, and the same program mended.
//!
//! # How to read a message
//!
//! ```text
#![doc = include_str!("../ui-tests/errors/C01/wrong.stderr")]
//! ```
//!
//! - The first line says what does not hold, in the names of the program's own dimensions.
//! - The line under the program's text marks the argument that does not fit, and says what was expected there.
//! - `the trait .. is not implemented` says the same in terms of types. What it points at is the declaration of the
//!   dimension, where its size stands. The size of the other dimension stands in the declaration of that one.
//! - The notes say how such a program is mended. The last one has the code: the name of a module here.
//! - `required by a bound` shows the signature of the method that asked.
//!
//! Mend the first error and compile again: the errors after it are often about a value that the first one left without
//! a type.
//!
//! `Seq<'_, seq>` is the run-time dimension `Seq` that the variable `seq` holds: two of them are the same only if the
//! variable is. Names that were imported by `prelude::*` are shown with their path, as in `congruent::Times`.
//!
//! Sizes, lengths and ids that come from outside are checked when the program runs: see [`Error`](crate::Error).

/// One module for each code: its documentation begins with the first line of the message.
macro_rules! errors { ($($code:ident: $message:literal $(#[$meaning:meta])*)*) => {$(
    #[doc = $message]
    ///
    $(#[$meaning])*
    ///
    /// # Wrong
    ///
    /// ```compile_fail
    #[doc = include_str!(concat!("../ui-tests/errors/", stringify!($code), "/wrong.rs"))]
    /// ```
    ///
    /// The compiler says:
    ///
    /// ```text
    #[doc = include_str!(concat!("../ui-tests/errors/", stringify!($code), "/wrong.stderr"))]
    /// ```
    ///
    /// # Right
    ///
    /// ```
    #[doc = include_str!(concat!("../ui-tests/errors/", stringify!($code), "/right.rs"))]
    /// ```
    #[allow(non_snake_case)]
    pub mod $code {}
)*} }

errors! {
    C01: "`A` and `B` differ in size, or in the order of their factors"
    /// One dimension was to take the place of another, and the compiler does not know that they are of one size. Either
    /// the numbers in their declarations differ, and one of them has to be corrected, or one is only known at run time:
    /// compare such sizes once by [`Equal::check`](crate::dim::Equal::check) and rename the axis by
    /// [`relabel_by`](crate::Tensor::relabel_by). A number `N<1500>` is not compared either: see [`C05`].
    ///
    /// Or the sizes agree, and the factors do not. `Patch = Colours * Pixels` counts all pixels of the first colour first,
    /// as `Times<Colours, Pixels>` does; `Times<Pixels, Colours>` has the same elements in another order, into which
    /// `rearrange!` brings them. A dimension that is declared by its number alone, `Patch = 768`, may be any product of that
    /// size. A factor under another name is renamed as a factor: `Equal::known(Colours, Channels).times(Equal::same(Pixels))`,
    /// then `relabel_by`.
    ///
    /// A dimension with padding never has the size of one without: see [`C06`].

    C02: "`A` is not a dimension"
    /// A dimension is a type with a name, and a number stands where one is expected. Declare the dimension by
    /// [`dims!`](crate::dims), or write the number as [`N<8>`](crate::N). In generic code, ask for it: `S: Dim`.
    ///
    /// `NoSizeYet<Seq>` is the name of a dimension that was declared without a size, used as a value: bind it to a number
    /// by [`bind!`](crate::bind) and use the variable, or, of a `once` dimension, what `set` gives.

    C03: "`A` is not a run-time dimension"
    /// [`bind!`](crate::bind) gives a size to a dimension that was declared without one. This one has its size in its
    /// declaration, or gets it by `set`. Leave the size out of the declaration, or leave the binding out.

    C04: "the size of `A` is not known at compile time"
    /// A list with one element for each position, as [`unstack`](crate::Tensor::unstack) makes it, has its length in
    /// its type, so its dimension has to be declared with a size. Where only run time knows the number, take one
    /// position after the other by [`at`](crate::Tensor::at). A number `N<1500>` counts as unknown too: see [`C05`].
    ///
    /// The compiler repeats this message for the variable that takes the list.

    C05: "the compiler cannot calculate the size of `A`"
    /// A function asks for a dimension whose size the compiler can calculate: [`Normal`](crate::dim::Normal). The size
    /// of `N<..>` is only calculated up to 1024 and for powers of two. Declare any other number by
    /// [`dims!`](crate::dims).

    C06: "`A` may hold padding, and this operation would read it"
    /// A function, a layer or a comparison of sizes asks for a dimension without padding, [`Dense`](crate::dim::Dense), and this
    /// one is [`Ragged`](crate::Ragged), or made of one by `Times` or `Plus`. Behind the end of each sequence stands padding,
    /// which would be taken for data. Use what takes the lengths, as [`masked_mean`](crate::Tensor::masked_mean) does, or say
    /// what the padding becomes by [`fill_padding`](crate::Tensor::fill_padding). Which value is right depends on what follows:
    /// see [`C50`], [`C51`], [`C52`] and [`C53`]. In generic code, ask for a dimension without padding: `S: Dense`, which
    /// serves all of these.

    C07: "`A` may hold padding or other texts, and the mask does not cover them"
    /// The keys are [`Ragged`](crate::Ragged), and the mask does not know where their padding begins, so the queries
    /// would attend to it; or they are [`Packed`](crate::Packed), and the queries would attend to other texts of their row, which
    /// [`Segments`](crate::mask::Segments) keep apart. Give the [`Lengths`](crate::Lengths) as the mask, or combine them with it by
    /// [`and`](crate::mask::Combine::and). In generic code, ask for keys without padding, `S: Dense`, or take any `impl
    /// Mask<B, Q, K>`.

    C08: "`M` does not mask attention from `Q` to `K`"
    /// The mask is for other dimensions than those of the queries and keys. [`Causal`](crate::Causal) needs queries
    /// that are the last part of the keys: `Q` itself, or `Plus<Past, Q>` in this order. [`Lengths`](crate::Lengths)
    /// are those of the keys and of the same batch. [`Allowed`](crate::Allowed) is `(B, Q, K)` or `(Q, K)`, without
    /// heads.

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
    /// other's. An axis that is missing elsewhere is never filled in silently: repeat the tensor along it by
    /// [`expand_as`](crate::Tensor::expand_as), or along a new first one by [`expand`](crate::Tensor::expand), and bring the
    /// axes in order by [`permute`](crate::Tensor::permute). For generic code, see [`shape`](crate::shape).

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
    /// Correct the pattern or the tensor. Two names for one size become one by [`relabel`](crate::Tensor::relabel).

    C21: "`X` does not fit `b s (h d) -> b h s d`"
    /// In a pattern of [`rearrange!`](crate::rearrange) each letter is one dimension, and a group `(h d)` is a
    /// dimension `Times<H, D>`. A dimension that has a name of its own is not taken apart: name its factors first by
    /// [`relabel`](crate::Tensor::relabel).

    C22: "queries `Q` cannot attend to keys `K` and values `V`"
    /// Queries, keys and values have four dimensions each: batch, heads, positions, and the size of a head. They agree
    /// in the batch and the heads; queries and keys agree in the size of a head, keys and values in their positions.
    /// Compare the three shapes from left to right. Often one of them is not yet split into heads.

    C23: "`A` query heads cannot share `B` key heads"
    /// In grouped attention several query heads share one key head. The compiler sees that by the type: the query heads
    /// are the key heads, or `Times<KeyHeads, Group>`. Name the groups by [`relabel`](crate::Tensor::relabel).

    C24: "cannot split `S` into heads"
    /// [`split_heads`](crate::Tensor::split_heads) takes `(batch, sequence, Times<heads, head_dim>)`. The last
    /// dimension of this tensor does not say what its heads are: name its factors first by
    /// [`relabel`](crate::Tensor::relabel), which holds them against its size.

    C25: "cannot merge the heads of `S`"
    /// [`merge_heads`](crate::Tensor::merge_heads) takes `(batch, heads, sequence, head_dim)`, as attention gives it.
    /// This tensor has another number of dimensions: a single text gets a batch by [`expand`](crate::Tensor::expand),
    /// and heads that were merged before need no second merge.

    C26: "`S` is not `(batch, sequence, E)`"
    /// The layers of a transformer take a batch of sequences whose last dimension is the width of the layer. A single
    /// text gets a batch by [`expand`](crate::Tensor::expand). Another width needs a layer of that width, or a
    /// [`Linear`](crate::nn::Linear) before.

    C27: "`S` cannot attend to `M`"
    /// In cross-attention the sequence and the memory, which it attends to, have the same batch and the width of the
    /// layer. Only their lengths differ. Bring a memory of another width to this one by a [`Linear`](crate::nn::Linear)
    /// layer.

    C28: "`S` does not hold the sequences `L` of the batch `B`"
    /// The lengths say where the sequences of one batch end, and this tensor has another batch, or another dimension of
    /// positions. Use the lengths that came with the tensor's own ids.

    C29: "`A` is not an id of `D`"
    /// A table is looked up by ids that are known to lie in it: `Index<Vocab>` for a table `(Vocab, Embed)`. Numbers
    /// become ids by [`Ids::new`](crate::Ids), which checks them once. Ids of another table stay ids of that one.

    C30: "`A` is not known to have room for `B`"
    /// The first part of an axis is taken without a check, so the compiler has to know that it is not longer than the
    /// axis: compare the sizes in the two declarations. Sizes that only run time knows are compared by
    /// [`narrow`](crate::Tensor::narrow), which gives an error.

    C31: "ids `I` of `D` do not choose from `S`"
    /// [`gather`](crate::Tensor::gather) chooses one element of the last dimension for each row. There is one id for
    /// each row, so the ids have the tensor's shape without its last dimension, and are ids of that one.

    C32: "`A` does not have the shape `S`"
    /// The lengths of the nested arrays are not the sizes of the shape, or they are nested more or less deeply. The
    /// outermost array belongs to the first dimension. Lengths above 1024 that are no powers of two cannot be compared:
    /// use [`from_vec`](crate::Tensor::from_vec), which counts at run time.

    C33: "sizes are not divided, and other messages of `dims!`"
    /// The declarations of [`dims!`](crate::dims) are `Name = size;`, `Name;` and `once Name;`. A size is made of whole
    /// numbers, static dimensions, `+` and `*`. It is not divided: declare the factors, and their product. It is not
    /// made of run-time dimensions either: write `Times<A, B>` or `Plus<A, B>` where the product or the sum is needed.

    C34: "`k` is in the output of `b h i d, b h j d -> b h i k` and in no input, and other messages of patterns"
    /// The patterns of [`einsum!`](crate::einsum) and [`rearrange!`](crate::rearrange) are letters or names with spaces
    /// between: one part for each tensor, separated by commas, then `->` and the output. Each letter of the output
    /// stands in an input, and none stands twice in one part. `rearrange!` keeps every letter, and its groups are of
    /// two: `(h d)`.

    C35: "`tokens` does not live long enough"
    /// A binding by [`bind!`](crate::bind) is a new dimension in each turn of a loop, and the program brings a
    /// tensor of one turn together with one of an earlier turn. Their lengths may differ, so they have no common shape. Keep
    /// what leaves the turn without the dimension, as a mean or as numbers. Where all turns have one length, bind it
    /// before the loop; what is bound in a turn is compared with it once, by
    /// [`Equal::check`](crate::dim::Equal::check), and renamed by [`relabel_by`](crate::Tensor::relabel_by).

    C36: "lifetime may not live long enough"
    /// A run-time dimension lives in the scope of its binding: the closure of `with`, or the block of
    /// [`bind!`](crate::bind). What leaves the scope must not have it in its type, because outside nothing would tell
    /// it from another one. Do the work in the scope and return what is free of the dimension, or bind it further
    /// outside. The notes about variance say only that no dimension stands in for another.
    ///
    /// Where a tensor of one closure of `with` meets one of another, or is put into a variable outside, the compiler
    /// says "borrowed data escapes outside of closure": the same in other words. [`bind!`](crate::bind) has the better
    /// messages, because it knows the names of the variables.

    C37: "mismatched types"
    /// No operation failed here: the program itself says which dimensions it expects, in the signature of a function,
    /// in a struct or behind a `let`, and the tensor has others. Hold the lines `expected` and `found` against each
    /// other, dimension by dimension. Two bindings of one run-time dimension differ in the variable alone, as `Text<'_,
    /// question>` and `Text<'_, answer>`; where one variable shadows another of its name, both read alike, and give
    /// one of them another name. Where a signature says `Text<'_>`, see [`C59`]. `Ragged<Text>` is a length with
    /// padding and `Text` one without: padding is filled by [`fill_padding`](crate::Tensor::fill_padding), and a function for both
    /// has a parameter. Correct the type, give a function a parameter for each dimension that may
    /// differ, or rename the axis by [`relabel`](crate::Tensor::relabel).

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

    C39: "the size of `A` is not known to be even"
    /// Rotary positions turn the elements of a head in pairs, so the size of a head is even. Either the number in its
    /// declaration is odd and has to be corrected, or only run time knows it: [`Rotary::check`](crate::nn::Rotary::check)
    /// compares it there.

    C40: "a cache of heads `H` of size `D` for the batch `B` does not append `S` at `L`"
    /// The keys and values of a [`CacheStep`](crate::nn::CacheStep) are `(batch, key heads, new positions, head size)`: batch,
    /// heads and size as the cache was made with, the new positions as given to its step. With grouped queries the cache is of
    /// the key heads alone.

    C41: "positions `P` do not turn heads `S` of size `D`"
    /// [`Rotary`](crate::nn::Rotary) turns heads `(batch, heads, sequence, head size)`, of the size that its table was made for,
    /// by positions `(batch, sequence)`. Split the heads first, and give the positions of the same batch and sequence.

    C42: "a loss of shape `S` is not one number"
    /// Gradients are those of one number, a tensor of shape `()`. Take the mean of the losses, or their sum, along each of
    /// their dimensions; where one is padded, by [`mean_of_live`](crate::nn::mean_of_live).

    C43: "`A` is not a module"
    /// The parameters of a model are asked for, and this is neither a tensor of floating-point numbers nor a structure of
    /// such: [`Module`](trait@crate::Module). Put `#[derive(Module)]` on the structure, or `#[module(skip)]` on a field that has
    /// no parameters. A tensor on another backend than the other parameters, or of integers, is no parameter either.

    C44: "cannot fuse `I` elementwise"
    /// [`fuse`](crate::fuse()) takes a tensor, or a tuple of two to four, all of them by reference. Their shapes go together
    /// as those of operators do: see [`C13`]. Their elements are floating-point numbers of one type: others are converted
    /// first, by [`cast`](crate::Tensor::cast).

    C45: "the size of `D` is 2⁶⁴ or more"
    /// The size of a dimension is calculated from numbers and other dimensions, and is counted in 64 bits. One of them is
    /// larger than meant, or there is a factor too many.

    C50: "`A` may hold padding, and this operation would read it (sums, products, layers)"
    /// A sum, a product of matrices or a layer goes over all positions of a [`Ragged`](crate::Ragged) dimension, and adds up
    /// padding. The sum of what is live is [`masked_sum`](crate::Tensor::masked_sum). Before a product, and before a
    /// [`Linear`](crate::nn::Linear) layer along the positions, fill in zeros, which add nothing. A layer that works on features
    /// has them last: the axes may be in another order than was meant.

    C51: "`A` may hold padding, and this operation would read it (means, norms)"
    /// A mean or a variance divides by the number of positions, padding among them, so that zeros in its place are wrong too. Use
    /// [`masked_mean`](crate::Tensor::masked_mean) and [`masked_var`](crate::Tensor::masked_var), or, of losses of all sequences
    /// together, [`mean_of_live`](crate::nn::mean_of_live); of packed texts [`Segments::mean`](crate::Segments::mean), or what
    /// [`unpack`](crate::Segments::unpack) gives. Norms are taken along features, moved last by [`permute`](crate::Tensor::permute).

    C52: "`A` may hold padding, and this operation would read it (the largest, softmax)"
    /// The largest of all positions, or a softmax over them, would be that of padding. Zeros in its place are wrong too where
    /// what is live is negative. Use [`masked_max`](crate::Tensor::masked_max) and [`masked_min`](crate::Tensor::masked_min), or
    /// fill in −∞ before `argmax`, `top_k`, `softmax`, `log_softmax` and the losses along positions.

    C53: "`A` may hold padding, and this operation would read it (positions)"
    /// A position is taken by its number, and in a short sequence it is padding. The last one of each sequence is
    /// [`masked_last`](crate::Tensor::masked_last). Where others are meant, say by
    /// [`fill_padding`](crate::Tensor::fill_padding) what is found where there is none.

    C54: "a length does not say what is padding in `A`"
    /// [`Lengths`](crate::Lengths) say how many positions of each sequence are live, the first ones. In a dimension that was put
    /// together of padded parts there is padding in the middle, where no length reaches. New keys behind padded ones are the
    /// matter of [`step_ragged`](crate::nn::KeyValueCache::step_ragged), which appends each sequence where it ends, and
    /// whose step has the right mask. Sums and means of other parts are taken of each part with its own lengths.

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

    C59: "missing lifetime specifier"
    /// A run-time dimension stands by its name in the type of a result or a structure. Its size is bound to a number in a scope,
    /// by [`bind!`](crate::bind), and is another dimension there each time, so that no type outside can name it. What the compiler
    /// proposes, `Seq<'a>`, leads nowhere. There are three ways out. A type parameter stands for the dimension, in functions
    /// `S: Dim`, and whoever calls binds it. A closure has the scope: [`with`](crate::bind). A size that is the same in the whole
    /// program, as that of a model, is declared `once Width` in [`dims!`](crate::dims), and has a type that can be named
    /// anywhere.
    ///
    /// In the type of an argument the compiler takes `Seq` for `Seq<'_>`, which no binding by [`bind!`](crate::bind) is, and
    /// reports the call: "mismatched types", "expected `&Tensor<(Seq<'_>, Embed)>`, found `&Tensor<(Seq<'_, seq>, Embed)>`". A
    /// parameter `S: Dim` takes both.

    C70: "`usize` does not cut the sequences of the batch `B`"
    /// The sequences of a batch end at different places after they accepted different numbers of drafted tokens, so that
    /// [`truncate`](crate::nn::KeyValueCache::truncate) takes a length for each. One number is enough for a batch that is one
    /// sequence by its type, as `Batch = 1` or `N<1>`.

    C71: "sizes are not indexed by `{integer}`: a size is chosen by its dimension"
    /// Which axis stands at a position changes when heads are split or axes are permuted, and any size is a number. Ask for
    /// the [dimension](crate::Tensor::dim) of the axis, or take the shape apart by names. All sizes together are
    /// [compared, printed and iterated](crate::shape::Sizes).

    C72: "`B` is no bias for attention weights `W`"
    /// A bias is added to the score of each pair of query and key: it is of the heads of the queries, the queries and the keys,
    /// in this order. Beside a cache the keys are `Plus<Past, Seq>`, for which [`relative_ids`](crate::mask::relative_ids) and
    /// [`alibi`](crate::mask::alibi) count the positions of the queries behind the past.

    C73: "where queries `Q` stand among keys `K` is not known"
    /// What depends on positions asks the types where the first query stands: the keys are the queries, or `Plus<Past, Q>`, as
    /// the step of a cache lends them. Keys under a name of their own do not say it: name their parts by
    /// [`relabel`](crate::Tensor::relabel).

    C63: "`T` is not what is predicted for the next position"
    /// A model of the next token has logits for each position, and the token after it is their target: ids are shifted by
    /// [`next`](crate::Tensor::next), logits lose their last position by [`without_last`](crate::Tensor::without_last), and
    /// the two have one shape then. [`next_token_loss`](crate::nn::next_token_loss) does both.

    C64: "`T` is not what a model calculated"
    /// Ids without their last position stand where the logits do, and are no targets: those are
    /// [`next`](crate::Tensor::next). Where a decoder reads all tokens but the last, let it read all, and take its logits
    /// [`without_last`](crate::Tensor::without_last): with a causal mask, they are the same.

    C65: "the compiler does not know whether `D` is padded, and what its next positions are"
    /// The next positions of `D` are `Next<D>`, and of a padded dimension `Ragged<Next<D>>`. Generic code says which:
    /// `S: Dense`, `Ragged<S>`, or [`S: HasNext`](crate::dim::HasNext) for either.

    C66: "a divergence is one of the logarithms of probabilities along its axis, and this is `T`"
    /// Probabilities were given in place of their logarithms, logits, or logarithms of probabilities along another axis. The
    /// shapes are the same, so they have a type of their own: [`LogProbabilities`](crate::LogProbabilities), which
    /// [`log_softmax`](crate::Tensor::log_softmax) gives. What was calculated by other means is named so by
    /// [`LogProbabilities::from_logarithms`](crate::LogProbabilities::from_logarithms).

    C67: "`T` does not say that the model is in training"
    /// Dropout is for training. In inference, call `forward`, which leaves it out. In training, make a
    /// [`Training`](crate::nn::Training) of the random numbers where the loop begins, and hand it on: functions of
    /// inference do not have it.

    C74: "`M` does not go to the engine of `B`"
    /// A model goes to another engine by [`to_engine`](crate::Module::to_engine) if its backend is a parameter of its type, so
    /// that there is a type for what it becomes: `struct Model<B: Backend = Cpu<f32>>`, whose layers name it too,
    /// `Linear<In, Out, B>`. `#[derive(Module)]` does the rest. The elements stay what they are: an engine is another place,
    /// and other elements are another model.

    C75: "`B` calculates no gradients"
    /// Gradients are asked for of an engine that has none, or of elements that are no floating-point numbers. Engines that have
    /// them implement [`Autodiff`](crate::backend::Autodiff), and generic code that trains asks for it, `B: Autodiff`, where
    /// `B: Backend` is enough to calculate.

    C76: "tensors on `A` and on `B` do not go together"
    /// Nothing moves between engines by itself, and no type of elements becomes another by itself. A tensor, ids and a mask go to
    /// another engine by [`to_engine`](crate::Tensor::to_engine), a model by [`Module::to_engine`](crate::Module::to_engine): once,
    /// before the loop. Another type of elements is [`cast`](crate::Tensor::cast). Two devices of one engine are one type: they
    /// meet with a panic that names both.
}
