//! The loss of a text that is spread over more frames.

use crate::backend::{ArrayOf, Backend, Binary, Compare, Element, Float, PrimitiveOf, Unary, With, composed, constant};
use crate::dim::{Dense, Dim, Never, Nothing};
use crate::mask::Lengths;
use crate::sealed::Sealed;
use crate::shape::Shape;
use crate::tensor::{AsTensor, IdOf, Index, LogProbabilities, SameBackend, Tensor};

/// What stands for the logarithm of zero: sums of many such are numbers, which -∞ times a slope of zero is not.
const IMPOSSIBLE: f64 = -1e30;

/// That logarithms of probabilities have the frames `T` of the batch `N`, and that labels `I` of shape `Labels` and their lengths, of `S`
/// in `M`, are of the same batch and of the classes `V`.
#[diagnostic::on_unimplemented(
    message = "`ctc_loss` of `{Self}` does not take frames `({N}, {T})`, labels `{Labels}` of `{I}`, their lengths `({M}, {S})` and a blank of `{V}`",
    label = "expected logarithms of probabilities `({N}, {T}, {V})` along `{V}`, and labels `({M}, {S})` of `Index<{V}>`, in the same batch",
    note = "logits are made logarithms by `logits.log_softmax({V})`, and come batch first: of `(T, N, C)`, by `x.permute((batch, frames, classes))`",
    note = "the lengths of the frames come before the labels, and those of the labels behind them: `ctc_loss(&logarithms, &frames, &targets, &labels, blank)`",
    note = "explained in `congruent::errors::C105`: https://docs.rs/congruent/latest/congruent/errors/C105/"
)]
pub trait SpreadOver<N, T, Labels, I, M, S, V> {
    #[doc(hidden)]
    fn sealed(_: Sealed);
}
#[diagnostic::do_not_recommend]
impl<N: Dim, T: Dim, V: Dense, S: Dim, I: IdOf<V>, B: Backend> SpreadOver<N, T, (N, S), I, N, S, V>
    for LogProbabilities<(N, T, V), V, B>
{
    fn sealed(_: Sealed) {}
}
// Else the compiler would take for granted what fits the first argument.
macro_rules! never { ($($Never:ident)*) => {$(
    #[diagnostic::do_not_recommend]
    impl<P, N, T, Labels, I, M, S> SpreadOver<N, T, Labels, I, M, S, $Never> for P {
        fn sealed(_: Sealed) {}
    }
)*} }
never!(Never Nothing);

