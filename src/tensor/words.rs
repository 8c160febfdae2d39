//! Words of PyTorch and ndarray for what has another name here, or is done in another way.
//!
//! The compiler proposes methods whose names are like the one that it did not find, and `doc(alias)` only within a crate. So
//! these words are methods that nothing may call, and whose message names the way. None is a word for what is not here at all,
//! such as `conv2d`: a user may have a trait of that name, whose method would no longer be found.

use super::Tensor;
use crate::backend::Backend;

// Nothing has one of these traits. The result is a parameter, so that nothing is said about what is done with it.
macro_rules! words { ($($Trait:ident: $message:literal, $note:literal;)*) => {$(
    #[doc(hidden)]
    #[diagnostic::on_unimplemented(
        message = $message,
        label = "another word is meant",
        note = $note,
        note = "explained in `congruent::errors::C57`: https://docs.rs/congruent/latest/congruent/errors/C57/"
    )]
    pub trait $Trait {}
)*} }
words! {
    Reshaped: "a tensor is not reshaped: its elements would lose their dimensions",
        "an axis that is a product becomes two by `x.split(axis)`, two neighbours one by `x.merge(a, b)`, and a dimension another of the same size by `x.relabel(from, to)`; all at once: `rearrange!(x, \"b s (h d) -> b h s d\")`";
    Squeezed: "a tensor has no axes of size 1 for broadcasting: dimensions are matched by name",
        "`x.expand(Batch)` repeats along a new first dimension, `x.expand(Embed).permute((Batch, Embed))` along one elsewhere, `y.expand_as(&x, Seq)` along one of `x`, wherever it stands, as after `x.mean(Seq)`; a factor of each sample is `einsum!(\"b, b s -> b s\", factor, x)`; `x.at(axis, 0)?` removes an axis";
    Masked: "elements are chosen by `select`",
        "`x.select(&condition, &other)` takes `x` where the condition holds and `other` elsewhere, and `x.masked_fill(&condition, value)` one value where it holds; the padding of sequences is filled by `x.fill_padding(&lengths, value)`";
    Joined: "tensors are joined by `concat` and taken apart by `unconcat`",
        "`x.concat(Past, &new)` has `Plus<Past, New>`, and `unconcat` gives both back; equal parts are a list, `x.relabel(Seq, Times(Parts, Part)).split(Times(Parts, Part)).unstack(Parts)`; a part is `x.narrow(axis, start, part)?`, and one position `x.at(axis, position)?`";
    Read: "the elements are read by `to_vec`, `to_nested` or `as_slice`, and one number by `scalar`",
        "a tensor without dimensions is one number: `loss.scalar()`; any tensor gives its elements in row-major order: `x.to_vec()`";
    Tracks: "gradients are recorded from `tracked` on, and found by `backward`",
        "`let w = w.tracked(); let gradients = loss.backward(); gradients.of(&w)`; a copy without its history is `x.detach()`";
    Multiplied: "matrices are multiplied by `matmul` and `einsum!`, and axes swapped by `transpose`",
        "`x.matmul(&y)`, `einsum!(\"b i d, b j d -> b i j\", x, y)`, `x.transpose(Seq, Embed)`; all pairs of two rows are `einsum!(\"i, j -> i j\", x, y)`";
    Chosen: "rows of a table are chosen by `lookup`, elements by `gather`",
        "`table.lookup(&ids)` gives the row of each id, `logits.gather(&ids)` one element of each row, `x.take_along(Seq, &ids)` several along an axis; ids are checked where they enter: `Ids::new(shape, table, &numbers)?`";
    Logarithm: "the natural logarithm is `ln`",
        "`x.ln()`; of the probabilities of logits, `logits.log_softmax(Vocab)`";
    Raised: "elements are raised to a power by `pow`",
        "`x.pow(3.0)`, `x.pow(&y)`; a number to the power of each element is `x.exp2()`, `Tensor::full((), 3.0).pow(&x)`";
    Changed: "a tensor is given another value by `+=` and `=`",
        "`x += &y`, `x *= 0.5`, `x = x.exp()`: the memory is used again where nobody else holds it";
    Combined: "conditions are combined by operators",
        "`a & b`, `a | b`, `a ^ b` and `!a`, of tensors of `bool`, as comparisons give them";
    Compared: "elements are compared by whole words",
        "with a number: `x.greater_than(0.0)`, `less_than`, `at_least`, `at_most`, `equal_to`; with a tensor: `x.greater(&y)`, `less`, `equal`, …";
    Created: "a tensor is made of a tuple of dimensions",
        "`Tensor::normal((Batch, Embed), 0.0, 1.0, &mut rng)`, `Tensor::uniform((Batch, Embed), 0.0..1.0, &mut rng)` with `let mut rng = Rng::with_seed(1)`; by positions: `Tensor::from_fn((Seq,), |[s]| s as f32)`";
    Measured: "the size of an axis is that of its dimension",
        "`x.dim(Seq).size()`, or of the axis at a position `x.dim(At::<1>).size()`; all of them: `x.sizes()`";
    Converted: "elements are converted by `cast`",
        "`x.cast::<f32>()`; a tensor is on the processor, and lies in memory as operations need it";
}