/// The negative logarithm of the probability of each sequence of labels, by those of all ways to spread it over the frames of its
/// sequence: labels stand for one frame or more, with any number of blanks between them, and with one at least between two equal labels
/// ([Graves et al. 2006](https://doi.org/10.1145/1143844.1143891)). It is infinite where there are too few frames, and has no
/// gradient then.
///
/// What stands behind the frames and behind the labels of a sequence has no part in it. The blank is no label: labels with it come
/// from no frames, and their loss is infinite too.
///
/// ```
/// use congruent::{nn::ctc_loss, prelude::*};
/// dims! { Batch = 2; Frames = 3; Labels = 2; Vocab = 3; }
/// let logits = Tensor::zeros((Batch, Ragged(Frames), Vocab));
/// let frames = Lengths::new(Batch, Ragged(Frames), &[3, 1])?;
/// let targets = Ids::new((Batch, Ragged(Labels)), Vocab, &[1, 2, 2, 0])?;
/// let labels = Lengths::new(Batch, Ragged(Labels), &[2, 1])?;
/// let blank = Index::new(Vocab, 0)?;
/// let losses: Tensor<(Batch,)> = ctc_loss(&logits.log_softmax(Vocab), &frames, &targets, &labels, blank);
/// // Of 27 ways to fill three frames, five read 1 2: 112, 122, 012, 102, 120.
/// assert!(losses.to_vec().iter().zip([(27f32 / 5.0).ln(), 3f32.ln()]).all(|(x, y)| (x - y).abs() < 1e-5));
/// # Ok::<(), Error>(())
/// ```
///
/// The batch comes first, in the logits as in the lengths: of PyTorch's `(T, N, C)`, they are
/// `logits.permute((batch, frames, classes)).log_softmax(classes)`.
///
/// Probabilities do not compile, and neither do logarithms along another axis:
///
/// ```compile_fail,E0277
/// # use congruent::{nn::ctc_loss, prelude::*};
/// # dims! { Batch = 2; Frames = 3; Labels = 2; Vocab = 3; }
/// # let logits = Tensor::zeros((Batch, Ragged(Frames), Vocab));
/// # let frames = Lengths::new(Batch, Ragged(Frames), &[3, 1]).unwrap();
/// # let targets = Ids::new((Batch, Ragged(Labels)), Vocab, &[1, 2, 2, 0]).unwrap();
/// # let labels = Lengths::new(Batch, Ragged(Labels), &[2, 1]).unwrap();
/// ctc_loss(&logits.softmax(Vocab), &frames, &targets, &labels, Index::new(Vocab, 0).unwrap());
/// ```
#[doc(alias = "CTCLoss")]
pub fn ctc_loss<P, N, T, R, M, S, V, B, I, C>(
    log_probabilities: &P,
    frames: &Lengths<N, T>,
    targets: &Tensor<R, C>,
    labels: &Lengths<M, S>,
    blank: Index<V>,
) -> Tensor<(N,), B>
where
    P: SpreadOver<N, T, R, I, M, S, V> + AsTensor<Backend = B>,
    C: Backend<Elem = I> + SameBackend<With<B, I>>,
    I: Element<Primitive = u32>,
    N: Dim,
    T: Dim,
    R: Shape,
    M: Dim,
    S: Dim,
    V: Dim,
    B: Backend<Elem: Float>,
{
    let log_probabilities = log_probabilities.as_tensor();
    // Sums over many frames need the digits.
    let wide = B::cast::<Wide<B>>(log_probabilities.array());
    let losses =
        losses::<With<B, Wide<B>>>(&wide, targets.array(), [frames.as_slice(), labels.as_slice()], blank.get());
    Tensor::from_parts((frames.batch(),), With::<B, Wide<B>>::cast::<B::Elem>(&losses))
}

type Wide<B> = <<B as Backend>::Elem as Float>::Wide;