// Written out, not made by the macro: a message shows the method.
#[doc(hidden)]
#[rustfmt::skip]
impl<S, B: Backend> Tensor<S, B> {
    pub fn view<A, R>(&self, _: A) -> R where S: Reshaped { unreachable!() }
    pub fn reshape<A, R>(&self, _: A) -> R where S: Reshaped { unreachable!() }
    pub fn into_shape<A, R>(&self, _: A) -> R where S: Reshaped { unreachable!() }
    pub fn flatten<A, R>(&self, _: A, _: A) -> R where S: Reshaped { unreachable!() }
    pub fn unsqueeze<A, R>(&self, _: A) -> R where S: Squeezed { unreachable!() }
    pub fn squeeze<A, R>(&self, _: A) -> R where S: Squeezed { unreachable!() }
    pub fn insert_axis<A, R>(&self, _: A) -> R where S: Squeezed { unreachable!() }
    pub fn broadcast_to<A, R>(&self, _: A) -> R where S: Squeezed { unreachable!() }
    pub fn where_cond<A, V, R>(&self, _: A, _: V) -> R where S: Masked { unreachable!() }
    pub fn cat<A, D, R>(_: A, _: D) -> R where A: Joined { unreachable!() }
    pub fn chunk<A, D, R>(&self, _: A, _: D) -> R where S: Joined { unreachable!() }
    pub fn slice<A, R>(&self, _: A) -> R where S: Joined { unreachable!() }
    pub fn item<R>(&self) -> R where S: Read { unreachable!() }
    pub fn numpy<R>(&self) -> R where S: Read { unreachable!() }
    pub fn tolist<R>(&self) -> R where S: Read { unreachable!() }
    pub fn requires_grad<R>(&self) -> R where S: Tracks { unreachable!() }
    pub fn requires_grad_<A, R>(&self, _: A) -> R where S: Tracks { unreachable!() }
    pub fn t<R>(&self) -> R where S: Multiplied { unreachable!() }
    pub fn mm<A, R>(&self, _: A) -> R where S: Multiplied { unreachable!() }
    pub fn bmm<A, R>(&self, _: A) -> R where S: Multiplied { unreachable!() }
    pub fn outer<A, R>(&self, _: A) -> R where S: Multiplied { unreachable!() }
    pub fn dot<A, R>(&self, _: A) -> R where S: Multiplied { unreachable!() }
    pub fn index_select<A, D, R>(&self, _: A, _: D) -> R where S: Chosen { unreachable!() }
    pub fn scatter<A, D, V, R>(&self, _: A, _: D, _: V) -> R where S: Chosen { unreachable!() }
    pub fn mean_keepdim<A, R>(&self, _: A) -> R where S: Squeezed { unreachable!() }
    pub fn sum_keepdim<A, R>(&self, _: A) -> R where S: Squeezed { unreachable!() }
    pub fn max_keepdim<A, R>(&self, _: A) -> R where S: Squeezed { unreachable!() }
    pub fn log<R>(&self) -> R where S: Logarithm { unreachable!() }
    pub fn powf<A, R>(&self, _: A) -> R where S: Raised { unreachable!() }
    pub fn powi<A, R>(&self, _: A) -> R where S: Raised { unreachable!() }
    pub fn add_<A, R>(&self, _: A) -> R where S: Changed { unreachable!() }
    pub fn sub_<A, R>(&self, _: A) -> R where S: Changed { unreachable!() }
    pub fn mul_<A, R>(&self, _: A) -> R where S: Changed { unreachable!() }
    pub fn div_<A, R>(&self, _: A) -> R where S: Changed { unreachable!() }
    pub fn logical_and<A, R>(&self, _: A) -> R where S: Combined { unreachable!() }
    pub fn logical_or<A, R>(&self, _: A) -> R where S: Combined { unreachable!() }
    pub fn logical_not<R>(&self) -> R where S: Combined { unreachable!() }
    pub fn gt<A, R>(&self, _: A) -> R where S: Compared { unreachable!() }
    pub fn ge<A, R>(&self, _: A) -> R where S: Compared { unreachable!() }
    pub fn lt<A, R>(&self, _: A) -> R where S: Compared { unreachable!() }
    pub fn le<A, R>(&self, _: A) -> R where S: Compared { unreachable!() }
    pub fn randn<A, R>(_: A) -> R where A: Created { unreachable!() }
    pub fn rand<A, R>(_: A) -> R where A: Created { unreachable!() }
    pub fn size<A, R>(&self, _: A) -> R where S: Measured { unreachable!() }
    pub fn to<A, R>(&self, _: A) -> R where S: Converted { unreachable!() }
    pub fn float<R>(&self) -> R where S: Converted { unreachable!() }
    pub fn half<R>(&self) -> R where S: Converted { unreachable!() }
    pub fn long<R>(&self) -> R where S: Converted { unreachable!() }
    pub fn contiguous<R>(&self) -> R where S: Converted { unreachable!() }
    pub fn grad<R>(&self) -> R where S: Tracks { unreachable!() }
}