/// By the forward recursion over the labels with a blank before, between and behind them.
fn losses<B: Backend<Elem: Float>>(
    log_probabilities: &ArrayOf<B>,
    targets: &ArrayOf<B, u32>,
    [frames, labels]: [&[usize]; 2],
    blank: u32,
) -> ArrayOf<B> {
    let &[n, t, _] = B::sizes(log_probabilities) else { panic!("frames are (batch, frames, classes)") };
    let device = B::device(log_probabilities);
    let full = |value, sizes: &[usize]| B::filled(constant(value), sizes, &device);
    let states = among::<With<B, u32>>(targets, blank);
    let count = With::<B, u32>::sizes(&states)[1];
    let ids = With::<B, u32>::broadcast(&With::<B, u32>::reshape(&states, &[n, 1, count]), &[n, t, count]);
    let emitted = B::take_along(log_probabilities, 2, &ids);
    let emitted = B::binary_scalar(Binary::Max, emitted, constant(IMPOSSIBLE));
    let costs = B::reshape(&costs_of_blanks::<B>(targets, blank), &[n, 1, count]);
    let emitted = B::binary(Binary::Add, emitted, B::broadcast(&costs, &[n, t, count]));

    // A state is entered from the second before it if that is another label.
    let mut skips = full(0.0, &[n, count.min(2)]);
    if count > 2 {
        let [later, earlier] = [2, 0].map(|start| With::<B, u32>::narrow(&states, 1, start, count - 2));
        let differs = With::<B, u32>::compare(Compare::NotEqual, &later, &earlier);
        let costs = B::select(&differs, &full(0.0, &[n, count - 2]), &full(IMPOSSIBLE, &[n, count - 2]));
        skips = B::concat(&[&skips, &costs], 1);
    }

    // Two columns before the first state: no state at all, and the begin of each sequence.
    let never = full(IMPOSSIBLE, &[n, 2]);
    let begin = B::concat(&[&full(IMPOSSIBLE, &[n, 1]), &full(0.0, &[n, 1]), &full(IMPOSSIBLE, &[n, count])], 1);
    let mut reached = begin;
    for frame in 0..frames.iter().copied().max().unwrap_or(0) {
        let [skipped, before, same] = [0, 1, 2].map(|start| B::narrow(&reached, 1, start, count));
        let ways =
            [B::binary(Binary::Add, skipped, skips.clone()), before, same].map(|x| B::reshape(&x, &[n, 1, count]));
        let ways = composed::log_sum_exp::<B>(&B::concat(&ways.each_ref(), 1), 1);
        let next = B::binary(Binary::Add, ways, B::reshape(&B::narrow(&emitted, 1, frame, 1), &[n, count]));
        let next = B::concat(&[&never, &next], 1);
        reached = match frames.iter().all(|frames| frame < *frames) {
            true => next,
            false => {
                let is_valid = frames.iter().map(|frames| frame < *frames).collect();
                let is_valid = With::<B, bool>::from_elements(is_valid, &[n, 1], &device);
                B::select(&With::<B, bool>::broadcast(&is_valid, &[n, count + 2]), &next, &reached)
            }
        };
    }

    // It ends in the last label, or in the blank behind it.
    let ends = [1, 2].map(|state| {
        let state = labels.iter().map(|labels| (2 * labels + state) as u32).collect();
        B::reshape(&B::pick(&reached, &With::<B, u32>::from_elements(state, &[n], &device)), &[n, 1])
    });
    let losses = B::unary(Unary::Neg, composed::log_sum_exp::<B>(&B::concat(&ends.each_ref(), 1), 1));
    let is_impossible = B::compare_scalar(Compare::Greater, &losses, constant(-0.5 * IMPOSSIBLE));
    B::select(&is_impossible, &full(f64::INFINITY, &[n]), &losses)
}

/// What each state costs, `(n, 2 s + 1)`: nothing, unless its label is the blank.
fn costs_of_blanks<B: Backend<Elem: Float>>(labels: &ArrayOf<B, u32>, blank: u32) -> ArrayOf<B> {
    let &[n, s] = With::<B, u32>::sizes(labels) else { panic!("labels are (batch, labels)") };
    let device = With::<B, u32>::device(labels);
    let full = |value, sizes: &[usize]| B::filled(constant(value), sizes, &device);
    let is_blank = With::<B, u32>::compare_scalar(Compare::Equal, labels, blank);
    among::<B>(&B::select(&is_blank, &full(IMPOSSIBLE, &[n, s]), &full(0.0, &[n, s])), constant(0.0))
}

/// What labels have, `(n, s)`, with what blanks have before, between and behind them, `(n, 2 s + 1)`.
fn among<B: Backend>(of_labels: &ArrayOf<B>, of_blank: PrimitiveOf<B>) -> ArrayOf<B> {
    let &[n, s] = B::sizes(of_labels) else { panic!("labels are (batch, labels)") };
    let blanks = |sizes: &[usize]| B::filled(of_blank, sizes, &B::device(of_labels));
    let pairs = B::concat(&[&blanks(&[n, s, 1]), &B::reshape(of_labels, &[n, s, 1])], 2);
    B::concat(&[&B::reshape(&pairs, &[n, 2 * s]), &blanks(&[n, 1])], 1)
}
